/**
 * One change as it lies in a page of the revision log:
 *
 *     length varint | flags u8 | revision - that of the record before varint | [sub varint]
 *     | key | [what it supersedes] | put: revision - createRevision, version, [lease u64], value
 *
 * A change that supersedes a live version names it (revision, sub, length of its value): compaction
 * finds what has died by reading only the changes that killed it. A put that creates a key names
 * nothing, for a tombstone before it dies by itself.
 */
import { DecodeError } from '../lib/binary.ts';
import type { ByteWriter } from '../lib/binary.ts';
import { EMPTY_BYTES, byteString } from '../lib/bytes.ts';
import type { Key, LeaseId } from './types.ts';

const TOMBSTONE = 1;
const HAS_SUB = 2;
const HAS_PREVIOUS = 4;
const HAS_PREVIOUS_SUB = 8;
const HAS_LEASE = 16;
const FLAGS_KNOWN = 31;

/** The live version that a change replaces or deletes. */
export interface Superseded {
  readonly modRevision: number;
  readonly sub: number;
  readonly valueLength: number;
}

export interface RevisionRecord {
  readonly key: Key;
  readonly modRevision: number;
  readonly sub: number;
  readonly createRevision: number;
  /** 0 in a tombstone. */
  readonly version: number;
  readonly lease: LeaseId;
  readonly value: Uint8Array;
  readonly previous: Superseded | undefined;
}

/** Most bytes a record takes besides key and value: ten varints or fewer, flags, lease. */
export const RECORD_OVERHEAD_BYTES_MAX = 96;

/** Appends `record` to `writer`; `scratch` is overwritten. `before`: revision of the record before. */
export function writeRecord(
  writer: ByteWriter,
  scratch: ByteWriter,
  record: RevisionRecord,
  before: number,
): void {
  const { previous, version } = record;
  let flags = version === 0 ? TOMBSTONE : 0;
  if (record.sub > 0) flags |= HAS_SUB;
  if (record.lease !== 0n) flags |= HAS_LEASE;
  if (previous !== undefined) flags |= HAS_PREVIOUS | (previous.sub > 0 ? HAS_PREVIOUS_SUB : 0);
  scratch.reset();
  scratch.u8(flags);
  scratch.varint(record.modRevision - before);
  if (record.sub > 0) scratch.varint(record.sub);
  scratch.string(record.key);
  if (previous !== undefined) {
    scratch.varint(record.modRevision - previous.modRevision);
    if (previous.sub > 0) scratch.varint(previous.sub);
    scratch.varint(previous.valueLength);
  }
  if (version > 0) {
    scratch.varint(record.modRevision - record.createRevision);
    scratch.varint(version);
    if (record.lease !== 0n) scratch.u64(record.lease);
  }
  writer.varint(scratch.length + record.value.length);
  writer.raw(scratch.view());
  writer.raw(record.value);
}

/**
 * Walks the records of a page in place. Fields hold the record that `next` or `find` stopped at.
 * Throws DecodeError on bytes that no writer made.
 */
export class RecordCursor {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at = 0;
  #flags = 0;
  /** Where the fields after sub begin, and where the record ends. */
  #body = 0;
  #recordEnd = 0;
  #keyStart = 0;
  #keyEnd = 0;
  #valueStart = 0;

  modRevision: number;
  sub = 0;
  createRevision = 0;
  version = 0;
  lease: LeaseId = 0n;
  /** Revision of the version superseded; 0: none. */
  previousRevision = 0;
  previousSub = 0;
  previousValueLength = 0;

  /** `base`: the revision the first record's delta counts from. */
  constructor(bytes: Uint8Array, base: number) {
    this.#bytes = bytes;
    this.#end = bytes.length;
    this.modRevision = base;
  }

