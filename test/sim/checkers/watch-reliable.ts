/**
 * Reliable: from the first event on, every wanted one comes, as it happened, without a gap; and a watch
 * that was well to the end misses nothing. A watch may end early only by being canceled, and for
 * compaction only if somebody compacted so far.
 */
import { isDeepStrictEqual } from 'node:util';
import { Violation } from '../world.ts';
import {
  describeEvent,
  seenOf,
  wantedOf,
  type RecordedWatch,
  type WatchTruth,
} from '../watch-record.ts';

export const PROPERTY = 'watch reliable';

/** @throws Violation */
export function checkWatchReliable(watch: RecordedWatch, truth: WatchTruth): void {
  const wanted = wantedOf(watch, truth);
  const seen = seenOf(watch);
  const firstSeen = seen[0]?.revision ?? Infinity;
  const begin = wanted.findIndex((event) => event.revision >= firstSeen);
  seen.forEach((event, index) => {
    const expected = begin === -1 ? undefined : wanted[begin + index];
    const same =
      expected?.revision === event.revision &&
      expected.key === event.key &&
      expected.kind === event.kind &&
      isDeepStrictEqual(expected.pair, event.pair);
    if (same) return;
    const instead = expected === undefined ? 'nothing' : `the ${describeEvent(expected)}`;
    throw new Violation(
      PROPERTY,
      `${watch.name} sees the ${describeEvent(event)} (${JSON.stringify(event.pair)}) where ${instead} (${JSON.stringify(expected?.pair)}) is due`,
    );
  });
  checkEnd(watch, truth, wanted[Math.max(begin, 0) + seen.length]);
}

function checkEnd(
  watch: RecordedWatch,
  truth: WatchTruth,
  missing: { readonly revision: number } | undefined,
): void {
  for (const { compactRevision } of watch.answers) {
    if (compactRevision > truth.compactRevision) {
      throw new Violation(
        PROPERTY,
        `${watch.name} is canceled for compaction at ${compactRevision}, and ${truth.compactRevision} is the highest asked for`,
      );
    }
  }
  const canceled = watch.answers.some((answer) => answer.canceled);
  if (canceled || watch.mustReach === undefined || missing === undefined) return;
  if (missing.revision <= watch.mustReach) {
    throw new Violation(
      PROPERTY,
      `${watch.name} was open until revision ${watch.mustReach} and never saw revision ${missing.revision}`,
    );
  }
}
