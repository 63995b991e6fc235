/**
 * One complete state of the store: revision log, key index, memtable, and how far each kind of
 * background work has come. A store has one; while a snapshot is received there is a second one,
 * which takes the first one's place when it is installed.
 */
import type { ByteWriter } from '../lib/binary.ts';
import { EMPTY_BYTES } from '../lib/bytes.ts';
import type { Row, RowStore } from '../lib/row-store.ts';
import type { IndexEntry } from './index-entry.ts';
import { KeyIndex } from './key-index.ts';
import { recordsIn } from './log-page.ts';
import { Memtable } from './memtable.ts';
import type { PageCache } from './page-cache.ts';
import { RevisionLog } from './revision-log.ts';
import type { RecordCursor } from './revision-record.ts';
import { ROW_KIND, openRow, sealHead } from './sealed-row.ts';
import type { Settings } from './settings.ts';
import type { Key } from './types.ts';

export const META_TABLE = 'mvcc_meta';
const META_ROW = 0;
/** Names the generation that was put aside, as row 0 does the one that serves. */
const STAGED_ROW = 1;
const TABLE_PREFIX = 'mvcc_';
const GENERATION_TABLE = /^mvcc_(?:log|directory|index)_(\d+)$/;

/** What the meta row holds: how the durable state is to be read. */
export interface Progress {
  /** Newest revision whose changes are rows. */
  flushedRevision: number;
  /** Compaction as of the last flush; only this may have physical effects. */
  flushedCompactRevision: number;
  /** Every change up to here is in the leaves (invariant: <= flushedRevision). */
  mergedRevision: number;
  /**
   * Every version that compaction to this revision killed is counted dead in the log's directory
   * (invariant: <= mergedRevision, <= flushedCompactRevision). Leaves and log pages drop exactly what
   * is dead at this revision, nothing else.
   */
  markedRevision: number;
  /** While versions are being counted dead: the revision it is done for and the next to look at. */
  markTarget: number;
  markNext: number;
  liveBytes: number;
}

export class Generation {
  readonly number: number;
  readonly rows: RowStore;
  readonly settings: Settings;
  readonly cache: PageCache;
  readonly log: RevisionLog;
  readonly index: KeyIndex;
  readonly memtable = new Memtable();
  readonly progress: Progress;
  /** Entries of the memtable that are newer than flushedRevision. */
  unflushedEntries = 0;
  /** Exports and hashes under way: while there are any, compaction leaves all pages alone. */
  pins = 0;
  /** Where in the log mergedRevision ends, in the terms of flushedPosition. */
  mergedPosition = 0;
  #positionAtOpen = 0;
  /** While a snapshot is being received the meta row goes on naming the generation that serves. */
  staged = false;
  metaRowsWritten = 0;

  constructor(
    number: number,
    rows: RowStore,
    settings: Settings,
    cache: PageCache,
    progress: Progress,
  ) {
    this.number = number;
    this.rows = rows;
    this.settings = settings;
    this.cache = cache;
    this.progress = progress;
    const table = (name: string): string => `${TABLE_PREFIX}${name}_${number}`;
    const tables = { log: table('log'), directory: table('directory') };
    this.log = new RevisionLog(rows, tables, cache, settings);
    this.index = new KeyIndex(rows, table('index'), cache);
  }

  /** Reads directories and the end of the log; the rest is read when it is needed. */
  load(): void {
    this.log.load();
    this.index.load();
    this.#replay();
  }

  /** The newest version of `key` at `revision`, tombstones included. */
  lookup(key: Key, revision: number): IndexEntry | undefined {
    let entry = this.memtable.get(key)?.newest;
    while (entry !== undefined && entry.modRevision > revision) entry = entry.older;
    return entry ?? this.index.lookup(key, revision);
  }

  /** Adds the index entry of a record of the log. */
  remember(cursor: RecordCursor): void {
    this.memtable.push({
      key: cursor.key(),
      createRevision: cursor.createRevision,
      modRevision: cursor.modRevision,
      version: cursor.version,
      lease: cursor.lease,
      sub: cursor.sub,
      valueLength: cursor.valueLength,
      older: undefined,
    });
  }

  /** Where the log's flushed end is, in bytes from an arbitrary point. */
  get flushedPosition(): number {
    return this.#positionAtOpen + this.log.appendedBytes - this.log.unflushedBytes;
  }

  /** About the bytes of log that a start would have to read to rebuild the memtable. */
  get replayBytes(): number {
    return this.flushedPosition - this.mergedPosition;
  }

  saveMeta(): void {
    if (this.staged) return;
    this.#saveProgress(META_ROW);
    this.metaRowsWritten++;
  }

