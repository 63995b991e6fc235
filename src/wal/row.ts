/**
 * What a row of the log looks like. Its head says which entries the row holds and in which terms, and
 * what the member's hard state was, so that opening the log reads heads alone; its data is the
 * entries, packed. Both are covered by checksums seeded with the row's id: a row that turns up under
 * another id is as wrong as a flipped bit.
 */
import { ByteReader, ByteWriter, DecodeError } from '../lib/binary.ts';
import { checksum32 } from '../lib/checksum.ts';
import type { RowHead } from '../lib/row-store.ts';
import { readEntry, readHardState, writeHardState } from '../raft/codec.ts';
import type { Entry, HardState } from '../raft/types.ts';

/** Format of heads and data. A reader refuses what it does not know. */
const FORMAT = 1;
const CHECKSUM_BYTES = 4;

/** Kinds of rows: the first row of a batch, and the further rows of a batch too large for one. */
const KIND_BATCH = 1;
const KIND_CONTINUATION = 2;

/** A stored row is not what was written. The member must not serve from this log. */
export class CorruptWalError extends Error {
  override readonly name = 'CorruptWalError';
  readonly table: string;
  /** Id of the row, or undefined when rows contradict each other. */
  readonly row: number | undefined;

  constructor(table: string, row: number | undefined, problem: string) {
    super(`read ${row === undefined ? 'rows' : `row ${row}`} of ${table}: ${problem}`);
    this.table = table;
    this.row = row;
  }
}

/** Consecutive entries of one term. */
export interface TermRun {
  readonly term: number;
  readonly count: number;
}

/** The head of a batch. */
export interface BatchHead {
  /** Grows with every write of a hard state: of two hard states the one with the higher is newer. */
  readonly sequence: number;
  readonly hardState: HardState;
  readonly firstIndex: number;
  /** Invariant: not empty, and terms never fall. */
  readonly runs: readonly TermRun[];
  /** Rows the data takes: this one and those with the following ids. */
  readonly parts: number;
  /** Length and checksum of the data in this row. */
  readonly dataBytes: number;
  readonly dataChecksum: number;
}

/** The head of a row that continues the batch of an earlier row. */
export interface ContinuationHead {
  readonly sequence: number;
  /** 1 for the second row of a batch. */
  readonly part: number;
  readonly dataBytes: number;
  readonly dataChecksum: number;
}

/** Writes everything of a batch's head but data length and checksum; ends with `endHead`. */
export function writeBatchHead(
  writer: ByteWriter,
  batch: Pick<BatchHead, 'sequence' | 'hardState' | 'firstIndex' | 'runs' | 'parts'>,
): void {
  writer.u8(FORMAT);
  writer.u8(KIND_BATCH);
  writer.varint(batch.sequence);
  writeHardState(writer, batch.hardState);
  writer.varint(batch.firstIndex);
  writer.varint(batch.runs.length);
  for (const { term, count } of batch.runs) {
    writer.varint(term);
    writer.varint(count);
  }
  writer.varint(batch.parts);
}

export function writeContinuationHead(writer: ByteWriter, sequence: number, part: number): void {
  writer.u8(FORMAT);
  writer.u8(KIND_CONTINUATION);
  writer.varint(sequence);
  writer.varint(part);
}

/** Closes a head: length and checksum of the row's data, then the checksum of the head itself. */
export function endHead(writer: ByteWriter, row: number, data: Uint8Array): void {
  writer.varint(data.length);
  writer.u32(checksum32(data, row));
  writer.u32(checksum32(writer.view(), row));
}

/** The head of a batch, or of a continuation. @throws CorruptWalError */
export function readHead(table: string, row: RowHead): BatchHead | ContinuationHead {
  return readChecked(table, row.id, row.head, (reader) => {
    const kind = reader.u8();
    const sequence = reader.varint();
    if (kind === KIND_CONTINUATION) {
      return { sequence, part: reader.varint(), ...readDataCheck(reader) };
    }
    if (kind !== KIND_BATCH) throw new DecodeError(`unknown kind ${kind}`);
    const hardState = readHardState(reader);
    const firstIndex = reader.varint();
    const runs = readRuns(reader);
    return {
      sequence,
      hardState,
      firstIndex,
      runs,
      parts: reader.varint(),
      ...readDataCheck(reader),
    };
  });
}

