/**
 * Packing of numbers and bytes for everything we store or send between members: WAL rows, pages,
 * peer frames. Little-endian; varint is LEB128 of a safe integer >= 0.
 */
import { byteString, EMPTY_BYTES } from './bytes.ts';

/** Input ends early or holds an impossible value: corrupt storage or a foreign sender. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
}

const INITIAL_CAPACITY = 256;
/** Bytes of the longest varint of a safe integer (53 bits in groups of 7). */
const VARINT_BYTES_MAX = 8;

export class ByteWriter {
  #buffer: Uint8Array;
  /** Of the buffer, once somebody needs it. */
  #view: DataView | undefined;
  /** Bytes written so far. Invariant: length <= #buffer.length. */
  length = 0;

  constructor(capacity: number = INITIAL_CAPACITY) {
    this.#buffer = new Uint8Array(capacity);
  }

  /** Bytes that the buffer holds before it has to grow. */
  get capacity(): number {
    return this.#buffer.length;
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#buffer[this.length++] = value;
  }

  u32(value: number): void {
    this.#reserve(4);
    const buffer = this.#buffer;
    buffer[this.length] = value;
    buffer[this.length + 1] = value >>> 8;
    buffer[this.length + 2] = value >>> 16;
    buffer[this.length + 3] = value >>> 24;
    this.length += 4;
  }

  u64(value: bigint): void {
    this.#reserve(8);
    this.#view ??= new DataView(this.#buffer.buffer);
    this.#view.setBigUint64(this.length, BigInt.asUintN(64, value), true);
    this.length += 8;
  }

  varint(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new RangeError(`encode varint: ${value} is not a safe integer >= 0`);
    }
    this.#reserve(VARINT_BYTES_MAX);
    const buffer = this.#buffer;
    let at = this.length;
    let rest = value;
    while (rest > 0x7fffffff) {
      buffer[at++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    while (rest > 0x7f) {
      buffer[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    buffer[at++] = rest;
    this.length = at;
  }

  /** Raw bytes, no length. */
  raw(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Length as varint, then the bytes. */
  bytes(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.raw(bytes);
  }

  /** A byte string: length as varint, then one byte a character. */
  string(text: string): void {
    this.varint(text.length);
    this.#reserve(text.length);
    const buffer = this.#buffer;
    let at = this.length;
    for (let index = 0; index < text.length; index++) buffer[at++] = text.charCodeAt(index);
    this.length = at;
  }

  /** The bytes written, copied out; the writer may go on. */
  finish(): Uint8Array {
    return this.#buffer.slice(0, this.length);
  }

  /** The bytes written, not copied: valid until the next write or reset. */
  view(): Uint8Array {
    return this.#buffer.subarray(0, this.length);
  }

  /** Forgets what was written, keeps the buffer. */
  reset(): void {
    this.length = 0;
  }

  #reserve(bytes: number): void {
    const needed = this.length + bytes;
    if (needed <= this.#buffer.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#buffer.length * 2));
    grown.set(this.#buffer.subarray(0, this.length));
    this.#buffer = grown;
    this.#view = undefined;
  }
}

export class ByteReader {
  readonly #bytes: Uint8Array;
  /** Position of the next byte. Invariant: offset <= end <= length of the input. */
  offset: number;
  readonly end: number;

  constructor(bytes: Uint8Array, offset: number = 0, end: number = bytes.length) {
    this.#bytes = bytes;
    this.offset = offset;
    this.end = end;
  }

  get done(): boolean {
    return this.offset >= this.end;
  }

  get remaining(): number {
    return this.end - this.offset;
  }

  u8(): number {
    this.#need(1);
    return this.#bytes[this.offset++] as number;
  }

  u32(): number {
    this.#need(4);
    const bytes = this.#bytes;
    const at = this.offset;
    this.offset += 4;
    return (
      ((bytes[at] as number) |
        ((bytes[at + 1] as number) << 8) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 24)) >>>
      0
    );
  }

  u64(): bigint {
    const low = this.u32();
    const high = this.u32();
    return (BigInt(high) << 32n) | BigInt(low);
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < VARINT_BYTES_MAX; count++) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (!Number.isSafeInteger(value)) break;
        return value;
      }
      scale *= 128;
    }
    throw new DecodeError(`decode varint at byte ${this.offset}: value exceeds a safe integer`);
  }

  /** `count` raw bytes, not copied. */
  raw(count: number): Uint8Array {
    if (count === 0) return EMPTY_BYTES;
    this.#need(count);
    const bytes = this.#bytes.subarray(this.offset, this.offset + count);
    this.offset += count;
    return bytes;
  }

  /** Length-prefixed bytes, not copied. */
  bytes(): Uint8Array {
    return this.raw(this.varint());
  }

  /** Length-prefixed byte string. */
  string(): string {
    return byteString(this.bytes());
  }

  #need(count: number): void {
    if (this.offset + count > this.end) {
      throw new DecodeError(
        `decode ${count} bytes at ${this.offset}: input ends at ${this.end}, expected ${this.offset + count}`,
      );
    }
  }
}