  /** Makes this generation the one put aside. */
  saveStaged(): void {
    this.#saveProgress(STAGED_ROW);
  }

  #saveProgress(row: number): void {
    const { progress } = this;
    const head = sealHead(ROW_KIND.meta, row, EMPTY_BYTES, (writer) => {
      writer.varint(this.number);
      writeProgress(writer, progress);
    });
    this.rows.put(META_TABLE, row, head, EMPTY_BYTES);
  }

  /** Puts back into the memtable what was flushed but not yet merged into its leaf. */
  #replay(): void {
    const { log, progress, index } = this;
    const from = progress.mergedRevision + 1;
    for (let page = log.pageOf(from, 0); page < log.pageCount; page++) {
      const { id, data } = log.page(page, false);
      const cursor = recordsIn(id, data);
      this.#positionAtOpen += data.length;
      while (cursor.next()) {
        if (cursor.modRevision < from) continue;
        const leaf = index.directory.floor(cursor.key(), Infinity);
        const merged = leaf < 0 ? 0 : index.directory.at(leaf).mergedRevision;
        if (cursor.modRevision > merged) this.remember(cursor);
      }
    }
  }
}

function writeProgress(writer: ByteWriter, progress: Progress): void {
  writer.varint(progress.flushedRevision);
  // A store that was never compacted stands at -1, and varints begin at 0.
  writer.varint(progress.flushedCompactRevision + 1);
  writer.varint(progress.mergedRevision);
  writer.varint(progress.markedRevision + 1);
  writer.varint(progress.markTarget + 1);
  writer.varint(progress.markNext);
  writer.varint(progress.liveBytes);
}

/** Checks and reads the meta row. Throws CorruptPageError. */
export function readProgress(row: Row): { number: number; progress: Progress } {
  const reader = openRow(META_TABLE, row, ROW_KIND.meta);
  return {
    number: reader.varint(),
    progress: {
      flushedRevision: reader.varint(),
      flushedCompactRevision: reader.varint() - 1,
      mergedRevision: reader.varint(),
      markedRevision: reader.varint() - 1,
      markTarget: reader.varint() - 1,
      markNext: reader.varint(),
      liveBytes: reader.varint(),
    },
  };
}

/** The state of a store that has never been written. */
export function freshProgress(): Progress {
  return {
    flushedRevision: 1,
    flushedCompactRevision: -1,
    mergedRevision: 1,
    markedRevision: -1,
    markTarget: -1,
    markNext: 0,
    liveBytes: 0,
  };
}

/** The generation that the meta row names, or an empty first one. Throws CorruptPageError. */
export function openGeneration(rows: RowStore, settings: Settings, cache: PageCache): Generation {
  const row = rows.get(META_TABLE, META_ROW);
  if (row === undefined) return new Generation(1, rows, settings, cache, freshProgress());
  const { number, progress } = readProgress(row);
  const generation = new Generation(number, rows, settings, cache, progress);
  generation.load();
  return generation;
}

/** The generation put aside, opened, not the one that serves yet. Throws CorruptPageError. */
export function openStaged(
  rows: RowStore,
  settings: Settings,
  cache: PageCache,
  staged: { readonly number: number; readonly progress: Progress },
): Generation {
  const generation = new Generation(staged.number, rows, settings, cache, staged.progress);
  generation.staged = true;
  generation.load();
  return generation;
}

/** The generation put aside: its number and state, not opened. Throws CorruptPageError. */
export function stagedProgress(
  rows: RowStore,
): { readonly number: number; readonly progress: Progress } | undefined {
  const row = rows.get(META_TABLE, STAGED_ROW);
  return row === undefined ? undefined : readProgress(row);
}

export function forgetStaged(rows: RowStore): void {
  rows.delete(META_TABLE, STAGED_ROW);
}

/** Names of all tables that a generation may have. */
export function tablesOf(number: number): string[] {
  return ['log', 'directory', 'index'].map((name) => `${TABLE_PREFIX}${name}_${number}`);
}

/** Tables of generations not `kept`: left by an install, or by an import that did not end. */
export function abandonedTables(
  rows: RowStore,
  kept: ReadonlySet<number>,
): { readonly table: string; readonly number: number }[] {
  const abandoned = [];
  for (const table of rows.tables()) {
    const number = GENERATION_TABLE.exec(table)?.[1];
    if (number === undefined || kept.has(Number(number))) continue;
    abandoned.push({ table, number: Number(number) });
  }
  return abandoned;
}

/** Deletes everything a store ever wrote, so that a corrupt one can be filled from a snapshot. */
export function wipeTables(rows: RowStore): void {
  for (const table of rows.tables()) {
    if (table === META_TABLE || GENERATION_TABLE.test(table)) rows.drop(table);
  }
}
