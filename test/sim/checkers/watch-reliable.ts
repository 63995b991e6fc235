/**
 * Reliable: from the first event on, every wanted one comes, as it happened, without a gap; and a watch
 * that was well to the end misses nothing. A watch may end early only by being canceled: because its
 * client asked for that, or because somebody compacted what it had still to be told.
 */
import { isDeepStrictEqual } from 'node:util';
import { Violation } from '../world.ts';
import {
  describeEvent,
  isProgress,
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
  checkCancel(watch, truth);
  checkEnd(watch, wanted[Math.max(begin, 0) + seen.length]);
}

/** First revision that the watch was not told of for certain. */
function nextOf(watch: RecordedWatch): number {
  let next = Math.max(0, watch.asked.start);
  for (const answer of watch.answers) {
    if (answer.canceled) break;
    if (answer.created && watch.asked.start === 0) next = answer.revision + 1;
    if (isProgress(answer)) next = Math.max(next, answer.revision + 1);
    // Of a fragment's last revision more may be to come.
    const last = answer.events.at(-1);
    if (last !== undefined) next = Math.max(next, last.revision + (answer.fragment ? 0 : 1));
  }
  return next;
}

function checkCancel(watch: RecordedWatch, truth: WatchTruth): void {
  for (const { compactRevision, created, canceled } of watch.answers) {
    if (compactRevision > truth.compactRevision) {
      throw new Violation(
        PROPERTY,
        `${watch.name} is canceled for compaction at ${compactRevision}, and ${truth.compactRevision} is the highest asked for`,
      );
    }
    if (!canceled || created) continue;
    const next = nextOf(watch);
    if (compactRevision > 0 && compactRevision <= next) {
      throw new Violation(
        PROPERTY,
        `${watch.name} is canceled for compaction at ${compactRevision}, and lacks nothing below ${next}`,
      );
    }
    if (compactRevision === 0 && watch.mayBeCanceled === false) {
      throw new Violation(PROPERTY, `${watch.name} is canceled and nobody asked for that`);
    }
  }
}

function checkEnd(watch: RecordedWatch, missing: { readonly revision: number } | undefined): void {
  const canceled = watch.answers.some((answer) => answer.canceled);
  if (canceled || watch.mustReach === undefined || missing === undefined) return;
  if (missing.revision <= watch.mustReach) {
    throw new Violation(
      PROPERTY,
      `${watch.name} was open until revision ${watch.mustReach} and never saw revision ${missing.revision}`,
    );
  }
}
