/**
 * Runs in which connections break often and responses come in many fragments, each in a frame of its own:
 * then one is lost between two fragments of a response, which no client must notice.
 */
import { Prng } from '../../../src/lib/prng.ts';
import type { WatchConstant } from '../patches.ts';

const SHARE = 0.15;
/** Keeps what is drawn here apart from all else that the seed decides. */
const SALT = 0xb1177;

export function isBrittle(seed: number): boolean {
  return new Prng(seed ^ SALT).bool(SHARE);
}

export function drawBrittleTuning(seed: number): Partial<Record<WatchConstant, number>> {
  return isBrittle(seed) ? { WATCH_FRAGMENT_BYTES: 200, WATCH_FRAME_BYTES: 100 } : {};
}
