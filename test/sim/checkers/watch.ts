/** The nine guarantees of watch that etcd's robustness suite checks, each in its own file, together. */
import type { RecordedWatch, WatchTruth } from '../watch-record.ts';
import { checkWatchAtomic } from './watch-atomic.ts';
import { checkWatchBookmarkable } from './watch-bookmarkable.ts';
import { checkWatchFilter } from './watch-filter.ts';
import { checkWatchIsCreate } from './watch-is-create.ts';
import { checkWatchOrdered } from './watch-ordered.ts';
import { checkWatchPrevKv } from './watch-prev-kv.ts';
import { checkWatchReliable } from './watch-reliable.ts';
import { checkWatchResumable } from './watch-resumable.ts';
import { checkWatchUnique } from './watch-unique.ts';

export const WATCH_CHECKERS: readonly ((watch: RecordedWatch, truth: WatchTruth) => void)[] = [
  checkWatchFilter,
  checkWatchOrdered,
  checkWatchUnique,
  checkWatchAtomic,
  checkWatchBookmarkable,
  checkWatchResumable,
  checkWatchIsCreate,
  checkWatchReliable,
  checkWatchPrevKv,
];

/** @throws Violation of the first guarantee that does not hold */
export function checkWatch(watch: RecordedWatch, truth: WatchTruth): void {
  for (const check of WATCH_CHECKERS) check(watch, truth);
}
