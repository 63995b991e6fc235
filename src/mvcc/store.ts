/**
 * The multi-version store of one member. A put goes: StoreTxn (memtable) -> commit (revision log's
 * page in memory) -> flush (log rows, meta row) -> merge (leaves of the key index). docs/internals/mvcc.md
 * tells why it is built so.
 */
import { PAIR_OVERHEAD_BYTES } from '../constants.ts';
import { assert } from '../lib/assert.ts';
import type { RowStore } from '../lib/row-store.ts';
import { Compactor } from './compaction.ts';
import { CorruptPageError } from './errors.ts';
import { Discarder } from './discard.ts';
import type { Generation } from './generation.ts';
import { forgetStaged, openGeneration, openStaged, stagedProgress } from './generation.ts';
import { HashJob } from './hash.ts';
import { changesFrom } from './history.ts';
import { isLive, metaOf } from './index-entry.ts';
import { Merger } from './merge.ts';
import { PageCache } from './page-cache.ts';
import { LogExport } from './page-export.ts';
import { LogImport } from './page-import.ts';
import type { PendingWrite } from './read-view.ts';
import { StateAt } from './read-view.ts';
import type { Settings } from './settings.ts';
import { DEFAULT_SETTINGS } from './settings.ts';
import type {
  Change,
  HashResult,
  Key,
  KeyMeta,
  KeyRange,
  KeyValue,
  Mvcc,
  PageExport,
  PageImport,
  RangeOptions,
  RangeResult,
  StagedState,
  WriteTxn,
} from './types.ts';
import { CompactedError, FutureRevisionError } from './types.ts';
import { StoreTxn } from './write-txn.ts';
import type { TxnHost } from './write-txn.ts';

export { CorruptPageError, UnknownFormatError } from './errors.ts';
export { SnapshotError } from './snapshot-page.ts';
export { wipeTables as wipeMvcc } from './generation.ts';
export type { HashJob } from './hash.ts';

/** From here on `flush` merges too: memtable and replay stay below this many times their bounds. */
const MERGE_PRESSURE_MAX = 3;

const EVERYTHING: KeyRange = { start: '', end: undefined };

/** Figures for operators, tests and benchmarks. Sizes in bytes. */
export interface MvccStats {
  readonly generation: number;
  readonly logPages: number;
  readonly logBytes: number;
  /** Part of logBytes that compaction has found dead and not yet freed. */
  readonly logDeadBytes: number;
  readonly leaves: number;
  readonly memtableEntries: number;
  /** Log that a start now would read again. */
  readonly replayBytes: number;
  readonly cacheBytes: number;
  readonly cacheHits: number;
  readonly cacheMisses: number;
  readonly logRowsWritten: number;
  readonly leavesWritten: number;
  readonly metaRowsWritten: number;
  readonly pagesDeleted: number;
  readonly pagesRewritten: number;
}

export interface MvccStore extends Mvcc {
  readonly stats: MvccStats;
  /** A compaction is not cleaned up yet. */
  readonly compacting: boolean;
  /** `hash` in steps, for stores so large that one call would hold up everything else. */
  hashInSteps(revision: number): HashJob;
}

/**
 * Opens what is in `rows`, or an empty store. Throws CorruptPageError if a row it reads is damaged;
 * then `wipeMvcc` and a snapshot from a peer make the member whole again.
 */
export function openMvcc(rows: RowStore, settings: Partial<Settings> = {}): MvccStore {
  return new Store(rows, { ...DEFAULT_SETTINGS, ...settings });
}

class Store implements MvccStore, TxnHost {
  readonly #rows: RowStore;
  readonly #settings: Settings;
  readonly #discarder: Discarder;
  generation: Generation;
  #merger: Merger;
  #compactor: Compactor;
  revision: number;
  compactRevision: number;
  liveBytes: number;
  #txn: StoreTxn | undefined;
  /** Number and state of the generation put aside. */
  #staged: ReturnType<typeof stagedProgress>;
  /** Served until the one put aside was installed; its rows stay until that is durable. */
  #replaced: Generation | undefined;
  /** Set when writing rows failed: memory and rows may differ, so the store must be opened anew. */
  #broken: unknown;

