/**
 * Base64 as protobuf's JSON has it: standard alphabet with padding on output; on input also the URL-safe
 * alphabet (not both in one text), no padding at all, and line breaks anywhere.
 *
 * Engines that have Uint8Array.toBase64 and fromBase64 (workerd) do the work; for the others there are
 * tables.
 */
import { decodeUtf8, encodeUtf8 } from './utf8.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const STANDARD = `${ALPHABET}+/`;
const URL_SAFE = `${ALPHABET}-_`;

/** The text is not base64. The message has Go's words; `offset` is the first byte that does not fit. */
export class Base64Error extends Error {
  override readonly name = 'Base64Error';
  readonly offset: number;

  constructor(offset: number) {
    super(`illegal base64 data at input byte ${offset}`);
    this.offset = offset;
  }
}

/** The two methods that newer engines have; our language level does not know them yet. */
interface NativeBytes {
  toBase64?(): string;
}
interface NativeConstructor {
  fromBase64?(text: string, options: { alphabet: string; lastChunkHandling: string }): Uint8Array;
}

const NATIVE = Uint8Array as NativeConstructor;
const HAS_NATIVE_ENCODE = (Uint8Array.prototype as NativeBytes).toBase64 !== undefined;

export function encodeBase64(bytes: Uint8Array): string {
  return HAS_NATIVE_ENCODE
    ? ((bytes as NativeBytes).toBase64?.() ?? encodeByTable(bytes))
    : encodeByTable(bytes);
}

/** @throws Base64Error */
export function decodeBase64(text: string): Uint8Array {
  // The engine's own decoder also skips blanks and tabs, which we refuse, and has its own error texts.
  if (NATIVE.fromBase64 !== undefined && !/[ \t\f]/.test(text)) {
    const alphabet = isUrlSafe(text) ? 'base64url' : 'base64';
    try {
      return NATIVE.fromBase64(text, { alphabet, lastChunkHandling: 'loose' });
    } catch {
      return decodeByTable(text);
    }
  }
  return decodeByTable(text);
}

function isUrlSafe(text: string): boolean {
  return text.includes('-') || text.includes('_');
}

/** Two characters for each value of 12 bits, and the same as two bytes in one number. */
const PAIRS: readonly string[] = Array.from(
  { length: 4096 },
  (_, bits) => STANDARD.charAt(bits >> 6) + STANDARD.charAt(bits & 63),
);
const PAIR_BYTES = new Uint16Array(Uint8Array.from(PAIRS.join(''), codeOf).buffer);

/** Longer texts are put together as bytes: many small concatenations cost more than they save. */
const CONCATENATED_BYTES_MAX = 96;
/** Where the bytes of long texts are put together, a part at a time. */
const PART_BYTES = 12_288;
const partPairs = new Uint16Array((PART_BYTES / 3) * 2);
const partBytes = new Uint8Array(partPairs.buffer);

/** For engines without Uint8Array.toBase64. */
export function encodeByTable(bytes: Uint8Array): string {
  const whole = bytes.length - (bytes.length % 3);
  let text = '';
  if (whole <= CONCATENATED_BYTES_MAX) {
    for (let at = 0; at < whole; at += 3) {
      const bits = tripletAt(bytes, at);
      text += (PAIRS[bits >> 12] as string) + (PAIRS[bits & 4095] as string);
    }
  } else {
    for (let at = 0; at < whole; at += PART_BYTES) {
      text += encodePart(bytes, at, Math.min(at + PART_BYTES, whole));
    }
  }
  return text + encodeTail(bytes, whole);
}

function encodePart(bytes: Uint8Array, start: number, end: number): string {
  let to = 0;
  for (let at = start; at < end; at += 3) {
    const bits = tripletAt(bytes, at);
    partPairs[to++] = PAIR_BYTES[bits >> 12] as number;
    partPairs[to++] = PAIR_BYTES[bits & 4095] as number;
  }
  return decodeUtf8(partBytes.subarray(0, to * 2)) ?? '';
}

/** The last one or two bytes, if there are any. */
function encodeTail(bytes: Uint8Array, at: number): string {
  const first = bytes[at];
  if (first === undefined) return '';
  const second = bytes[at + 1];
  if (second === undefined) return `${PAIRS[first << 4] as string}==`;
  const bits = (first << 16) | (second << 8);
  return `${PAIRS[bits >> 12] as string}${STANDARD.charAt((bits >> 6) & 63)}=`;
}

function tripletAt(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number)
  );
}

function codeOf(character: string): number {
  return character.charCodeAt(0);
}

/** Marks a character outside the alphabet: above all bits of four digits. */
const FOREIGN = 1 << 24;
const PADDING_CODE = 0x3d;

