/**
 * What is known of every page of the revision log without reading it: where it begins, how much it
 * holds, how much of that compaction found dead. In memory as parallel arrays in page order; durable
 * as runs of consecutive pages, one small row a run, so that a start reads a row per 256 pages and a
 * slice of compaction that touches pages everywhere rewrites few rows.
 */
import { ByteReader, ByteWriter } from '../lib/binary.ts';
import type { RowStore } from '../lib/row-store.ts';
import { LOG_PAGE_PARTS_MAX } from '../constants.ts';
import { firstRevisionOf } from './log-page.ts';
import { ROW_KIND, openRow, sealHead } from './sealed-row.ts';

export interface PageSummary {
  readonly id: number;
  readonly firstSub: number;
  readonly records: number;
  readonly bytes: number;
}

/** Records and bytes found dead in one page. Records are counted exactly, bytes about. */
export interface DeadTally {
  records: number;
  bytes: number;
}

export class LogDirectory {
  readonly #rows: RowStore;
  readonly #table: string;
  readonly #runPages: number;
  /** Invariant: ascending; the arrays beside it have the same length. */
  readonly #ids: number[] = [];
  readonly #firstSubs: number[] = [];
  readonly #records: number[] = [];
  readonly #bytes: number[] = [];
  readonly #deadRecords: number[] = [];
  readonly #deadBytes: number[] = [];
  /** Row ids of the runs, ascending. A run holds the pages from its id to the next run's. */
  readonly #runs: number[] = [];
  readonly #dirtyRuns = new Set<number>();
  totalBytes = 0;
  totalDeadBytes = 0;

  constructor(rows: RowStore, table: string, runPages: number) {
    this.#rows = rows;
    this.#table = table;
    this.#runPages = runPages;
  }

