/**
 * Watchers that are behind read history here, in slices of bounded work. All that stand in the same
 * stretch of history share its reading. Slices take turns between the watchers farthest behind, which
 * gather the others as they pass, and those nearest to the present, so that neither waits for the other.
 */
import { assert } from '../lib/assert.ts';
import {
  WATCH_SLICE_READ_BYTES,
  WATCH_SLICE_SENT_BYTES_MAX,
  WATCH_SLICE_WATCHERS_MAX,
  WATCH_STRETCHES_KEPT,
} from '../constants.ts';
import type { Change } from '../mvcc/types.ts';
import { FanOut, RangeBatches } from './fan-out.ts';
import type { MessageHeader } from './message.ts';
import type { Tally } from './tally.ts';
import type { History } from './types.ts';
import { takeEvents, type WatcherIndex } from './watcher-index.ts';
import { WatchFlag, WatchState, type WatchGroup, type Watcher } from './watcher.ts';

/** A stretch of history, and what was made of it for each range so far. */
interface Stretch {
  readonly changes: readonly Change[];
  /** Revision after it. */
  readonly next: number;
  readonly batches: Map<WatchGroup, RangeBatches>;
}

/** The watchers that read a stretch together. */
interface Slice {
  readonly members: readonly Watcher[];
  readonly stretch: Stretch;
}

export class CatchUp {
  readonly #history: History;
  readonly #index: WatcherIndex;
  readonly #tally: Tally;
  /** Every QUEUED watcher once, and some that were CLOSED since. In order of `next` if #sorted. */
  #queue: Watcher[] = [];
  #sorted = true;
  #nearestFirst = false;
  /**
   * What was read last, by first revision, newest last: a stretch that is too much to send to all its
   * watchers at once is read and encoded once all the same. History does not change; empty when no
   * watcher is behind.
   */
  readonly #stretches = new Map<number, Stretch>();

  constructor(history: History, index: WatcherIndex, tally: Tally) {
    this.#history = history;
    this.#index = index;
    this.#tally = tally;
  }

  get hasWork(): boolean {
    return this.#tally.queued > 0;
  }

  /** `watcher.next` is the revision to read from, and not in the future. */
  enqueue(watcher: Watcher): void {
    this.#tally.move(watcher, WatchState.QUEUED);
    watcher.flags &= ~WatchFlag.FUTURE;
    this.#push(watcher);
  }

  /** One slice. `header` carries the store's revision. */
  work(header: MessageHeader): void {
    const { revision, compactRevision } = this.#history;
    assert(
      revision === header.revision,
      `catch up watchers: the store is at revision ${revision}, the hub at ${header.revision}`,
    );
    this.#settle();
    const [farthest] = this.#queue;
    if (farthest === undefined) return;
    if (farthest.next < compactRevision) {
      this.#cancelOvertaken(compactRevision);
      return;
    }
    const slice = this.#chooseSlice();
    this.#deliver(slice, header);
    for (const watcher of slice.members) {
      if (watcher.state !== WatchState.QUEUED) continue;
      if (watcher.next > revision) this.#tally.move(watcher, WatchState.SYNCED);
      else this.#push(watcher);
      watcher.stream.moved(watcher);
    }
    if (!this.hasWork) this.#stretches.clear();
  }