  constructor(rows: RowStore, settings: Settings) {
    this.#rows = rows;
    this.#settings = settings;
    const cache = new PageCache(settings.cacheBytes);
    this.generation = openGeneration(rows, settings, cache);
    this.#merger = new Merger(this.generation);
    this.#compactor = new Compactor(this.generation, this.#merger);
    this.revision = this.generation.progress.flushedRevision;
    this.compactRevision = this.generation.progress.flushedCompactRevision;
    this.liveBytes = this.generation.progress.liveBytes;
    this.#staged = stagedProgress(rows);
    const kept = new Set([this.generation.number]);
    if (this.#staged !== undefined) kept.add(this.#staged.number);
    this.#discarder = new Discarder(rows, settings, kept);
  }

  begin(): WriteTxn {
    this.#check();
    assert(this.#txn === undefined, 'begin: another transaction is open');
    this.#txn = new StoreTxn(this);
    return this.#txn;
  }

  commitWrites(writes: readonly PendingWrite[]): void {
    const { log } = this.generation;
    for (const { entry, value, previous } of writes) {
      log.append({ ...entry, value, previous });
      const overhead = PAIR_OVERHEAD_BYTES + entry.key.length;
      if (previous !== undefined) this.liveBytes -= overhead + previous.valueLength;
      if (isLive(entry)) this.liveBytes += overhead + value.length;
    }
    this.generation.unflushedEntries += writes.length;
    this.revision++;
  }

  endTransaction(): void {
    this.#txn = undefined;
  }

  meta(key: Key): KeyMeta | undefined {
    return metaOf(this.generation.lookup(key, this.revision));
  }

  get(key: Key): KeyValue | undefined {
    return this.#stateAt(this.revision).get(key);
  }

  getAt(key: Key, revision: number): KeyValue | undefined {
    if (revision < this.compactRevision || revision > this.revision) return undefined;
    return this.#stateAt(revision).get(key);
  }

  range(range: KeyRange, options: RangeOptions): RangeResult {
    const { revision } = options;
    if (revision > this.revision) {
      throw new FutureRevisionError(`range at ${revision}: the newest is ${this.revision}`);
    }
    if (revision > 0 && revision < this.compactRevision) {
      throw new CompactedError(`range at ${revision}: compacted at ${this.compactRevision}`);
    }
    return this.#stateAt(revision <= 0 ? this.revision : revision).range(range, options);
  }

  compact(revision: number): void {
    if (revision <= this.compactRevision) {
      throw new CompactedError(`compact to ${revision}: already at ${this.compactRevision}`);
    }
    if (revision > this.revision) {
      throw new FutureRevisionError(`compact to ${revision}: the newest is ${this.revision}`);
    }
    this.compactRevision = revision;
  }

  get compacting(): boolean {
    const { flushedCompactRevision } = this.generation.progress;
    return flushedCompactRevision !== this.compactRevision || this.#compactor.due;
  }

  get hasWork(): boolean {
    const compacting = this.generation.pins === 0 && this.#compactor.due;
    return this.#merger.due || compacting || this.#discarder.due;
  }

  work(): void {
    this.#check();
    this.#writing(() => {
      if (this.#merger.due) this.#merger.slice();
      else if (this.generation.pins === 0 && this.#compactor.due) this.#compactor.slice();
      else this.#discarder.slice();
    });
  }

  changes(
    from: number,
    bytesMax: number,
  ): { readonly changes: readonly Change[]; readonly next: number } {
    if (from < this.compactRevision) {
      throw new CompactedError(`changes from ${from}: compacted at ${this.compactRevision}`);
    }
    return changesFrom(this.generation.log, from, bytesMax, this.revision);
  }

  hash(revision: number): HashResult {
    const job = this.hashInSteps(revision);
    try {
      for (;;) {
        const result = job.step();
        if (result !== undefined) return result;
      }
    } finally {
      job.close();
    }
  }

  hashInSteps(revision: number): HashJob {
    const at = revision === 0 ? this.revision : revision;
    if (at < this.compactRevision) {
      throw new CompactedError(`hash at ${at}: compacted at ${this.compactRevision}`);
    }
    if (at > this.revision) {
      throw new FutureRevisionError(`hash at ${at}: the newest is ${this.revision}`);
    }
    const pairs = this.#stateAt(at).count(EVERYTHING);
    return new HashJob(this.generation, at, this.compactRevision, pairs);
  }

  get unflushedBytes(): number {
    return this.generation.log.unflushedBytes;
  }

  flush(): void {
    this.#check();
    const { generation } = this;
    const { progress, log } = generation;
    const compacted = progress.flushedCompactRevision !== this.compactRevision;
    const installed = this.#replaced !== undefined;
    if (progress.flushedRevision === this.revision && !compacted && !installed) return;
    this.#writing(() => {
      progress.flushedRevision = this.revision;
      progress.flushedCompactRevision = this.compactRevision;
      progress.liveBytes = this.liveBytes;
      generation.unflushedEntries = 0;
      this.#rows.atomically(() => {
        log.flush();
        if (installed) {
          generation.staged = false;
          forgetStaged(this.#rows);
        }
        generation.saveMeta();
      });
      if (this.#replaced !== undefined) this.#discarder.add(this.#replaced);
      this.#replaced = undefined;
      // Whoever flushes without working enough must not fill the memory.
      while (this.#merger.pressure > MERGE_PRESSURE_MAX && this.#merger.due) this.#merger.slice();
    });
  }

  exportPages(): PageExport {
    this.#check();
    const { generation } = this;
    const liveKeys = this.#stateAt(generation.progress.flushedRevision).count(EVERYTHING);
    return new LogExport(generation, liveKeys);
  }

  importPages(): PageImport {
    this.#check();
    const number = this.#discarder.reserve();
    return new LogImport(
      {
        install: (generation) => {
          this.#discarder.add(this.generation);
          this.#install(generation);
        },
        stage: (generation) => this.#stage(generation),
        discard: (generation) => this.#discarder.add(generation),
      },
      this.#rows,
      this.#settings,
      number,
    );
  }

  get staged(): StagedState | undefined {
    if (this.#staged === undefined) return undefined;
    const { flushedRevision, flushedCompactRevision } = this.#staged.progress;
    return { revision: flushedRevision, compactRevision: flushedCompactRevision };
  }

  installStaged(): void {
    this.#check();
    const staged = this.#staged;
    assert(staged !== undefined, 'install the state put aside: there is none');
    const cache = new PageCache(this.#settings.cacheBytes);
    const generation = openStaged(this.#rows, this.#settings, cache, staged);
    this.#staged = undefined;
    this.#replaced = this.generation;
    this.#install(generation);
  }

  dropStaged(): void {
    if (this.#staged === undefined) return;
    forgetStaged(this.#rows);
    this.#discarder.addNumber(this.#staged.number);
    this.#staged = undefined;
  }

  get stats(): MvccStats {
    const { log, index, memtable, cache, number, metaRowsWritten } = this.generation;
    return {
      generation: number,
      logPages: log.pageCount,
      logBytes: log.directory.totalBytes,
      logDeadBytes: log.directory.totalDeadBytes,
      leaves: index.directory.length,
      memtableEntries: memtable.entries,
      replayBytes: this.generation.replayBytes,
      cacheBytes: cache.bytes,
      cacheHits: cache.hits,
      cacheMisses: cache.misses,
      logRowsWritten: log.rowsWritten,
      leavesWritten: this.#merger.leavesWritten,
      metaRowsWritten,
      pagesDeleted: this.#compactor.pagesDeleted,
      pagesRewritten: this.#compactor.pagesRewritten,
    };
  }

  #stage(generation: Generation): void {
    this.#rows.atomically(() => {
      this.dropStaged();
      generation.saveStaged();
    });
    this.#staged = { number: generation.number, progress: generation.progress };
  }

  #install(generation: Generation): void {
    assert(this.#txn === undefined, 'install a snapshot: a transaction is open');
    this.generation.cache.clear();
    generation.cache.budgetBytes = this.#settings.cacheBytes;
    this.generation = generation;
    this.#merger = new Merger(generation);
    this.#compactor = new Compactor(generation, this.#merger);
    this.revision = generation.progress.flushedRevision;
    this.compactRevision = generation.progress.flushedCompactRevision;
    this.liveBytes = generation.progress.liveBytes;
  }

  #stateAt(revision: number): StateAt {
    return new StateAt(this.generation, revision, this.revision, this.#txn?.writes ?? []);
  }

  /** Runs something that writes rows; a failure other than a damaged row ends this store. */
  #writing(run: () => void): void {
    try {
      run();
    } catch (error) {
      if (!(error instanceof CorruptPageError)) this.#broken = error;
      throw error;
    }
  }

  #check(): void {
    if (this.#broken === undefined) return;
    throw new Error('use the store: writing its rows failed before; open it anew', {
      cause: this.#broken,
    });
  }
}
