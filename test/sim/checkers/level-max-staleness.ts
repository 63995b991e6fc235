/**
 * A read that allows S of staleness sees everything that was committed S before it came, or earlier, in
 * true time; S is measured by the member's clock, and so is as wrong as that (`ClockError`).
 */
import { type CommitTimes, describeRead, type LevelRead, longestMs } from '../levels/record.ts';
import { Violation } from '../world.ts';

export const PROPERTY = 'never staler than asked';

/** @throws Violation */
export function checkMaxStaleness(reads: readonly LevelRead[], commits: CommitTimes): void {
  for (const read of reads) {
    const { level, served, arrivedAtMs } = read;
    if (served?.revision === undefined || level.maxStalenessMs === Infinity) continue;
    const untilMs = arrivedAtMs - longestMs(level.maxStalenessMs, served.clock);
    const due = commits.newestAt(untilMs);
    if (served.revision >= due) continue;
    throw new Violation(
      PROPERTY,
      `${describeRead(read)}; ${due} was committed at ${untilMs.toFixed(1)} ms or before`,
    );
  }
}
