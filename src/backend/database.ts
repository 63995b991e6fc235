/**
 * etcd's database, read: what its buckets hold, checked and in our words. Written by etcd 3.4 to 3.7, or
 * by src/backend/snapshot.ts.
 */
import { KeyValue, toNumber } from '../api/messages.ts';
import { type BboltFile, type Entry } from '../bbolt/reader.ts';
import { BboltError } from '../bbolt/format.ts';
import { byteString } from '../lib/bytes.ts';
import { hexOf } from '../lib/bytes.ts';
import type { Key, LeaseId } from '../mvcc/types.ts';

/** A change as the file has it. */
export interface StoredChange {
  readonly modRevision: number;
  readonly sub: number;
  readonly tombstone: boolean;
  /** Undefined: nothing changed but the revision (`etcdutl snapshot restore --bump-revision`). */
  readonly pair:
    | {
        readonly key: Key;
        readonly createRevision: number;
        /** 0 in a tombstone. */
        readonly version: number;
        readonly lease: LeaseId;
        readonly value: Uint8Array;
      }
    | undefined;
  /** As it lies in the file: what etcd's hash covers. */
  readonly entry: Entry;
}

export interface StoredLease {
  readonly id: LeaseId;
  readonly ttlSeconds: number;
  /** 0: all that was granted. */
  readonly remainingSeconds: number;
}

const UNDERSCORE = 0x5f;
const TOMBSTONE_MARK = 0x74;

export class EtcdDatabase {
  readonly #file: BboltFile;

  /** @throws BboltError when it is another program's database */
  constructor(file: BboltFile) {
    this.#file = file;
    for (const name of ['key', 'meta']) {
      if (file.buckets.includes(name)) continue;
      throw new BboltError(`read etcd's database: it has no bucket "${name}"`);
    }
  }

  /** In order of revision. @throws BboltError */
  *changes(): Generator<StoredChange, void, undefined> {
    for (const entry of this.#file.entries('key')) yield changeIn(entry);
  }

  /** The last revision that was compacted, also if etcd had not finished; -1: none. @throws BboltError */
  compactRevision(): number {
    let newest = -1;
    for (const { key, value } of this.#file.entries('meta')) {
      const name = byteString(key);
      if (name !== 'scheduledCompactRev' && name !== 'finishedCompactRev') continue;
      newest = Math.max(newest, revisionIn(value, `meta/${name}`));
    }
    return newest;
  }

  /** @throws BboltError */
  *leases(): Generator<StoredLease, void, undefined> {
    for (const { key, value } of this.#file.entries('lease')) {
      const what = `lease ${hexOf(key)}`;
      const fields = varintFields(value, what);
      const id = BigInt.asIntN(64, fields.get(1) ?? 0n);
      const ttlSeconds = Number(fields.get(2) ?? 0n);
      const remainingSeconds = Number(BigInt.asIntN(64, fields.get(3) ?? 0n));
      if (key.length !== 8 || viewOf(key).getBigInt64(0) !== id || id === 0n) {
        throw new BboltError(`read ${what}: its value is that of lease ${id.toString(16)}`);
      }
      if (!Number.isSafeInteger(ttlSeconds) || ttlSeconds < 1) {
        throw new BboltError(`read ${what}: a time to live of ${ttlSeconds} seconds`);
      }
      yield { id, ttlSeconds, remainingSeconds: Math.max(0, remainingSeconds) };
    }
  }

  /** Users and roles, and whether they are asked for. */
  auth(): { readonly enabled: boolean; readonly users: number; readonly roles: number } {
    const count = (bucket: string): number => [...this.#file.entries(bucket)].length;
    const enabled = [...this.#file.entries('auth')].some(
      ({ key, value }) => byteString(key) === 'authEnabled' && value[0] === 1,
    );
    return { enabled, users: count('authUsers'), roles: count('authRoles') };
  }
}

function changeIn(entry: Entry): StoredChange {
  const { key, value } = entry;
  const what = `change ${hexOf(key)}`;
  const tombstone = key.length === 18 && key[17] === TOMBSTONE_MARK;
  if (key.length !== 17 && !tombstone) {
    throw new BboltError(`read ${what}: its key has ${key.length} bytes, not 17 or 18`);
  }
  const modRevision = revisionIn(key, what);
  const sub = numberIn(key, 9, what);
  const at = { modRevision, sub, tombstone, entry };
  if (value.length === 0) return { ...at, pair: undefined };
  const stored = keyValueIn(value, what);
  if (tombstone) {
    const none = { createRevision: 0, version: 0, lease: 0n, value: new Uint8Array(0) };
    return { ...at, pair: { key: stored.key, ...none } };
  }
  if (stored.mod !== modRevision || stored.createRevision > modRevision || stored.version < 1) {
    throw new BboltError(
      `read ${what}: its value is of revision ${stored.mod}, created at ${stored.createRevision}, version ${stored.version}`,
    );
  }
  return { ...at, pair: stored };
}

function keyValueIn(value: Uint8Array, what: string) {
  try {
    const pair = KeyValue.decode(value);
    return {
      key: byteString(pair.key),
      createRevision: toNumber(pair.create_revision),
      mod: toNumber(pair.mod_revision),
      version: toNumber(pair.version),
      lease: BigInt(pair.lease.toString()),
      value: pair.value,
    };
  } catch (cause) {
    throw new BboltError(`read ${what}: its value cannot be read: ${String(cause)}`, { cause });
  }
}

/** The revision in the first bytes of a key of the bucket `key`, or of a mark of compaction. */
function revisionIn(bytes: Uint8Array, what: string): number {
  if (bytes.length < 17 || bytes[8] !== UNDERSCORE) {
    throw new BboltError(`read ${what}: no revision stands in its ${bytes.length} bytes`);
  }
  return numberIn(bytes, 0, what);
}

function numberIn(bytes: Uint8Array, offset: number, what: string): number {
  const value = Number(viewOf(bytes).getBigInt64(offset));
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new BboltError(`read ${what}: ${value} is no revision`);
}

/** A message of varint fields alone, by field number. */
function varintFields(bytes: Uint8Array, what: string): ReadonlyMap<number, bigint> {
  const fields = new Map<number, bigint>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) break;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new BboltError(`read ${what}: its value cannot be read`);
  };
  while (at < bytes.length) {
    const tag = varint();
    if ((tag & 7n) !== 0n) throw new BboltError(`read ${what}: field ${tag >> 3n} is no number`);
    fields.set(Number(tag >> 3n), varint());
  }
  return fields;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