  #push(watcher: Watcher): void {
    this.#queue.push(watcher);
    this.#sorted = false;
  }

  /** Lets go of watchers that are closed or have to wait, and puts the rest in order. */
  #settle(): void {
    let kept = 0;
    for (const watcher of this.#queue) {
      if (watcher.state !== WatchState.QUEUED) continue;
      if (watcher.stream.mustWait) watcher.stream.hold(watcher);
      else this.#queue[kept++] = watcher;
    }
    this.#queue.length = kept;
    // Two sorted runs, as a slice leaves them, are merged in one pass.
    if (!this.#sorted) this.#queue.sort((left, right) => left.next - right.next);
    this.#sorted = true;
  }

  /** Ends watchers whose history is gone (rule W3), a bounded number of them. */
  #cancelOvertaken(compactRevision: number): void {
    let count = 0;
    for (const watcher of this.#queue) {
      if (watcher.next >= compactRevision || count === WATCH_SLICE_WATCHERS_MAX) break;
      count++;
    }
    for (const watcher of this.#queue.splice(0, count)) {
      // An earlier one may have ended the stream.
      if (watcher.state === WatchState.QUEUED)
        watcher.stream.cancelCompacted(watcher, compactRevision);
    }
  }

  /** Takes the members out of the queue, which is not empty. */
  #chooseSlice(): Slice {
    this.#nearestFirst = !this.#nearestFirst;
    const queue = this.#queue;
    const end = this.#nearestFirst ? queue.at(-1) : queue[0];
    assert(end !== undefined, 'catch up watchers: the queue is empty');
    const stretch = this.#read(end.next);
    const { next } = stretch;
    let count = 0;
    if (this.#nearestFirst) {
      while (count < WATCH_SLICE_WATCHERS_MAX && queue.at(-1 - count)?.next === end.next) count++;
      return { members: queue.splice(queue.length - count), stretch };
    }
    while (count < WATCH_SLICE_WATCHERS_MAX && (queue[count]?.next ?? next) < next) count++;
    return { members: queue.splice(0, count), stretch };
  }

  #read(from: number): Stretch {
    let stretch = this.#stretches.get(from);
    this.#stretches.delete(from);
    if (stretch === undefined) {
      const { changes, next } = this.#history.changes(from, WATCH_SLICE_READ_BYTES);
      assert(next > from, `catch up watchers: history from ${from} ends at ${next}`);
      stretch = { changes, next, batches: new Map() };
    }
    this.#stretches.set(from, stretch);
    for (const oldest of this.#stretches.keys()) {
      if (this.#stretches.size <= WATCH_STRETCHES_KEPT) break;
      this.#stretches.delete(oldest);
    }
    return stretch;
  }

  /** Looks up the ranges of `members` that nobody who read the stretch had yet. */
  #match({ changes, batches }: Stretch, members: readonly Watcher[]): void {
    const groups = new Set<WatchGroup>();
    for (const { group } of members) if (!batches.has(group)) groups.add(group);
    if (groups.size === 0) return;
    for (const group of this.#index.matchAmong(groups, changes)) {
      batches.set(group, new RangeBatches(takeEvents(group), this.#history));
    }
    for (const group of groups) {
      if (!batches.has(group)) batches.set(group, new RangeBatches([], this.#history));
    }
  }

  /** Sends each member what the slice holds for it and moves it on, as far as receivers and limits allow. */
  #deliver(slice: Slice, header: MessageHeader): void {
    const { members, stretch } = slice;
    this.#match(stretch, members);
    const fanOuts = new Map<RangeBatches, FanOut>();
    let sentBytes = 0;
    for (const watcher of members) {
      const batches = stretch.batches.get(watcher.group);
      assert(batches !== undefined, 'catch up watchers: a range was not looked up');
      // Those that the stretch holds nothing for cost nothing.
      if (sentBytes >= WATCH_SLICE_SENT_BYTES_MAX && !batches.isEmpty) continue;
      let fanOut = fanOuts.get(batches);
      if (fanOut === undefined) fanOuts.set(batches, (fanOut = new FanOut(batches, header)));
      sentBytes += send(watcher, fanOut, stretch.next);
    }
  }
}

/** Returns the bytes that were sent. Stops when the stream has to wait. */
function send(watcher: Watcher, fanOut: FanOut, next: number): number {
  let sentBytes = 0;
  for (const response of fanOut.responsesFor(watcher)) {
    if (watcher.stream.mustWait) {
      watcher.next = response.firstRevision;
      watcher.stream.hold(watcher);
      return sentBytes;
    }
    watcher.stream.deliver(watcher, response);
    sentBytes += response.weight;
  }
  watcher.next = next;
  return sentBytes;
}
