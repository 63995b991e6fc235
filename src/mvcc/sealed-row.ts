/**
 * The envelope of every row of this store: format version, kind, the row's own fields, and two
 * checksums. The head's checksum covers the row id too, so that a row in the wrong place is found;
 * the data's stands in the head, so that heads can be listed and trusted without reading data.
 *
 *     head = version u8 | kind u8 | fields… | checksum of data u32 | checksum of all before u32
 */
import { ByteReader, ByteWriter } from '../lib/binary.ts';
import { checksum32 } from '../lib/checksum.ts';
import type { Row, RowHead } from '../lib/row-store.ts';
import { CorruptPageError, UnknownFormatError } from './errors.ts';

export const FORMAT_VERSION = 1;

export const ROW_KIND = { meta: 1, logPage: 2, directoryRun: 3, leafPage: 4 } as const;
export type RowKind = (typeof ROW_KIND)[keyof typeof ROW_KIND];

const PREFIX_BYTES = 2;
const CHECKSUM_BYTES = 4;
const SEAL_BYTES = PREFIX_BYTES + 2 * CHECKSUM_BYTES;

/** The head of a row: `fields` writes what the kind needs. */
export function sealHead(
  kind: RowKind,
  id: number,
  data: Uint8Array,
  fields: (writer: ByteWriter) => void,
): Uint8Array {
  const writer = new ByteWriter(64);
  writer.u8(FORMAT_VERSION);
  writer.u8(kind);
  fields(writer);
  writer.u32(checksum32(data));
  writer.u32(checksum32(writer.view(), id));
  return writer.finish();
}

/** Checks a head and returns a reader of its fields. */
export function openHead(table: string, row: RowHead, kind: RowKind): ByteReader {
  const { id, head } = row;
  if (head.length < SEAL_BYTES) {
    throw new CorruptPageError(
      table,
      id,
      `a head of ${head.length} bytes`,
      `at least ${SEAL_BYTES}`,
    );
  }
  const sum = checksum32(head.subarray(0, head.length - CHECKSUM_BYTES), id);
  const stored = new ByteReader(head, head.length - CHECKSUM_BYTES).u32();
  if (sum !== stored) {
    throw new CorruptPageError(table, id, `head checksum ${hex(sum)}`, hex(stored));
  }
  if (head[0] !== FORMAT_VERSION) {
    throw new UnknownFormatError(
      `read row ${id} of ${table}: format version ${head[0] ?? 0}, this program reads ${FORMAT_VERSION}`,
    );
  }
  if (head[1] !== kind) {
    throw new CorruptPageError(table, id, `row kind ${head[1] ?? 0}`, `kind ${kind}`);
  }
  return new ByteReader(head, PREFIX_BYTES, head.length - 2 * CHECKSUM_BYTES);
}

/** Checks head and data; returns a reader of the head's fields. */
export function openRow(table: string, row: Row, kind: RowKind): ByteReader {
  const fields = openHead(table, row, kind);
  const sum = checksum32(row.data);
  const stored = new ByteReader(row.head, row.head.length - 2 * CHECKSUM_BYTES).u32();
  if (sum !== stored) {
    throw new CorruptPageError(table, row.id, `data checksum ${hex(sum)}`, hex(stored));
  }
  return fields;
}

function hex(sum: number): string {
  return `0x${sum.toString(16).padStart(8, '0')}`;
}
