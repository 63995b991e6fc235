/**
 * Atomic: all events of one revision come in one response, or in consecutive fragments of one, of
 * which all but the last say so; and only a watch that allowed it sees fragments.
 */
import { Violation } from '../world.ts';
import {
  wantedOf,
  type RecordedWatch,
  type WatchAnswer,
  type WatchTruth,
} from '../watch-record.ts';

export const PROPERTY = 'watch atomic';

/** @throws Violation */
export function checkWatchAtomic(watch: RecordedWatch, truth: WatchTruth): void {
  const wanted = new Map<number, number>();
  for (const { revision } of wantedOf(watch, truth)) {
    wanted.set(revision, (wanted.get(revision) ?? 0) + 1);
  }
  for (const response of wholeResponses(watch)) {
    const counts = new Map<number, number>();
    for (const { revision } of response.flatMap((answer) => answer.events)) {
      counts.set(revision, (counts.get(revision) ?? 0) + 1);
    }
    for (const [revision, count] of counts) {
      const all = wanted.get(revision) ?? 0;
      if (count < all) {
        throw new Violation(
          PROPERTY,
          `${watch.name} sees ${count} of ${all} events of revision ${revision} in one response`,
        );
      }
    }
  }
}

/** The answers, those that are fragments of one response together. */
function wholeResponses(watch: RecordedWatch): WatchAnswer[][] {
  const responses: WatchAnswer[][] = [];
  let open = false;
  for (const answer of watch.answers) {
    if (answer.fragment && watch.asked.fragment !== true) {
      throw new Violation(PROPERTY, `${watch.name} did not ask for fragments and got one`);
    }
    if (open && answer.events.length === 0) {
      throw new Violation(PROPERTY, `${watch.name} gets something else between two fragments`);
    }
    if (open) responses.at(-1)?.push(answer);
    else responses.push([answer]);
    open = answer.fragment;
  }
  // A stream that broke off amid fragments leaves a response that nobody takes for whole.
  if (open) responses.pop();
  return responses;
}
