/** An index entry in the flat form that leaf pages are read into and written from: no strings, no bigints. */
import { DecodeError } from '../lib/binary.ts';
import { byteString } from '../lib/bytes.ts';
import type { IndexEntry } from './index-entry.ts';
import type { Key, LeaseId } from './types.ts';

export interface LeafEntry {
  /** The first `keyLength` bytes are the key; the rest is left over from others. */
  key: Uint8Array;
  keyLength: number;
  modRevision: number;
  sub: number;
  createRevision: number;
  /** 0: tombstone. */
  version: number;
  /** The lease id as two unsigned halves. */
  leaseLow: number;
  leaseHigh: number;
  valueLength: number;
  /** A newer version of the same key comes before this one. */
  older: boolean;
}

export function keyOf(entry: LeafEntry): Key {
  return byteString(entry.key.subarray(0, entry.keyLength));
}

export function indexEntryOf(entry: LeafEntry, key: Key = keyOf(entry)): IndexEntry {
  return {
    key,
    createRevision: entry.createRevision,
    modRevision: entry.modRevision,
    version: entry.version,
    lease: leaseOf(entry),
    sub: entry.sub,
    valueLength: entry.valueLength,
  };
}

function leaseOf(entry: LeafEntry): LeaseId {
  if (entry.leaseLow === 0 && entry.leaseHigh === 0) return 0n;
  return BigInt.asIntN(64, (BigInt(entry.leaseHigh) << 32n) | BigInt(entry.leaseLow));
}

const HALF = 0xffff_ffffn;

/** Fills `target` from an entry of the memtable; its `older` flag is the caller's. */
export function fillLeafEntry(target: LeafEntry, source: IndexEntry): void {
  const { key, lease } = source;
  if (target.key.length < key.length) target.key = new Uint8Array(2 * key.length);
  for (let at = 0; at < key.length; at++) target.key[at] = key.charCodeAt(at);
  target.keyLength = key.length;
  target.modRevision = source.modRevision;
  target.sub = source.sub;
  target.createRevision = source.createRevision;
  target.version = source.version;
  target.leaseLow = lease === 0n ? 0 : Number(lease & HALF);
  target.leaseHigh = lease === 0n ? 0 : Number((lease >> 32n) & HALF);
  target.valueLength = source.valueLength;
}

export function emptyLeafEntry(): LeafEntry {
  return {
    key: new Uint8Array(64),
    keyLength: 0,
    modRevision: 0,
    sub: 0,
    createRevision: 0,
    version: 0,
    leaseLow: 0,
    leaseHigh: 0,
    valueLength: 0,
    older: false,
  };
}

/** Negative, zero or positive as the entry's key sorts before, equal to or after `key`. */
export function compareKey(entry: LeafEntry, key: Key): number {
  const bytes = entry.key;
  const shared = Math.min(entry.keyLength, key.length);
  for (let at = 0; at < shared; at++) {
    const difference = (bytes[at] as number) - key.charCodeAt(at);
    if (difference !== 0) return difference;
  }
  return entry.keyLength - key.length;
}

/** How many bytes two keys share at their start. */
export function sharedPrefix(
  left: Uint8Array,
  leftLength: number,
  right: Uint8Array,
  rightLength: number,
): number {
  const most = Math.min(leftLength, rightLength);
  let at = 0;
  while (at < most && left[at] === right[at]) at++;
  return at;
}

/** Reads the page's numbers in place; one object a cursor, so that decoding makes no garbage. */
export class LeafBytes {
  readonly bytes: Uint8Array;
  at = 0;
  /** Where entries end and restart offsets begin. */
  readonly end: number;
  readonly restarts: number;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    const length = bytes.length;
    this.restarts = length < 4 ? 0 : this.#u32(length - 4);
    this.end = length - 4 - 4 * this.restarts;
    if (length < 4 || this.end < 0) {
      throw new DecodeError(`decode leaf of ${length} bytes: ${this.restarts} restarts do not fit`);
    }
  }

  restart(index: number): number {
    const offset = this.#u32(this.end + 4 * index);
    if (offset > this.end) {
      throw new DecodeError(
        `decode leaf: restart ${index} at ${offset}, entries end at ${this.end}`,
      );
    }
    return offset;
  }

  u8(): number {
    if (this.at >= this.end) throw new DecodeError(`decode leaf: entry runs past byte ${this.end}`);
    return this.bytes[this.at++] as number;
  }

  u32(): number {
    if (this.at + 4 > this.end) throw new DecodeError(`decode leaf: entry runs past ${this.end}`);
    this.at += 4;
    return this.#u32(this.at - 4);
  }

  varint(): number {
    const { bytes, end } = this;
    let at = this.at;
    let value = 0;
    let scale = 1;
    while (at < end) {
      const byte = bytes[at++] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        this.at = at;
        return value;
      }
      scale *= 128;
      if (scale > 2 ** 49) break;
    }
    throw new DecodeError(`decode leaf at byte ${at}: number runs past its end or 2^53`);
  }

  #u32(at: number): number {
    const { bytes } = this;
    return (
      ((bytes[at] as number) |
        ((bytes[at + 1] as number) << 8) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 24)) >>>
      0
    );
  }
}
