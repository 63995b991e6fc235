/**
 * etcd's HashKV: CRC-32C over the name of etcd's bucket, then in revision order the backend key and
 * the marshalled mvccpb.KeyValue of each change that counts. Those newer than the compaction all do;
 * of the rest only the pairs that still stand at the revision asked for, or, if no pair at all stands
 * there, whatever compaction left. Tombstones that old never count.
 *
 * A hash of a large store takes seconds, so it can be taken in steps, with other work between them.
 */
import { ByteWriter } from '../lib/binary.ts';
import { bytesOf } from '../lib/bytes.ts';
import { crc32c } from '../lib/crc32c.ts';
import type { Generation } from './generation.ts';
import { recordsIn } from './log-page.ts';
import type { RecordCursor } from './revision-record.ts';
import type { HashResult } from './types.ts';

const BUCKET = bytesOf('key');
const UNDERSCORE = 0x5f;
const TOMBSTONE_MARK = 0x74;
/** mvccpb.KeyValue: field number and wire type in one byte. */
const FIELD = {
  key: 0x0a,
  create: 0x10,
  mod: 0x18,
  version: 0x20,
  value: 0x2a,
  lease: 0x30,
} as const;

/** A hash being taken. While it is open, compaction leaves the log alone: close it. */
export class HashJob {
  readonly #generation: Generation;
  readonly #revision: number;
  readonly #compactRevision: number;
  /** Of old changes, those count that are their key's newest at this revision. */
  readonly #keepRevision: number;
  readonly #writer = new ByteWriter(4096);
  #hash = crc32c(BUCKET);
  /** Revision from which the next step goes on. */
  #next = 0;
  #open = true;

  /** `pairs`: how many pairs stand at `revision`. */
  constructor(generation: Generation, revision: number, compactRevision: number, pairs: number) {
    this.#generation = generation;
    this.#revision = revision;
    this.#compactRevision = compactRevision;
    this.#keepRevision = pairs > 0 ? revision : compactRevision;
    generation.pins++;
  }

  /** One bounded part; the result when it was the last. */
  step(): HashResult | undefined {
    const { log, settings } = this.#generation;
    let bytes = 0;
    let last = -1;
    for (let index = log.pageOf(this.#next, 0); index < log.pageCount; index++) {
      const page = log.page(index, false);
      const cursor = recordsIn(page.id, page.data);
      while (cursor.next()) {
        if (cursor.modRevision < this.#next) continue;
        if (cursor.modRevision > this.#revision) return this.#end();
        if (bytes > settings.hashStepBytes && last >= 0 && cursor.modRevision > last) {
          this.#next = cursor.modRevision;
          return undefined;
        }
        last = cursor.modRevision;
        if (this.#counts(cursor)) this.#add(cursor);
      }
      bytes += page.data.length;
    }
    return this.#end();
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#generation.pins--;
  }

  #end(): HashResult {
    this.close();
    return {
      hash: this.#hash,
      revision: this.#revision,
      compactRevision: this.#compactRevision,
    };
  }

  #counts(record: RecordCursor): boolean {
    if (record.modRevision > this.#compactRevision) return true;
    if (record.tombstone) return false;
    const newest = this.#generation.lookup(record.key(), this.#keepRevision);
    return newest?.modRevision === record.modRevision && newest.sub === record.sub;
  }

  #add(record: RecordCursor): void {
    const writer = this.#writer;
    writer.reset();
    bigEndian64(writer, record.modRevision);
    writer.u8(UNDERSCORE);
    bigEndian64(writer, record.sub);
    if (record.tombstone) writer.u8(TOMBSTONE_MARK);
    if (record.keyLength > 0) {
      writer.u8(FIELD.key);
      writer.bytes(record.keyBytes());
    }
    if (!record.tombstone) writePairFields(writer, record);
    this.#hash = crc32c(writer.view(), this.#hash);
  }
}

function writePairFields(writer: ByteWriter, record: RecordCursor): void {
  writer.u8(FIELD.create);
  writer.varint(record.createRevision);
  writer.u8(FIELD.mod);
  writer.varint(record.modRevision);
  writer.u8(FIELD.version);
  writer.varint(record.version);
  if (record.valueLength > 0) {
    writer.u8(FIELD.value);
    writer.bytes(record.value());
  }
  if (record.lease === 0n) return;
  writer.u8(FIELD.lease);
  // A negative int64 takes ten bytes on the wire, more than a varint of a safe integer.
  let rest = BigInt.asUintN(64, record.lease);
  for (; rest > 0x7fn; rest >>= 7n) writer.u8(Number(rest & 0x7fn) | 0x80);
  writer.u8(Number(rest));
}

function bigEndian64(writer: ByteWriter, value: number): void {
  const high = Math.floor(value / 0x1_0000_0000);
  for (const word of [high, value % 0x1_0000_0000]) {
    writer.u8((word >>> 24) & 0xff);
    writer.u8((word >>> 16) & 0xff);
    writer.u8((word >>> 8) & 0xff);
    writer.u8(word & 0xff);
  }
}
