/**
 * The multi-version store in the simplest form that can be checked by reading it: one list of
 * changes in order, every answer computed from the whole of it. The real store is compared with this
 * one, and parts that need a store but not its pages are tested on it.
 *
 * Durability: there is none, `flush` only counts. A test that crashes the real store replays what
 * came after the last flush and compares with this one, which never crashed.
 */
import type {
  Change,
  HashResult,
  Key,
  KeyMeta,
  KeyRange,
  KeyValue,
  LeaseId,
  Mvcc,
  PageExport,
  PageImport,
  RangeOptions,
  RangeResult,
  WriteTxn,
} from '../../src/mvcc/types.ts';
import { CompactedError, FutureRevisionError } from '../../src/mvcc/types.ts';
import { assert } from '../../src/lib/assert.ts';
import { ByteReader, ByteWriter } from '../../src/lib/binary.ts';
import { EMPTY_BYTES, bytesOf, concatBytes } from '../../src/lib/bytes.ts';
import { crc32c } from '../../src/lib/crc32c.ts';

/** What `liveBytes` counts for a pair besides its key and value. */
const PAIR_OVERHEAD_BYTES = 32;

/** One entry of the list. A tombstone has version 0. Equal revisions keep their order (sub). */
interface Version extends KeyValue {
  readonly sub: number;
}

export class NaiveStore implements Mvcc {
  /** Every change still kept, ascending by (modRevision, sub). */
  versions: Version[] = [];
  revision = 1;
  compactRevision = -1;
  unflushedBytes = 0;
  readonly hasWork = false;

  begin(): WriteTxn {
    return new NaiveTxn(this);
  }

  meta(key: Key): KeyMeta | undefined {
    return metaOf(latest(this.versions, key, this.revision));
  }

  get(key: Key): KeyValue | undefined {
    return pairOf(latest(this.versions, key, this.revision));
  }

  getAt(key: Key, revision: number): KeyValue | undefined {
    if (revision < this.compactRevision || revision > this.revision) return undefined;
    return pairOf(latest(this.versions, key, revision));
  }

  range(range: KeyRange, options: RangeOptions): RangeResult {
    return rangeOf(this.versions, range, options, this, this.revision);
  }

  compact(revision: number): void {
    if (revision <= this.compactRevision) {
      throw new CompactedError(`compact to ${revision}: already at ${this.compactRevision}`);
    }
    if (revision > this.revision) {
      throw new FutureRevisionError(`compact to ${revision}: the newest is ${this.revision}`);
    }
    this.compactRevision = revision;
    this.versions = this.versions.filter((version) => {
      if (version.modRevision >= revision) return true;
      return version.version > 0 && latest(this.versions, version.key, revision) === version;
    });
  }

  work(): void {
    // Nothing is ever left for later.
  }

  changes(from: number, bytesMax: number): { changes: readonly Change[]; next: number } {
    if (from < this.compactRevision) {
      throw new CompactedError(`changes from ${from}: compacted at ${this.compactRevision}`);
    }
    const changes: Change[] = [];
    let bytes = 0;
    for (const version of this.versions) {
      if (version.modRevision < from) continue;
      const sameRevision = changes.at(-1)?.kv.modRevision === version.modRevision;
      if (bytes >= bytesMax && !sameRevision && changes.length > 0) {
        return { changes, next: version.modRevision };
      }
      changes.push(changeOf(version));
      bytes += version.key.length + version.value.length + PAIR_OVERHEAD_BYTES;
    }
    return { changes, next: Math.max(from, this.revision + 1) };
  }

  hash(revision: number): HashResult {
    const upTo = revision === 0 ? this.revision : revision;
    if (upTo < this.compactRevision) throw new CompactedError(`hash at ${upTo}`);
    if (upTo > this.revision) throw new FutureRevisionError(`hash at ${upTo}`);
    const compacted = this.compactRevision;
    // etcd's rule (its `keep` set): of what is not newer than the compaction only the pairs that still
    // stand at the revision asked for count, or all that compaction left if no pair stands there.
    const everything = { start: '', end: undefined };
    const standing = { revision: upTo, limit: 0, keysOnly: true, countOnly: true };
    const keepAt = this.range(everything, standing).count > 0 ? upTo : compacted;
    let hash = crc32c(bytesOf('key'));
    for (const version of this.versions) {
      if (version.modRevision > upTo) continue;
      if (version.modRevision <= compacted) {
        if (version.version === 0) continue;
        if (latest(this.versions, version.key, keepAt) !== version) continue;
      }
      hash = crc32c(concatBytes([revisionKey(version), keyValueMessage(version)]), hash);
    }
    return { hash, revision: upTo, compactRevision: compacted };
  }

