/**
 * Turns etcd's database into the form in which members take a state: a snapshot's pages, and leases.
 * Two passes over the changes: the first finds what lives, the second packs it. In memory is what is
 * known of each key, not its values.
 */
import {
  LEASE_TTL_SECONDS_MAX,
  LEASE_TTL_SECONDS_MIN,
  PAIR_OVERHEAD_BYTES,
  ROW_BYTES_MAX,
} from '../constants.ts';
import { BboltError } from '../bbolt/format.ts';
import { crc32c } from '../lib/crc32c.ts';
import { bytesOf } from '../lib/bytes.ts';
import { checkLeases, encodeLeases } from '../lease/codec.ts';
import { NONE } from '../lease/id-index.ts';
import { KeyTable } from '../lease/key-table.ts';
import { LeaseTable } from '../lease/lease-table.ts';
import { LogPacker } from '../mvcc/log-packer.ts';
import type { Superseded } from '../mvcc/revision-record.ts';
import { RECORD_OVERHEAD_BYTES_MAX } from '../mvcc/revision-record.ts';
import type { Key, LeaseId } from '../mvcc/types.ts';
import type { EtcdDatabase, StoredChange } from './database.ts';

/** Of a row, what is left for one key and its value. */
const PAIR_BYTES_MAX = ROW_BYTES_MAX - RECORD_OVERHEAD_BYTES_MAX - 1_000;

/** The newest version of a key. */
interface Latest extends Superseded {
  readonly lease: LeaseId;
}

export interface RestoreSummary {
  readonly revision: number;
  /** -1: never compacted. */
  readonly compactRevision: number;
  readonly liveKeys: number;
  /** Changes that outlive compaction. */
  readonly changes: number;
  readonly leases: number;
  /** What HashKV must say at `revision` at every member, from the bytes in the file. */
  readonly hash: number;
}

export class StateFromDatabase {
  readonly summary: RestoreSummary;
  /** As LeaseBook.encode has them. */
  readonly leases: Uint8Array;
  readonly #database: EtcdDatabase;
  readonly #liveBytes: number;
  /** Newest revision and sub of each key at the compaction, for those that live there. */
  readonly #kept: ReadonlyMap<Key, Superseded>;

  /** @throws BboltError when the file does not hold what etcd writes, or more than a member can take */
  constructor(database: EtcdDatabase) {
    this.#database = database;
    const compactRevision = database.compactRevision();
    const { latest, kept, last } = survey(database, compactRevision);
    this.#kept = kept;
    const { leases, count } = leasesOf(database, latest);
    this.leases = leases;
    let liveBytes = 0;
    for (const [key, { valueLength }] of latest) {
      liveBytes += PAIR_OVERHEAD_BYTES + key.length + valueLength;
    }
    this.#liveBytes = liveBytes;
    const revision = Math.max(1, last, compactRevision);
    const { changes, hash } = this.#tally(compactRevision, latest);
    const liveKeys = latest.size;
    this.summary = { revision, compactRevision, liveKeys, changes, leases: count, hash };
  }

  /** The pages, some at a time. @throws BboltError */
  *pages(): Generator<readonly Uint8Array[], void, undefined> {
    const { revision, compactRevision, liveKeys } = this.summary;
    const liveBytes = this.#liveBytes;
    const packer = new LogPacker({ revision, compactRevision, liveBytes, liveKeys });
    const latest = new Map<Key, Superseded>();
    for (const change of this.#outliving(compactRevision)) {
      const { pair, modRevision, sub } = change;
      if (pair === undefined) continue;
      const { key, createRevision, version, lease } = pair;
      // The packer copies it before the next one is read.
      const { value } = pair;
      const previous = latest.get(key);
      packer.add({ key, modRevision, sub, createRevision, version, lease, value, previous });
      if (change.tombstone) latest.delete(key);
      else latest.set(key, { modRevision, sub, valueLength: value.length });
      const ready = packer.take();
      if (ready.length > 0) yield ready;
    }
    packer.finish();
    yield packer.take();
  }

  /** What compaction leaves (src/mvcc/retention.ts). */
  *#outliving(compactRevision: number): Generator<StoredChange, void, undefined> {
    for (const change of this.#database.changes()) {
      if (change.modRevision < compactRevision && !this.#isKept(change)) continue;
      yield change;
    }
  }

  #isKept({ pair, modRevision, sub }: StoredChange): boolean {
    const kept = pair === undefined ? undefined : this.#kept.get(pair.key);
    return kept?.modRevision === modRevision && kept.sub === sub;
  }

  /** HashKV's rules: src/mvcc/hash.ts. */
  #tally(
    compactRevision: number,
    latest: ReadonlyMap<Key, Superseded>,
  ): { readonly changes: number; readonly hash: number } {
    let changes = 0;
    let hash = crc32c(bytesOf('key'));
    for (const change of this.#outliving(compactRevision)) {
      changes++;
      if (change.modRevision <= compactRevision) {
        if (change.tombstone) continue;
        const newest = latest.size > 0 ? latest.get(change.pair?.key ?? '') : undefined;
        const stands = newest?.modRevision === change.modRevision && newest.sub === change.sub;
        if (latest.size > 0 ? !stands : !this.#isKept(change)) continue;
      }
      hash = crc32c(change.entry.value, crc32c(change.entry.key, hash));
    }
    return { changes, hash };
  }
}

interface Survey {
  /** Living keys at the end. */
  readonly latest: Map<Key, Latest>;
  readonly kept: Map<Key, Superseded>;
  /** Revision of the last change. */
  readonly last: number;
}

function survey(database: EtcdDatabase, compactRevision: number): Survey {
  const latest = new Map<Key, Latest>();
  let kept = new Map<Key, Superseded>();
  let last = 0;
  for (const { modRevision, sub, tombstone, pair } of database.changes()) {
    if (last <= compactRevision && modRevision > compactRevision) kept = new Map(latest);
    last = modRevision;
    if (pair === undefined) continue;
    const bytes = pair.key.length + pair.value.length;
    if (bytes > PAIR_BYTES_MAX) {
      throw new BboltError(
        `read change ${modRevision}.${sub}: key and value have ${bytes} bytes, a member takes ${PAIR_BYTES_MAX}`,
      );
    }
    if (tombstone) latest.delete(pair.key);
    else {
      const valueLength = pair.value.length;
      latest.set(pair.key, { modRevision, sub, valueLength, lease: pair.lease });
    }
  }
  if (last <= compactRevision) kept = new Map(latest);
  return { latest, kept, last };
}

/** Every lease with the living keys that hang on it. A key whose lease is gone hangs on none. */
function leasesOf(
  database: EtcdDatabase,
  latest: ReadonlyMap<Key, Latest>,
): { readonly leases: Uint8Array; readonly count: number } {
  const leases = new LeaseTable(() => undefined);
  const keys = new KeyTable(() => undefined);
  for (const { id, ttlSeconds, remainingSeconds } of database.leases()) {
    const ttl = Math.min(Math.max(ttlSeconds, LEASE_TTL_SECONDS_MIN), LEASE_TTL_SECONDS_MAX);
    const slot = leases.add(id, ttl);
    if (remainingSeconds > 0 && remainingSeconds < ttl) leases.setRemaining(slot, remainingSeconds);
  }
  for (const [key, { lease }] of latest) {
    const slot = lease === 0n ? NONE : leases.find(lease);
    if (slot !== NONE) keys.attach(slot, key);
  }
  const encoded = encodeLeases({ grants: leases.size, leases, keys });
  checkLeases(encoded);
  return { leases: encoded, count: leases.size };
}
