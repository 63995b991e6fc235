/**
 * Deadlines that outlast the leader's sleep, packed into one row (more only beyond some 100,000
 * leases). Renewals are no log entries, so without it each wake would have to extend every lease.
 *
 * It stands for the leases as they were when the leader came to rest in `term`. Who reads it must
 * still be leader of that term: then nobody else can have renewed a lease in between.
 */
import { ROW_BYTES_MAX } from '../constants.ts';
import { ByteReader, ByteWriter } from '../lib/binary.ts';
import { checksum32 } from '../lib/checksum.ts';
import type { RowHead, RowStore } from '../lib/row-store.ts';
import type { LeaseId } from '../mvcc/types.ts';

const TABLE = 'lease_rest';
const FORMAT = 1;
/** An id, and a varint of at most eight bytes. */
const ITEM_BYTES_MAX = 16;
const HEAD_BYTES_MAX = 64;
const ITEMS_PER_ROW = Math.floor((ROW_BYTES_MAX - HEAD_BYTES_MAX) / ITEM_BYTES_MAX);

export interface RestPoint {
  readonly term: number;
  /** Leases ever granted by then: a lease granted later is not in the record, even if its id is. */
  readonly grants: number;
  /** When it was made, by the leader's clock. */
  readonly atMs: number;
}

export interface Deadline {
  readonly id: LeaseId;
  /** Milliseconds since the epoch, by the leader's clock. */
  readonly atMs: number;
}

interface Head extends RestPoint {
  readonly rows: number;
  readonly baseMs: number;
  readonly items: number;
  readonly checksum: number;
}

export class RestRecord {
  readonly #store: RowStore;
  #point: RestPoint | undefined;

  /** Reads the head alone. */
  constructor(store: RowStore) {
    this.#store = store;
    const [first] = store.heads(TABLE, 0, 0, 1);
    this.#point = first && readHead(first);
  }

  /** When the record was made; undefined: there is none. */
  get point(): RestPoint | undefined {
    return this.#point;
  }

  write(point: RestPoint, deadlines: readonly Deadline[]): void {
    const rows = Math.max(1, Math.ceil(deadlines.length / ITEMS_PER_ROW));
    for (let row = 0; row < rows; row++) {
      const items = deadlines.slice(row * ITEMS_PER_ROW, (row + 1) * ITEMS_PER_ROW);
      this.#writeRow(row, rows, point, items);
    }
    this.#store.deleteRange(TABLE, rows, Number.MAX_SAFE_INTEGER);
    this.#point = point;
  }

  /**
   * The deadlines, or undefined if a row is missing or damaged. Then leases are extended instead,
   * which is late but never wrong: no reason to refuse to start.
   */
  read(): Deadline[] | undefined {
    const deadlines: Deadline[] = [];
    for (let row = 0, rows = 1; row < rows; row++) {
      const stored = this.#store.get(TABLE, row);
      const head = stored && readHead(stored);
      if (stored === undefined || head === undefined) return undefined;
      if (head.term !== this.#point?.term || head.grants !== this.#point.grants) return undefined;
      if (checksum32(stored.data, row) !== head.checksum) return undefined;
      rows = head.rows;
      const reader = new ByteReader(stored.data);
      for (let item = 0; item < head.items; item++) {
        const id = BigInt.asIntN(64, reader.u64());
        deadlines.push({ id, atMs: head.baseMs + reader.varint() });
      }
    }
    return deadlines;
  }

  /** The record is no longer the truth. Call in the turn that makes it so. */
  drop(): void {
    if (this.#point === undefined) return;
    this.#store.deleteRange(TABLE, 0, Number.MAX_SAFE_INTEGER);
    this.#point = undefined;
  }

  #writeRow(row: number, rows: number, point: RestPoint, items: readonly Deadline[]): void {
    let baseMs = Infinity;
    for (const { atMs } of items) baseMs = Math.min(baseMs, Math.floor(atMs));
    if (items.length === 0) baseMs = 0;
    const data = new ByteWriter(items.length * ITEM_BYTES_MAX);
    for (const { id, atMs } of items) {
      data.u64(id);
      data.varint(Math.ceil(atMs) - baseMs);
    }
    const head = new ByteWriter(HEAD_BYTES_MAX);
    head.u8(FORMAT);
    head.varint(point.term);
    head.varint(point.grants);
    head.varint(Math.ceil(point.atMs));
    head.varint(rows);
    head.varint(baseMs);
    head.varint(items.length);
    head.u32(checksum32(data.view(), row));
    head.u32(checksum32(head.view(), row));
    this.#store.put(TABLE, row, head.view(), data.view());
  }
}

/** Undefined if the head is damaged or of another format. */
function readHead({ id, head }: RowHead): Head | undefined {
  const end = head.length - 4;
  if (end < 1 || checksum32(head.subarray(0, end), id) !== new ByteReader(head, end).u32()) {
    return undefined;
  }
  const reader = new ByteReader(head, 0, end);
  if (reader.u8() !== FORMAT) return undefined;
  return {
    term: reader.varint(),
    grants: reader.varint(),
    atMs: reader.varint(),
    rows: reader.varint(),
    baseMs: reader.varint(),
    items: reader.varint(),
    checksum: reader.u32(),
  };
}
