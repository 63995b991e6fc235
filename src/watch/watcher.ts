/** A watcher, and the group of all watchers on one range. */
import type { Key, KeyRange } from '../mvcc/types.ts';
import type { WatchEvent } from './event.ts';
import type { WatchStream } from './stream.ts';
import type { WatchId } from './types.ts';

/** What a watcher asked for; bits of Watcher.flags. The numbers are part of the saved form. */
export const WatchFlag = {
  NO_PUT: 1,
  NO_DELETE: 2,
  PREV_KV: 4,
  FRAGMENT: 8,
  PROGRESS: 16,
  /** The start revision was given and lies beyond the store's: no progress below it (rule W13). */
  FUTURE: 32,
} as const;

/** The bits that decide which events a watcher gets and in which form: its variant, 0 .. 7. */
export const VARIANT_MASK = WatchFlag.NO_PUT | WatchFlag.NO_DELETE | WatchFlag.PREV_KV;

/** Where a watcher stands. */
export const WatchState = {
  /** It was sent every event up to the store's revision, and gets the next ones as they are applied. */
  SYNCED: 0,
  /** It is behind, and waits for its turn to read history. */
  QUEUED: 1,
  /** It is behind, and waits for its receiver to read (etcd: victim). */
  WAITING: 2,
  /** Canceled. Never left. */
  CLOSED: 3,
} as const;
export type WatchState = (typeof WatchState)[keyof typeof WatchState];

export class Watcher {
  readonly id: WatchId;
  readonly stream: WatchStream;
  readonly group: WatchGroup;
  /** Bits of WatchFlag. */
  flags: number;
  state: WatchState = WatchState.SYNCED;
  /**
   * First revision still to be delivered. Exact while QUEUED or WAITING, which moves it forward only.
   * While SYNCED a lower bound: nothing below it is delivered, and all between it and the store's
   * revision was.
   */
  next: number;
  /** Place in group.watchers. Invariant: group.watchers[groupIndex] is this watcher. */
  groupIndex = 0;
  /** Number of the row that holds it, when its stream is saved in rows. */
  row = 0;
  /** No event was sent since the last periodic progress notification (rule W11). */
  quiet = true;

  constructor(
    stream: WatchStream,
    group: WatchGroup,
    request: { readonly id: WatchId; readonly flags: number; readonly next: number },
  ) {
    this.stream = stream;
    this.group = group;
    this.id = request.id;
    this.flags = request.flags;
    this.next = request.next;
  }
}

/** All watchers of one range: what concerns the range is worked out once for all of them. */
export class WatchGroup implements KeyRange {
  readonly start: Key;
  readonly end: Key | undefined;
  /** In no order. */
  watchers: Watcher[] = [];
  /** Events of the entry or slice at hand; undefined outside. */
  events: WatchEvent[] | undefined;

  constructor(range: KeyRange) {
    this.start = range.start;
    this.end = range.end;
  }

  add(watcher: Watcher): void {
    watcher.groupIndex = this.watchers.length;
    // The first `push` makes room for 17, and most groups never hold more than one.
    if (watcher.groupIndex === 0) this.watchers = [watcher];
    else this.watchers.push(watcher);
  }

  /** The last one takes the place of the one that leaves. */
  remove(watcher: Watcher): void {
    const last = this.watchers.pop();
    if (last === undefined || last === watcher) return;
    this.watchers[watcher.groupIndex] = last;
    last.groupIndex = watcher.groupIndex;
  }

  contains(key: Key): boolean {
    return this.start <= key && (this.end === undefined || key < this.end);
  }
}