  flush(): void {
    this.unflushedBytes = 0;
  }

  get liveBytes(): number {
    let bytes = 0;
    for (const key of new Set(this.versions.map((version) => version.key))) {
      const pair = this.get(key);
      if (pair !== undefined) bytes += key.length + pair.value.length + PAIR_OVERHEAD_BYTES;
    }
    return bytes;
  }

  exportPages(): PageExport {
    const { revision, compactRevision } = this;
    const pages = this.versions.map(encodeVersion);
    return {
      revision,
      compactRevision,
      read(from, bytesMax) {
        const some: Uint8Array[] = [];
        let bytes = 0;
        let at = from;
        while (at < pages.length && (some.length === 0 || bytes < bytesMax)) {
          const page = pages[at++] as Uint8Array;
          some.push(page);
          bytes += page.length;
        }
        return { pages: some, next: at < pages.length ? at : undefined };
      },
      records() {
        throw new Error('walk the records of an export: its pages are JSON here');
      },
      close() {
        // Nothing is held.
      },
    };
  }

  importPages(): PageImport {
    const received: Version[] = [];
    return {
      add: (pages) => {
        for (const page of pages) received.push(decodeVersion(page));
      },
      install: (revision, compactRevision) => {
        this.versions = received;
        this.revision = revision;
        this.compactRevision = compactRevision;
        this.unflushedBytes = 0;
      },
      stage: () => {
        throw new Error('put a state aside: not in this store');
      },
      abort: () => {
        received.length = 0;
      },
    };
  }

  readonly staged = undefined;

  installStaged(): void {
    throw new Error('install the state put aside: not in this store');
  }

  dropStaged(): void {
    // There never is one.
  }
}

class NaiveTxn implements WriteTxn {
  readonly #store: NaiveStore;
  /** The store's list with this transaction's writes at its end. */
  #versions: Version[];
  #writes: Version[] = [];
  #open = true;

  constructor(store: NaiveStore) {
    this.#store = store;
    this.#versions = store.versions;
  }

  get revision(): number {
    return this.#store.revision;
  }

  get compactRevision(): number {
    return this.#store.compactRevision;
  }

  get changed(): boolean {
    return this.#writes.length > 0;
  }

