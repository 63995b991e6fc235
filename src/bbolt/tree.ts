/**
 * One bucket's tree, built from sorted pairs: leaves are written as they fill, and branches above them
 * as those fill, so that no more than a page per level is in memory. The same code without a `write`
 * tells how many pages the tree will take.
 */
import { ByteWriter } from '../lib/binary.ts';
import {
  BUCKET_BYTES,
  ELEMENT_BYTES,
  HEADER_BYTES,
  padded,
  PAGE_BYTES,
  PAGE_KIND,
  pagesFor,
  writeHeader,
} from './format.ts';

/** A smaller bucket stands in its parent's leaf, as bbolt has it. */
const INLINE_BYTES_MAX = PAGE_BYTES / 4;

/** Of a branch, however long its keys are: else levels above would grow no smaller. */
const CHILDREN_MIN = 2;

/** Where pages go: ids ascend in the order of writing. */
export interface PageSink {
  nextPage: number;
  /** Whole pages; undefined while only sizes are wanted. */
  readonly write: ((pages: Uint8Array) => void) | undefined;
}

/** Of a bucket, in the leaf that names it. `value` only if the tree was written. */
export interface BucketValue {
  readonly bytes: number;
  readonly value: () => Uint8Array;
}

interface Branch {
  bytes: number;
  /** How many pages of this level were written. */
  closed: number;
  firstKeyBytes: number;
  readonly pages: number[];
  /** Stays empty while only sizes are wanted. */
  readonly keys: Uint8Array[];
}

export class TreeBuilder {
  readonly #sink: PageSink;
  readonly #branches: Branch[] = [];
  /** The leaf being filled. */
  #leafBytes = HEADER_BYTES;
  #firstKeyBytes = 0;
  #firstKey: Uint8Array | undefined;
  /** Flags, key length, value length of each element in turn. */
  #elements: number[] = [];
  readonly #data = new ByteWriter(PAGE_BYTES);

  constructor(sink: PageSink) {
    this.#sink = sink;
  }

  /** A pair of which only the sizes are known. */
  measure(keyBytes: number, valueBytes: number, flags: number = 0): void {
    const bytes = ELEMENT_BYTES + keyBytes + valueBytes;
    if (this.#elements.length > 0 && this.#leafBytes + bytes > PAGE_BYTES) this.#closeLeaf();
    if (this.#elements.length === 0) this.#firstKeyBytes = keyBytes;
    this.#leafBytes += bytes;
    this.#elements.push(flags, keyBytes, valueBytes);
  }

  /** Keys ascend and are not empty; both are copied. */
  add(key: Uint8Array, value: Uint8Array, flags: number = 0): void {
    this.measure(key.length, value.length, flags);
    if (this.#elements.length === 3) this.#firstKey = key.slice();
    this.#data.raw(key);
    this.#data.raw(value);
  }

  /** Ends the tree of a bucket; returns what stands for it in its parent. */
  finishBucket(): BucketValue {
    const inline = this.#branches.length === 0 && this.#leafBytes <= INLINE_BYTES_MAX;
    if (inline) {
      return { bytes: BUCKET_BYTES + this.#leafBytes, value: () => this.#inlineBucket() };
    }
    const root = this.finish();
    return { bytes: BUCKET_BYTES, value: () => bucketHeader(root).finish() };
  }

  /** Ends the tree; returns its root's page. */
  finish(): number {
    this.#closeLeaf();
    for (let level = 0; ; level++) {
      const branch = this.#branches[level] as Branch;
      const [only] = branch.pages;
      if (branch.closed === 0 && branch.pages.length === 1 && only !== undefined) return only;
      this.#closeBranch(level, branch);
    }
  }

  #closeLeaf(): void {
    const pages = pagesFor(this.#leafBytes);
    const id = this.#allocate(pages);
    this.#sink.write?.(padded(this.#leaf(id, pages)));
    const firstKey = this.#firstKey;
    const keyBytes = this.#firstKeyBytes;
    this.#leafBytes = HEADER_BYTES;
    this.#elements = [];
    this.#data.reset();
    this.#addChild(0, id, keyBytes, firstKey);
  }

  #leaf(id: number, pages: number): ByteWriter {
    const writer = new ByteWriter(this.#leafBytes);
    const elements = this.#elements;
    const count = elements.length / 3;
    writeHeader(writer, { id, kind: PAGE_KIND.leaf, count, pages });
    let position = count * ELEMENT_BYTES;
    for (let at = 0; at < elements.length; at += 3) {
      const keyBytes = elements[at + 1] as number;
      const valueBytes = elements[at + 2] as number;
      writer.u32(elements[at] as number);
      writer.u32(position);
      writer.u32(keyBytes);
      writer.u32(valueBytes);
      position += keyBytes + valueBytes - ELEMENT_BYTES;
    }
    writer.raw(this.#data.view());
    return writer;
  }

  #inlineBucket(): Uint8Array {
    const writer = bucketHeader(0);
    writer.raw(this.#leaf(0, 1).view());
    return writer.finish();
  }

  #addChild(level: number, page: number, keyBytes: number, key: Uint8Array | undefined): void {
    const branch = (this.#branches[level] ??= {
      bytes: HEADER_BYTES,
      closed: 0,
      firstKeyBytes: 0,
      pages: [],
      keys: [],
    });
    const bytes = ELEMENT_BYTES + keyBytes;
    if (branch.pages.length >= CHILDREN_MIN && branch.bytes + bytes > PAGE_BYTES) {
      this.#closeBranch(level, branch);
    }
    if (branch.pages.length === 0) branch.firstKeyBytes = keyBytes;
    branch.bytes += bytes;
    branch.pages.push(page);
    if (key !== undefined) branch.keys.push(key);
  }

  #closeBranch(level: number, branch: Branch): void {
    const pages = pagesFor(branch.bytes);
    const id = this.#allocate(pages);
    this.#sink.write?.(padded(branchPage(branch, id, pages)));
    const [firstKey] = branch.keys;
    const { firstKeyBytes } = branch;
    branch.closed++;
    branch.bytes = HEADER_BYTES;
    branch.pages.length = 0;
    branch.keys.length = 0;
    this.#addChild(level + 1, id, firstKeyBytes, firstKey);
  }

  #allocate(pages: number): number {
    const id = this.#sink.nextPage;
    this.#sink.nextPage += pages;
    return id;
  }
}

function bucketHeader(rootPage: number): ByteWriter {
  const writer = new ByteWriter(BUCKET_BYTES);
  writer.u64(BigInt(rootPage));
  writer.u64(0n);
  return writer;
}

function branchPage(branch: Branch, id: number, pages: number): ByteWriter {
  const writer = new ByteWriter(branch.bytes);
  const { keys } = branch;
  writeHeader(writer, { id, kind: PAGE_KIND.branch, count: keys.length, pages });
  let position = keys.length * ELEMENT_BYTES;
  for (const [at, key] of keys.entries()) {
    writer.u32(position);
    writer.u32(key.length);
    writer.u64(BigInt(branch.pages[at] as number));
    position += key.length - ELEMENT_BYTES;
  }
  for (const key of keys) writer.raw(key);
  return writer;
}
