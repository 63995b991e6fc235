/**
 * xxHash32 (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md): the checksum of
 * everything we store. It finds flipped and missing bits; it is no defence against an attacker.
 */

const PRIME_1 = 0x9e3779b1 | 0;
const PRIME_2 = 0x85ebca77 | 0;
const PRIME_3 = 0xc2b2ae3d | 0;
const PRIME_4 = 0x27d4eb2f | 0;
const PRIME_5 = 0x165667b1 | 0;

/** Bytes the four accumulators take in one step. */
const STRIPE_BYTES = 16;

/** xxHash32 of `bytes`, an unsigned 32-bit integer. `seed` is taken modulo 2^32. */
export function checksum32(bytes: Uint8Array, seed: number = 0): number {
  const length = bytes.length;
  const start = seed | 0;
  let hash: number;
  let at = 0;
  if (length >= STRIPE_BYTES) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, length);
    let a = (start + PRIME_1 + PRIME_2) | 0;
    let b = (start + PRIME_2) | 0;
    let c = start;
    let d = (start - PRIME_1) | 0;
    for (const last = length - STRIPE_BYTES; at <= last; at += STRIPE_BYTES) {
      a = round(a, view.getInt32(at, true));
      b = round(b, view.getInt32(at + 4, true));
      c = round(c, view.getInt32(at + 8, true));
      d = round(d, view.getInt32(at + 12, true));
    }
    hash = (rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18)) | 0;
  } else {
    hash = (start + PRIME_5) | 0;
  }
  return avalanche(tail(bytes, at, (hash + length) | 0));
}

/** Mixes in the bytes left after the last whole stripe: by fours, then one by one. */
function tail(bytes: Uint8Array, from: number, accumulated: number): number {
  const length = bytes.length;
  let hash = accumulated;
  let at = from;
  for (; at + 4 <= length; at += 4) {
    const word =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    hash = Math.imul(rotate((hash + Math.imul(word, PRIME_3)) | 0, 17), PRIME_4);
  }
  for (; at < length; at++) {
    hash = Math.imul(rotate((hash + Math.imul(bytes[at] as number, PRIME_5)) | 0, 11), PRIME_1);
  }
  return hash;
}

function avalanche(mixed: number): number {
  let hash = mixed;
  hash = Math.imul(hash ^ (hash >>> 15), PRIME_2);
  hash = Math.imul(hash ^ (hash >>> 13), PRIME_3);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function round(accumulator: number, lane: number): number {
  return Math.imul(rotate((accumulator + Math.imul(lane, PRIME_2)) | 0, 13), PRIME_1);
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