  meta(key: Key): KeyMeta | undefined {
    return metaOf(latest(this.#versions, key, this.revision + 1));
  }

  get(key: Key): KeyValue | undefined {
    return pairOf(latest(this.#versions, key, this.revision + 1));
  }

  range(range: KeyRange, options: RangeOptions): RangeResult {
    return rangeOf(this.#versions, range, options, this.#store, this.revision + 1);
  }

  put(key: Key, value: Uint8Array, lease: LeaseId): KeyMeta | undefined {
    const before = this.meta(key);
    const modRevision = this.revision + 1;
    const createRevision = before?.createRevision ?? modRevision;
    const version = (before?.version ?? 0) + 1;
    this.#write({ key, createRevision, modRevision, version, lease, value: value.slice() });
    return before;
  }

  deleteRange(range: KeyRange): readonly KeyMeta[] {
    const options = { revision: 0, limit: 0, keysOnly: true, countOnly: false };
    const gone = this.range(range, options).kvs.map((pair) => metaOf(pair) as KeyMeta);
    const modRevision = this.revision + 1;
    for (const { key } of gone) {
      this.#write({
        key,
        createRevision: 0,
        modRevision,
        version: 0,
        lease: 0n,
        value: EMPTY_BYTES,
      });
    }
    return gone;
  }

  commit(): readonly Change[] {
    assert(this.#open, 'commit: the transaction has ended');
    this.#open = false;
    if (!this.changed) return [];
    this.#store.versions = this.#versions;
    this.#store.revision++;
    for (const { key, value } of this.#writes) {
      this.#store.unflushedBytes += key.length + value.length + PAIR_OVERHEAD_BYTES;
    }
    return this.#writes.map(changeOf);
  }

  abort(): void {
    assert(this.#open, 'abort: the transaction has ended');
    this.#open = false;
  }

  #write(pair: KeyValue): void {
    assert(this.#open, 'write: the transaction has ended');
    const version = { ...pair, sub: this.#writes.length };
    this.#writes.push(version);
    this.#versions = [...this.#versions, version];
  }
}

/** The newest version of `key` at `revision`, tombstones included. */
function latest(versions: readonly Version[], key: Key, revision: number): Version | undefined {
  return versions.findLast((version) => version.key === key && version.modRevision <= revision);
}

function rangeOf(
  versions: readonly Version[],
  range: KeyRange,
  options: RangeOptions,
  bounds: { readonly revision: number; readonly compactRevision: number },
  newest: number,
): RangeResult {
  const revision = options.revision <= 0 ? newest : options.revision;
  if (options.revision > bounds.revision) {
    throw new FutureRevisionError(`range at ${revision}: the newest is ${bounds.revision}`);
  }
  if (options.revision > 0 && options.revision < bounds.compactRevision) {
    throw new CompactedError(`range at ${revision}: compacted at ${bounds.compactRevision}`);
  }
  const keys = [...new Set(versions.map((version) => version.key))]
    .filter((key) => key >= range.start && (range.end === undefined || key < range.end))
    .sort((left, right) => (left < right ? -1 : 1));
  const kvs = keys
    .map((key) => pairOf(latest(versions, key, revision)))
    .filter((pair) => pair !== undefined)
    .map((pair) => (options.keysOnly ? { ...pair, value: EMPTY_BYTES } : pair));
  const count = options.skipCount === true ? 0 : kvs.length;
  if (options.countOnly) return { kvs: [], count };
  return { kvs: options.limit > 0 ? kvs.slice(0, options.limit) : kvs, count };
}

function pairOf(version: Version | undefined): KeyValue | undefined {
  if (version === undefined || version.version === 0) return undefined;
  const { key, createRevision, modRevision, version: puts, lease, value } = version;
  return { key, createRevision, modRevision, version: puts, lease, value };
}

function metaOf(pair: KeyValue | undefined): KeyMeta | undefined {
  if (pair === undefined || pair.version === 0) return undefined;
  const { key, createRevision, modRevision, version, lease } = pair;
  return { key, createRevision, modRevision, version, lease };
}

function changeOf(version: Version): Change {
  const { sub, ...kv } = version;
  return { type: version.version === 0 ? 'delete' : 'put', kv, sub };
}

/** The key etcd's backend keeps a revision under: main, '_', sub, and 't' in a tombstone. */
function revisionKey(version: Version): Uint8Array {
  const main = BigInt(version.modRevision).toString(16).padStart(16, '0');
  const sub = BigInt(version.sub).toString(16).padStart(16, '0');
  const hex = `${main}5f${sub}${version.version === 0 ? '74' : ''}`;
  return Uint8Array.from(hex.match(/../g) as string[], (pair) => parseInt(pair, 16));
}

/** mvccpb.KeyValue on the wire; a tombstone holds only its key. */
function keyValueMessage(version: Version): Uint8Array {
  const key = bytesOf(version.key);
  const parts = key.length > 0 ? [[0x0a, ...varint(BigInt(key.length))], key] : [];
  if (version.version > 0) {
    parts.push([0x10, ...varint(BigInt(version.createRevision))]);
    parts.push([0x18, ...varint(BigInt(version.modRevision))]);
    parts.push([0x20, ...varint(BigInt(version.version))]);
    if (version.value.length > 0) {
      parts.push([0x2a, ...varint(BigInt(version.value.length))], version.value);
    }
    if (version.lease !== 0n) parts.push([0x30, ...varint(BigInt.asUintN(64, version.lease))]);
  }
  return concatBytes(parts.map((part) => Uint8Array.from(part)));
}

function varint(value: bigint): number[] {
  return value < 0x80n ? [Number(value)] : [Number(value & 0x7fn) | 0x80, ...varint(value >> 7n)];
}

function encodeVersion(version: Version): Uint8Array {
  const writer = new ByteWriter();
  writer.varint(version.modRevision);
  writer.varint(version.sub);
  writer.varint(version.createRevision);
  writer.varint(version.version);
  writer.u64(version.lease);
  writer.string(version.key);
  writer.bytes(version.value);
  return writer.finish();
}

function decodeVersion(page: Uint8Array): Version {
  const reader = new ByteReader(page);
  return {
    modRevision: reader.varint(),
    sub: reader.varint(),
    createRevision: reader.varint(),
    version: reader.varint(),
    lease: BigInt.asIntN(64, reader.u64()),
    key: reader.string(),
    value: reader.bytes().slice(),
  };
}
