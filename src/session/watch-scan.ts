/**
 * Looks through an encoded etcdserverpb.WatchResponse for where it leaves its watcher, without making
 * messages of its events: whoever forwards it needs no more.
 */
import { DecodeError } from '../lib/binary.ts';
import type { SentMessage } from './watch-positions.ts';

const Field = {
  HEADER: 1,
  WATCH_ID: 2,
  CREATED: 3,
  CANCELED: 4,
  FRAGMENT: 7,
  EVENTS: 11,
  /** ResponseHeader */
  REVISION: 3,
  /** Event */
  KV: 2,
  /** KeyValue */
  MOD_REVISION: 3,
} as const;

const WireType = { VARINT: 0, FIXED64: 1, BYTES: 2, FIXED32: 5 } as const;

/** @throws DecodeError on what is no message */
export function scanWatchResponse(body: Uint8Array): SentMessage {
  let watchId = 0n;
  let revision = 0;
  let created = false;
  let canceled = false;
  let fragment = false;
  let lastEvent: Span | undefined;
  const scan = new Scan(body, 0, body.length);
  while (scan.next()) {
    switch (scan.field) {
      case Field.HEADER:
        revision = numberIn(body, scan.span(), Field.REVISION);
        break;
      case Field.WATCH_ID:
        watchId = BigInt.asIntN(64, scan.value());
        break;
      case Field.CREATED:
        created = scan.value() !== 0n;
        break;
      case Field.CANCELED:
        canceled = scan.value() !== 0n;
        break;
      case Field.FRAGMENT:
        fragment = scan.value() !== 0n;
        break;
      case Field.EVENTS:
        lastEvent = scan.span();
        break;
      default:
        scan.skip();
    }
  }
  const next = lastEvent === undefined ? 0 : modRevision(body, lastEvent) + 1;
  return { watchId, revision, next, created, canceled, fragment };
}

function modRevision(body: Uint8Array, event: Span): number {
  const scan = new Scan(body, event.start, event.end);
  let revision = 0;
  while (scan.next()) {
    if (scan.field === Field.KV) revision = numberIn(body, scan.span(), Field.MOD_REVISION);
    else scan.skip();
  }
  return revision;
}

function numberIn(body: Uint8Array, { start, end }: Span, field: number): number {
  const scan = new Scan(body, start, end);
  let number = 0;
  while (scan.next()) {
    if (scan.field === field) number = Number(scan.value());
    else scan.skip();
  }
  return number;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** Fields of one message, in order; each is to be taken by `value`, `span` or `skip`. */
class Scan {
  field = 0;
  #wireType = 0;
  readonly #bytes: Uint8Array;
  #at: number;
  readonly #end: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  next(): boolean {
    if (this.#at >= this.#end) return false;
    const tag = this.#small();
    this.field = tag >>> 3;
    this.#wireType = tag & 7;
    return true;
  }

  value(): bigint {
    if (this.#wireType !== WireType.VARINT) throw this.#unexpected();
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new DecodeError(`scan a watch response at ${this.#at}: a number of more than 64 bits`);
  }

  span(): Span {
    if (this.#wireType !== WireType.BYTES) throw this.#unexpected();
    const length = this.#small();
    const start = this.#at;
    this.#advance(length);
    return { start, end: this.#at };
  }

  skip(): void {
    switch (this.#wireType) {
      case WireType.VARINT:
        while (this.#byte() >= 0x80);
        return;
      case WireType.FIXED64:
        return this.#advance(8);
      case WireType.BYTES:
        this.span();
        return;
      case WireType.FIXED32:
        return this.#advance(4);
      default:
        throw this.#unexpected();
    }
  }

  /** A tag or a length. */
  #small(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 5; count++) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw new DecodeError(`scan a watch response at ${this.#at}: a length of more than 35 bits`);
  }

  #byte(): number {
    if (this.#at >= this.#end) throw this.#ended(1);
    return this.#bytes[this.#at++] as number;
  }

  #advance(bytes: number): void {
    if (bytes > this.#end - this.#at) throw this.#ended(bytes);
    this.#at += bytes;
  }

  #ended(bytes: number): DecodeError {
    return new DecodeError(
      `scan a watch response: ${bytes} bytes wanted at ${this.#at}, and it ends at ${this.#end}`,
    );
  }

  #unexpected(): DecodeError {
    return new DecodeError(
      `scan a watch response at ${this.#at}: field ${this.field} has wire type ${this.#wireType}`,
    );
  }
}
