/**
 * A page of the revision log: records in revision order, one row. Its id says where it begins, so
 * that ids ascend with revisions and a page keeps its id when compaction shrinks it:
 *
 *     id = first revision * LOG_PAGE_PARTS_MAX + part
 *
 * where part is 0 for a page that begins with its revision's first change, and counts up over the
 * pages that go on with a revision too large for one.
 */
import {
  LOG_PAGE_LARGE_BYTES,
  LOG_PAGE_LARGE_FROM_PART,
  LOG_PAGE_PARTS_MAX,
} from '../constants.ts';
import { assert } from '../lib/assert.ts';
import { ByteWriter } from '../lib/binary.ts';
import type { RevisionRecord } from './revision-record.ts';
import { RECORD_OVERHEAD_BYTES_MAX, RecordCursor, writeRecord } from './revision-record.ts';
import { ROW_KIND, sealHead } from './sealed-row.ts';

/** Shared by all builders: its content lives only while one record is written. */
const scratch = new ByteWriter(1024);

export function pageIdOf(revision: number, part: number): number {
  const id = revision * LOG_PAGE_PARTS_MAX + part;
  assert(
    part < LOG_PAGE_PARTS_MAX && Number.isSafeInteger(id),
    `revision ${revision} needs page part ${part}: one revision may have ${LOG_PAGE_PARTS_MAX} pages`,
  );
  return id;
}

/** The revision that the first record's delta counts from. */
export function firstRevisionOf(pageId: number): number {
  return Math.floor(pageId / LOG_PAGE_PARTS_MAX);
}

export function partOf(pageId: number): number {
  return pageId % LOG_PAGE_PARTS_MAX;
}

export function recordsIn(pageId: number, data: Uint8Array): RecordCursor {
  return new RecordCursor(data, firstRevisionOf(pageId));
}

export function sealLogPage(id: number, data: Uint8Array): Uint8Array {
  return sealHead(ROW_KIND.logPage, id, data, () => undefined);
}

/** A page being written. */
export class LogPageBuilder {
  readonly id: number;
  /** Sub of the first record: others of that revision may lie in pages before. */
  readonly firstSub: number;
  readonly #writer: ByteWriter;
  #lastRevision: number;
  records = 0;

  constructor(id: number, firstSub: number, capacityBytes: number) {
    this.id = id;
    this.firstSub = firstSub;
    this.#writer = new ByteWriter(capacityBytes);
    this.#lastRevision = firstRevisionOf(id);
  }

  /** Goes on with a page that was written before. */
  static resume(
    id: number,
    firstSub: number,
    data: Uint8Array,
    capacityBytes: number,
  ): LogPageBuilder {
    const builder = new LogPageBuilder(id, firstSub, Math.max(capacityBytes, data.length));
    const cursor = recordsIn(id, data);
    while (cursor.next()) {
      builder.records++;
      builder.#lastRevision = cursor.modRevision;
    }
    builder.#writer.raw(data);
    return builder;
  }

  get bytes(): number {
    return this.#writer.length;
  }

  /** Whether a record still belongs here: a page grows to its limit, or holds one larger record. */
  fits(record: RevisionRecord, pageBytes: number): boolean {
    const limit = partOf(this.id) >= LOG_PAGE_LARGE_FROM_PART ? LOG_PAGE_LARGE_BYTES : pageBytes;
    return this.bytes === 0 || this.bytes + recordBytesMax(record) <= limit;
  }

  /** Returns the bytes the record took. */
  append(record: RevisionRecord): number {
    const before = this.#writer.length;
    writeRecord(this.#writer, scratch, record, this.#lastRevision);
    this.#lastRevision = record.modRevision;
    this.records++;
    return this.#writer.length - before;
  }

  /** The page as it stands; valid until the next append. */
  view(): Uint8Array {
    return this.#writer.view();
  }

  finish(): Uint8Array {
    return this.#writer.finish();
  }
}

export function recordBytesMax(record: {
  readonly key: string;
  readonly value: Uint8Array;
}): number {
  return record.key.length + record.value.length + RECORD_OVERHEAD_BYTES_MAX;
}
