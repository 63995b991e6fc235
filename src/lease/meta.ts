/** The one row beside the pages of leases: how many leases were ever granted. */
import { ByteReader, ByteWriter } from '../lib/binary.ts';
import { EMPTY_BYTES } from '../lib/bytes.ts';
import { checksum32 } from '../lib/checksum.ts';
import type { RowStore } from '../lib/row-store.ts';
import { CorruptLeasesError } from './pages.ts';

const TABLE = 'lease_meta';
const ROW = 0;

export function writeMeta(store: RowStore, grants: number): void {
  const writer = new ByteWriter();
  writer.varint(grants);
  writer.u32(checksum32(writer.view()));
  store.put(TABLE, ROW, writer.view(), EMPTY_BYTES);
}

/** 0 in a fresh store. @throws CorruptLeasesError */
export function readMeta(store: RowStore): number {
  const row = store.get(TABLE, ROW);
  if (row === undefined) return 0;
  const end = Math.max(row.head.length - 4, 0);
  const found = checksum32(row.head.subarray(0, end));
  const expected = row.head.length > 4 ? new ByteReader(row.head, end).u32() : undefined;
  if (found !== expected) {
    throw new CorruptLeasesError(TABLE, ROW, `checksum is ${found}, expected ${expected}`);
  }
  return new ByteReader(row.head, 0, end).varint();
}
