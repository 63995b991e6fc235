/** What a hub counts. Every count but eventsTotal returns to zero with the last stream. */
import { WATCHERS_MAX, WATCH_KEY_BYTES_MAX } from '../constants.ts';
import type { KeyRange } from '../mvcc/types.ts';
import { WatchFlag, WatchState, type Watcher } from './watcher.ts';

export class Tally {
  watchers = 0;
  /** Keys and range ends of the watchers, each with its own though several share a range. */
  keyBytes = 0;
  /** Watchers that asked for periodic progress. */
  progressWatchers = 0;
  /** Watchers in each state; the count of CLOSED is not kept. */
  synced = 0;
  queued = 0;
  waiting = 0;
  pendingEvents = 0;
  pendingBytes = 0;
  eventsTotal = 0;

  /** True when so many more watchers, with so many bytes of keys and range ends, are not too many. */
  hasRoomFor(watchers: number, keyBytes: number): boolean {
    return (
      this.watchers + watchers <= WATCHERS_MAX && this.keyBytes + keyBytes <= WATCH_KEY_BYTES_MAX
    );
  }

  /** A watcher was created; it stands in its state from now on. */
  opened(watcher: Watcher): void {
    this.watchers++;
    this.keyBytes += keyBytesOf(watcher.group);
    if ((watcher.flags & WatchFlag.PROGRESS) !== 0) this.progressWatchers++;
    this.#count(watcher.state, 1);
  }

  /** Moves a watcher to another state; CLOSED ends it. */
  move(watcher: Watcher, state: WatchState): void {
    this.#count(watcher.state, -1);
    this.#count(state, 1);
    watcher.state = state;
    if (state !== WatchState.CLOSED) return;
    this.watchers--;
    this.keyBytes -= keyBytesOf(watcher.group);
    if ((watcher.flags & WatchFlag.PROGRESS) !== 0) this.progressWatchers--;
  }

  #count(state: WatchState, by: number): void {
    if (state === WatchState.SYNCED) this.synced += by;
    else if (state === WatchState.QUEUED) this.queued += by;
    else if (state === WatchState.WAITING) this.waiting += by;
  }
}

/** Bytes of a range's key and end. */
export function keyBytesOf(range: KeyRange): number {
  return range.start.length + (range.end?.length ?? 0);
}
