import type { Key, LeaseId } from '../mvcc/types.ts';

/**
 * What apply needs of the leases: who they are and which keys hang on them. All of it is replicated
 * and deterministic; deadlines and expiry are the lessor's own business (src/lease). Seconds are whole.
 */
export interface LeaseBook {
  /** How many leases there are. */
  readonly size: number;
  has(id: LeaseId): boolean;
  /**
   * Makes a lease and returns the time to live it really got, which is at least the minimum (rule L2).
   * @throws StatusError leaseExist, leaseTTLTooLarge, leaseNotFound (id 0)
   */
  grant(id: LeaseId, ttlSeconds: number): number;
  /** Forgets a lease and what hangs on it. Unknown ids are passed over. */
  revoke(id: LeaseId): void;
  /** The keys attached to a lease, sorted bytewise; none if it is unknown. */
  keys(id: LeaseId): readonly Key[];
  attach(id: LeaseId, key: Key): void;
  detach(id: LeaseId, key: Key): void;
  /**
   * Records how much of a lease's time is left, so that a new leader neither cuts nor extends it.
   * @throws StatusError leaseNotFound
   */
  checkpoint(id: LeaseId, remainingSeconds: number): void;
  /** False if the leases' memory has no room for `count` more keys of `bytes` in all. */
  hasRoom(count: number, bytes: number): boolean;
  /**
   * Writes what changed since the last flush to the book's own rows, as part of the caller's
   * transaction; a book opened from these rows is equal to this one.
   */
  flush(): void;
  /** Everything replicated, packed. Equal books give equal bytes. */
  encode(): Uint8Array;
  /** Replaces everything by what `encode` returned. Empty input is a book without leases. */
  restore(bytes: Uint8Array): void;
}
