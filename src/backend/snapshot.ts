/**
 * A member's state as etcd's Maintenance/Snapshot streams it: a bbolt file with etcd's buckets, and the
 * SHA-256 of it behind. Made in slices, from an export that stays as it was while writes go on.
 *
 * The file begins with its size, so all changes are walked twice: first only their lengths count. What
 * is in memory does not grow with the store, but for a page per level of a tree and 24 bytes a lease.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { decodeState, type ReplicatedState, splitExport } from '../apply/state-codec.ts';
import { FileBuilder, fileBytes, type FileSizes } from '../bbolt/writer.ts';
import { SNAPSHOT_BLOB_BYTES, SNAPSHOT_SLICE_BYTES } from '../constants.ts';
import { ByteWriter } from '../lib/binary.ts';
import {
  backendKeyBytes,
  backendValueBytes,
  writeBackendKey,
  writeBackendValue,
} from '../mvcc/backend-pair.ts';
import type { RecordCursor } from '../mvcc/revision-record.ts';
import type { PageExport } from '../mvcc/types.ts';
import { BUCKETS, type BucketName, type Pair, smallBuckets } from './buckets.ts';
import { LeaseList } from './lease-list.ts';

/** Leases written in one slice. */
const SLICE_LEASES = 1_000;
const HASH_BYTES = 32;

export interface SnapshotPart {
  readonly blob: Uint8Array;
  /** Bytes of the file still to come, as etcd counts them: without the hash. */
  readonly remainingBytes: number;
  /** This is the hash, and nothing follows. */
  readonly last: boolean;
}

export class EtcdSnapshot {
  readonly #pages: PageExport;
  readonly #state: ReplicatedState;
  readonly #small: ReadonlyMap<BucketName, readonly Pair[]>;
  readonly #leases: LeaseList;
  readonly #hash = sha256.create();
  readonly #key = new ByteWriter(32);
  readonly #value = new ByteWriter(4096);
  /** Pages written and not handed out yet, the first of them perhaps in part. */
  #ready: Uint8Array[] = [];
  #readyBytes = 0;
  #sizes: FileSizes | undefined;
  #remainingBytes = 0;
  /** The pass under way; undefined once the file is whole. */
  #pass: Generator<void, FileSizes, undefined> | undefined;

  /**
   * @param pages closed by whoever opened it
   * @param exported StateMachine.exportState at the same point
   */
  constructor(pages: PageExport, exported: Uint8Array) {
    const { state, leases } = splitExport(exported);
    this.#pages = pages;
    this.#state = decodeState(state);
    this.#small = smallBuckets(this.#state, pages.compactRevision);
    this.#leases = new LeaseList(leases);
    this.#pass = this.#walk(new FileBuilder(), true);
  }

  /** One slice of work; what is ready to be sent after it, if that is enough for a message. */
  step(): SnapshotPart | undefined {
    if (this.#readyBytes < SNAPSHOT_BLOB_BYTES && this.#pass !== undefined) {
      const turn = this.#pass.next();
      if (turn.done === true) this.#endPass(turn.value);
    }
    if (this.#readyBytes >= SNAPSHOT_BLOB_BYTES) return this.#take(SNAPSHOT_BLOB_BYTES);
    if (this.#pass !== undefined) return undefined;
    if (this.#readyBytes > 0) return this.#take(this.#readyBytes);
    return { blob: this.#hash.digest(), remainingBytes: 0, last: true };
  }

  /** Of the whole stream; undefined until all was measured. */
  get sizeBytes(): number | undefined {
    return this.#sizes === undefined ? undefined : fileBytes(this.#sizes) + HASH_BYTES;
  }

  #endPass(sizes: FileSizes): void {
    if (this.#sizes !== undefined) {
      this.#pass = undefined;
      return;
    }
    this.#sizes = sizes;
    this.#remainingBytes = fileBytes(sizes);
    const write = (pages: Uint8Array): void => {
      this.#ready.push(pages);
      this.#readyBytes += pages.length;
    };
    this.#pass = this.#walk(new FileBuilder({ sizes, write }), false);
  }

  #take(bytes: number): SnapshotPart {
    const blob = new Uint8Array(bytes);
    let taken = 0;
    let filled = 0;
    for (const pages of this.#ready) {
      const part = pages.subarray(0, bytes - filled);
      blob.set(part, filled);
      filled += part.length;
      if (part.length < pages.length) {
        this.#ready[taken] = pages.subarray(part.length);
        break;
      }
      taken++;
      if (filled === bytes) break;
    }
    this.#ready.splice(0, taken);
    this.#readyBytes -= bytes;
    this.#hash.update(blob);
    this.#remainingBytes -= bytes;
    return { blob, remainingBytes: this.#remainingBytes, last: false };
  }

  /** Every bucket in order; gives way after each slice. */
  *#walk(file: FileBuilder, measuring: boolean): Generator<void, FileSizes, undefined> {
    for (const name of BUCKETS) {
      file.begin(name);
      if (name === 'key') yield* this.#walkChanges(file, measuring);
      else if (name === 'lease') yield* this.#walkLeases(file, measuring);
      else for (const pair of this.#small.get(name) ?? []) addPair(file, pair, measuring);
      file.end();
    }
    return file.finish();
  }

  *#walkChanges(file: FileBuilder, measuring: boolean): Generator<void, void, undefined> {
    let bytes = 0;
    for (let from: number | undefined = 0; from !== undefined;) {
      const page: ReturnType<PageExport['records']> = this.#pages.records(from);
      if (page.records !== undefined) bytes += this.#addRecords(file, page.records, measuring);
      from = page.next;
      if (bytes < SNAPSHOT_SLICE_BYTES * (measuring ? MEASURED_PER_WRITTEN : 1)) continue;
      bytes = 0;
      yield;
    }
  }

  /** Returns about how many bytes they are. */
  #addRecords(file: FileBuilder, records: RecordCursor, measuring: boolean): number {
    let bytes = 0;
    while (records.next()) {
      const valueBytes = backendValueBytes(records);
      bytes += valueBytes;
      if (measuring) {
        file.measure(backendKeyBytes(records), valueBytes);
        continue;
      }
      this.#key.reset();
      this.#value.reset();
      writeBackendKey(this.#key, records);
      writeBackendValue(this.#value, records);
      file.add(this.#key.view(), this.#value.view());
    }
    return bytes;
  }

  *#walkLeases(file: FileBuilder, measuring: boolean): Generator<void, void, undefined> {
    for (let index = 0; index < this.#leases.length; index++) {
      addPair(file, this.#leases.pair(index), measuring);
      if (index % SLICE_LEASES === SLICE_LEASES - 1) yield;
    }
  }
}

/** Lengths are found about so many times as fast as pages are made. */
const MEASURED_PER_WRITTEN = 8;

function addPair(file: FileBuilder, [key, value]: Pair, measuring: boolean): void {
  if (measuring) file.measure(key.length, value.length);
  else file.add(key, value);
}
