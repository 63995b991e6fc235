/**
 * What watches were told, and what really happened: the two sides that the watch checkers compare.
 * A recorded watch is one watcher from its creation to its end; a client that resumes has the next one.
 */
import type { Event, WatchResponse } from '../../src/api/messages.ts';
import { byteString } from '../../src/lib/bytes.ts';
import type { Pair } from './kv.ts';
import { inRange } from './kv.ts';
import type { KvModel } from './model.ts';
import { Violation } from './world.ts';

/** An event as a client saw it, or as it happened. */
export interface WatchedEvent {
  readonly kind: 'put' | 'delete';
  readonly key: string;
  readonly revision: number;
  /** What a put wrote. */
  readonly pair?: Pair | undefined;
  /** What the key held before. Always there in the truth, if there was anything. */
  readonly prev?: Pair | undefined;
}

/** One response to one watcher. Progress of the whole stream counts as an answer to each of its watchers. */
export interface WatchAnswer {
  /** The header's. */
  readonly revision: number;
  readonly created: boolean;
  readonly canceled: boolean;
  /** 0: none. */
  readonly compactRevision: number;
  readonly fragment: boolean;
  readonly events: readonly WatchedEvent[];
}

export interface WatchAsked {
  readonly key: string;
  /** Exclusive; '\0' means every key from `key` on; undefined: the one key. */
  readonly end?: string | undefined;
  /** First revision; 0: the one after the creation. */
  readonly start: number;
  readonly noPut?: boolean;
  readonly noDelete?: boolean;
  readonly prevKv?: boolean;
  readonly fragment?: boolean;
}

export interface RecordedWatch {
  /** For messages. */
  readonly name: string;
  readonly asked: WatchAsked;
  readonly answers: readonly WatchAnswer[];
  /** False: nobody asked to cancel it, so that only compaction may end it. Undefined: not known. */
  readonly mayBeCanceled?: boolean | undefined;
  /** The watch was open and well until every event up to here must have arrived; undefined: not known. */
  readonly mustReach?: number | undefined;
}

export interface WatchTruth {
  /** Every event, ascending by revision, in the order of the transaction within one. */
  readonly events: readonly WatchedEvent[];
  /** Greatest revision anybody compacted to; 0: none. */
  readonly compactRevision: number;
}

/** The truth as the model of the store knows it. */
export function truthOf(model: KvModel): WatchTruth {
  const events: WatchedEvent[] = [];
  for (let revision = 2; revision <= model.revision; revision++) {
    for (const key of model.changedAt(revision)) {
      const pair = model.at(key, revision);
      const prev = model.at(key, revision - 1);
      events.push({ kind: pair === undefined ? 'delete' : 'put', key, revision, pair, prev });
    }
  }
  return { events, compactRevision: model.compacted };
}

/** Does the watch ask for such events, whatever their revision? */
export function wants(asked: WatchAsked, event: WatchedEvent): boolean {
  if (event.kind === 'put' ? asked.noPut === true : asked.noDelete === true) return false;
  return inRange(event.key, asked.key, asked.end);
}

/** First revision that the watch has to deliver; undefined while it is not created. */
export function firstRevisionOf(watch: RecordedWatch): number | undefined {
  if (watch.asked.start > 0) return watch.asked.start;
  const created = watch.answers.find((answer) => answer.created);
  return created === undefined ? undefined : created.revision + 1;
}

/** What the watch has to deliver in the end, in order. */
export function wantedOf(watch: RecordedWatch, truth: WatchTruth): readonly WatchedEvent[] {
  const first = firstRevisionOf(watch);
  if (first === undefined) return [];
  return truth.events.filter((event) => event.revision >= first && wants(watch.asked, event));
}

export function seenOf(watch: RecordedWatch): readonly WatchedEvent[] {
  return watch.answers.flatMap((answer) => answer.events);
}

/** A progress notification: nothing but a revision. */
export function isProgress(answer: WatchAnswer): boolean {
  return !answer.created && !answer.canceled && answer.events.length === 0;
}

export function describeEvent(event: WatchedEvent): string {
  return `${event.kind} of ${JSON.stringify(event.key)} at revision ${event.revision}`;
}

/** Creations are answered in order, and only open watches are spoken of (etcd rules W1, W6). */
const STREAM = 'watch stream';

/** Sorts the responses of one stream by watcher. Creations are told apart by their order. */
export class WatchRecorder {
  readonly #asked: { name: string; asked: WatchAsked }[] = [];
  readonly #open = new Map<string, Writable>();
  /** Ids that were asked to be canceled; creations of these may be canceled at once. */
  readonly #canceling = new Set<string>();
  /** Every watch that was created, the refused ones too. */
  readonly watches: RecordedWatch[] = [];

  /** A create request was sent. */
  asked(name: string, asked: WatchAsked): void {
    this.#asked.push({ name, asked });
  }

  /** A cancel request was sent, for a watch that may be open or about to be. */
  cancels(id: string): void {
    this.#canceling.add(id);
    const open = this.#open.get(id);
    if (open !== undefined) open.mayBeCanceled = true;
  }

  /** @throws Violation of a response that fits no watch */
  received(response: WatchResponse): void {
    this.took(response.watch_id.toString(), answerOf(response));
  }

  /** The same of a response in plain values, by its watch id in decimal. @throws Violation */
  took(id: string, answer: WatchAnswer): void {
    if (answer.created) {
      const asked = this.#asked.shift();
      if (asked === undefined) {
        throw new Violation(STREAM, `watch ${id} was created and nobody had asked`);
      }
      const mayBeCanceled = this.#canceling.has(id);
      const watch: Writable = { ...asked, answers: [answer], mayBeCanceled };
      this.watches.push(watch);
      if (!answer.canceled) this.#open.set(id, watch);
      return;
    }
    // Progress of the whole stream concerns each of its watchers, unless one chose that very id.
    const own = this.#open.get(id);
    const concerned = own === undefined && id === '-1' ? [...this.#open.values()] : [own];
    for (const watch of concerned) {
      if (watch === undefined) {
        throw new Violation(STREAM, `an answer came for watch ${id}, which is not open`);
      }
      watch.answers.push(answer);
    }
    if (answer.canceled) this.#open.delete(id);
  }

  /** The watches that are open must have been told everything up to `revision`. */
  complete(revision: number): void {
    for (const watch of this.#open.values()) watch.mustReach = revision;
  }
}

interface Writable extends RecordedWatch {
  readonly answers: WatchAnswer[];
  mayBeCanceled: boolean;
  mustReach?: number;
}

function answerOf(response: WatchResponse): WatchAnswer {
  return {
    revision: response.header?.revision.toNumber() ?? 0,
    created: response.created,
    canceled: response.canceled,
    compactRevision: response.compact_revision.toNumber(),
    fragment: response.fragment,
    events: response.events.map(eventOf),
  };
}

function eventOf(event: Event): WatchedEvent {
  const { kv } = event;
  if (kv === null) throw new Error('an event came without a key');
  return {
    kind: event.type === 1 ? 'delete' : 'put',
    key: byteString(kv.key),
    revision: kv.mod_revision.toNumber(),
    pair: event.type === 1 ? undefined : pairOf(kv),
    prev: event.prev_kv === null ? undefined : pairOf(event.prev_kv),
  };
}

function pairOf(kv: NonNullable<Event['kv']>): Pair {
  return {
    key: byteString(kv.key),
    value: byteString(kv.value),
    create: kv.create_revision.toNumber(),
    mod: kv.mod_revision.toNumber(),
    version: kv.version.toNumber(),
  };
}
