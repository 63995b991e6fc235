/**
 * Rows that a member can do without: a figure, the time of something. Each carries a checksum seeded with
 * its place, and one that is damaged counts as one that is not there, since nothing acknowledged rests on it.
 */
import { ByteReader, ByteWriter, DecodeError } from './binary.ts';
import { EMPTY_BYTES } from './bytes.ts';
import { checksum32 } from './checksum.ts';
import type { RowStore } from './row-store.ts';

const CHECKSUM_BYTES = 4;

/** Writes what `write` makes. */
export function writeNote(
  rows: RowStore,
  table: string,
  row: number,
  write: (writer: ByteWriter) => void,
): void {
  const writer = new ByteWriter();
  write(writer);
  writer.u32(checksum32(writer.view(), row));
  rows.put(table, row, writer.finish(), EMPTY_BYTES);
}

/** What `read` makes of the note; undefined where there is none, or one that is damaged. */
export function readNote<T>(
  rows: RowStore,
  table: string,
  row: number,
  read: (reader: ByteReader) => T,
): T | undefined {
  const head = rows.get(table, row)?.head;
  if (head === undefined || head.length < CHECKSUM_BYTES) return undefined;
  const end = head.length - CHECKSUM_BYTES;
  if (new ByteReader(head, end).u32() !== checksum32(head.subarray(0, end), row)) return undefined;
  try {
    return read(new ByteReader(head, 0, end));
  } catch (error) {
    // Whole, but of another version of the code.
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
