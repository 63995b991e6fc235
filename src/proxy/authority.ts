/**
 * Old Go clients of etcd call servers by names that are no names: 3.4 sends `:authority` http://127.0.0.1:2379,
 * 3.5.0 #initially=[…]. gRPC servers do not look at it, but nghttp2, below Node's HTTP/2, resets such streams.
 * So the bytes of a connection are looked through on their way in, and what may not stand in an authority is
 * replaced, one character by one: HPACK's tables count lengths, and these have to stay. RFC 9113, RFC 7541.
 */

export const PREFACE_BYTES = 24;
export const FRAME_HEAD_BYTES = 9;
export const FRAME_HEADERS = 1;
export const FRAME_SETTINGS = 4;
/** Flag of SETTINGS. */
export const FRAME_ACK = 1;
/** Flags of HEADERS. */
const PADDED = 0x8;
const PRIORITY = 0x20;
/** Index of `:authority` in HPACK's static table. */
const AUTHORITY = 1;
const REPLACEMENT = '-'.charCodeAt(0);
/** What nghttp2 takes. */
const MAY_STAND = new Set(
  Buffer.from("!$%&'()*+,-.0123456789:;=@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]_abcdefghijklmnopqrstuvwxyz~"),
);

/** Looks through what one client sends. */
export class AuthorityFilter {
  /** Begin of what has not been handed on yet. */
  #held: Buffer = Buffer.alloc(0);
  /** Bytes that can be handed on without a look: the preface, and frames that are not HEADERS. */
  #passing = PREFACE_BYTES;

  /** The bytes that may go on now. They are views of `chunk` where nothing has to change. */
  push(chunk: Buffer): Buffer[] {
    const out: Buffer[] = [];
    let bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    while (bytes.length > 0) {
      if (this.#passing > 0) {
        const end = this.#endOfPassing(bytes);
        out.push(bytes.subarray(0, end));
        bytes = bytes.subarray(end);
        continue;
      }
      if (bytes.length < FRAME_HEAD_BYTES) break;
      const end = FRAME_HEAD_BYTES + bytes.readUIntBE(0, 3);
      if (bytes[3] !== FRAME_HEADERS) {
        this.#passing = end;
        continue;
      }
      if (bytes.length < end) break;
      out.push(corrected(bytes.subarray(0, end)));
      bytes = bytes.subarray(end);
    }
    this.#held = bytes;
    return out;
  }

  /** How much of `bytes` passes, with all frames after it that need no look. */
  #endOfPassing(bytes: Buffer): number {
    let end = this.#passing;
    while (end + FRAME_HEAD_BYTES <= bytes.length && bytes[end + 3] !== FRAME_HEADERS) {
      end += FRAME_HEAD_BYTES + bytes.readUIntBE(end, 3);
    }
    this.#passing = Math.max(0, end - bytes.length);
    return Math.min(end, bytes.length);
  }
}

/** Does nghttp2 take the authority of this HEADERS frame? */
export function hasGoodAuthority(frame: Buffer): boolean {
  return corrected(frame) === frame;
}

/** A HEADERS frame with an authority that nghttp2 takes; the same buffer if it has one already. */
function corrected(frame: Buffer): Buffer {
  const flags = frame[4] ?? 0;
  const start =
    FRAME_HEAD_BYTES + ((flags & PADDED) === 0 ? 0 : 1) + ((flags & PRIORITY) === 0 ? 0 : 5);
  const value = authorityIn(frame, start);
  if (value === undefined || value.text.every((byte) => MAY_STAND.has(byte))) return frame;
  const text = value.text.map((byte) => (MAY_STAND.has(byte) ? byte : REPLACEMENT));
  const block = [
    frame.subarray(0, value.start),
    integer(text.length),
    text,
    frame.subarray(value.end),
  ];
  const changed = Buffer.concat(block);
  changed.writeUIntBE(changed.length - FRAME_HEAD_BYTES, 0, 3);
  return changed;
}

