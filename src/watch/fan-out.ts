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

/** The events of one range at one point of history, for all its watchers. */
export class FanOut {
  readonly #events: readonly WatchEvent[];
  readonly #header: MessageHeader;
  readonly #history: History;
  /** By variant and first event; see #key. */
  readonly #responses = new Map<number, readonly SharedResponse[]>();

  /** `events` ascend by revision. */
  constructor(events: readonly WatchEvent[], header: MessageHeader, history: History) {
    this.#events = events;
    this.#header = header;
    this.#history = history;
  }

  /** The responses that bring a watcher the events it wants from revision `watcher.next` on; maybe none. */
  responsesFor(watcher: Watcher): readonly SharedResponse[] {
    const variant = watcher.flags & VARIANT_MASK;
    let first = 0;
    while (first < this.#events.length && this.#revisionAt(first) < watcher.next) first++;
    const key = first * (VARIANT_MASK + 1) + variant;
    let responses = this.#responses.get(key);
    if (responses === undefined) {
      responses = this.#build(variant, first);
      this.#responses.set(key, responses);
    }
    return responses;
  }

  #revisionAt(index: number): number {
    return this.#events[index]?.revision ?? 0;
  }

  #build(variant: number, first: number): readonly SharedResponse[] {
    const wanted: WatchEvent[] = [];
    for (let index = first; index < this.#events.length; index++) {
      const event = this.#events[index];
      if (event === undefined || isFiltered(event, variant)) continue;
      wanted.push((variant & WatchFlag.PREV_KV) === 0 ? event : event.withPrevious(this.#history));
    }
    return byRevisions(wanted).map(
      (events) => new SharedResponse(this.#header, new EventBatch(events)),
    );
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
