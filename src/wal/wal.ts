/**
 * The write-ahead log of one member: its Raft log and hard state, in the rows of its storage.
 *
 * One Ready makes one row (more only when it is large): the entries, packed, and the complete hard
 * state. The output gate holds back what the member sends after `append` until that row is durable.
 *
 *            compacted            snapshot (saved state)                  lastIndex
 *     dead rows  |  kept for slow followers  |  replayed when the log is opened |
 *
 * Rows of compacted entries are not deleted but written over by later batches: the platform bills a
 * replaced row once, a deleted and a new one twice.
 *
 * A write that throws, or whose transaction is undone, leaves this object and the rows apart: the
 * member must stop and open the log again.
 */
import { WAL_CACHE_BYTES } from '../constants.ts';
import { assert } from '../lib/assert.ts';
import type { RowStore } from '../lib/row-store.ts';
import { entryBytes } from '../raft/entry.ts';
import type { Entry, HardState, LogStorage, SnapshotMeta } from '../raft/types.ts';
import { type Batch, BatchList, termInBatch } from './batch-list.ts';
import { BatchRows, batchesOf, LOG_TABLE } from './batch-rows.ts';
import { EntryCache } from './entry-cache.ts';
import { type LogPoints, writeLogPoints, writeStampedHardState } from './meta.ts';
import { type Recovered, recover } from './recover.ts';

export interface WalSizes {
  /** Bytes of live rows. */
  readonly bytes: number;
  readonly rows: number;
  /** Rows that hold nothing and wait to be written over. */
  readonly recycledRows: number;
}

export class Wal implements LogStorage {
  readonly #store: RowStore;
  readonly #rows: BatchRows;
  /** Invariant: covers firstIndex() to lastIndex() without gap. */
  readonly #batches = new BatchList();
  /** Invariant: a suffix of the stored entries; the oldest batch may reach back before firstIndex(). */
  readonly #cache = new EntryCache(WAL_CACHE_BYTES);
  #points: LogPoints;
  /**
   * Invariant: term, vote and leader are also in the hard state's own row, so that neither a damaged row
   * nor a deleted one can make this member forget whom it voted for. The commit index is in the row
   * written last; when that is compacted, the snapshot point is not behind it.
   */
  #hardState: HardState;
  /** Count of the hard states written; the newest has this number. */
  #sequence: number;
  /** The batch read back last: followers read on where they stopped. */
  #readBack: { readonly batch: Batch; readonly entries: readonly Entry[] } | undefined;

