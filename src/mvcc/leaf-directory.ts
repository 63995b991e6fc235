/**
 * What is known of every leaf of the key index without reading it: where its span of keys begins, how
 * many live keys it holds, up to which revision changes are in it. In memory as parallel arrays in key
 * order; durable in the heads of the leaves' rows.
 *
 * A span begins at its separator, a prefix of the leaf's first key that is greater than every key of
 * the leaf before, and goes on to the next separator. Keys before the first separator belong to the
 * first leaf. The versions of one key may fill several leaves; those after the first are "continued":
 * their separator is the whole key, and they begin just below a known revision of it.
 */
import { LEAF_SEPARATOR_BYTES_MAX } from '../constants.ts';
import { byteString, bytesOf } from '../lib/bytes.ts';
import type { RowHead, RowStore } from '../lib/row-store.ts';
import { keyOf } from './leaf-entry.ts';
import { LeafCursor } from './leaf-page.ts';
import { ROW_KIND, openHead, openRow, sealHead } from './sealed-row.ts';
import { CorruptPageError } from './errors.ts';
import type { Key } from './types.ts';

export interface LeafSummary {
  readonly id: number;
  readonly separator: Key;
  /** 0, or the revision of the version of `separator` just before the first entry. */
  readonly continues: number;
  /** Keys whose newest version in the leaves lives and lies in this leaf. */
  readonly live: number;
  readonly entries: number;
  /** Changes of revisions up to this are in the leaf, later ones in the memtable. */
  readonly mergedRevision: number;
  /** The lowest compaction revision that would free an entry here; 0: none would. */
  readonly trimRevision: number;
  readonly bytes: number;
}

/** Most heads listed at once; a head holds at most a separator and a few numbers. */
const HEADS_LISTED_MAX = 512;

export class LeafDirectory {
  /** Invariant: ascending by (separator, continues descending). */
  readonly #leaves: LeafSummary[] = [];
  #nextId = 1;

  get length(): number {
    return this.#leaves.length;
  }

  at(index: number): LeafSummary {
    return this.#leaves[index] as LeafSummary;
  }

  /** An id that no leaf has had since the store was opened. */
  takeId(): number {
    return this.#nextId++;
  }

  /**
   * Index of the leaf in which `key` has its newest version <= `revision`, or would; -1 if there is
   * no leaf.
   */
  floor(key: Key, revision: number): number {
    const leaves = this.#leaves;
    let low = 0;
    let high = leaves.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const { separator, continues } = leaves[middle] as LeafSummary;
      const begins =
        separator < key || (separator === key && (continues === 0 || revision < continues));
      if (begins) low = middle + 1;
      else high = middle;
    }
    return leaves.length === 0 ? -1 : Math.max(0, low - 1);
  }

  /** Puts `leaves` in the place of those from index `from` to before `to`. */
  replace(from: number, to: number, leaves: readonly LeafSummary[]): void {
    this.#leaves.splice(from, to - from, ...leaves);
  }

  /** Reads the heads of all rows. Throws CorruptPageError. */
  load(rows: RowStore, table: string): void {
    let from = 0;
    for (;;) {
      const heads = rows.heads(table, from, Number.MAX_SAFE_INTEGER, HEADS_LISTED_MAX);
      for (const head of heads) {
        this.#leaves.push(readLeafHead(rows, table, head));
        from = head.id + 1;
      }
      if (heads.length === 0) break;
    }
    this.#nextId = Math.max(1, from);
    this.#leaves.sort(
      (left, right) =>
        (left.separator < right.separator ? -1 : left.separator > right.separator ? 1 : 0) ||
        // A leaf that is not continued begins before all revisions of its key.
        (right.continues || Infinity) - (left.continues || Infinity) ||
        left.id - right.id,
    );
  }
}

export function sealLeaf(leaf: LeafSummary, data: Uint8Array): Uint8Array {
  return sealHead(ROW_KIND.leafPage, leaf.id, data, (writer) => {
    const { separator } = leaf;
    writer.varint(leaf.continues);
    writer.varint(leaf.live);
    writer.varint(leaf.entries);
    writer.varint(leaf.mergedRevision);
    writer.varint(leaf.trimRevision);
    writer.varint(leaf.bytes);
    writer.varint(separator.length);
    if (separator.length <= LEAF_SEPARATOR_BYTES_MAX) writer.raw(bytesOf(separator));
  });
}

/** Checks a leaf's head. Throws CorruptPageError. */
export function readLeafHead(rows: RowStore, table: string, head: RowHead): LeafSummary {
  const reader = openHead(table, head, ROW_KIND.leafPage);
  const continues = reader.varint();
  const live = reader.varint();
  const entries = reader.varint();
  const mergedRevision = reader.varint();
  const trimRevision = reader.varint();
  const bytes = reader.varint();
  const length = reader.varint();
  const separator =
    length <= LEAF_SEPARATOR_BYTES_MAX
      ? byteString(reader.raw(length))
      : longSeparator(rows, table, head.id, length);
  return { id: head.id, separator, continues, live, entries, mergedRevision, trimRevision, bytes };
}

/** A separator is a prefix of the leaf's first key, so a long one need not stand in the head too. */
function longSeparator(rows: RowStore, table: string, id: number, length: number): Key {
  const row = rows.get(table, id);
  if (row === undefined) throw new CorruptPageError(table, id, 'no row', 'the row just listed');
  openRow(table, row, ROW_KIND.leafPage);
  const cursor = new LeafCursor(row.data);
  cursor.next();
  return keyOf(cursor).slice(0, length);
}
