/**
 * What one member sends another as a snapshot: a header, the pages of the revision log without what
 * compaction killed, a footer. Each piece stands for itself:
 *
 *     format version u8 | kind u8 | fields… | checksum of all before u32
 */
import { ByteReader, ByteWriter, DecodeError } from '../lib/binary.ts';
import { checksum32 } from '../lib/checksum.ts';
import { FORMAT_VERSION } from './sealed-row.ts';

const KIND = { header: 1, logPage: 2, footer: 3 } as const;
const CHECKSUM_BYTES = 4;

export interface SnapshotHeader {
  readonly kind: 'header';
  readonly revision: number;
  readonly compactRevision: number;
  readonly liveBytes: number;
  /** Keys that live at `revision`: the receiver counts its own and compares. */
  readonly liveKeys: number;
}

/** The position before it and the page's id tell the receiver that nothing is missing between. */
export interface SnapshotLogPage {
  readonly kind: 'logPage';
  /** The position this piece was read from; that after it is id + 1. */
  readonly from: number;
  readonly id: number;
  readonly firstSub: number;
  /** 0 if nothing in the page lives. */
  readonly records: number;
  readonly data: Uint8Array;
}

export interface SnapshotFooter {
  readonly kind: 'footer';
  readonly from: number;
}

export type SnapshotPiece = SnapshotHeader | SnapshotLogPage | SnapshotFooter;

/** A piece of a snapshot that is damaged, of another format, or out of place. */
export class SnapshotError extends Error {
  override readonly name = 'SnapshotError';
}

export function encodePiece(piece: SnapshotPiece): Uint8Array {
  const writer = new ByteWriter(piece.kind === 'logPage' ? piece.data.length + 64 : 64);
  writer.u8(FORMAT_VERSION);
  writer.u8(KIND[piece.kind]);
  switch (piece.kind) {
    case 'header':
      writer.varint(piece.revision);
      writer.varint(piece.compactRevision + 1);
      writer.varint(piece.liveBytes);
      writer.varint(piece.liveKeys);
      break;
    case 'logPage':
      writer.varint(piece.from);
      writer.varint(piece.id);
      writer.varint(piece.firstSub);
      writer.varint(piece.records);
      writer.raw(piece.data);
      break;
    case 'footer':
      writer.varint(piece.from);
      break;
  }
  writer.u32(checksum32(writer.view()));
  return writer.finish();
}

/** Throws SnapshotError. */
export function decodePiece(bytes: Uint8Array): SnapshotPiece {
  const end = bytes.length - CHECKSUM_BYTES;
  if (end < 2) throw new SnapshotError(`read a snapshot piece: ${bytes.length} bytes are too few`);
  const stored = new ByteReader(bytes, end).u32();
  const sum = checksum32(bytes.subarray(0, end));
  if (sum !== stored) {
    throw new SnapshotError(`read a snapshot piece: checksum ${sum}, the sender wrote ${stored}`);
  }
  const reader = new ByteReader(bytes, 0, end);
  const version = reader.u8();
  if (version !== FORMAT_VERSION) {
    throw new SnapshotError(
      `read a snapshot piece: format version ${version}, this program reads ${FORMAT_VERSION}`,
    );
  }
  try {
    return readFields(reader);
  } catch (error) {
    if (error instanceof DecodeError) throw new SnapshotError(error.message, { cause: error });
    throw error;
  }
}

function readFields(reader: ByteReader): SnapshotPiece {
  const kind = reader.u8();
  if (kind === KIND.header) {
    const revision = reader.varint();
    const compactRevision = reader.varint() - 1;
    const liveBytes = reader.varint();
    return { kind: 'header', revision, compactRevision, liveBytes, liveKeys: reader.varint() };
  }
  if (kind === KIND.logPage) {
    const from = reader.varint();
    const id = reader.varint();
    const firstSub = reader.varint();
    const records = reader.varint();
    return { kind: 'logPage', from, id, firstSub, records, data: reader.raw(reader.remaining) };
  }
  if (kind === KIND.footer) return { kind: 'footer', from: reader.varint() };
  throw new SnapshotError(`read a snapshot piece: kind ${kind} is unknown`);
}
