/** Unique: no event comes twice. */
import { Violation } from '../world.ts';
import { describeEvent, seenOf, type RecordedWatch } from '../watch-record.ts';

export const PROPERTY = 'watch unique';

/** @throws Violation */
export function checkWatchUnique(watch: RecordedWatch): void {
  const seen = new Set<string>();
  for (const event of seenOf(watch)) {
    const name = `${event.revision} ${event.key}`;
    if (seen.has(name)) {
      throw new Violation(PROPERTY, `${watch.name} sees the ${describeEvent(event)} twice`);
    }
    seen.add(name);
  }
}
