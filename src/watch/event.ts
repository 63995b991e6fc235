/**
 * Events on their way out. An event is encoded once, however many watchers receive it, and a batch of
 * events once for all watchers that receive the same ones.
 */
import { Event, EventType, longOf, type KeyValueInput } from '../api/messages.ts';
import { ByteWriter } from '../lib/binary.ts';
import { bytesOf, concatBytes } from '../lib/bytes.ts';
import type { Change, KeyValue } from '../mvcc/types.ts';
import type { History } from './types.ts';

/** Field 11 of WatchResponse, length-delimited. */
const EVENTS_TAG = (11 << 3) | 2;
/** A tag, and the room that ByteWriter keeps for a varint. */
const PREFIX_BYTES_MAX = 1 + 8;
/** Allowance for an event's revisions, version, lease, tags and lengths, when sizes are estimated. */
const EVENT_OVERHEAD_BYTES = 40;

/** One change as mvccpb.Event, with or without the pair it replaced. */
export class WatchEvent {
  readonly change: Change;
  readonly previous: KeyValue | undefined;
  /** About as many bytes as the event has on the wire; known without encoding. */
  readonly weight: number;
  #bytes: Uint8Array | undefined;
  #message: Event | undefined;
  #withPrevious: WatchEvent | undefined;

  constructor(change: Change, previous?: KeyValue) {
    this.change = change;
    this.previous = previous;
    this.weight = weightOf(change.kv) + (previous === undefined ? 0 : weightOf(previous));
  }

  get revision(): number {
    return this.change.kv.modRevision;
  }

  /** The event with prev_kv; without it when the key is new or what it held is compacted (rule W9). */
  withPrevious(history: History): WatchEvent {
    if (this.#withPrevious === undefined) {
      const previous = previousOf(this.change, history);
      this.#withPrevious = previous === undefined ? this : new WatchEvent(this.change, previous);
    }
    return this.#withPrevious;
  }

  /** Encoded mvccpb.Event. Shared: do not write to it. */
  bytes(): Uint8Array {
    this.#bytes ??= Event.encode({
      type: this.change.type === 'put' ? EventType.PUT : EventType.DELETE,
      kv: inputOf(this.change.kv),
      prev_kv: this.previous === undefined ? null : inputOf(this.previous),
    }).finish();
    return this.#bytes;
  }

  /** The same as a message object. Shared: do not write to it. */
  message(): Event {
    this.#message ??= Event.decode(this.bytes());
    return this.#message;
  }
}

/** The events of one response, in order; at least one. */
export class EventBatch {
  readonly events: readonly WatchEvent[];
  /** About as many bytes as the events have on the wire. */
  readonly weight: number;
  /** What a transport of text has made of it. */
  text: string | undefined;
  #parts: readonly Uint8Array[] | undefined;
  #messages: Event[] | undefined;

  constructor(events: readonly WatchEvent[]) {
    this.events = events;
    let weight = 0;
    for (const event of events) weight += event.weight;
    this.weight = weight;
  }

  /**
   * The events as they stand in a WatchResponse, with their tags and lengths, in pieces to be joined.
   * Shared: do not write to them.
   */
  parts(): readonly Uint8Array[] {
    this.#parts ??= this.#encode();
    return this.#parts;
  }

  /** The same as message objects; each event is one object in all batches. Shared: do not write to it. */
  messages(): Event[] {
    this.#messages ??= this.events.map((event) => event.message());
    return this.#messages;
  }

  /** A single event is not copied for this; several are joined, once for all messages. */
  #encode(): readonly Uint8Array[] {
    const parts: Uint8Array[] = [];
    for (const event of this.events) {
      const bytes = event.bytes();
      parts.push(prefixOf(bytes.length), bytes);
    }
    return this.events.length === 1 ? parts : [concatBytes(parts)];
  }
}

/** Tag and length of one event. */
function prefixOf(length: number): Uint8Array {
  const writer = new ByteWriter(PREFIX_BYTES_MAX);
  writer.u8(EVENTS_TAG);
  writer.varint(length);
  return writer.view();
}

/** What the key held just before the change: not asked of history for a creation, nor below compaction. */
function previousOf(change: Change, history: History): KeyValue | undefined {
  const { key, createRevision, modRevision } = change.kv;
  if (change.type === 'put' && createRevision === modRevision) return undefined;
  if (modRevision - 1 < history.compactRevision) return undefined;
  return history.getAt(key, modRevision - 1);
}

function weightOf(kv: KeyValue): number {
  return kv.key.length + kv.value.length + EVENT_OVERHEAD_BYTES;
}

function inputOf(kv: KeyValue): KeyValueInput {
  return {
    key: bytesOf(kv.key),
    create_revision: kv.createRevision,
    mod_revision: kv.modRevision,
    version: kv.version,
    value: kv.value,
    lease: longOf(kv.lease),
  };
}
