/**
 * A whole file, front to back in one pass with a page or two per level of a tree in memory. The metas
 * stand in front and name the root and the number of pages, so a run over the sizes of all pairs comes
 * first: `new FileBuilder()`, every bucket and pair by `measure`, `finish()`; then the same again with
 * what it returned, by `add`. Buckets come sorted by name, and the pairs of each by key.
 *
 * Pages: 0 and 1 metas, 2 an empty freelist, then trees as they are finished, the root bucket last.
 */
import { assert } from '../lib/assert.ts';
import { ByteWriter } from '../lib/binary.ts';
import { bytesOf } from '../lib/bytes.ts';
import { encodeMetaPage, IS_BUCKET, padded, PAGE_BYTES, PAGE_KIND, writeHeader } from './format.ts';
import { type PageSink, TreeBuilder } from './tree.ts';

const FREELIST_PAGE = 2;
const FIRST_TREE_PAGE = 3;
/** Any two that follow each other: one meta page each. */
const TRANSACTIONS = [2n, 1n] as const;

export interface FileSizes {
  readonly pages: number;
  readonly rootPage: number;
}

export function fileBytes(sizes: FileSizes): number {
  return sizes.pages * PAGE_BYTES;
}

export class FileBuilder {
  readonly #sink: PageSink;
  readonly #sizes: FileSizes | undefined;
  readonly #root: TreeBuilder;
  #bucket: { readonly name: Uint8Array; readonly tree: TreeBuilder } | undefined;

  /** `write` takes whole pages, in order; without it only sizes are found. */
  constructor(target?: { readonly sizes: FileSizes; readonly write: (pages: Uint8Array) => void }) {
    this.#sizes = target?.sizes;
    this.#sink = { nextPage: FIRST_TREE_PAGE, write: target?.write };
    this.#root = new TreeBuilder(this.#sink);
    if (target !== undefined) writeFront(target.sizes, target.write);
  }

  begin(name: string): void {
    assert(this.#bucket === undefined, `begin bucket ${name}: another is open`);
    this.#bucket = { name: bytesOf(name), tree: new TreeBuilder(this.#sink) };
  }

  measure(keyBytes: number, valueBytes: number): void {
    this.#tree.measure(keyBytes, valueBytes);
  }

  add(key: Uint8Array, value: Uint8Array): void {
    this.#tree.add(key, value);
  }

  end(): void {
    const bucket = this.#bucket;
    assert(bucket !== undefined, 'end a bucket: none is open');
    this.#bucket = undefined;
    const ended = bucket.tree.finishBucket();
    if (this.#sizes === undefined) {
      this.#root.measure(bucket.name.length, ended.bytes, IS_BUCKET);
      return;
    }
    this.#root.add(bucket.name, ended.value(), IS_BUCKET);
  }

  finish(): FileSizes {
    const rootPage = this.#root.finish();
    const sizes = { rootPage, pages: this.#sink.nextPage };
    const planned = this.#sizes ?? sizes;
    assert(
      planned.pages === sizes.pages && planned.rootPage === rootPage,
      `finish a file: ${sizes.pages} pages, ${planned.pages} were planned`,
    );
    return sizes;
  }

  get #tree(): TreeBuilder {
    assert(this.#bucket !== undefined, 'add a pair: no bucket is open');
    return this.#bucket.tree;
  }
}

function writeFront(sizes: FileSizes, write: (pages: Uint8Array) => void): void {
  for (const transaction of TRANSACTIONS) {
    write(
      encodeMetaPage({ ...sizes, pageBytes: PAGE_BYTES, freelistPage: FREELIST_PAGE, transaction }),
    );
  }
  const freelist = new ByteWriter();
  writeHeader(freelist, { id: FREELIST_PAGE, kind: PAGE_KIND.freelist, count: 0, pages: 1 });
  write(padded(freelist));
}
