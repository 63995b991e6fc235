/** Which watcher of a stream is saved in which row, and which rows have changed since. */
import { WATCH_ATTACHMENT_BYTES_MAX, WATCH_ROW_BYTES } from '../constants.ts';
import { ByteWriter } from '../lib/binary.ts';
import { savedBytes, writeWatcher } from './registration.ts';
import type { SavedRow } from './types.ts';
import type { Watcher } from './watcher.ts';

/** Room that the stream's head takes in the attachment, at most: two bytes and four varints. */
const HEAD_BYTES_MAX = 2 + 4 * 8;

function inlineBytesMax(): number {
  return WATCH_ATTACHMENT_BYTES_MAX - HEAD_BYTES_MAX;
}

const NO_ROWS: readonly SavedRow[] = [];

interface RowState {
  /** Bytes of its watchers' records, at most. Invariant: 0 exactly when it holds none. */
  bytes: number;
  changed: boolean;
}

export class SavedRows {
  /** Undefined: all watchers fit into the attachment. */
  #rows: RowState[] | undefined;
  /** Rows that are stored although the watchers moved back into the attachment: to be deleted. */
  #obsolete = 0;
  /** Bytes of all records, at most. */
  #bytes = 0;

  get inRows(): boolean {
    return this.#rows !== undefined;
  }

  add(watcher: Watcher): void {
    const bytes = savedBytes(watcher.group);
    this.#bytes += bytes;
    if (this.#rows !== undefined) watcher.row = place(this.#rows, bytes);
  }

  remove(watcher: Watcher): void {
    const bytes = savedBytes(watcher.group);
    this.#bytes -= bytes;
    const row = this.#rows?.[watcher.row];
    if (row === undefined) return;
    row.bytes -= bytes;
    row.changed = true;
  }

  /** What is saved of the watcher has changed. */
  touch(watcher: Watcher): void {
    const row = this.#rows?.[watcher.row];
    if (row !== undefined) row.changed = true;
  }

  /** Takes up a watcher that was read from row `index`. */
  restore(watcher: Watcher, index: number): void {
    const bytes = savedBytes(watcher.group);
    this.#rows ??= [];
    while (this.#rows.length <= index) this.#rows.push({ bytes: 0, changed: false });
    const row = this.#rows[index];
    if (row === undefined) return;
    watcher.row = index;
    row.bytes += bytes;
    this.#bytes += bytes;
  }

  /** Moves the watchers into rows when the attachment gets too small, and back when half of it is enough. */
  settle(watchers: Iterable<Watcher>): void {
    if (this.#rows === undefined && this.#bytes > inlineBytesMax()) {
      this.#rows = [];
      for (const watcher of watchers) watcher.row = place(this.#rows, savedBytes(watcher.group));
    } else if (this.#rows !== undefined && this.#bytes <= inlineBytesMax() / 2) {
      this.#obsolete = this.#rows.length;
      this.#rows = undefined;
    }
  }

  /** The rows that have changed, which count as saved from now on. */
  save(watchers: Iterable<Watcher>): readonly SavedRow[] {
    const rows = this.#rows ?? [];
    if (this.#obsolete === 0 && !rows.some((row) => row.changed)) return NO_ROWS;
    const writers = new Map<number, ByteWriter>();
    for (const watcher of watchers) {
      if (rows[watcher.row]?.changed !== true) continue;
      let writer = writers.get(watcher.row);
      if (writer === undefined)
        writers.set(watcher.row, (writer = new ByteWriter(WATCH_ROW_BYTES)));
      writeWatcher(writer, watcher);
    }
    const saved: SavedRow[] = [];
    rows.forEach((row, index) => {
      if (row.changed) saved.push({ index, bytes: writers.get(index)?.finish() });
      row.changed = false;
    });
    for (let index = rows.length; index < this.#obsolete; index++) {
      saved.push({ index, bytes: undefined });
    }
    this.#obsolete = 0;
    return saved;
  }
}

/** Finds a row with room, the last one if possible, and counts `bytes` into it. */
function place(rows: RowState[], bytes: number): number {
  const fits = (row: RowState): boolean => row.bytes + bytes <= WATCH_ROW_BYTES;
  const last = rows.at(-1);
  let index = rows.length - 1;
  if (last === undefined || !fits(last)) {
    index = rows.findIndex((row) => row.bytes <= WATCH_ROW_BYTES / 2 && fits(row));
    if (index === -1) index = rows.push({ bytes: 0, changed: true }) - 1;
  }
  const row = rows[index];
  if (row !== undefined) {
    row.bytes += bytes;
    row.changed = true;
  }
  return index;
}