/** By character code: the digit's bits where they stand in a group of four, or FOREIGN. */
interface Digits {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly third: Int32Array;
  readonly fourth: Int32Array;
}

const STANDARD_DIGITS = digitsOf(STANDARD);
const URL_SAFE_DIGITS = digitsOf(URL_SAFE);

function digitsOf(alphabet: string): Digits {
  return {
    first: digitTable(alphabet, 18),
    second: digitTable(alphabet, 12),
    third: digitTable(alphabet, 6),
    fourth: digitTable(alphabet, 0),
  };
}

function digitTable(alphabet: string, shift: number): Int32Array {
  const table = new Int32Array(256).fill(FOREIGN);
  for (let digit = 0; digit < 64; digit++) table[alphabet.charCodeAt(digit)] = digit << shift;
  return table;
}

/** For engines without Uint8Array.fromBase64, and for the place of an error. */
export function decodeByTable(text: string): Uint8Array {
  const digits = isUrlSafe(text) ? URL_SAFE_DIGITS : STANDARD_DIGITS;
  const codes = codesOf(text);
  const length = unpaddedLength(codes, text.length);
  const whole = length - (length % 4);
  const bytes = new Uint8Array(Math.floor((length * 3) / 4));
  const { first, second, third, fourth } = digits;
  let to = 0;
  let seen = 0;
  for (let at = 0; at < whole; at += 4) {
    const bits =
      (first[codes[at] as number] as number) |
      (second[codes[at + 1] as number] as number) |
      (third[codes[at + 2] as number] as number) |
      (fourth[codes[at + 3] as number] as number);
    seen |= bits;
    bytes[to] = bits >> 16;
    bytes[to + 1] = bits >> 8;
    bytes[to + 2] = bits;
    to += 3;
  }
  if (whole < length) seen |= decodeTail(codes, whole, length, digits, bytes, to);
  return seen < FOREIGN ? bytes : decodeWithBreaks(text, digits);
}

/** The last two or three digits. FOREIGN when they are none, or only one. */
function decodeTail(
  codes: Uint8Array,
  at: number,
  length: number,
  digits: Digits,
  bytes: Uint8Array,
  to: number,
): number {
  if (length - at === 1) return FOREIGN;
  let bits =
    (digits.first[codes[at] as number] as number) |
    (digits.second[codes[at + 1] as number] as number);
  if (length - at === 3) {
    bits |= digits.third[codes[at + 2] as number] as number;
    bytes[to + 1] = bits >> 8;
  }
  bytes[to] = bits >> 16;
  return bits;
}

/** Bytes of longer texts come from the engine, whose call costs more than a short loop. */
const LOOPED_CHARACTERS_MAX = 512;
/** Memory for a typed array of this size would cost as much as decoding it. */
const shortCodes = new Uint8Array(LOOPED_CHARACTERS_MAX);

/** The characters as bytes, from 0 on; all that are not ASCII are no digits. Valid until the next call. */
function codesOf(text: string): Uint8Array {
  const length = text.length;
  if (length > LOOPED_CHARACTERS_MAX) return encodeUtf8(text);
  for (let at = 0; at < length; at++) shortCodes[at] = Math.min(text.charCodeAt(at), 0xff);
  return shortCodes;
}

/** Length without the padding, if that is where and as long as it should be. */
function unpaddedLength(codes: Uint8Array, length: number): number {
  if (length % 4 !== 0 || codes[length - 1] !== PADDING_CODE) return length;
  return codes[length - 2] === PADDING_CODE ? length - 2 : length - 1;
}

/** The slow way: drops line breaks and starts again, or else finds out which character is wrong. */
function decodeWithBreaks(text: string, digits: Digits): Uint8Array {
  const joined = text.replace(/[\r\n]/g, '');
  if (joined.length !== text.length) {
    try {
      return decodeByTable(joined);
    } catch (error) {
      if (!(error instanceof Base64Error)) throw error;
      throw new Base64Error(offsetWithBreaks(text, error.offset));
    }
  }
  const codes = encodeUtf8(text);
  const length = unpaddedLength(codes, codes.length);
  const foreign = codes.subarray(0, length).findIndex((code) => digits.fourth[code] === FOREIGN);
  // If all are digits, then there is one too many.
  throw new Base64Error(foreign >= 0 ? foreign : length - 1);
}

/** Where the byte stands that is at `offset` when line breaks do not count. */
function offsetWithBreaks(text: string, offset: number): number {
  let counted = 0;
  return encodeUtf8(text).findIndex(
    (code) => code !== 0x0a && code !== 0x0d && counted++ === offset,
  );
}
