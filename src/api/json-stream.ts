/** A stream of JSON values one after another, as etcd's gateway reads it for Watch and LeaseKeepAlive. */
import { JSON_REQUEST_BYTES_MAX } from '../constants.ts';
import { concatBytes } from '../lib/bytes.ts';
import { receivedTooLarge } from './errors.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING: ReadonlySet<number> = new Set([0x7b, 0x5b]);
const CLOSING: ReadonlySet<number> = new Set([0x7d, 0x5d]);
const BLANKS: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);

/**
 * Cuts bytes, however they arrive, into the values they hold. It finds where values end and judges nothing
 * else: what is not JSON comes out as a piece that decodeJson refuses.
 */
export class JsonSplitter {
  readonly #bytesMax: number;
  /** Beginning of the value that is not complete yet, and its length. */
  #parts: Uint8Array[] = [];
  #length = 0;
  /** Arrays and objects that are open. */
  #depth = 0;
  #inString = false;
  /** The last byte was a backslash in a string. */
  #escaped = false;

  /** @param bytesMax longest value, in bytes */
  constructor(bytesMax: number = JSON_REQUEST_BYTES_MAX) {
    this.#bytesMax = bytesMax;
  }

  /**
   * The values that end in `chunk`.
   * @throws StatusError ResourceExhausted for a value that is too long; the stream is of no use then
   */
  push(chunk: Uint8Array): Uint8Array[] {
    const values: Uint8Array[] = [];
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      if (this.#endsAfter(chunk[at] as number)) {
        this.#keep(chunk.subarray(start, at + 1));
        start = at + 1;
        const value = this.end();
        if (value !== undefined) values.push(value);
      }
    }
    this.#keep(chunk.subarray(start));
    return values;
  }

  /** True while the beginning of a value is kept. */
  get isPartial(): boolean {
    return this.#parts.some((part) => part.some((byte) => !BLANKS.has(byte)));
  }

  /** What is left at the end of the stream: a value without a blank behind it, or half a value. */
  end(): Uint8Array | undefined {
    const value = concatBytes(this.#parts);
    this.#parts = [];
    this.#length = 0;
    return value.every((byte) => BLANKS.has(byte)) ? undefined : value;
  }

  /** Takes one byte into account; true when a value is complete with it. */
  #endsAfter(byte: number): boolean {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false;
      else if (byte === BACKSLASH) this.#escaped = true;
      else if (byte === QUOTE) this.#inString = false;
      return false;
    }
    if (byte === QUOTE) this.#inString = true;
    else if (OPENING.has(byte)) this.#depth++;
    else if (CLOSING.has(byte)) {
      this.#depth = Math.max(0, this.#depth - 1);
      return this.#depth === 0;
    }
    return this.#depth === 0 && BLANKS.has(byte);
  }

  #keep(part: Uint8Array): void {
    if (part.length === 0) return;
    this.#length += part.length;
    if (this.#length > this.#bytesMax) throw receivedTooLarge(this.#length, this.#bytesMax);
    this.#parts.push(part);
  }
}
