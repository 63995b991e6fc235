/**
 * How a state from a file is loaded into a new cluster. One member gets `open`, which tells the cluster;
 * every member one `begin`, `chunk`s in order and one `finish`; then one member `commit`. What is chunked
 * are the pages of a snapshot (docs/internals/mvcc.md) and the leases; the digest is SHA-256 over all
 * chunks' bodies. `open` without a name ends an upload, `abort` then frees a member's storage.
 */
import { ByteReader, ByteWriter, DecodeError } from '../lib/binary.ts';

export const RESTORE_METHODS = {
  open: 'edgetcd.Restore/Open',
  begin: 'edgetcd.Restore/Begin',
  chunk: 'edgetcd.Restore/Chunk',
  finish: 'edgetcd.Restore/Finish',
  abort: 'edgetcd.Restore/Abort',
  commit: 'edgetcd.Restore/Commit',
} as const;

export interface RestoreChunk {
  readonly upload: string;
  /** 0 for the first; one that was received already is passed over. */
  readonly number: number;
  /** encodeRestoreBody: what the digest covers. */
  readonly body: Uint8Array;
}

export interface RestoreBody {
  readonly pages: readonly Uint8Array[];
  /** The next bytes of the encoded leases. */
  readonly leases: Uint8Array;
}

/** For `finish`, and for `commit`. */
export interface RestoreFinish {
  readonly upload: string;
  readonly chunks: number;
  readonly digest: Uint8Array;
}

export function encodeUpload(upload: string): Uint8Array {
  const writer = new ByteWriter();
  writer.string(upload);
  return writer.finish();
}

/** @throws DecodeError, as all decoders here */
export function decodeUpload(bytes: Uint8Array): string {
  return whole(bytes, (reader) => reader.string());
}

export function encodeRestoreBody({ pages, leases }: RestoreBody): Uint8Array {
  const writer = new ByteWriter();
  writer.varint(pages.length);
  for (const page of pages) writer.bytes(page);
  writer.bytes(leases);
  return writer.finish();
}

export function decodeRestoreBody(bytes: Uint8Array): RestoreBody {
  return whole(bytes, (reader) => {
    const pages: Uint8Array[] = [];
    for (let left = reader.varint(); left > 0; left--) pages.push(reader.bytes());
    return { pages, leases: reader.bytes() };
  });
}

export function encodeRestoreChunk({ upload, number, body }: RestoreChunk): Uint8Array {
  const writer = new ByteWriter(body.length + 64);
  writer.string(upload);
  writer.varint(number);
  writer.bytes(body);
  return writer.finish();
}

export function decodeRestoreChunk(bytes: Uint8Array): RestoreChunk {
  return whole(bytes, (reader) => ({
    upload: reader.string(),
    number: reader.varint(),
    body: reader.bytes(),
  }));
}

export function encodeRestoreFinish({ upload, chunks, digest }: RestoreFinish): Uint8Array {
  const writer = new ByteWriter();
  writer.string(upload);
  writer.varint(chunks);
  writer.bytes(digest);
  return writer.finish();
}

export function decodeRestoreFinish(bytes: Uint8Array): RestoreFinish {
  return whole(bytes, (reader) => ({
    upload: reader.string(),
    chunks: reader.varint(),
    digest: reader.bytes(),
  }));
}

function whole<T>(bytes: Uint8Array, read: (reader: ByteReader) => T): T {
  const reader = new ByteReader(bytes);
  const message = read(reader);
  if (reader.done) return message;
  throw new DecodeError(`decode a part of a restore: ${reader.remaining} bytes too many`);
}
