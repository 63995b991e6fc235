/**
 * The leases as all members hold them alike: ids, granted and last replicated remaining TTLs, and the
 * keys that hang on them. Changes come from applied log entries alone. Kept in memory; written to
 * rows, page by page, in the transaction that saves the applied index.
 */
import { StatusError } from '../api/errors.ts';
import {
  LEASE_KEY_PAGE_SLOTS,
  LEASE_MEMORY_BYTES_MAX,
  LEASE_PAGE_SLOTS,
  LEASE_TTL_SECONDS_MAX,
  LEASE_TTL_SECONDS_MIN,
} from '../constants.ts';
import { assert } from '../lib/assert.ts';
import { type ByteReader, type ByteWriter, DecodeError } from '../lib/binary.ts';
import type { RowStore } from '../lib/row-store.ts';
import type { Key, LeaseId } from '../mvcc/types.ts';
import { decodeLeases, encodeLeases } from './codec.ts';
import { KEY_BYTES, KeyTable } from './key-table.ts';
import { LEASE_BYTES, LeaseTable } from './lease-table.ts';
import { NONE } from './id-index.ts';
import { readMeta, writeMeta } from './meta.ts';
import { Pages } from './pages.ts';

export const LEASE_PAGES_TABLE = 'lease';
export const LEASE_KEY_PAGES_TABLE = 'lease_key';

export class ReplicatedLeases {
  readonly #store: RowStore;
  #leases: LeaseTable;
  #keys: KeyTable;
  readonly #leasePages: Pages;
  readonly #keyPages: Pages;
  /** Leases granted since the cluster began: two leases of one id, one after the other, differ in it. */
  #grants: number;
  /** As it is in storage. */
  #savedGrants: number;
  /** Grows with every change of what is replicated. */
  changes = 0;

  /** @throws CorruptLeasesError: the member must be rebuilt from its peers. */
  constructor(store: RowStore) {
    this.#store = store;
    this.#leases = this.#newLeases();
    this.#keys = this.#newKeys();
    this.#leasePages = this.#pagesOfLeases();
    this.#keyPages = this.#pagesOfKeys();
    this.#grants = readMeta(store);
    this.#savedGrants = this.#grants;
    this.#leasePages.load();
    this.#keyPages.load();
    this.#leases.linkFree();
    this.#keys.linkFree();
  }

  get table(): LeaseTable {
    return this.#leases;
  }

  get size(): number {
    return this.#leases.size;
  }

  get grants(): number {
    return this.#grants;
  }

  /** Estimate of the memory in use; equal on all members. */
  get memoryBytes(): number {
    return this.#leases.size * LEASE_BYTES + this.#keys.size * KEY_BYTES + this.#keys.keyBytes;
  }

  has(id: LeaseId): boolean {
    return this.#leases.find(id) !== NONE;
  }

  /**
   * Makes a lease; returns the TTL granted, which is at least the minimum (etcd's rule L2).
   * @throws StatusError leaseNotFound (id 0), leaseTTLTooLarge, leaseExist, and
   *   requestTooManyRequests when leases and their keys take too much memory
   */
  grant(id: LeaseId, ttlSeconds: number): number {
    if (id === 0n) throw StatusError.of('leaseNotFound');
    if (ttlSeconds > LEASE_TTL_SECONDS_MAX) throw StatusError.of('leaseTTLTooLarge');
    if (this.has(id)) throw StatusError.of('leaseExist');
    if (this.memoryBytes + LEASE_BYTES > LEASE_MEMORY_BYTES_MAX) {
      throw StatusError.of('requestTooManyRequests');
    }
    const granted = Math.max(Math.ceil(ttlSeconds), LEASE_TTL_SECONDS_MIN);
    this.#leases.add(id, granted);
    this.#grants++;
    return granted;
  }

