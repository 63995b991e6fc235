/**
 * No stale answer is labelled fresh: the staleness that is told beside any answer is an upper bound of the
 * true one, up to the error of the member's clock (`ClockError`).
 */
import { type CommitTimes, describeRead, type LevelRead, longestMs } from '../levels/record.ts';
import { Violation } from '../world.ts';

export const PROPERTY = 'no stale answer is labelled fresh';

/** @throws Violation */
export function checkLabels(reads: readonly LevelRead[], commits: CommitTimes): void {
  for (const read of reads) {
    const { served } = read;
    if (served?.revision === undefined || served.stalenessMs === undefined) continue;
    const untilMs = served.atMs - longestMs(served.stalenessMs, served.clock);
    const due = commits.newestAt(untilMs);
    if (served.revision >= due) continue;
    throw new Violation(
      PROPERTY,
      `${describeRead(read)}; ${due} was committed at ${untilMs.toFixed(1)} ms or before`,
    );
  }
}
