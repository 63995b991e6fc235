/**
 * A table of slots in rows: packed pages of consecutive slots, of which a flush writes only those that
 * changed. A page is one row; more when it is too large for one.
 */
import { LEASE_PAGE_ROWS_MAX, ROW_BYTES_MAX } from '../constants.ts';
import { assert } from '../lib/assert.ts';
import { ByteReader, ByteWriter, DecodeError } from '../lib/binary.ts';
import { concatBytes } from '../lib/bytes.ts';
import { checksum32 } from '../lib/checksum.ts';
import type { Row, RowStore } from '../lib/row-store.ts';

const FORMAT = 1;
/** Room for checksum, format and count of rows. */
const ROW_OVERHEAD_BYTES = 16;
const PIECE_BYTES_MAX = ROW_BYTES_MAX - ROW_OVERHEAD_BYTES;
const ROWS_PER_READ = 32;

/** A stored row is not what was written: the member must be rebuilt from its peers. */
export class CorruptLeasesError extends Error {
  override readonly name = 'CorruptLeasesError';
  readonly table: string;
  readonly row: number;

  constructor(table: string, row: number, problem: string) {
    super(`read row ${row} of ${table}: ${problem}`);
    this.table = table;
    this.row = row;
  }
}

export interface PagedTable {
  readonly name: string;
  readonly slotsPerPage: number;
  /** All used slots are below. */
  readonly end: number;
  used(slot: number): boolean;
  write(slot: number, writer: ByteWriter): void;
  /** Puts what `write` wrote back into its slot. */
  read(slot: number, reader: ByteReader): void;
}

export class Pages {
  readonly #store: RowStore;
  readonly #table: PagedTable;
  readonly #dirty = new Set<number>();
  /** Rows that each stored page takes; 0 or absent: it is not stored. */
  #stored: number[] = [];

  constructor(store: RowStore, table: PagedTable) {
    this.#store = store;
    this.#table = table;
  }

  get dirty(): boolean {
    return this.#dirty.size > 0;
  }

  mark(slot: number): void {
    this.#dirty.add(Math.floor(slot / this.#table.slotsPerPage));
  }

  /** Fills the table from its rows. @throws CorruptLeasesError */
  load(): void {
    const { name } = this.#table;
    let pieces: Uint8Array[] = [];
    let expected = 0;
    for (const row of this.#allRows()) {
      const page = Math.floor(row.id / LEASE_PAGE_ROWS_MAX);
      const piece = row.id % LEASE_PAGE_ROWS_MAX;
      const { rows, bytes } = readPiece(name, row);
      if (piece !== pieces.length || (piece > 0 && rows !== expected)) {
        throw new CorruptLeasesError(
          name,
          row.id,
          `piece ${piece} follows ${pieces.length} pieces`,
        );
      }
      pieces.push(bytes);
      expected = rows;
      if (pieces.length < rows) continue;
      this.#readPage(page, row.id, concatBytes(pieces));
      this.#noteStored(page, rows);
      pieces = [];
    }
    if (pieces.length > 0) {
      throw new CorruptLeasesError(
        name,
        0,
        `the last page has ${pieces.length} of ${expected} rows`,
      );
    }
  }

  /** Writes the pages that changed. */
  flush(): void {
    for (const page of this.#dirty) this.#writePage(page);
    this.#dirty.clear();
  }

  /** Forgets all rows; everything used has to be written by the next flush. */
  reset(): void {
    this.#store.drop(this.#table.name);
    this.#stored = [];
    this.#dirty.clear();
    for (let slot = 0; slot < this.#table.end; slot += this.#table.slotsPerPage) this.mark(slot);
  }

  *#allRows(): Generator<Row> {
    for (let from = 0; ;) {
      const rows = this.#store.rows(this.#table.name, from, Number.MAX_SAFE_INTEGER, ROWS_PER_READ);
      yield* rows;
      const last = rows[rows.length - 1];
      if (last === undefined || rows.length < ROWS_PER_READ) return;
      from = last.id + 1;
    }
  }

  #readPage(page: number, row: number, bytes: Uint8Array): void {
    const { name, slotsPerPage } = this.#table;
    const reader = new ByteReader(bytes);
    try {
      while (!reader.done) {
        const offset = reader.varint();
        if (offset >= slotsPerPage) throw new DecodeError(`slot ${offset} of ${slotsPerPage}`);
        this.#table.read(page * slotsPerPage + offset, reader);
      }
    } catch (error) {
      if (error instanceof DecodeError) throw new CorruptLeasesError(name, row, error.message);
      throw error;
    }
  }

  #writePage(page: number): void {
    const { slotsPerPage, name } = this.#table;
    const writer = new ByteWriter();
    const first = page * slotsPerPage;
    const end = Math.min(first + slotsPerPage, this.#table.end);
    for (let slot = first; slot < end; slot++) {
      if (!this.#table.used(slot)) continue;
      writer.varint(slot - first);
      this.#table.write(slot, writer);
    }
    const bytes = writer.view();
    const rows = Math.ceil(bytes.length / PIECE_BYTES_MAX);
    assert(rows <= LEASE_PAGE_ROWS_MAX, `write page ${page} of ${name}: it takes ${rows} rows`);
    const row = page * LEASE_PAGE_ROWS_MAX;
    for (let piece = 0; piece < rows; piece++) {
      const from = piece * PIECE_BYTES_MAX;
      this.#writePiece(row + piece, rows, bytes.subarray(from, from + PIECE_BYTES_MAX));
    }
    const before = this.#stored[page] ?? 0;
    if (before > rows) this.#store.deleteRange(name, row + rows, row + before - 1);
    this.#noteStored(page, rows);
  }

  #writePiece(row: number, rows: number, bytes: Uint8Array): void {
    const data = new ByteWriter(bytes.length + ROW_OVERHEAD_BYTES);
    data.u8(FORMAT);
    data.varint(rows);
    data.raw(bytes);
    const head = new ByteWriter(4);
    head.u32(checksum32(data.view(), row));
    this.#store.put(this.#table.name, row, head.view(), data.view());
  }

  #noteStored(page: number, rows: number): void {
    while (this.#stored.length <= page) this.#stored.push(0);
    this.#stored[page] = rows;
  }
}

function readPiece(table: string, row: Row): { rows: number; bytes: Uint8Array } {
  const found = checksum32(row.data, row.id);
  const expected = row.head.length === 4 ? new ByteReader(row.head).u32() : undefined;
  if (found !== expected) {
    throw new CorruptLeasesError(table, row.id, `checksum is ${found}, expected ${expected}`);
  }
  const reader = new ByteReader(row.data);
  const format = reader.u8();
  if (format !== FORMAT) {
    throw new CorruptLeasesError(table, row.id, `format is ${format}, expected ${FORMAT}`);
  }
  return { rows: reader.varint(), bytes: reader.raw(reader.remaining) };
}