export function isBatch(head: BatchHead | ContinuationHead): head is BatchHead {
  return 'runs' in head;
}

/** Runs `decode` on what `sealed` made of it. @throws CorruptWalError */
export function readChecked<T>(
  table: string,
  row: number,
  bytes: Uint8Array,
  decode: (reader: ByteReader) => T,
): T {
  const end = bytes.length - CHECKSUM_BYTES;
  if (end < 1) throw new CorruptWalError(table, row, `only ${bytes.length} bytes`);
  const expected = new ByteReader(bytes, end).u32();
  const found = checksum32(bytes.subarray(0, end), row);
  if (found !== expected) {
    throw new CorruptWalError(table, row, `checksum is ${hex(found)}, expected ${hex(expected)}`);
  }
  const reader = new ByteReader(bytes, 0, end);
  const format = reader.u8();
  if (format !== FORMAT) {
    throw new CorruptWalError(table, row, `format is ${format}, expected ${FORMAT}`);
  }
  try {
    const decoded = decode(reader);
    if (reader.done) return decoded;
    throw new DecodeError(`${reader.remaining} bytes too many`);
  } catch (error) {
    if (error instanceof DecodeError) throw new CorruptWalError(table, row, error.message);
    throw error;
  }
}

/** Format, what `encode` writes, and the checksum that `readChecked` asks for. */
export function sealed(row: number, encode: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter();
  writer.u8(FORMAT);
  encode(writer);
  writer.u32(checksum32(writer.view(), row));
  return writer.finish();
}

/** @throws CorruptWalError when `data` is not what the row's head says. */
export function checkData(
  table: string,
  row: number,
  head: Pick<BatchHead, 'dataBytes' | 'dataChecksum'>,
  data: Uint8Array,
): void {
  if (data.length !== head.dataBytes) {
    throw new CorruptWalError(
      table,
      row,
      `${data.length} bytes of data, expected ${head.dataBytes}`,
    );
  }
  const found = checksum32(data, row);
  if (found !== head.dataChecksum) {
    throw new CorruptWalError(
      table,
      row,
      `checksum of the data is ${hex(found)}, expected ${hex(head.dataChecksum)}`,
    );
  }
}

/** The entries of a whole batch. @throws CorruptWalError when they are not those the head lists. */
export function readBatchEntries(
  table: string,
  row: number,
  head: Pick<BatchHead, 'firstIndex' | 'runs'>,
  data: Uint8Array,
): Entry[] {
  const reader = new ByteReader(data);
  const entries: Entry[] = [];
  try {
    let index = head.firstIndex;
    for (const { term, count } of head.runs) {
      for (let at = 0; at < count; at++, index++) {
        const entry = readEntry(reader);
        if (entry.index !== index || entry.term !== term) {
          throw new DecodeError(
            `entry ${entry.index} of term ${entry.term}, expected ${index} of term ${term}`,
          );
        }
        entries.push(entry);
      }
    }
    if (!reader.done) throw new DecodeError(`${reader.remaining} bytes too many`);
  } catch (error) {
    if (error instanceof DecodeError) throw new CorruptWalError(table, row, error.message);
    throw error;
  }
  return entries;
}

function readRuns(reader: ByteReader): TermRun[] {
  const runs: TermRun[] = [];
  const length = reader.varint();
  let term = 0;
  for (let at = 0; at < length; at++) {
    const run = { term: reader.varint(), count: reader.varint() };
    if (run.term <= term || run.count === 0) {
      throw new DecodeError(`run of ${run.count} entries of term ${run.term} after term ${term}`);
    }
    term = run.term;
    runs.push(run);
  }
  if (length === 0) throw new DecodeError('a batch without entries');
  return runs;
}

function readDataCheck(reader: ByteReader): Pick<BatchHead, 'dataBytes' | 'dataChecksum'> {
  return { dataBytes: reader.varint(), dataChecksum: reader.u32() };
}

function hex(checksum: number): string {
  return checksum.toString(16).padStart(8, '0');
}
