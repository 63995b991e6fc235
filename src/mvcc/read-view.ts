/** Answers reads from memtable, leaves and log together, at any revision that is not compacted. */
import { EMPTY_BYTES } from '../lib/bytes.ts';
import type { Generation } from './generation.ts';
import type { IndexEntry } from './index-entry.ts';
import { isLive, livedBefore } from './index-entry.ts';
import { IndexScan } from './key-index.ts';
import { compareKey, indexEntryOf } from './leaf-entry.ts';
import { recordsIn } from './log-page.ts';
import type { MemEntry, MemNode } from './memtable.ts';
import type { Superseded } from './revision-record.ts';
import type { Key, KeyRange, KeyValue, RangeOptions, RangeResult } from './types.ts';

/** A write of the open transaction: its index entry is in the memtable, its value only here. */
export interface PendingWrite {
  readonly entry: MemEntry;
  readonly value: Uint8Array;
  readonly previous: Superseded | undefined;
}

/** Memtable nodes that cost about as much to walk as a leaf. */
const NODES_PER_LEAF = 400;

/**
 * The state at a revision. `writes` are those of the open transaction, which belong to the revision
 * after the newest committed one; a view of an older revision does not see them.
 */
export class StateAt {
  readonly #generation: Generation;
  readonly #revision: number;
  readonly #committed: number;
  readonly #writes: readonly PendingWrite[];

  constructor(
    generation: Generation,
    revision: number,
    committed: number,
    writes: readonly PendingWrite[],
  ) {
    this.#generation = generation;
    this.#revision = revision;
    this.#committed = committed;
    this.#writes = writes;
  }