  /** Reads all runs. Throws CorruptPageError. */
  load(): void {
    let from = 0;
    for (;;) {
      const rows = this.#rows.rows(this.#table, from, Number.MAX_SAFE_INTEGER, 64);
      for (const row of rows) {
        openRow(this.#table, row, ROW_KIND.directoryRun);
        this.#runs.push(row.id);
        this.#decodeRun(row.data);
        from = row.id + 1;
      }
      if (rows.length === 0) return;
    }
  }

  get length(): number {
    return this.#ids.length;
  }

  id(index: number): number {
    return this.#ids[index] as number;
  }

  firstSub(index: number): number {
    return this.#firstSubs[index] as number;
  }

  bytes(index: number): number {
    return this.#bytes[index] as number;
  }

  records(index: number): number {
    return this.#records[index] as number;
  }

  dead(index: number): Readonly<DeadTally> {
    return {
      records: this.#deadRecords[index] as number,
      bytes: this.#deadBytes[index] as number,
    };
  }

  /** Index of the page that holds, or would hold, this change; -1: it lies before all pages. */
  floor(modRevision: number, sub: number): number {
    let index = upperBound(this.#ids, (modRevision + 1) * LOG_PAGE_PARTS_MAX - 1) - 1;
    while (
      index > 0 &&
      firstRevisionOf(this.id(index)) === modRevision &&
      this.firstSub(index) > sub
    ) {
      index--;
    }
    return index;
  }

  /** Index of the first page with this id or a greater one. */
  ceiling(id: number): number {
    return upperBound(this.#ids, id - 1);
  }

  indexOf(id: number): number {
    const index = upperBound(this.#ids, id) - 1;
    return index >= 0 && this.#ids[index] === id ? index : -1;
  }

  /** A page was written: new at the end, or known and now with this content. Dead counts stay. */
  upsert(page: PageSummary): void {
    const index = this.indexOf(page.id);
    if (index >= 0) {
      this.totalBytes += page.bytes - this.bytes(index);
      this.#records[index] = page.records;
      this.#bytes[index] = page.bytes;
    } else {
      this.#push(page, 0, 0);
      if (this.#runs.length === 0 || this.#lastRunLength() > this.#runPages)
        this.#runs.push(page.id);
    }
    this.#touch(page.id);
  }

  /** Compaction rewrote a page: nothing in it is dead any more. */
  rewrite(index: number, records: number, bytes: number): void {
    this.totalBytes += bytes - this.bytes(index);
    this.totalDeadBytes -= this.#deadBytes[index] as number;
    this.#records[index] = records;
    this.#bytes[index] = bytes;
    this.#deadRecords[index] = 0;
    this.#deadBytes[index] = 0;
    this.#touch(this.id(index));
  }

  remove(index: number): void {
    this.#touch(this.id(index));
    this.totalBytes -= this.bytes(index);
    this.totalDeadBytes -= this.#deadBytes[index] as number;
    for (const column of [
      this.#ids,
      this.#firstSubs,
      this.#records,
      this.#bytes,
      this.#deadRecords,
      this.#deadBytes,
    ]) {
      column.splice(index, 1);
    }
  }

  addDead(index: number, tally: Readonly<DeadTally>): void {
    this.#deadRecords[index] = (this.#deadRecords[index] as number) + tally.records;
    this.#deadBytes[index] = (this.#deadBytes[index] as number) + tally.bytes;
    this.totalDeadBytes += tally.bytes;
    this.#touch(this.id(index));
  }

  /** Writes the runs that changed since the last save. Returns the rows written. */
  save(): number {
    const dirty = [...this.#dirtyRuns];
    for (const run of dirty) this.#saveRun(run);
    this.#dirtyRuns.clear();
    return dirty.length;
  }

  #saveRun(run: number): void {
    const position = this.#runs.indexOf(run);
    const next = this.#runs[position + 1];
    const from = upperBound(this.#ids, run - 1);
    const to = next === undefined ? this.#ids.length : upperBound(this.#ids, next - 1);
    if (from === to) {
      this.#runs.splice(position, 1);
      this.#rows.delete(this.#table, run);
      return;
    }
    const data = this.#encodeRun(from, to);
    const head = sealHead(ROW_KIND.directoryRun, run, data, () => undefined);
    this.#rows.put(this.#table, run, head, data);
  }

  #encodeRun(from: number, to: number): Uint8Array {
    const writer = new ByteWriter(4096);
    let before = 0;
    for (let index = from; index < to; index++) {
      writer.varint(this.id(index) - before);
      before = this.id(index);
      writer.varint(this.firstSub(index));
      writer.varint(this.records(index));
      writer.varint(this.bytes(index));
      writer.varint(this.#deadRecords[index] as number);
      writer.varint(this.#deadBytes[index] as number);
    }
    return writer.finish();
  }

  #decodeRun(data: Uint8Array): void {
    const reader = new ByteReader(data);
    let id = 0;
    while (!reader.done) {
      id += reader.varint();
      const firstSub = reader.varint();
      const records = reader.varint();
      const bytes = reader.varint();
      this.#push({ id, firstSub, records, bytes }, reader.varint(), reader.varint());
    }
  }

  #push(page: PageSummary, deadRecords: number, deadBytes: number): void {
    this.#ids.push(page.id);
    this.#firstSubs.push(page.firstSub);
    this.#records.push(page.records);
    this.#bytes.push(page.bytes);
    this.#deadRecords.push(deadRecords);
    this.#deadBytes.push(deadBytes);
    this.totalBytes += page.bytes;
    this.totalDeadBytes += deadBytes;
  }

  #lastRunLength(): number {
    const run = this.#runs[this.#runs.length - 1] as number;
    return this.#ids.length - upperBound(this.#ids, run - 1);
  }

  #touch(pageId: number): void {
    this.#dirtyRuns.add(this.#runs[upperBound(this.#runs, pageId) - 1] as number);
  }
}

/** How many of the ascending numbers are <= `bound`. */
function upperBound(numbers: readonly number[], bound: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] as number) <= bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