  get tombstone(): boolean {
    return (this.#flags & TOMBSTONE) !== 0;
  }

  get keyLength(): number {
    return this.#keyEnd - this.#keyStart;
  }

  get valueLength(): number {
    return this.#recordEnd - this.#valueStart;
  }

  /** Moves to the next record; false at the end of the page. */
  next(): boolean {
    if (!this.#nextPosition()) return false;
    this.#readBody();
    return true;
  }

  /** Moves on to the record of exactly this revision and sub; false if the page does not hold it. */
  find(modRevision: number, sub: number): boolean {
    while (this.#nextPosition()) {
      if (this.modRevision < modRevision) continue;
      if (this.modRevision > modRevision || this.sub > sub) return false;
      if (this.sub === sub) {
        this.#readBody();
        return true;
      }
    }
    return false;
  }

  key(): Key {
    return byteString(this.#bytes.subarray(this.#keyStart, this.#keyEnd));
  }

  keyBytes(): Uint8Array {
    return this.#bytes.subarray(this.#keyStart, this.#keyEnd);
  }

  /** A view into the page. */
  value(): Uint8Array {
    if (this.#valueStart === this.#recordEnd) return EMPTY_BYTES;
    return this.#bytes.subarray(this.#valueStart, this.#recordEnd);
  }

  /** The record as an object, its value a view into the page. */
  record(): RevisionRecord {
    const previous =
      this.previousRevision === 0
        ? undefined
        : {
            modRevision: this.previousRevision,
            sub: this.previousSub,
            valueLength: this.previousValueLength,
          };
    return {
      key: this.key(),
      modRevision: this.modRevision,
      sub: this.sub,
      createRevision: this.createRevision,
      version: this.version,
      lease: this.lease,
      value: this.value(),
      previous,
    };
  }

  /** Reads length, flags, revision and sub: all that a search needs. */
  #nextPosition(): boolean {
    if (this.#recordEnd > 0) this.#at = this.#recordEnd;
    if (this.#at >= this.#end) return false;
    const length = this.#varint(this.#end);
    const end = this.#at + length;
    if (length < 2 || end > this.#end) {
      throw new DecodeError(
        `decode record at byte ${this.#at}: ${length} bytes long, the page has ${this.#end - this.#at} left`,
      );
    }
    this.#recordEnd = end;
    const flags = this.#bytes[this.#at++] as number;
    if ((flags & ~FLAGS_KNOWN) !== 0) {
      throw new DecodeError(`decode record at byte ${this.#at}: unknown flags ${flags}`);
    }
    this.#flags = flags;
    this.modRevision += this.#varint(end);
    this.sub = (flags & HAS_SUB) === 0 ? 0 : this.#varint(end);
    this.#body = this.#at;
    return true;
  }

  #readBody(): void {
    const end = this.#recordEnd;
    const flags = this.#flags;
    this.#at = this.#body;
    const keyLength = this.#varint(end);
    this.#keyStart = this.#at;
    this.#keyEnd = this.#at + keyLength;
    if (this.#keyEnd > end) {
      throw new DecodeError(
        `decode record: its key ends at byte ${this.#keyEnd}, the record at ${end}`,
      );
    }
    this.#at = this.#keyEnd;
    this.#readPrevious(flags, end);
    this.createRevision = 0;
    this.version = 0;
    this.lease = 0n;
    if ((flags & TOMBSTONE) === 0) {
      this.createRevision = this.modRevision - this.#varint(end);
      this.version = this.#varint(end);
      if ((flags & HAS_LEASE) !== 0) this.lease = this.#lease(end);
    }
    this.#valueStart = this.#at;
  }

  #readPrevious(flags: number, end: number): void {
    this.previousRevision = 0;
    this.previousSub = 0;
    this.previousValueLength = 0;
    if ((flags & HAS_PREVIOUS) === 0) return;
    this.previousRevision = this.modRevision - this.#varint(end);
    if ((flags & HAS_PREVIOUS_SUB) !== 0) this.previousSub = this.#varint(end);
    this.previousValueLength = this.#varint(end);
  }

  #lease(end: number): LeaseId {
    if (this.#at + 8 > end)
      throw new DecodeError(`decode record: lease ends after byte ${end}, its record`);
    let value = 0n;
    for (let byte = 7; byte >= 0; byte--) {
      value = (value << 8n) | BigInt(this.#bytes[this.#at + byte] as number);
    }
    this.#at += 8;
    return BigInt.asIntN(64, value);
  }

  #varint(end: number): number {
    const bytes = this.#bytes;
    let at = this.#at;
    let value = 0;
    let scale = 1;
    while (at < end) {
      const byte = bytes[at++] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        this.#at = at;
        return value;
      }
      scale *= 128;
      if (scale > 2 ** 49) break;
    }
    throw new DecodeError(`decode record at byte ${at}: number runs past its end or 2^53`);
  }
}
