/** Batches of entries as rows: written, read back, written over, deleted. */
import {
  WAL_BATCH_BYTES_MAX,
  WAL_BATCH_TERMS_MAX,
  WAL_RECYCLED_ROWS_MAX,
  WAL_RECYCLED_ROW_BYTES_MAX,
  WAL_ROW_DATA_BYTES_MAX,
} from '../constants.ts';
import { ByteWriter } from '../lib/binary.ts';
import { concatBytes } from '../lib/bytes.ts';
import type { RowStore } from '../lib/row-store.ts';
import { writeEntry } from '../raft/codec.ts';
import { entryBytes } from '../raft/entry.ts';
import type { Entry, HardState } from '../raft/types.ts';
import type { Batch } from './batch-list.ts';
import {
  type BatchHead,
  checkData,
  CorruptWalError,
  endHead,
  isBatch,
  readBatchEntries,
  readHead,
  type TermRun,
  writeBatchHead,
  writeContinuationHead,
} from './row.ts';

export const LOG_TABLE = 'wal';
/** Writers beyond this are let go, so that one huge batch does not keep its memory for good. */
const WRITER_BYTES_KEPT = 512 * 1024;

export class BatchRows {
  readonly #store: RowStore;
  /** Ids of rows whose entries are compacted: their next use is to be replaced. */
  readonly #recycled: number[] = [];
  /** Invariant: above the id of every stored row. */
  #nextRow = 0;
  #data = new ByteWriter();
  readonly #head = new ByteWriter();

  constructor(store: RowStore) {
    this.#store = store;
  }

  get recycledRows(): number {
    return this.#recycled.length;
  }

  /** Notes a batch found when the log is opened. `dead`: its entries are compacted. */
  noteStored({ row, parts }: Batch, dead: boolean): void {
    this.#nextRow = Math.max(this.#nextRow, row + parts);
    if (dead && parts === 1) this.#recycled.push(row);
  }

  /** Writes one batch; several rows if it is a single entry too large for one. */
  write(entries: readonly Entry[], sequence: number, hardState: HardState): Batch {
    const data = this.#data;
    data.reset();
    for (const entry of entries) writeEntry(data, entry);
    const runs = runsOf(entries);
    const { index: firstIndex } = entries[0] as Entry;
    const parts = Math.max(1, Math.ceil(data.length / WAL_ROW_DATA_BYTES_MAX));
    const row = this.#take(parts, data.length);
    let bytes = 0;
    for (let part = 0; part < parts; part++) {
      const from = part * WAL_ROW_DATA_BYTES_MAX;
      const piece = data.view().subarray(from, from + WAL_ROW_DATA_BYTES_MAX);
      const head = this.#head;
      head.reset();
      if (part === 0) writeBatchHead(head, { sequence, hardState, firstIndex, runs, parts });
      else writeContinuationHead(head, sequence, part);
      endHead(head, row + part, piece);
      this.#store.put(LOG_TABLE, row + part, head.view(), piece);
      bytes += head.length + piece.length;
    }
    if (data.length > WRITER_BYTES_KEPT) this.#data = new ByteWriter();
    const lastIndex = firstIndex + entries.length - 1;
    return { row, parts, firstIndex, lastIndex, runs, bytes };
  }

  /** All entries of a batch. @throws CorruptWalError */
  read(batch: Batch): Entry[] {
    const pieces: Uint8Array[] = [];
    let first: BatchHead | undefined;
    for (let part = 0; part < batch.parts; part++) {
      const row = this.#store.get(LOG_TABLE, batch.row + part);
      if (row === undefined) {
        throw new CorruptWalError(LOG_TABLE, batch.row + part, 'the row is missing');
      }
      const head = readHead(LOG_TABLE, row);
      if (part === 0 && isBatch(head)) first = head;
      else if (part === 0 || isBatch(head) || head.part !== part) {
        throw new CorruptWalError(LOG_TABLE, row.id, `not part ${part} of row ${batch.row}`);
      }
      checkData(LOG_TABLE, row.id, head, row.data);
      pieces.push(row.data);
    }
    if (first?.firstIndex !== batch.firstIndex) {
      throw new CorruptWalError(
        LOG_TABLE,
        batch.row,
        `first index is ${first?.firstIndex}, expected ${batch.firstIndex}`,
      );
    }
    const data = pieces.length === 1 ? (pieces[0] as Uint8Array) : concatBytes(pieces);
    return readBatchEntries(LOG_TABLE, batch.row, first, data);
  }

  delete(batch: Batch): void {
    this.#store.deleteRange(LOG_TABLE, batch.row, batch.row + batch.parts - 1);
  }

  /** True if the rows of a compacted batch may stay, to be written over; costs no write. */
  recycle(batch: Batch): boolean {
    if (batch.parts > 1 || batch.bytes > WAL_RECYCLED_ROW_BYTES_MAX) return false;
    if (this.#recycled.length >= WAL_RECYCLED_ROWS_MAX) return false;
    this.#recycled.push(batch.row);
    return true;
  }

  /** Parts have consecutive ids, so only a batch of one row takes a recycled id. */
  #take(parts: number, bytes: number): number {
    if (parts === 1 && bytes <= WAL_RECYCLED_ROW_BYTES_MAX) {
      const recycled = this.#recycled.pop();
      if (recycled !== undefined) return recycled;
    }
    const row = this.#nextRow;
    this.#nextRow += parts;
    return row;
  }
}

/** Cuts what one Ready appends into batches; an entry is never cut. */
export function* batchesOf(entries: readonly Entry[]): Generator<readonly Entry[]> {
  let from = 0;
  let bytes = 0;
  let terms = 1;
  for (let at = 0; at < entries.length; at++) {
    const entry = entries[at] as Entry;
    const size = entryBytes(entry);
    if (at > from && entry.term !== entries[at - 1]?.term) terms++;
    if (at > from && (bytes + size > WAL_BATCH_BYTES_MAX || terms > WAL_BATCH_TERMS_MAX)) {
      yield entries.slice(from, at);
      from = at;
      bytes = 0;
      terms = 1;
    }
    bytes += size;
  }
  if (from < entries.length) yield from === 0 ? entries : entries.slice(from);
}

function runsOf(entries: readonly Entry[]): TermRun[] {
  const runs: TermRun[] = [];
  let from = 0;
  for (let at = 1; at <= entries.length; at++) {
    const term = (entries[from] as Entry).term;
    if (entries[at]?.term === term) continue;
    runs.push({ term, count: at - from });
    from = at;
  }
  return runs;
}
