/** Leases without a clock, in the simplest form: what apply is tested on. */
import { StatusError } from '../../src/api/errors.ts';
import type { LeaseBook } from '../../src/apply/lease-book.ts';
import { ByteReader, ByteWriter } from '../../src/lib/binary.ts';
import type { RowStore } from '../../src/lib/row-store.ts';
import type { Key, LeaseId } from '../../src/mvcc/types.ts';

/** etcd's limits with its default election timeout (rule L2). */
const TTL_MIN_SECONDS = 2;
const TTL_MAX_SECONDS = 9_000_000_000;

interface Lease {
  readonly ttlSeconds: number;
  readonly keys: Set<Key>;
  remainingSeconds: number;
}

const TABLE = 'naive_leases';

export class NaiveLeaseBook implements LeaseBook {
  /** What hasRoom answers. */
  room = true;
  readonly #rows: RowStore;
  #leases = new Map<LeaseId, Lease>();

  constructor(rows: RowStore) {
    this.#rows = rows;
    this.restore(rows.get(TABLE, 0)?.data ?? new Uint8Array(0));
  }

  hasRoom(): boolean {
    return this.room;
  }

  flush(): void {
    this.#rows.put(TABLE, 0, new Uint8Array(0), this.encode());
  }

  get size(): number {
    return this.#leases.size;
  }

  has(id: LeaseId): boolean {
    return this.#leases.has(id);
  }

  grant(id: LeaseId, ttlSeconds: number): number {
    if (id === 0n) throw StatusError.of('leaseNotFound');
    if (ttlSeconds > TTL_MAX_SECONDS) throw StatusError.of('leaseTTLTooLarge');
    if (this.#leases.has(id)) throw StatusError.of('leaseExist');
    const granted = Math.max(ttlSeconds, TTL_MIN_SECONDS);
    this.#leases.set(id, { ttlSeconds: granted, keys: new Set(), remainingSeconds: 0 });
    return granted;
  }

  revoke(id: LeaseId): void {
    this.#leases.delete(id);
  }

  keys(id: LeaseId): readonly Key[] {
    return [...(this.#leases.get(id)?.keys ?? [])].sort();
  }

  attach(id: LeaseId, key: Key): void {
    this.#leases.get(id)?.keys.add(key);
  }

  detach(id: LeaseId, key: Key): void {
    this.#leases.get(id)?.keys.delete(key);
  }

  checkpoint(id: LeaseId, remainingSeconds: number): void {
    const lease = this.#leases.get(id);
    if (lease === undefined) throw StatusError.of('leaseNotFound');
    lease.remainingSeconds = remainingSeconds;
  }

  remaining(id: LeaseId): number | undefined {
    return this.#leases.get(id)?.remainingSeconds;
  }

  encode(): Uint8Array {
    const writer = new ByteWriter();
    const ids = [...this.#leases.keys()].sort((left, right) => (left < right ? -1 : 1));
    for (const id of ids) {
      const { ttlSeconds, remainingSeconds } = this.#leases.get(id) as Lease;
      const keys = this.keys(id);
      writer.u64(id);
      writer.varint(ttlSeconds);
      writer.varint(remainingSeconds);
      writer.varint(keys.length);
      for (const key of keys) writer.string(key);
    }
    return writer.finish();
  }

  restore(bytes: Uint8Array): void {
    this.#leases = new Map();
    const reader = new ByteReader(bytes);
    while (!reader.done) {
      const id = BigInt.asIntN(64, reader.u64());
      const ttlSeconds = reader.varint();
      const remainingSeconds = reader.varint();
      const keys = Array.from({ length: reader.varint() }, () => reader.string());
      this.#leases.set(id, { ttlSeconds, remainingSeconds, keys: new Set(keys) });
    }
  }
}
