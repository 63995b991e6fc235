/**
 * Ordered: revisions never go back, neither those of events nor those of headers (but for the 0 of a
 * compacted watch), and no event is newer than the header it comes under.
 */
import { Violation } from '../world.ts';
import { describeEvent, type RecordedWatch } from '../watch-record.ts';

export const PROPERTY = 'watch ordered';

/** @throws Violation */
export function checkWatchOrdered(watch: RecordedWatch): void {
  let lastEvent = 0;
  let lastHeader = 0;
  for (const { revision, compactRevision, events } of watch.answers) {
    if (compactRevision > 0) continue;
    if (revision < lastHeader) {
      throw new Violation(PROPERTY, `${watch.name} goes from header ${lastHeader} to ${revision}`);
    }
    lastHeader = revision;
    for (const event of events) {
      if (event.revision < lastEvent || event.revision > revision) {
        throw new Violation(
          PROPERTY,
          `${watch.name} sees the ${describeEvent(event)} under header ${revision}, after revision ${lastEvent}`,
        );
      }
      lastEvent = event.revision;
    }
  }
}