  /** Forgets a lease, and its keys' hanging on it. Unknown ids are passed over. */
  revoke(id: LeaseId): void {
    const slot = this.#leases.find(id);
    if (slot === NONE) return;
    for (const key of this.#keys.keysOf(slot)) this.#keys.detach(key);
    this.#leases.remove(slot);
  }

  /** The keys attached to a lease in bytewise order; none if it is unknown. */
  keys(id: LeaseId): readonly Key[] {
    const slot = this.#leases.find(id);
    return slot === NONE ? [] : this.#keys.keysOf(slot).sort();
  }

  /** True if `bytes` more bytes of keys, `count` of them, may be attached. */
  hasRoom(count: number, bytes: number): boolean {
    return this.memoryBytes + count * KEY_BYTES + bytes <= LEASE_MEMORY_BYTES_MAX;
  }

  /** Hangs `key` on a lease that exists, and so no longer on another. */
  attach(id: LeaseId, key: Key): void {
    const slot = this.#leases.find(id);
    assert(slot !== NONE, `attach a key to lease ${id}: there is no such lease`);
    const before = this.#keys.find(key);
    if (before === slot) return;
    if (before !== undefined) this.#keys.detach(key);
    this.#keys.attach(slot, key);
  }

  /** Does nothing if `key` does not hang on `id`. */
  detach(id: LeaseId, key: Key): void {
    const slot = this.#keys.find(key);
    if (slot !== undefined && slot === this.#leases.find(id)) this.#keys.detach(key);
  }

  /**
   * Notes how much of a lease's time is left; 0: all that was granted, since it was renewed.
   * @throws StatusError leaseNotFound
   */
  checkpoint(id: LeaseId, remainingSeconds: number): void {
    const slot = this.#leases.find(id);
    if (slot === NONE) throw StatusError.of('leaseNotFound');
    const granted = this.#leases.ttlOf(slot);
    const remaining = Math.ceil(remainingSeconds);
    this.#leases.setRemaining(slot, remaining > 0 && remaining < granted ? remaining : 0);
  }

  /** Everything, packed. Equal leases give equal bytes, whatever slots they are in. */
  encode(): Uint8Array {
    return encodeLeases({ grants: this.#grants, leases: this.#leases, keys: this.#keys });
  }

  /** Replaces everything by what `encode` returned; no bytes: no leases. @throws DecodeError */
  restore(bytes: Uint8Array): void {
    this.#leases = this.#newLeases();
    this.#keys = this.#newKeys();
    this.#grants = decodeLeases(bytes, { leases: this.#leases, keys: this.#keys });
    this.#leasePages.reset();
    this.#keyPages.reset();
    this.changes++;
  }

  /**
   * Writes what changed since the last flush. Belongs into the transaction that saves the applied
   * index: entries up to there will not be applied again.
   */
  flush(): void {
    const counted = this.#grants !== this.#savedGrants;
    if (!counted && !this.#leasePages.dirty && !this.#keyPages.dirty) return;
    writeMeta(this.#store, this.#grants);
    this.#savedGrants = this.#grants;
    this.#leasePages.flush();
    this.#keyPages.flush();
  }

  #newLeases(): LeaseTable {
    return new LeaseTable((slot) => {
      this.changes++;
      this.#leasePages.mark(slot);
    });
  }

  #newKeys(): KeyTable {
    return new KeyTable((slot) => {
      this.changes++;
      this.#keyPages.mark(slot);
    });
  }

  #pagesOfLeases(): Pages {
    const table = (): LeaseTable => this.#leases;
    return new Pages(this.#store, {
      name: LEASE_PAGES_TABLE,
      slotsPerPage: LEASE_PAGE_SLOTS,
      get end() {
        return table().end;
      },
      used: (slot) => table().used(slot),
      write: (slot, writer) => {
        writer.u64(table().idOf(slot));
        writer.varint(table().ttlOf(slot));
        writer.varint(table().remainingOf(slot));
      },
      read: (slot, reader) => this.#readLease(slot, reader),
    });
  }

  #pagesOfKeys(): Pages {
    const table = (): KeyTable => this.#keys;
    return new Pages(this.#store, {
      name: LEASE_KEY_PAGES_TABLE,
      slotsPerPage: LEASE_KEY_PAGE_SLOTS,
      get end() {
        return table().end;
      },
      used: (slot) => table().used(slot),
      write: (slot: number, writer: ByteWriter) => {
        writer.varint(table().leaseOf(slot));
        writer.string(table().keyOf(slot));
      },
      read: (slot, reader) => this.#readKey(slot, reader),
    });
  }

  #readLease(slot: number, reader: ByteReader): void {
    const id = BigInt.asIntN(64, reader.u64());
    const ttl = reader.varint();
    const remaining = reader.varint();
    if (ttl === 0 || this.#leases.used(slot) || this.has(id)) {
      throw new DecodeError(`lease ${id} of ${ttl} seconds in slot ${slot}`);
    }
    this.#leases.place(slot, id, ttl, remaining);
  }

  #readKey(slot: number, reader: ByteReader): void {
    const lease = reader.varint();
    const key = reader.string();
    if (!this.#leases.used(lease) || this.#keys.used(slot) || this.#keys.find(key) !== undefined) {
      throw new DecodeError(`a key in slot ${slot} on the lease in slot ${lease}`);
    }
    this.#keys.place(slot, lease, key);
  }
}
