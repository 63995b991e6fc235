/** Vocabulary of the multi-version store; the words are those of etcd's storage/mvcc. */
import type { RecordCursor } from './revision-record.ts';

/**
 * A key as a byte string: one UTF-16 code unit 0..255 per byte. JS string comparison is then bytewise
 * order, strings are Map keys, and V8 keeps them at one byte a character. See lib/bytes.ts.
 */
export type Key = string;

/** Half-open: start <= key < end. `end` undefined: no upper bound. A single key is [key, key + '\0'). */
export interface KeyRange {
  readonly start: Key;
  readonly end: Key | undefined;
}

/** 64-bit lease id; 0n is "no lease". */
export type LeaseId = bigint;

/** What the index knows of one version of a key without reading its value. */
export interface KeyMeta {
  readonly key: Key;
  readonly createRevision: number;
  readonly modRevision: number;
  /** Puts since creation, 1 for the creation itself. 0 in a tombstone. */
  readonly version: number;
  readonly lease: LeaseId;
}

export interface KeyValue extends KeyMeta {
  readonly value: Uint8Array;
}

/** One change, in the order it was made. A delete carries only key and modRevision (etcd rule R10). */
export interface Change {
  readonly type: 'put' | 'delete';
  readonly kv: KeyValue;
  /** Order within the revision, from 0. Never on the wire. */
  readonly sub: number;
}

export interface RangeOptions {
  /** <= 0: the newest. */
  readonly revision: number;
  /** <= 0: no limit. */
  readonly limit: number;
  /** Values are left empty and not read. */
  readonly keysOnly: boolean;
  /** No pairs, only the count. */
  readonly countOnly: boolean;
  /** The count is not wanted and comes out as 0: for all parts of a stream but the last. */
  readonly skipCount?: boolean;
}

export interface RangeResult {
  readonly kvs: readonly KeyValue[];
  /** Keys in the range at that revision, whatever the limit. */
  readonly count: number;
}

/** Revision outside what the store can answer; apply turns these into etcd's errors. */
export class CompactedError extends Error {
  override readonly name = 'CompactedError';
}
export class FutureRevisionError extends Error {
  override readonly name = 'FutureRevisionError';
}

/** Read side; a transaction offers the same view including its own writes. */
export interface ReadView {
  /** Newest committed revision; 1 in a fresh store. */
  readonly revision: number;
  /** Last compacted revision; -1 if never compacted. Revisions below it cannot be read. */
  readonly compactRevision: number;
  meta(key: Key): KeyMeta | undefined;
  get(key: Key): KeyValue | undefined;
  /** Ascending by key. Throws CompactedError or FutureRevisionError. */
  range(range: KeyRange, options: RangeOptions): RangeResult;
}

/** All writes of one applied entry: one revision, or none if nothing changed. */
export interface WriteTxn extends ReadView {
  /** Returns what the key held before, without its value. */
  put(key: Key, value: Uint8Array, lease: LeaseId): KeyMeta | undefined;
  /** Deletes every key of the range; returns what was there (without values), in key order. */
  deleteRange(range: KeyRange): readonly KeyMeta[];
  /** True once anything was written: the transaction's writes will be revision + 1. */
  readonly changed: boolean;
  /** Makes the writes visible under revision + 1 and returns them in order; empty if none. */
  commit(): readonly Change[];
  /** Drops the writes. Exactly one of commit and abort ends a transaction. */
  abort(): void;
}

export interface HashResult {
  readonly hash: number;
  /** Revision the hash stands for. */
  readonly revision: number;
  readonly compactRevision: number;
}

/**
 * The store of one member. Everything is synchronous. In memory: changes since the last `flush`, a
 * bounded cache of pages. Durable: what `flush` and `work` wrote to the RowStore.
 */
export interface Mvcc extends ReadView {
  begin(): WriteTxn;
  /**
   * Logical compaction, immediate: reads below `revision` fail from now on. Space is freed by `work`.
   * Throws CompactedError (revision <= compactRevision) or FutureRevisionError.
   */
  compact(revision: number): void;
  /** True while `work` has something to do. */
  readonly hasWork: boolean;
  /**
   * One bounded slice of background work (merging changes into index pages, physical compaction,
   * page clean-up), writing its rows atomically. Any crash between slices is harmless.
   */
  work(): void;
  /**
   * Changes with modRevision >= `from`, whole revisions only, in order, until about `bytesMax` bytes
   * (never none if there are any). `next` is the revision to continue from; > revision means done.
   * Throws CompactedError if `from` <= compactRevision - 1 would miss changes (from < compactRevision).
   */
  changes(
    from: number,
    bytesMax: number,
  ): { readonly changes: readonly Change[]; readonly next: number };
  /** The pair as it was at `revision`; undefined if there was none, or `revision` < compactRevision. */
  getAt(key: Key, revision: number): KeyValue | undefined;
  /** Deterministic over the logical content at `revision` (0: newest); equal on all members. */
  hash(revision: number): HashResult;
  /** Bytes of changes not yet flushed (they are in the WAL). The host flushes at a bound. */
  readonly unflushedBytes: number;
  /**
   * Writes all changes not yet durable, so that a reopened store stands exactly at the current
   * revision. The host calls it in the transaction that saves its applied index.
   */
  flush(): void;
  /**
   * Bytes of live data for Status.dbSizeInUse: key, value and 32 bytes of metadata for each key there
   * is at the newest revision. A function of the logical content, so equal on all members.
   */
  readonly liveBytes: number;
  /**
   * Starts an export of the store as it stands (after a flush). While it is open, physical
   * compaction leaves its revisions alone; logical compaction goes on.
   */
  exportPages(): PageExport;
  /** Starts receiving another member's pages beside the current state, which goes on serving. */
  importPages(): PageImport;
  /** Where the state put aside stands; undefined: there is none. */
  readonly staged: StagedState | undefined;
  /**
   * Makes the state put aside the store's state. In memory at once, durable with the next `flush`: until
   * then a reopened store stands where it did before, with that state still aside.
   */
  installStaged(): void;
  /** Forgets the state put aside, if there is one. */
  dropStaged(): void;
}

export interface StagedState {
  readonly revision: number;
  readonly compactRevision: number;
}

/** A snapshot being received. Durable as it grows; nothing of it is visible before `install`. */
export interface PageImport {
  /** Pages exactly as an export read them, in order. Throws on a page whose checksum is wrong. */
  add(pages: readonly Uint8Array[]): void;
  /**
   * Makes the received state the store's state, atomically with the caller's transaction. The old
   * state's rows are deleted by `work`, slice by slice.
   */
  install(revision: number, compactRevision: number): void;
  /**
   * Puts the received state aside, to be installed by `Mvcc.installStaged`: it outlives a restart, and
   * replaces what was put aside before. Atomic with the caller's transaction.
   */
  stage(): void;
  /** Forgets what was received. */
  abort(): void;
}

/** The pages of a snapshot, in order; resumable at any page. */
export interface PageExport {
  readonly revision: number;
  readonly compactRevision: number;
  /** The pages from position `from` (0 at start), about `bytesMax` bytes; `next` undefined at the end. */
  read(
    from: number,
    bytesMax: number,
  ): { readonly pages: readonly Uint8Array[]; readonly next: number | undefined };
  /**
   * The changes in the page at position `from`, to be walked before the next call; undefined if there
   * are none. For whoever wants the content in another form.
   */
  records(from: number): {
    readonly records: RecordCursor | undefined;
    readonly next: number | undefined;
  };
  close(): void;
}
