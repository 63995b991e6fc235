/** Resumable: the first event of a watch opened at a revision is the first that happened from there on. */
import { Violation } from '../world.ts';
import {
  describeEvent,
  seenOf,
  wantedOf,
  type RecordedWatch,
  type WatchTruth,
} from '../watch-record.ts';

export const PROPERTY = 'watch resumable';

/** @throws Violation */
export function checkWatchResumable(watch: RecordedWatch, truth: WatchTruth): void {
  const [first] = seenOf(watch);
  if (first === undefined) return;
  const [expected] = wantedOf(watch, truth);
  if (expected?.revision === first.revision && expected.key === first.key) return;
  const instead = expected === undefined ? 'no event at all' : `the ${describeEvent(expected)}`;
  throw new Violation(
    PROPERTY,
    `${watch.name} from revision ${watch.asked.start} begins with the ${describeEvent(first)} instead of ${instead}`,
  );
}
