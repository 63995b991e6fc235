/** Messages to a receiver: encoded, and decoded, only when a transport asks, and then once. */
import { ResponseHeader, WatchResponse, type WatchResponseInput } from '../api/messages.ts';
import { concatBytes } from '../lib/bytes.ts';
import { WATCH_RESPONSE_OVERHEAD_BYTES } from '../constants.ts';
import type { EventBatch } from './event.ts';
import type { Identity, WatchId } from './types.ts';

/** One header for all messages that are made at one point of the store's history. */
export class MessageHeader {
  readonly revision: number;
  readonly identity: Identity;
  /** What a transport of text has made of it. */
  text: string | undefined;
  #bytes: Uint8Array | undefined;
  #message: ResponseHeader | undefined;

  constructor(identity: Identity, revision: number) {
    this.identity = identity;
    this.revision = revision;
  }

  /** The header as it stands in a WatchResponse, with its tag and length. */
  bytes(): Uint8Array {
    const header = { ...this.identity, revision: this.revision };
    this.#bytes ??= WatchResponse.encode({ header }).finish();
    return this.#bytes;
  }

  message(): ResponseHeader {
    const header = { ...this.identity, revision: this.revision };
    this.#message ??= ResponseHeader.decode(ResponseHeader.encode(header).finish());
    return this.#message;
  }
}

/** The fields of a WatchResponse besides header, watch_id and events. */
export type MessageFields = Pick<
  WatchResponseInput,
  'created' | 'canceled' | 'compact_revision' | 'cancel_reason' | 'fragment'
>;

const NO_FIELDS: MessageFields = {};
/** More fragments of the same response follow. */
export const FRAGMENT: MessageFields = { fragment: true };

/** One etcdserverpb.WatchResponse. Receivers that get equal messages get the same object. */
export class WatchMessage {
  readonly header: MessageHeader;
  readonly watchId: WatchId;
  /** Undefined in answers to requests and in progress notifications. */
  readonly batch: EventBatch | undefined;
  readonly fields: MessageFields;
  /** What transports of text have made of it. */
  line: string | undefined;
  lineBytes: Uint8Array | undefined;
  #bytes: Uint8Array | undefined;
  #message: WatchResponse | undefined;

  constructor(
    header: MessageHeader,
    watchId: WatchId,
    batch?: EventBatch,
    fields: MessageFields = NO_FIELDS,
  ) {
    this.header = header;
    this.watchId = watchId;
    this.batch = batch;
    this.fields = fields;
  }

  /** About as many bytes as the message has on the wire; known without encoding. */
  get weight(): number {
    return WATCH_RESPONSE_OVERHEAD_BYTES + (this.batch?.weight ?? 0);
  }

  get eventCount(): number {
    return this.batch?.events.length ?? 0;
  }

  /** Encoded etcdserverpb.WatchResponse. Shared by all receivers: do not write to it. */
  bytes(): Uint8Array {
    this.#bytes ??= this.#encode();
    return this.#bytes;
  }

  /** The same as a message object, for transports of text. Shared by all receivers: do not write to it. */
  message(): WatchResponse {
    this.#message ??= this.#decoded();
    return this.#message;
  }

  /** A message is the concatenation of its fields; only those of the middle are this message's own. */
  #encode(): Uint8Array {
    const own = WatchResponse.encode({ ...this.fields, watch_id: this.watchId }).finish();
    const header = this.header.bytes();
    return concatBytes([header, own, ...(this.batch?.parts() ?? [])]);
  }

  #decoded(): WatchResponse {
    const own = WatchResponse.encode({ ...this.fields, watch_id: this.watchId }).finish();
    const message = WatchResponse.decode(own);
    message.header = this.header.message();
    if (this.batch !== undefined) message.events = this.batch.messages();
    return message;
  }
}
