/**
 * A leaf of the key index: entries by key ascending, then newest first, their keys shortened by what
 * they share with the key before. Every LEAF_RESTART_ENTRIES-th entry has its key in full, and the
 * offsets of those end the page: a search halves over them, then walks a few entries.
 *
 *     entry = flags u8 | shared varint | rest of key | modRevision varint | [sub varint]
 *             | put: [modRevision - createRevision varint | version varint] | [lease u64] | value length
 *     page  = entries… | offset u32 of each restart | number of restarts u32
 */
import { LEAF_RESTART_ENTRIES } from '../constants.ts';
import { ByteWriter, DecodeError } from '../lib/binary.ts';
import type { LeafEntry } from './leaf-entry.ts';
import { LeafBytes, compareKey, sharedPrefix } from './leaf-entry.ts';
import type { Key } from './types.ts';

const TOMBSTONE = 1;
const HAS_SUB = 2;
const HAS_LEASE = 4;
/** Created by this very change: version 1, and no difference to write. */
const CREATED = 8;
const OLDER = 16;
const FLAGS_KNOWN = 31;

/** About what an entry takes in a page; used to plan how many leaves a merge makes. */
export const ENTRY_BYTES_TYPICAL = 12;

export class LeafWriter {
  readonly #writer: ByteWriter;
  #restarts: number[] = [];
  #key = new Uint8Array(64);
  #keyLength = 0;
  entries = 0;

  constructor(capacityBytes: number) {
    this.#writer = new ByteWriter(capacityBytes);
  }

  /** Bytes of the page if it ended here. */
  get bytes(): number {
    return this.#writer.length + 4 * this.#restarts.length + 4;
  }

  /** Entries must come in the page's order. */
  add(entry: LeafEntry): void {
    const writer = this.#writer;
    const restart = this.entries % LEAF_RESTART_ENTRIES === 0;
    if (restart) this.#restarts.push(writer.length);
    this.entries++;
    const { keyLength, version, modRevision } = entry;
    const created = version === 1 && entry.createRevision === modRevision;
    const leased = entry.leaseLow !== 0 || entry.leaseHigh !== 0;
    let flags = version === 0 ? TOMBSTONE : created ? CREATED : 0;
    if (entry.sub > 0) flags |= HAS_SUB;
    if (leased) flags |= HAS_LEASE;
    if (entry.older) flags |= OLDER;
    const shared = restart ? 0 : this.sharedWithLast(entry);
    writer.u8(flags);
    writer.varint(shared);
    writer.bytes(entry.key.subarray(shared, keyLength));
    writer.varint(modRevision);
    if (entry.sub > 0) writer.varint(entry.sub);
    if (version > 0 && !created) {
      writer.varint(modRevision - entry.createRevision);
      writer.varint(version);
    }
    if (leased) {
      writer.u32(entry.leaseLow);
      writer.u32(entry.leaseHigh);
    }
    writer.varint(entry.valueLength);
    this.#remember(entry, shared);
  }

  /** Bytes that the entry's key shares with that of the entry added last. */
  sharedWithLast(entry: LeafEntry): number {
    return sharedPrefix(this.#key, this.#keyLength, entry.key, entry.keyLength);
  }

  /** The page; the writer starts anew. */
  finish(): Uint8Array {
    for (const offset of this.#restarts) this.#writer.u32(offset);
    this.#writer.u32(this.#restarts.length);
    const page = this.#writer.finish();
    this.#writer.reset();
    this.#restarts = [];
    this.#keyLength = 0;
    this.entries = 0;
    return page;
  }

  #remember(entry: LeafEntry, shared: number): void {
    const { key, keyLength } = entry;
    if (this.#key.length < keyLength) {
      const grown = new Uint8Array(2 * keyLength);
      grown.set(this.#key.subarray(0, shared));
      this.#key = grown;
    }
    for (let at = shared; at < keyLength; at++) this.#key[at] = key[at] as number;
    this.#keyLength = keyLength;
  }
}

/** Walks or searches a page in place. The fields of LeafEntry hold the entry it stands on. */
export class LeafCursor implements LeafEntry {
  key: Uint8Array = new Uint8Array(64);
  keyLength = 0;
  modRevision = 0;
  sub = 0;
  createRevision = 0;
  version = 0;
  leaseLow = 0;
  leaseHigh = 0;
  valueLength = 0;
  older = false;
  #page: LeafBytes;

  constructor(bytes: Uint8Array) {
    this.#page = new LeafBytes(bytes);
  }

  /** Goes on in another page, before its first entry. */
  reset(bytes: Uint8Array): void {
    this.#page = new LeafBytes(bytes);
    this.keyLength = 0;
  }

  /** Moves to the next entry; false at the end. Throws DecodeError. */
  next(): boolean {
    const page = this.#page;
    if (page.at >= page.end) return false;
    const flags = page.u8();
    if ((flags & ~FLAGS_KNOWN) !== 0) {
      throw new DecodeError(`decode leaf at byte ${page.at - 1}: unknown flags ${flags}`);
    }
    this.#readKey(page);
    this.modRevision = page.varint();
    this.sub = (flags & HAS_SUB) === 0 ? 0 : page.varint();
    this.older = (flags & OLDER) !== 0;
    if ((flags & CREATED) !== 0) {
      this.createRevision = this.modRevision;
      this.version = 1;
    } else if ((flags & TOMBSTONE) !== 0) {
      this.createRevision = 0;
      this.version = 0;
    } else {
      this.createRevision = this.modRevision - page.varint();
      this.version = page.varint();
    }
    const leased = (flags & HAS_LEASE) !== 0;
    this.leaseLow = leased ? page.u32() : 0;
    this.leaseHigh = leased ? page.u32() : 0;
    this.valueLength = page.varint();
    return true;
  }

  /**
   * Moves to the first entry of `key` with modRevision <= `revision`, or if there is none to the
   * first entry of a later key; false if the page ends before.
   */
  seek(key: Key, revision: number): boolean {
    const page = this.#page;
    let low = 0;
    let high = page.restarts;
    while (low < high) {
      const middle = (low + high) >>> 1;
      this.#toRestart(middle);
      this.next();
      if (this.#before(key, revision)) low = middle + 1;
      else high = middle;
    }
    if (low === 0) page.at = 0;
    else this.#toRestart(low - 1);
    this.keyLength = 0;
    while (this.next()) {
      if (!this.#before(key, revision)) return true;
    }
    return false;
  }

  #toRestart(index: number): void {
    this.#page.at = this.#page.restart(index);
  }

  #before(key: Key, revision: number): boolean {
    const order = compareKey(this, key);
    return order < 0 || (order === 0 && this.modRevision > revision);
  }

  #readKey(page: LeafBytes): void {
    const shared = page.varint();
    const rest = page.varint();
    const length = shared + rest;
    if (page.at + rest > page.end) {
      throw new DecodeError(`decode leaf at byte ${page.at}: key runs past byte ${page.end}`);
    }
    if (shared > this.keyLength) {
      throw new DecodeError(
        `decode leaf at byte ${page.at}: key shares ${shared} bytes with one of ${this.keyLength}`,
      );
    }
    if (this.key.length < length) {
      const grown = new Uint8Array(2 * length);
      grown.set(this.key);
      this.key = grown;
    }
    const { bytes, at } = page;
    const target = this.key;
    for (let index = 0; index < rest; index++) target[shared + index] = bytes[at + index] as number;
    page.at = at + rest;
    this.keyLength = length;
  }
}
