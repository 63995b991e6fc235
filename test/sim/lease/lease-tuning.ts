import { Prng } from '../../../src/lib/prng.ts';
import type { LeaseConstant } from '../patches.ts';

/** Keeps what is drawn here apart from all else that the seed decides. */
const SALT = 0x1ea5e;

/**
 * Leases of seconds are checkpointed as those of minutes are in production. Rounds of checkpoints are
 * farther apart than the time after which a cluster rests: else they would keep it awake for ever.
 */
export function drawLeaseTuning(seed: number): Record<LeaseConstant, number> {
  const prng = new Prng(seed ^ SALT);
  return {
    LEASE_CHECKPOINT_DRIFT_SECONDS_MIN: prng.pick([0.3, 0.3, 60]),
    LEASE_CHECKPOINT_DRIFT_SECONDS_MAX: prng.pick([0.3, 0.3, 300]),
    LEASE_CHECKPOINT_SWEEP_MS: prng.pick([2_000, 2_000, 30_000]),
    LEASE_AWAKE_ALARM_MS: prng.pick([3_000, 30_000]),
  };
}