interface Literal {
  readonly text: Buffer;
  /** Of its length and its bytes. */
  readonly start: number;
  readonly end: number;
}

/** The authority, if this block of headers spells it out. Stops at what it does not understand. */
function authorityIn(block: Buffer, start: number): Literal | undefined {
  let at = start;
  while (at < block.length) {
    const first = block[at] ?? 0;
    const isIndexed = (first & 0x80) !== 0;
    const isLiteralAdded = (first & 0xc0) === 0x40;
    const isTableSize = (first & 0xe0) === 0x20;
    const index = readInteger(block, at, isIndexed ? 7 : isLiteralAdded ? 6 : isTableSize ? 5 : 4);
    if (index === undefined) return undefined;
    at = index.end;
    if (isIndexed || isTableSize) continue;
    if (index.value === 0) {
      const name = readString(block, at);
      if (name === undefined) return undefined;
      at = name.end;
    }
    const value = readString(block, at);
    if (value === undefined) return undefined;
    if (index.value === AUTHORITY) {
      const text = value.isCoded ? decoded(value.bytes) : value.bytes;
      return text === undefined ? undefined : { text, start: at, end: value.end };
    }
    at = value.end;
  }
  return undefined;
}

/** RFC 7541, 5.1, as far as lengths and indexes go. */
function readInteger(
  bytes: Buffer,
  at: number,
  prefixBits: number,
): { value: number; end: number } | undefined {
  const mask = (1 << prefixBits) - 1;
  let value = (bytes[at] ?? 0) & mask;
  let end = at + 1;
  if (value < mask) return { value, end };
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = bytes[end++];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return { value, end };
  }
  return undefined;
}

function readString(
  bytes: Buffer,
  at: number,
): { bytes: Buffer; isCoded: boolean; end: number } | undefined {
  const length = readInteger(bytes, at, 7);
  if (length === undefined || length.end + length.value > bytes.length) return undefined;
  const end = length.end + length.value;
  return { bytes: bytes.subarray(length.end, end), isCoded: ((bytes[at] ?? 0) & 0x80) !== 0, end };
}

/** A length of a string that is not Huffman coded. */
function integer(value: number): Buffer {
  if (value < 0x7f) return Buffer.from([value]);
  const bytes = [0x7f];
  let rest = value - 0x7f;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Buffer.from([...bytes, rest]);
}

/**
 * Bits in the Huffman codes of the characters from blank to ~ (RFC 7541, appendix B). A code follows from
 * them: codes of a length are given in the order of characters, after all shorter ones.
 */
const CODE_BITS = [
  [6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15],
  [6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13],
  [19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7],
  [15, 11, 14, 13],
].flat();
const FIRST_CHARACTER = 0x20;
/** The one other character with a code that is not longer than theirs. */
const NUL_BITS = 13;

/** By length and code. */
const CHARACTERS = characters();

function characters(): Map<number, number> {
  const bits = [...CODE_BITS.map((length, at) => [length, FIRST_CHARACTER + at] as const)];
  const sorted = [[NUL_BITS, 0] as const, ...bits].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const map = new Map<number, number>();
  let code = 0;
  let before = 0;
  for (const [length, character] of sorted) {
    code *= 2 ** (length - before);
    before = length;
    map.set(codeKey(length, code), character);
    code++;
  }
  return map;
}

function codeKey(length: number, code: number): number {
  return length * 2 ** 20 + code;
}

/** Huffman coded text, or undefined when a character is none that an authority could have. */
function decoded(bytes: Buffer): Buffer | undefined {
  const text: number[] = [];
  let code = 0;
  let length = 0;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      code = code * 2 + ((byte >> bit) & 1);
      length++;
      const character = CHARACTERS.get(codeKey(length, code));
      if (character !== undefined) {
        text.push(character);
        code = 0;
        length = 0;
      } else if (length === 20) {
        return undefined;
      }
    }
  }
  // What is left is padding: the begin of a code of ones.
  return length < 8 ? Buffer.from(text) : undefined;
}
