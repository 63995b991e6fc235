import type { Message } from '../raft/types.ts';

/** A peer's word about one request: at most one entry, and nothing else beside it. */
export function isLone([message, ...others]: readonly Message[]): boolean {
  return others.length === 0 && (message?.entries.length ?? 0) <= 1;
}
