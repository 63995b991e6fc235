/**
 * Every read is answered by its deadline, with an error if need be: a revision of the future is waited for
 * until then, and no longer. The deadline is by the member's clock, and so as wrong as that.
 */
import { PROPOSAL_TIMEOUT_MS, TICK_MS } from '../../../src/constants.ts';
import { describeRead, type LevelRead, longestMs } from '../levels/record.ts';
import { Violation } from '../world.ts';

export const PROPERTY = 'reads are answered by their deadline';

/** Deadlines are looked at once a tick, a read may just have missed one, and its answer takes a turn. */
const GRACE_MS = 5 * TICK_MS;

/** @throws Violation */
export function checkInTime(reads: readonly LevelRead[]): void {
  for (const read of reads) {
    const { served, arrivedAtMs } = read;
    if (served === undefined) continue;
    const boundMs = longestMs(PROPOSAL_TIMEOUT_MS + GRACE_MS, served.clock) + served.standstillMs;
    if (served.atMs - arrivedAtMs <= boundMs) continue;
    throw new Violation(
      PROPERTY,
      `${describeRead(read)}, which is more than ${boundMs.toFixed(0)} ms after it came`,
    );
  }
}