  private constructor(store: RowStore, recovered: Recovered) {
    this.#store = store;
    this.#rows = new BatchRows(store);
    this.#points = recovered.points;
    this.#hardState = recovered.newest.hardState;
    this.#sequence = recovered.newest.sequence;
    for (const batch of recovered.dead) this.#rows.noteStored(batch, true);
    for (const batch of recovered.live) {
      this.#rows.noteStored(batch, false);
      this.#batches.push(batch);
      // What was not saved yet will be applied now, or sent: better to know today that it is damaged.
      if (batch.lastIndex > this.#points.snapshot.index) this.#cache.push(this.#rows.read(batch));
    }
  }

  /**
   * Opens the log in `store`, an empty one if nothing was ever written.
   * @throws CorruptWalError: the member must not serve, but be rebuilt from its peers.
   */
  static open(store: RowStore): Wal {
    return new Wal(store, recover(store));
  }

  /** The commit index is at least the snapshot's: what was saved had been committed. */
  initialState(): { readonly hardState: HardState; readonly snapshot: SnapshotMeta } {
    const { snapshot } = this.#points;
    const commit = Math.max(this.#hardState.commit, snapshot.index);
    return { hardState: { ...this.#hardState, commit }, snapshot };
  }

  firstIndex(): number {
    return this.#points.compacted.index + 1;
  }

  lastIndex(): number {
    return this.#batches.last?.lastIndex ?? this.#points.compacted.index;
  }

  snapshot(): SnapshotMeta {
    return this.#points.snapshot;
  }

  term(index: number): number | undefined {
    const { compacted } = this.#points;
    if (index === compacted.index) return compacted.term;
    if (index < compacted.index) return undefined;
    const cached = this.#cache.get(index);
    if (cached !== undefined) return cached.term;
    const batch = this.#batches.find(index);
    return batch && termInBatch(batch, index);
  }

  /** @throws CorruptWalError when a row read back is not what was written. */
  entries(lo: number, hi: number, bytesMax: number): readonly Entry[] {
    assert(
      lo >= this.firstIndex() && lo <= hi && hi <= this.lastIndex() + 1,
      `read entries ${lo} to ${hi}: the log holds ${this.firstIndex()} to ${this.lastIndex()}`,
    );
    const found: Entry[] = [];
    let bytes = 0;
    for (let index = lo; index < hi; index++) {
      const entry = this.#cache.get(index) ?? this.#readEntry(index);
      bytes += entryBytes(entry);
      if (bytes > bytesMax && found.length > 0) break;
      found.push(entry);
    }
    return found;
  }

  /**
   * Replaces the log from entries[0].index on, and the hard state if given, in one write. Entries at
   * or before the commit index are never replaced.
   */
  append(entries: readonly Entry[], hardState?: HardState): void {
    const next = hardState ?? this.#hardState;
    const [first] = entries;
    if (first === undefined) {
      if (!equalHardStates(next, this.#hardState)) this.#writeHardState(next);
      return;
    }
    this.#checkAppend(entries, first.index);
    const batches = [...batchesOf(entries)];
    const promises = !equalPromises(next, this.#hardState);
    if (batches.length === 1 && first.index > this.lastIndex() && !promises) {
      this.#writeBatch(entries, next);
      return;
    }
    this.#store.atomically(() => {
      if (promises) this.#writeHardState(next);
      this.#truncate(first.index);
      for (const batch of batches) this.#writeBatch(batch, next);
    });
  }

  /** A write that carries nothing: the hard state again. Confirmed, it proves that the storage is ours. */
  fence(): void {
    this.#writeHardState(this.#hardState);
  }

  /**
   * Notes that the state machine has saved everything up to `meta.index`; belongs into the
   * transaction that saved it. `compactTo`: also forget entries up to there (see `compact`), at no
   * further write.
   */
  setSnapshot(meta: SnapshotMeta, compactTo: number = 0): void {
    const { snapshot, compacted } = this.#points;
    assert(
      meta.index >= snapshot.index && this.term(meta.index) === meta.term,
      `move the snapshot point from ${snapshot.index} to ${meta.index} of term ${meta.term}: ` +
        `the log has term ${this.term(meta.index)} there and ends at ${this.lastIndex()}`,
    );
    this.#store.atomically(() => {
      this.#movePoints({ snapshot: meta, compacted }, compactTo);
    });
  }

  /** Forgets entries up to `index`, which the saved state includes. Does nothing if they are gone. */
  compact(index: number): void {
    if (index <= this.#points.compacted.index) return;
    this.#store.atomically(() => this.#movePoints(this.#points, index));
  }

  /** Replaces the whole log by the point that a snapshot from the leader stands for. */
  installSnapshot(meta: SnapshotMeta): void {
    assert(
      meta.index > this.#points.snapshot.index,
      `install the snapshot at ${meta.index}: ${this.#points.snapshot.index} is saved already`,
    );
    this.#store.atomically(() => {
      const { index, term } = meta;
      const points = { snapshot: meta, compacted: { index, term } };
      this.#remove(this.#batches.dropThrough(index));
      for (const batch of this.#batches.dropFrom(0)) this.#rows.delete(batch);
      this.#points = points;
      writeLogPoints(this.#store, points);
    });
    this.#cache.dropFrom(0);
  }

  /** The lowest index to compact to that leaves at most `bytesMax` bytes of log, in whole batches. */
  indexLeaving(bytesMax: number): number {
    return this.#batches.indexBefore(bytesMax) ?? this.#points.compacted.index;
  }

  get sizes(): WalSizes {
    const { bytes, rows } = this.#batches;
    return { bytes, rows, recycledRows: this.#rows.recycledRows };
  }

  #checkAppend(entries: readonly Entry[], first: number): void {
    const last = this.lastIndex();
    const { commit } = this.#hardState;
    assert(
      first > Math.max(this.#points.snapshot.index, commit) && first <= last + 1,
      `append from index ${first}: the log ends at ${last}, ${commit} is committed`,
    );
    for (const [at, entry] of entries.entries()) {
      assert(entry.index === first + at, `append ${entry.index} as entry ${first + at}`);
    }
  }

  #writeBatch(entries: readonly Entry[], hardState: HardState): void {
    const batch = this.#rows.write(entries, this.#sequence + 1, hardState);
    this.#sequence++;
    this.#hardState = hardState;
    this.#batches.push(batch);
    this.#cache.push(entries);
  }

  #writeHardState(hardState: HardState): void {
    writeStampedHardState(this.#store, { sequence: this.#sequence + 1, hardState });
    this.#sequence++;
    this.#hardState = hardState;
  }

  /**
   * Cuts the log before `index`. Rows never overlap, so a batch that reaches across the cut is written
   * anew without its end: else compaction could let the end of an old batch come back to life.
   */
  #truncate(index: number): void {
    for (const batch of this.#batches.dropFrom(index)) {
      const kept =
        batch.firstIndex < index ? this.#entriesOf(batch).slice(0, index - batch.firstIndex) : [];
      this.#rows.delete(batch);
      if (kept.length > 0) {
        this.#cache.dropFrom(batch.firstIndex);
        this.#writeBatch(kept, this.#hardState);
      }
    }
    this.#cache.dropFrom(index);
  }

  #movePoints(points: LogPoints, compactTo: number): void {
    const { snapshot } = points;
    let { compacted } = points;
    if (compactTo > compacted.index) {
      const term = this.term(compactTo);
      assert(
        compactTo <= snapshot.index && term !== undefined,
        `compact the log to ${compactTo}: the state is saved up to ${snapshot.index}`,
      );
      compacted = { index: compactTo, term };
      this.#remove(this.#batches.dropThrough(compactTo));
      this.#cache.dropThrough(compactTo);
    }
    this.#points = { snapshot, compacted };
    writeLogPoints(this.#store, this.#points);
  }

  /** Lets go of compacted batches. */
  #remove(batches: readonly Batch[]): void {
    for (const batch of batches) if (!this.#rows.recycle(batch)) this.#rows.delete(batch);
  }

  #readEntry(index: number): Entry {
    const batch = this.#batches.find(index);
    assert(batch !== undefined, `read entry ${index}: no row of ${LOG_TABLE} holds it`);
    return this.#entriesOf(batch)[index - batch.firstIndex] as Entry;
  }

  #entriesOf(batch: Batch): readonly Entry[] {
    if (this.#readBack?.batch !== batch) {
      this.#readBack = { batch, entries: this.#rows.read(batch) };
    }
    return this.#readBack.entries;
  }
}

function equalHardStates(left: HardState, right: HardState): boolean {
  return equalPromises(left, right) && left.commit === right.commit;
}

/** All but the commit index, which may be learnt again. */
function equalPromises(left: HardState, right: HardState): boolean {
  return left.term === right.term && left.vote === right.vote && left.leader === right.leader;
}
