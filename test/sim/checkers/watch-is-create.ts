/** isCreate: an event says that it created its key exactly when the key was not there before. */
import { Violation } from '../world.ts';
import { describeEvent, seenOf, type RecordedWatch, type WatchTruth } from '../watch-record.ts';

export const PROPERTY = 'watch isCreate';

/** @throws Violation */
export function checkWatchIsCreate(watch: RecordedWatch, truth: WatchTruth): void {
  const created = new Set<string>();
  for (const event of truth.events) {
    if (event.kind === 'put' && event.prev === undefined) created.add(nameOf(event));
  }
  for (const event of seenOf(watch)) {
    if (event.pair === undefined) continue;
    const says = event.pair.create === event.pair.mod && event.pair.version === 1;
    if (says === created.has(nameOf(event))) continue;
    throw new Violation(
      PROPERTY,
      `${watch.name}: the ${describeEvent(event)} says ${says ? 'creation' : 'no creation'}: ${JSON.stringify(event.pair)}`,
    );
  }
}

function nameOf(event: { readonly revision: number; readonly key: string }): string {
  return `${event.revision} ${event.key}`;
}
