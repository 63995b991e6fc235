/**
 * The key index below the memtable: leaves found through the directory, read through the cache.
 * Answers for all changes that were merged, at any revision that is not compacted.
 */
import type { RowStore } from '../lib/row-store.ts';
import { CorruptPageError } from './errors.ts';
import type { IndexEntry } from './index-entry.ts';
import { compareKey, indexEntryOf } from './leaf-entry.ts';
import { LeafDirectory } from './leaf-directory.ts';
import { LeafCursor } from './leaf-page.ts';
import type { PageCache } from './page-cache.ts';
import { ROW_KIND, openRow } from './sealed-row.ts';
import type { Key, KeyRange } from './types.ts';

export class KeyIndex {
  readonly table: string;
  readonly directory = new LeafDirectory();
  readonly #rows: RowStore;
  readonly #cache: PageCache;

  constructor(rows: RowStore, table: string, cache: PageCache) {
    this.#rows = rows;
    this.table = table;
    this.#cache = cache;
  }

  load(): void {
    this.directory.load(this.#rows, this.table);
  }

  /** The newest version of `key` at `revision`, tombstones included. */
  lookup(key: Key, revision: number): IndexEntry | undefined {
    const leaf = this.directory.floor(key, revision);
    if (leaf < 0) return undefined;
    const cursor = new LeafCursor(this.page(leaf));
    if (!cursor.seek(key, revision) || compareKey(cursor, key) !== 0) return undefined;
    return indexEntryOf(cursor, key);
  }

  /** The checked bytes of the leaf at `index`. */
  page(index: number): Uint8Array {
    const { id } = this.directory.at(index);
    const cached = this.#cache.get('index', id);
    if (cached !== undefined) return cached;
    const row = this.#rows.get(this.table, id);
    if (row === undefined) {
      throw new CorruptPageError(this.table, id, 'no row', 'the leaf that the directory names');
    }
    openRow(this.table, row, ROW_KIND.leafPage);
    this.#cache.set('index', id, row.data);
    return row.data;
  }

  /** Keys of the range whose newest merged version lives. Reads only the leaves at its two ends. */
  liveCount(range: KeyRange): number {
    const { directory } = this;
    const first = directory.floor(range.start, Infinity);
    if (first < 0) return 0;
    const last =
      range.end === undefined ? directory.length - 1 : directory.floor(range.end, Infinity);
    if (first === last) return this.#liveIn(first, range);
    let count = this.#liveIn(first, range);
    for (let leaf = first + 1; leaf < last; leaf++) count += directory.at(leaf).live;
    return count + this.#liveIn(last, range);
  }

  #liveIn(leaf: number, range: KeyRange): number {
    const cursor = new LeafCursor(this.page(leaf));
    let count = 0;
    let found = cursor.seek(range.start, Infinity);
    while (found && (range.end === undefined || compareKey(cursor, range.end) < 0)) {
      if (!cursor.older && cursor.version > 0) count++;
      found = cursor.next();
    }
    return count;
  }
}

/** Entries walked one by one before a search skips the rest of a key's versions. */
const VERSIONS_WALKED_MAX = 16;

/** Walks the keys of the leaves in order, at one revision: for each key its newest version then. */
export class IndexScan {
  readonly #index: KeyIndex;
  readonly #revision: number;
  readonly cursor: LeafCursor;
  #leaf: number;
  /** False when the scan is past the last key. Otherwise `cursor` stands on a version. */
  valid: boolean;

  constructor(index: KeyIndex, start: Key, revision: number) {
    this.#index = index;
    this.#revision = revision;
    this.#leaf = index.directory.floor(start, Infinity);
    if (this.#leaf < 0) {
      this.cursor = new LeafCursor(EMPTY_LEAF);
      this.valid = false;
      return;
    }
    this.cursor = new LeafCursor(index.page(this.#leaf));
    this.valid = this.cursor.seek(start, Infinity) || this.#nextLeaf();
    this.#settle();
  }

  /** Moves to the next key that has a version at the revision. */
  next(key: Key): void {
    this.#skip(key);
    this.#settle();
  }

  /** Moves past all versions of `key`, at the first of which the cursor stands. */
  #skip(key: Key): void {
    for (let walked = 0; walked < VERSIONS_WALKED_MAX; walked++) {
      this.#advance();
      if (!this.valid || compareKey(this.cursor, key) !== 0) return;
    }
    this.#seek(`${key}\0`, Infinity);
  }

  /** Moves to a version that is not newer than the revision, if the cursor does not stand on one. */
  #settle(): void {
    let walked = 0;
    while (this.valid && this.cursor.modRevision > this.#revision) {
      if (walked++ < VERSIONS_WALKED_MAX) {
        this.#advance();
      } else {
        this.#seek(indexEntryOf(this.cursor).key, this.#revision);
        walked = 0;
      }
    }
  }

  #seek(key: Key, revision: number): void {
    this.#leaf = this.#index.directory.floor(key, revision);
    this.cursor.reset(this.#index.page(this.#leaf));
    this.valid = this.cursor.seek(key, revision) || this.#nextLeaf();
  }

  #advance(): void {
    this.valid = this.cursor.next() || this.#nextLeaf();
  }

  #nextLeaf(): boolean {
    while (++this.#leaf < this.#index.directory.length) {
      this.cursor.reset(this.#index.page(this.#leaf));
      if (this.cursor.next()) return true;
    }
    return false;
  }
}

/** A leaf without entries: no restarts. */
const EMPTY_LEAF = new Uint8Array(4);
