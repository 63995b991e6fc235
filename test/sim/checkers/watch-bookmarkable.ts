/**
 * Bookmarkable: after a progress notification at R no event up to R comes, R is not below what was
 * sent before or below the watch's start, and everything up to R was delivered.
 */
import { Violation } from '../world.ts';
import {
  describeEvent,
  isProgress,
  wantedOf,
  type RecordedWatch,
  type WatchTruth,
} from '../watch-record.ts';

export const PROPERTY = 'watch bookmarkable';

/** @throws Violation */
export function checkWatchBookmarkable(watch: RecordedWatch, truth: WatchTruth): void {
  const wanted = wantedOf(watch, truth);
  let bookmark = 0;
  let lastEvent = 0;
  let count = 0;
  for (const answer of watch.answers) {
    for (const event of answer.events) {
      if (event.revision <= bookmark) {
        throw new Violation(
          PROPERTY,
          `${watch.name} sees the ${describeEvent(event)} after progress at ${bookmark}`,
        );
      }
      lastEvent = event.revision;
      count++;
    }
    if (!isProgress(answer)) continue;
    const { revision } = answer;
    if (revision < bookmark || revision < lastEvent || revision < watch.asked.start) {
      throw new Violation(
        PROPERTY,
        `${watch.name}, started at ${watch.asked.start}, is told of progress at ${revision} after progress at ${bookmark} and an event of ${lastEvent}`,
      );
    }
    bookmark = revision;
    const missing = wanted[count];
    if (missing !== undefined && missing.revision <= revision) {
      throw new Violation(
        PROPERTY,
        `${watch.name} is told of progress at ${revision} and lacks the ${describeEvent(missing)}`,
      );
    }
  }
}
