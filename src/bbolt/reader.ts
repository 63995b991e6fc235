/**
 * Reads a bbolt file that anyone may have made: every id, count, position and length is checked against
 * what holds it. A tree in which pages lead back to themselves ends at its depth limit or at a key that
 * does not follow the one before; no work is done that is not bounded by the file's size.
 */
import { ByteReader } from '../lib/binary.ts';
import { byteString, compareBytes } from '../lib/bytes.ts';
import {
  BboltError,
  BUCKET_BYTES,
  decodeMeta,
  ELEMENT_BYTES,
  HEADER_BYTES,
  IS_BUCKET,
  type Meta,
  META_BYTES,
  PAGE_KIND,
} from './format.ts';

const PAGE_BYTES_MIN = 1024;
const PAGE_BYTES_MAX = 64 * 1024;
/** A branch has two children or more, but for the last of a level: 2^64 keys are less than this deep. */
const DEPTH_MAX = 64;
/** Of one page with all that belong to it: bbolt's longest value is 2 GiB, no etcd writes more than this. */
const SPAN_BYTES_MAX = 512 * 1024 * 1024;

export interface FileSource {
  readonly sizeBytes: number;
  /** Fewer bytes only at the end of the file. */
  read(offset: number, bytes: number): Uint8Array;
}

export interface Entry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

interface Page {
  readonly id: number;
  readonly kind: number;
  readonly count: number;
  /** From its header to its end. */
  readonly bytes: Uint8Array;
}

interface LeafElement extends Entry {
  readonly isBucket: boolean;
}

export class BboltFile {
  readonly meta: Meta;
  readonly #source: FileSource;
  /** Values of the root bucket: each bucket's header, with its leaf if it stands in there. */
  readonly #buckets = new Map<string, Uint8Array>();

  private constructor(source: FileSource, meta: Meta) {
    this.#source = source;
    this.meta = meta;
    for (const element of this.#walk(this.#page(meta.rootPage), 'the root bucket')) {
      if (element.isBucket) this.#buckets.set(byteString(element.key), element.value.slice());
    }
  }

  /** @throws BboltError */
  static open(source: FileSource): BboltFile {
    const meta = newestMeta(source);
    const { pageBytes, pages } = meta;
    if (pages * pageBytes > source.sizeBytes) {
      throw new BboltError(
        `open the file: it has ${source.sizeBytes} bytes, its ${pages} pages of ${pageBytes} take ${pages * pageBytes}: it was cut short`,
      );
    }
    return new BboltFile(source, meta);
  }

  /** Names in order. */
  get buckets(): readonly string[] {
    return [...this.#buckets.keys()];
  }

  /** The pairs of a bucket in order of their keys; none if there is no such bucket. @throws BboltError */
  *entries(bucket: string): Generator<Entry, void, undefined> {
    const value = this.#buckets.get(bucket);
    if (value === undefined) return;
    for (const element of this.#walk(this.#rootOf(bucket, value), bucket)) {
      if (!element.isBucket) yield element;
      else throw new BboltError(`read bucket ${bucket}: it holds another, etcd has none such`);
    }
  }

  #rootOf(bucket: string, value: Uint8Array): Page {
    if (value.length < BUCKET_BYTES) {
      throw new BboltError(`read bucket ${bucket}: its header has ${value.length} bytes`);
    }
    const root = Number(new ByteReader(value).u64());
    return root === 0 ? pageIn(value.subarray(BUCKET_BYTES), 0) : this.#page(root);
  }

  #walk(root: Page, what: string): Generator<LeafElement, void, undefined> {
    return this.#walkPage(root, { what, last: undefined }, 0);
  }

  *#walkPage(
    page: Page,
    walk: { readonly what: string; last: Uint8Array | undefined },
    depth: number,
  ): Generator<LeafElement, void, undefined> {
    const { what } = walk;
    if (depth > DEPTH_MAX) {
      throw new BboltError(
        `read ${what}: page ${page.id} is ${depth} levels deep: pages form a cycle`,
      );
    }
    if (page.kind === PAGE_KIND.leaf) {
      for (let index = 0; index < page.count; index++) {
        const element = leafElement(page, index);
        if (walk.last !== undefined && compareBytes(walk.last, element.key) >= 0) {
          throw new BboltError(
            `read ${what}: element ${index} of page ${page.id} does not follow the one before it`,
          );
        }
        walk.last = element.key;
        yield element;
      }
      if (page.count === 0 && depth > 0) {
        throw new BboltError(`read ${what}: page ${page.id}, a leaf, is empty`);
      }
      return;
    }
    if (page.kind !== PAGE_KIND.branch || page.count === 0) {
      throw new BboltError(
        `read ${what}: page ${page.id} of kind ${page.kind} with ${page.count} elements is no part of a tree`,
      );
    }
    for (let index = 0; index < page.count; index++) {
      yield* this.#walkPage(this.#page(childOf(page, index)), walk, depth + 1);
    }
  }

  #page(id: number): Page {
    const { pageBytes, pages } = this.meta;
    if (!Number.isSafeInteger(id) || id < 2 || id >= pages) {
      throw new BboltError(`read page ${id}: the file's pages are 2 to ${pages - 1}`);
    }
    const first = this.#read(id, pageBytes);
    const more = new ByteReader(first, HEADER_BYTES - 4).u32();
    if (id + more >= pages || (more + 1) * pageBytes > SPAN_BYTES_MAX) {
      throw new BboltError(
        `read page ${id}: it claims ${more} pages more, the file has ${pages} in all`,
      );
    }
    return pageIn(more === 0 ? first : this.#read(id, (more + 1) * pageBytes), id);
  }

  #read(id: number, bytes: number): Uint8Array {
    const found = this.#source.read(id * this.meta.pageBytes, bytes);
    if (found.length === bytes) return found;
    throw new BboltError(
      `read page ${id}: ${found.length} of ${bytes} bytes: the file was cut short`,
    );
  }
}

