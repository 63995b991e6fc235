/** Where apply keeps its state: one row for all but the leases, and the leases' bytes cut to row size. */
import { ROW_BYTES_MAX } from '../constants.ts';
import { ByteReader, ByteWriter, DecodeError } from '../lib/binary.ts';
import { concatBytes } from '../lib/bytes.ts';
import { checksum32 } from '../lib/checksum.ts';
import type { Row, RowStore } from '../lib/row-store.ts';

const TABLE = 'apply';
const STATE_ROW = 0;
const FIRST_LEASE_ROW = 1;
/** Checksum, and in the state row the number of lease rows. */
const HEAD_BYTES_MAX = 16;
const LEASE_ROW_BYTES = ROW_BYTES_MAX - HEAD_BYTES_MAX;

/** A row whose content is not what was written: the member must not serve from it. */
export class CorruptStateError extends Error {
  override readonly name = 'CorruptStateError';
}

/** Writes the state row. `leaseRows` is what saveLeases returned last. */
export function saveState(rows: RowStore, state: Uint8Array, leaseRows: number): void {
  putRow(rows, STATE_ROW, state, leaseRows);
}

/** Writes the leases' bytes and returns how many rows they take. */
export function saveLeases(rows: RowStore, leases: Uint8Array): number {
  let row = FIRST_LEASE_ROW;
  for (let at = 0; at < leases.length; at += LEASE_ROW_BYTES) {
    putRow(rows, row, leases.subarray(at, at + LEASE_ROW_BYTES), 0);
    row += 1;
  }
  rows.deleteRange(TABLE, row, Number.MAX_SAFE_INTEGER);
  return row - FIRST_LEASE_ROW;
}

/**
 * What was saved last; undefined in a fresh store.
 * @throws CorruptStateError naming the row
 */
export function loadState(
  rows: RowStore,
):
  | { readonly state: Uint8Array; readonly leases: Uint8Array; readonly leaseRows: number }
  | undefined {
  const row = rows.get(TABLE, STATE_ROW);
  if (row === undefined) return undefined;
  const leaseRows = checkedCount(row);
  const leases: Uint8Array[] = [];
  for (let id = FIRST_LEASE_ROW; id < FIRST_LEASE_ROW + leaseRows; id++) {
    const leaseRow = rows.get(TABLE, id);
    if (leaseRow === undefined) {
      throw new CorruptStateError(`load row ${id} of table ${TABLE}: it is missing`);
    }
    checkedCount(leaseRow);
    leases.push(leaseRow.data);
  }
  return { state: row.data, leases: concatBytes(leases), leaseRows };
}

function putRow(rows: RowStore, id: number, data: Uint8Array, count: number): void {
  const head = new ByteWriter(HEAD_BYTES_MAX);
  head.varint(count);
  head.u32(rowChecksum(id, data, count));
  rows.put(TABLE, id, head.finish(), data);
}

/** The count in the row's head. @throws CorruptStateError */
function checkedCount(row: Row): number {
  const { count, checksum } = readHead(row);
  const found = rowChecksum(row.id, row.data, count);
  if (checksum !== found) {
    throw new CorruptStateError(
      `load row ${row.id} of table ${TABLE}: checksum is ${found}, expected ${checksum}`,
    );
  }
  return count;
}

function readHead(row: Row): { readonly count: number; readonly checksum: number } {
  try {
    const head = new ByteReader(row.head);
    return { count: head.varint(), checksum: head.u32() };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new CorruptStateError(`load row ${row.id} of table ${TABLE}: ${error.message}`);
  }
}

/** Covers the row's place and its head too, so that neither can change unseen. */
function rowChecksum(id: number, data: Uint8Array, count: number): number {
  return checksum32(data, id * 31 + count);
}
