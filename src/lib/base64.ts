/**
 * Base64 as protobuf's JSON has it: standard alphabet with padding on output; on input also the URL-safe
 * alphabet (not both in one text), no padding at all, and line breaks anywhere.
 *
 * Engines that have Uint8Array.toBase64 and fromBase64 (workerd) do the work; for the others there are
 * tables.
 */
import { byteString } from './bytes.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const STANDARD = `${ALPHABET}+/`;
const URL_SAFE = `${ALPHABET}-_`;

/** The text is not base64. The message has Go's words; `offset` is the first character that does not fit. */
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

/** Two characters for each value of 12 bits. */
const PAIRS: readonly string[] = Array.from(
  { length: 4096 },
  (_, bits) => STANDARD.charAt(bits >> 6) + STANDARD.charAt(bits & 63),
);
/** Longer texts are put together as bytes: many small concatenations cost more than they save. */
const CONCATENATED_BYTES_MAX = 96;
const CODES = codesOf(STANDARD);
const PADDING_CODE = 0x3d;

/** For engines without Uint8Array.toBase64. */
export function encodeByTable(bytes: Uint8Array): string {
  return bytes.length <= CONCATENATED_BYTES_MAX ? encodeShort(bytes) : encodeLong(bytes);
}

function encodeShort(bytes: Uint8Array): string {
  const whole = bytes.length - (bytes.length % 3);
  let text = '';
  let at = 0;
  for (; at < whole; at += 3) {
    const bits = (byteAt(bytes, at) << 16) | (byteAt(bytes, at + 1) << 8) | byteAt(bytes, at + 2);
    text += (PAIRS[bits >> 12] as string) + (PAIRS[bits & 4095] as string);
  }
  if (bytes.length - at === 1) return `${text}${PAIRS[byteAt(bytes, at) << 4] as string}==`;
  if (bytes.length - at === 2) {
    const bits = (byteAt(bytes, at) << 16) | (byteAt(bytes, at + 1) << 8);
    return `${text}${PAIRS[bits >> 12] as string}${STANDARD.charAt((bits >> 6) & 63)}=`;
  }
  return text;
}

function encodeLong(bytes: Uint8Array): string {
  const length = bytes.length;
  const codes = new Uint8Array(Math.ceil(length / 3) * 4);
  let to = 0;
  for (let at = 0; at < length; at += 3) {
    // Reads past the end give undefined, which the shifts turn into 0.
    const bits = (byteAt(bytes, at) << 16) | (byteAt(bytes, at + 1) << 8) | byteAt(bytes, at + 2);
    codes[to++] = CODES[bits >> 18] as number;
    codes[to++] = CODES[(bits >> 12) & 63] as number;
    codes[to++] = CODES[(bits >> 6) & 63] as number;
    codes[to++] = CODES[bits & 63] as number;
  }
  for (let missing = (3 - (length % 3)) % 3; missing > 0; missing--) {
    codes[codes.length - missing] = PADDING_CODE;
  }
  return byteString(codes);
}

function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] as number;
}

function codesOf(alphabet: string): Uint8Array {
  return Uint8Array.from(alphabet, (character) => character.charCodeAt(0));
}

/** Marks a character outside the alphabet; above 63, so that one test finds it among several digits. */
const FOREIGN = 0x80;
const STANDARD_DIGITS = digitsOf(STANDARD);
const URL_SAFE_DIGITS = digitsOf(URL_SAFE);

function digitsOf(alphabet: string): Uint8Array {
  const digits = new Uint8Array(256).fill(FOREIGN);
  for (let digit = 0; digit < 64; digit++) digits[alphabet.charCodeAt(digit)] = digit;
  return digits;
}

/** For engines without Uint8Array.fromBase64, and for the place of an error. */
export function decodeByTable(text: string): Uint8Array {
  const digits = isUrlSafe(text) ? URL_SAFE_DIGITS : STANDARD_DIGITS;
  const length = unpaddedLength(text);
  const whole = length - (length % 4);
  const bytes = new Uint8Array((whole / 4) * 3 + Math.max(0, (length % 4) - 1));
  let to = 0;
  let at = 0;
  for (; at < whole; at += 4) {
    const a = digitAt(digits, text, at);
    const b = digitAt(digits, text, at + 1);
    const c = digitAt(digits, text, at + 2);
    const d = digitAt(digits, text, at + 3);
    if ((a | b | c | d) >= FOREIGN) return decodeWithBreaks(text, digits);
    bytes[to++] = (a << 2) | (b >> 4);
    bytes[to++] = (b << 4) | (c >> 2);
    bytes[to++] = (c << 6) | d;
  }
  if (at === length) return bytes;
  const a = digitAt(digits, text, at);
  const b = digitAt(digits, text, at + 1);
  const c = at + 2 < length ? digitAt(digits, text, at + 2) : 0;
  if (at + 1 === length || (a | b | c) >= FOREIGN) return decodeWithBreaks(text, digits);
  bytes[to++] = (a << 2) | (b >> 4);
  if (at + 2 < length) bytes[to] = (b << 4) | (c >> 2);
  return bytes;
}

/** Length without the padding, if that is where and as long as it should be. */
function unpaddedLength(text: string): number {
  const length = text.length;
  if (length % 4 !== 0 || length === 0 || text.charCodeAt(length - 1) !== PADDING_CODE)
    return length;
  return text.charCodeAt(length - 2) === PADDING_CODE ? length - 2 : length - 1;
}

function digitAt(digits: Uint8Array, text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code < 256 ? (digits[code] as number) : FOREIGN;
}

/** The slow way: drops line breaks and starts again, or else finds out which character is wrong. */
function decodeWithBreaks(text: string, digits: Uint8Array): Uint8Array {
  const joined = text.replace(/[\r\n]/g, '');
  if (joined.length !== text.length) {
    try {
      return decodeByTable(joined);
    } catch (error) {
      if (!(error instanceof Base64Error)) throw error;
      throw new Base64Error(offsetWithBreaks(text, error.offset));
    }
  }
  const length = unpaddedLength(text);
  for (let at = 0; at < length; at++) {
    if (digitAt(digits, text, at) >= FOREIGN) throw new Base64Error(at);
  }
  // All characters are digits, so there is one too many.
  throw new Base64Error(length - 1);
}

/** Where in `text` the character stands that is at `offset` when line breaks do not count. */
function offsetWithBreaks(text: string, offset: number): number {
  let counted = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\n' || text[at] === '\r') continue;
    if (counted === offset) return at;
    counted++;
  }
  return text.length;
}
