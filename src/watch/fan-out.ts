/**
 * From the events of one range to the messages of its watchers: filters, prev_kv, limits and fragments
 * are worked out once for all watchers that want the same.
 */
import {
  WATCH_FRAGMENT_BYTES,
  WATCH_RESPONSE_OVERHEAD_BYTES,
  WATCH_RESPONSE_REVISIONS_MAX,
} from '../constants.ts';
import { EventBatch, type WatchEvent } from './event.ts';
import { FRAGMENT, WatchMessage, type MessageHeader } from './message.ts';
import type { History, WatchId } from './types.ts';
import { VARIANT_MASK, WatchFlag, type Watcher } from './watcher.ts';

/** Whole revisions that reach a watcher as one response, or as the fragments of one. */
export class SharedResponse {
  readonly batch: EventBatch;
  readonly #header: MessageHeader;
  /** The newest message; watchers of the same id, each on a stream of its own, share it. */
  #whole: WatchMessage | undefined;
  #fragments: readonly EventBatch[] | undefined;

  constructor(header: MessageHeader, batch: EventBatch) {
    this.#header = header;
    this.batch = batch;
  }

  get firstRevision(): number {
    return this.batch.events[0]?.revision ?? 0;
  }

  get weight(): number {
    return this.batch.weight + WATCH_RESPONSE_OVERHEAD_BYTES;
  }

  messagesFor(watcher: Watcher): readonly WatchMessage[] {
    if ((watcher.flags & WatchFlag.FRAGMENT) !== 0) return this.#split(watcher.id);
    if (this.#whole?.watchId !== watcher.id) {
      this.#whole = new WatchMessage(this.#header, watcher.id, this.batch);
    }
    return [this.#whole];
  }

  #split(id: WatchId): readonly WatchMessage[] {
    this.#fragments ??= fragmentsOf(this.batch);
    const last = this.#fragments.length - 1;
    return this.#fragments.map(
      (batch, index) => new WatchMessage(this.#header, id, batch, index < last ? FRAGMENT : {}),
    );
  }
}

/** The events of one range at one point of history, for all its watchers, under one header. */
export class FanOut {
  readonly #batches: RangeBatches;
  readonly #header: MessageHeader;
  readonly #responses = new Map<readonly EventBatch[], readonly SharedResponse[]>();

  constructor(batches: RangeBatches, header: MessageHeader) {
    this.#batches = batches;
    this.#header = header;
  }

  /** The responses that bring a watcher the events it wants from revision `watcher.next` on; maybe none. */
  responsesFor(watcher: Watcher): readonly SharedResponse[] {
    const batches = this.#batches.for(watcher);
    let responses = this.#responses.get(batches);
    if (responses === undefined) {
      responses = batches.map((batch) => new SharedResponse(this.#header, batch));
      this.#responses.set(batches, responses);
    }
    return responses;
  }
}

/** The same without a header, which changes with the store: what can be kept while watchers catch up. */
export class RangeBatches {
  readonly #events: readonly WatchEvent[];
  readonly #history: History;
  /** By variant and first event; see `for`. */
  readonly #batches = new Map<number, readonly EventBatch[]>();

  /** `events` ascend by revision. */
  constructor(events: readonly WatchEvent[], history: History) {
    this.#events = events;
    this.#history = history;
  }

  get isEmpty(): boolean {
    return this.#events.length === 0;
  }

  /** What a watcher wants from revision `watcher.next` on, each batch for one response; maybe none. */
  for(watcher: Watcher): readonly EventBatch[] {
    const variant = watcher.flags & VARIANT_MASK;
    let first = 0;
    while (first < this.#events.length && this.#revisionAt(first) < watcher.next) first++;
    const key = first * (VARIANT_MASK + 1) + variant;
    let batches = this.#batches.get(key);
    if (batches === undefined) {
      batches = this.#build(variant, first);
      this.#batches.set(key, batches);
    }
    return batches;
  }

  #revisionAt(index: number): number {
    return this.#events[index]?.revision ?? 0;
  }

  #build(variant: number, first: number): readonly EventBatch[] {
    const wanted: WatchEvent[] = [];
    for (let index = first; index < this.#events.length; index++) {
      const event = this.#events[index];
      if (event === undefined || isFiltered(event, variant)) continue;
      wanted.push((variant & WatchFlag.PREV_KV) === 0 ? event : event.withPrevious(this.#history));
    }
    return byRevisions(wanted).map((events) => new EventBatch(events));
  }
}

function isFiltered(event: WatchEvent, variant: number): boolean {
  const filter = event.change.type === 'put' ? WatchFlag.NO_PUT : WatchFlag.NO_DELETE;
  return (variant & filter) !== 0;
}

/** Cuts events into lists of at most WATCH_RESPONSE_REVISIONS_MAX whole revisions (rules W7, W8). */
function byRevisions(events: readonly WatchEvent[]): readonly (readonly WatchEvent[])[] {
  const lists: WatchEvent[][] = [];
  let list: WatchEvent[] = [];
  let revision = 0;
  let revisions = 0;
  for (const event of events) {
    if (event.revision !== revision) {
      if (revisions % WATCH_RESPONSE_REVISIONS_MAX === 0) {
        list = [];
        lists.push(list);
      }
      revision = event.revision;
      revisions++;
    }
    list.push(event);
  }
  return lists;
}

/** Cuts a batch into pieces below WATCH_FRAGMENT_BYTES, each with at least one event (rule W7). */
function fragmentsOf(batch: EventBatch): readonly EventBatch[] {
  const room = WATCH_FRAGMENT_BYTES - WATCH_RESPONSE_OVERHEAD_BYTES;
  if (batch.weight < room) return [batch];
  const pieces: EventBatch[] = [];
  let piece: WatchEvent[] = [];
  let weight = 0;
  for (const event of batch.events) {
    if (piece.length > 0 && weight + event.weight >= room) {
      pieces.push(new EventBatch(piece));
      piece = [];
      weight = 0;
    }
    piece.push(event);
    weight += event.weight;
  }
  pieces.push(new EventBatch(piece));
  return pieces;
}
