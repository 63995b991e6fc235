/** Filter: a watch is told only of keys of its range, of the kinds it wants, from its start revision on. */
import { Violation } from '../world.ts';
import {
  describeEvent,
  firstRevisionOf,
  seenOf,
  wants,
  type RecordedWatch,
} from '../watch-record.ts';

export const PROPERTY = 'watch filter';

/** @throws Violation */
export function checkWatchFilter(watch: RecordedWatch): void {
  const first = firstRevisionOf(watch) ?? Infinity;
  for (const event of seenOf(watch)) {
    if (!wants(watch.asked, event)) {
      throw new Violation(PROPERTY, `${watch.name} did not ask for the ${describeEvent(event)}`);
    }
    if (event.revision < first) {
      throw new Violation(
        PROPERTY,
        `${watch.name} begins at revision ${first} and was told of the ${describeEvent(event)}`,
      );
    }
  }
}
