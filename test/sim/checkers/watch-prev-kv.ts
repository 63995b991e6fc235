/**
 * prevKV: an event of a watch that asked for it carries what the key held before; it may lack that only
 * where compaction may have removed it. A watch that did not ask gets none.
 */
import { isDeepStrictEqual } from 'node:util';
import { Violation } from '../world.ts';
import { describeEvent, seenOf, type RecordedWatch, type WatchTruth } from '../watch-record.ts';
import type { Pair } from '../kv.ts';

export const PROPERTY = 'watch prevKV';

/** @throws Violation */
export function checkWatchPrevKv(watch: RecordedWatch, truth: WatchTruth): void {
  const before = new Map<string, Pair | undefined>();
  for (const { revision, key, prev } of truth.events) before.set(`${revision} ${key}`, prev);
  for (const event of seenOf(watch)) {
    const expected =
      watch.asked.prevKv === true ? before.get(`${event.revision} ${event.key}`) : undefined;
    if (isDeepStrictEqual(event.prev, expected)) continue;
    const mayLack = event.revision - 1 < truth.compactRevision;
    if (event.prev === undefined && mayLack) continue;
    throw new Violation(
      PROPERTY,
      `${watch.name}: the ${describeEvent(event)} carries ${JSON.stringify(event.prev)} as its past, which is ${JSON.stringify(expected)}`,
    );
  }
}