/** @throws BboltError with the first meta's fault, when neither can be read */
function newestMeta(source: FileSource): Meta {
  let fault: unknown;
  let newest: Meta | undefined;
  for (const offset of metaOffsets(source)) {
    try {
      const meta = decodeMeta(source.read(offset + HEADER_BYTES, META_BYTES));
      const { pageBytes, pages } = meta;
      const powerOfTwo = (pageBytes & (pageBytes - 1)) === 0;
      if (!powerOfTwo || pageBytes < PAGE_BYTES_MIN || pageBytes > PAGE_BYTES_MAX) {
        throw new BboltError(
          `read a meta page: pages of ${pageBytes} bytes are not of this format`,
        );
      }
      if (!Number.isSafeInteger(pages * pageBytes)) {
        throw new BboltError(`read a meta page: it claims ${pages} pages`);
      }
      if (offset !== 0 && offset !== pageBytes) continue;
      if (newest === undefined || meta.transaction > newest.transaction) newest = meta;
    } catch (error) {
      if (!(error instanceof BboltError)) throw error;
      fault ??= error;
    }
  }
  if (newest === undefined) throw fault;
  return newest;
}

/** The first meta, and wherever the second may be: if the first is damaged, nobody tells the page size. */
function metaOffsets(source: FileSource): number[] {
  const offsets = [0];
  for (let bytes = PAGE_BYTES_MIN; bytes <= PAGE_BYTES_MAX; bytes *= 2) {
    if (bytes + HEADER_BYTES + META_BYTES <= source.sizeBytes) offsets.push(bytes);
  }
  return offsets;
}

/** `id` 0: a leaf within its bucket's header. */
function pageIn(bytes: Uint8Array, id: number): Page {
  if (bytes.length < HEADER_BYTES) {
    throw new BboltError(`read page ${id}: ${bytes.length} bytes are less than a header`);
  }
  const reader = new ByteReader(bytes);
  const named = reader.u64();
  if (named !== BigInt(id)) {
    throw new BboltError(`read page ${id}: it says that it is page ${named}`);
  }
  const kindAndCount = reader.u32();
  const kind = kindAndCount % 0x1_0000;
  const count = Math.floor(kindAndCount / 0x1_0000);
  if (HEADER_BYTES + count * ELEMENT_BYTES > bytes.length) {
    throw new BboltError(`read page ${id}: ${count} elements do not fit its ${bytes.length} bytes`);
  }
  return { id, kind, count, bytes };
}

function leafElement(page: Page, index: number): LeafElement {
  const at = HEADER_BYTES + index * ELEMENT_BYTES;
  const reader = new ByteReader(page.bytes, at);
  const flags = reader.u32();
  const start = at + reader.u32();
  const keyEnd = start + reader.u32();
  const end = keyEnd + reader.u32();
  checkSpan(page, index, { start, keyEnd, end });
  return {
    isBucket: (flags & IS_BUCKET) !== 0,
    key: page.bytes.subarray(start, keyEnd),
    value: page.bytes.subarray(keyEnd, end),
  };
}

/** The page that a branch's element leads to. */
function childOf(page: Page, index: number): number {
  const at = HEADER_BYTES + index * ELEMENT_BYTES;
  const reader = new ByteReader(page.bytes, at);
  const start = at + reader.u32();
  const keyEnd = start + reader.u32();
  checkSpan(page, index, { start, keyEnd, end: keyEnd });
  return Number(reader.u64());
}

function checkSpan(
  page: Page,
  index: number,
  span: { readonly start: number; readonly keyEnd: number; readonly end: number },
): void {
  const dataStart = HEADER_BYTES + page.count * ELEMENT_BYTES;
  if (span.start >= dataStart && span.keyEnd > span.start && span.end <= page.bytes.length) return;
  throw new BboltError(
    `read page ${page.id}: element ${index} lies at ${span.start} to ${span.end}, ` +
      `the page's data at ${dataStart} to ${page.bytes.length}`,
  );
}
