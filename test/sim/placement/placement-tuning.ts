import { Prng } from '../../../src/lib/prng.ts';
import type { PlacementConstant } from '../patches.ts';

/** Keeps what is drawn here apart from all else that the seed decides. */
const SALT = 0x91ace;

/**
 * Rounds of a second or less instead of four. In half of the runs the smallest gain will do, so that
 * leadership goes from member to member all the time, while faults go on and also where all are near.
 */
export function drawPlacementTuning(seed: number): Record<PlacementConstant, number> {
  const prng = new Prng(seed ^ SALT);
  const restless = prng.bool();
  return {
    PLACEMENT_ROUND_TICKS: prng.pick([2, 4, 8]),
    PLACEMENT_ROUNDS_MIN: prng.pick([2, 3]),
    PLACEMENT_PROPOSALS_MIN: prng.pick([2, 5]),
    PLACEMENT_CAUGHT_UP_TICKS: 1,
    PLACEMENT_GAIN_MS_MIN: restless ? 0 : 10,
    PLACEMENT_GAIN_SHARE_MIN: restless ? 0 : 0.2,
  };
}