  get(key: Key): KeyValue | undefined {
    const entry = this.#generation.lookup(key, this.#revision);
    if (entry === undefined || !isLive(entry)) return undefined;
    return pairOf(entry, this.#valueOf(entry));
  }

  range(range: KeyRange, options: RangeOptions): RangeResult {
    const wantsCount = options.skipCount !== true;
    if (options.countOnly) return { kvs: [], count: wantsCount ? this.count(range) : 0 };
    // One more than wanted tells whether the count must be found in another way.
    const most = options.limit > 0 ? options.limit : Infinity;
    const entries = this.liveEntries(range, most + 1);
    const complete = entries.length <= most;
    if (!complete) entries.pop();
    const kvs = options.keysOnly
      ? entries.map((entry) => pairOf(entry, EMPTY_BYTES))
      : this.#pairs(entries);
    if (!wantsCount) return { kvs, count: 0 };
    return { kvs, count: complete ? entries.length : this.count(range) };
  }

  /** The living keys of the range, in order, at most `most`. */
  liveEntries(range: KeyRange, most: number = Infinity): IndexEntry[] {
    const entries: IndexEntry[] = [];
    this.#walk(range, (entry) => entries.push(entry) < most);
    return entries;
  }

  /** How many keys of the range live, without walking them where sums are kept. */
  count(range: KeyRange): number {
    const { index, memtable } = this.#generation;
    if (range.end !== undefined && range.end <= range.start) return 0;
    if (this.#cheaperToWalk(range)) {
      let count = 0;
      this.#walk(range, () => ++count > 0);
      return count;
    }
    return index.liveCount(range) + memtable.delta(range) - this.#changeSince(range);
  }

  /** Whether walking the range costs less than reading the changes made since the revision. */
  #cheaperToWalk(range: KeyRange): boolean {
    if (this.#revision >= this.#committed) return false;
    const { index, log, memtable } = this.#generation;
    const pages = log.pageCount - log.pageOf(this.#revision + 1, 0);
    const first = index.directory.floor(range.start, Infinity);
    const last =
      range.end === undefined
        ? index.directory.length - 1
        : index.directory.floor(range.end, Infinity);
    return last - first + 1 + memtable.entries / NODES_PER_LEAF < pages;
  }

  /** Keys of the range that live in the newest state, minus those that lived at the revision. */
  #changeSince(range: KeyRange): number {
    const keys = new Map<Key, { readonly before: boolean; after: boolean }>();
    const note = (key: Key, version: number): void => {
      if (key < range.start || (range.end !== undefined && key >= range.end)) return;
      const known = keys.get(key);
      if (known === undefined)
        keys.set(key, { before: livedBefore({ version }), after: version > 0 });
      else known.after = version > 0;
    };
    if (this.#revision < this.#committed) this.#eachChangeSince(note);
    if (this.#revision <= this.#committed) {
      for (const { entry } of this.#writes) note(entry.key, entry.version);
    }
    let change = 0;
    for (const { before, after } of keys.values()) change += Number(after) - Number(before);
    return change;
  }

  #eachChangeSince(note: (key: Key, version: number) => void): void {
    const { log } = this.#generation;
    const from = this.#revision + 1;
    for (let index = log.pageOf(from, 0); index < log.pageCount; index++) {
      const { id, data } = log.page(index);
      const cursor = recordsIn(id, data);
      while (cursor.next()) {
        if (cursor.modRevision >= from) note(cursor.key(), cursor.version);
      }
    }
  }

  /** Visits the living keys of the range in order until `visit` returns false. */
  #walk(range: KeyRange, visit: (entry: IndexEntry) => boolean): void {
    const { start, end } = range;
    if (end !== undefined && end <= start) return;
    if (isSingleKey(range)) {
      const entry = this.#generation.lookup(start, this.#revision);
      if (entry !== undefined && isLive(entry)) visit(entry);
      return;
    }
    const scan = new IndexScan(this.#generation.index, start, this.#revision);
    const nodes = this.#generation.memtable.from(start);
    let node = nextBefore(nodes, end);
    for (;;) {
      if (scan.valid && end !== undefined && compareKey(scan.cursor, end) >= 0) scan.valid = false;
      if (node === undefined && !scan.valid) return;
      const order = node === undefined ? -1 : scan.valid ? compareKey(scan.cursor, node.key) : 1;
      let entry: IndexEntry | undefined;
      if (node !== undefined && order >= 0) {
        entry = versionAt(node, this.#revision);
        if (entry !== undefined && order === 0) scan.next(node.key);
        node = nextBefore(nodes, end);
      } else {
        entry = indexEntryOf(scan.cursor);
        scan.next(entry.key);
      }
      if (entry !== undefined && isLive(entry) && !visit(entry)) return;
    }
  }

  #pairs(entries: readonly IndexEntry[]): KeyValue[] {
    const committed = entries.filter((entry) => entry.modRevision <= this.#committed);
    const values = this.#generation.log.values(committed);
    let next = 0;
    return entries.map((entry) => {
      const own = entry.modRevision > this.#committed;
      return pairOf(entry, own ? this.#valueOf(entry) : (values[next++] ?? EMPTY_BYTES));
    });
  }

  #valueOf(entry: IndexEntry): Uint8Array {
    const { modRevision, sub } = entry;
    if (modRevision > this.#committed) return this.#writes[sub]?.value ?? EMPTY_BYTES;
    return this.#generation.log.value(modRevision, sub);
  }
}

/** Whether the range is [key, key + '\0'). */
export function isSingleKey({ start, end }: KeyRange): boolean {
  return end?.length === start.length + 1 && end.endsWith('\0') && end.startsWith(start);
}

function versionAt(node: MemNode, revision: number): MemEntry | undefined {
  let entry: MemEntry | undefined = node.newest;
  while (entry !== undefined && entry.modRevision > revision) entry = entry.older;
  return entry;
}

function nextBefore(
  nodes: Iterator<MemNode, undefined>,
  end: Key | undefined,
): MemNode | undefined {
  const node = nodes.next().value;
  return node === undefined || (end !== undefined && node.key >= end) ? undefined : node;
}

function pairOf(entry: IndexEntry, value: Uint8Array): KeyValue {
  const { key, createRevision, modRevision, version, lease } = entry;
  return { key, createRevision, modRevision, version, lease, value };
}
