/** The row that holds apply's own state: all but the store's pages and the leases, which keep theirs. */
import { ByteWriter } from '../lib/binary.ts';
import { equalBytes } from '../lib/bytes.ts';
import { checksum32 } from '../lib/checksum.ts';
import type { RowStore } from '../lib/row-store.ts';

const TABLE = 'apply';
const ROW = 0;

/** The row is not what was written: the member must not serve from it, and be rebuilt from its peers. */
export class CorruptStateError extends Error {
  override readonly name = 'CorruptStateError';
  readonly table = TABLE;
  readonly row = ROW;

  constructor() {
    super(`read row ${ROW} of ${TABLE}: its checksum is wrong`);
  }
}

export function saveState(rows: RowStore, state: Uint8Array): void {
  rows.put(TABLE, ROW, checksumOfState(state), state);
}

/** What was saved last; undefined in a fresh store. @throws CorruptStateError */
export function loadState(rows: RowStore): Uint8Array | undefined {
  const row = rows.get(TABLE, ROW);
  if (row === undefined) return undefined;
  if (!equalBytes(row.head, checksumOfState(row.data))) throw new CorruptStateError();
  return row.data;
}

/** Kept beside an encoded state. */
export function checksumOfState(state: Uint8Array): Uint8Array {
  const writer = new ByteWriter();
  writer.u32(checksum32(state));
  return writer.finish();
}
