/**
 * The file format of bbolt, the database that etcd keeps its state in. A file is a row of pages, each
 * with a header; numbers are little-endian.
 *
 *     header  id u64 | flags u16 | count u16 | overflow u32: this many pages more belong to it
 *     meta    magic u32 | version u32 | page size u32 | flags u32 | root bucket | freelist page u64
 *             | pages in use u64 | transaction u64 | FNV-1a 64 of all before u64
 *     bucket  root page u64 | sequence u64; root page 0: a leaf page follows right here
 *     branch  elements (position u32 | key length u32 | page u64), then the keys
 *     leaf    elements (flags u32 | position u32 | key length u32 | value length u32), then keys, values
 *
 * Positions count from their own element. Pages 0 and 1 are metas; the valid one of the later
 * transaction counts.
 */
import { ByteReader, ByteWriter } from '../lib/binary.ts';

/** What the writer makes; the reader takes any power of two from 1 KiB to 64 KiB. */
export const PAGE_BYTES = 4096;
export const HEADER_BYTES = 16;
export const META_BYTES = 64;
/** Of a meta, what its checksum covers. */
const META_SUMMED_BYTES = 56;
export const ELEMENT_BYTES = 16;
export const BUCKET_BYTES = 16;

export const MAGIC = 0xed0cdaed;
export const VERSION = 2;

export const PAGE_KIND = { branch: 1, leaf: 2, meta: 4, freelist: 16 } as const;
/** Flag of a leaf's element whose value is a bucket. */
export const IS_BUCKET = 1;
/** In a meta's freelist field: the free pages are those that nothing points to. */
export const NO_FREELIST = 0xffff_ffff_ffff_ffffn;

/** A file that is damaged, cut short, or of another kind. */
export class BboltError extends Error {
  override readonly name = 'BboltError';
}

export interface Meta {
  readonly pageBytes: number;
  readonly rootPage: number;
  /** All pages in use have a lower id. */
  readonly pages: number;
  readonly transaction: bigint;
}

export function writeHeader(
  writer: ByteWriter,
  header: { id: number; kind: number; count: number; pages: number },
): void {
  writer.u64(BigInt(header.id));
  writer.u32(header.kind + header.count * 0x1_0000);
  writer.u32(header.pages - 1);
}

/** A meta page of PAGE_BYTES; page 0 for even transactions, page 1 for odd ones. */
export function encodeMetaPage(meta: Meta & { readonly freelistPage: number }): Uint8Array {
  const writer = new ByteWriter(PAGE_BYTES);
  const id = Number(meta.transaction % 2n);
  writeHeader(writer, { id, kind: PAGE_KIND.meta, count: 0, pages: 1 });
  for (const word of [MAGIC, VERSION, meta.pageBytes, 0]) writer.u32(word);
  const wide = [meta.rootPage, 0, meta.freelistPage, meta.pages].map(BigInt);
  for (const word of [...wide, meta.transaction]) writer.u64(word);
  writer.u64(fnv1a64(writer.view().subarray(HEADER_BYTES)));
  return padded(writer);
}

/** What follows a meta page's header. @throws BboltError naming what is wrong */
export function decodeMeta(bytes: Uint8Array): Meta {
  if (bytes.length < META_BYTES) {
    throw new BboltError(`read a meta page: ${bytes.length} bytes, it takes ${META_BYTES}`);
  }
  const reader = new ByteReader(bytes);
  const magic = reader.u32();
  if (magic !== MAGIC) {
    throw new BboltError(
      `read a meta page: it begins with ${magic.toString(16)}, a bbolt file with ${MAGIC.toString(16)}`,
    );
  }
  const version = reader.u32();
  if (version !== VERSION) {
    throw new BboltError(`read a meta page: version ${version}, known is ${VERSION}`);
  }
  const pageBytes = reader.u32();
  reader.u32();
  const rootPage = Number(reader.u64());
  reader.u64();
  reader.u64();
  const pages = Number(reader.u64());
  const transaction = reader.u64();
  const stored = reader.u64();
  const sum = fnv1a64(bytes.subarray(0, META_SUMMED_BYTES));
  if (sum !== stored) {
    throw new BboltError(
      `read a meta page: checksum ${sum.toString(16)}, stored is ${stored.toString(16)}`,
    );
  }
  return { pageBytes, rootPage, pages, transaction };
}

/** The bytes written, filled up with zeros to whole pages. */
export function padded(writer: ByteWriter): Uint8Array {
  const page = new Uint8Array(pagesFor(writer.length) * PAGE_BYTES);
  page.set(writer.view());
  return page;
}

export function pagesFor(bytes: number): number {
  return Math.ceil(bytes / PAGE_BYTES);
}

function fnv1a64(bytes: Uint8Array): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return hash;
}
