import type { Change, Key, KeyMeta, KeyRange, LeaseId, WriteTxn } from '../mvcc/types.ts';
import type { LeaseBook } from './lease-book.ts';

interface Move {
  readonly key: Key;
  /** 0n: hung on no lease. */
  readonly from: LeaseId;
  readonly to: LeaseId;
}

/**
 * One entry's writes: a store transaction, and beside it which keys change their lease. The leases
 * learn of it only at commit, so that an aborted transaction leaves no trace.
 */
export class Writer {
  readonly txn: WriteTxn;
  readonly leases: LeaseBook;
  readonly #moves: Move[] = [];

  constructor(txn: WriteTxn, leases: LeaseBook) {
    this.txn = txn;
    this.leases = leases;
  }

  /** Newest revision a read in this transaction shows: its own once it has written (rule R7). */
  get revision(): number {
    return this.txn.changed ? this.txn.revision + 1 : this.txn.revision;
  }

  put(key: Key, value: Uint8Array, lease: LeaseId): void {
    const previous = this.txn.put(key, value, lease);
    this.#move(key, previous?.lease ?? 0n, lease);
  }

  /** Returns how many keys were there. */
  deleteRange(range: KeyRange): number {
    const deleted: readonly KeyMeta[] = this.txn.deleteRange(range);
    for (const meta of deleted) this.#move(meta.key, meta.lease, 0n);
    return deleted.length;
  }

  commit(): readonly Change[] {
    const changes = this.txn.commit();
    for (const { key, from, to } of this.#moves) {
      if (from !== 0n) this.leases.detach(from, key);
      if (to !== 0n) this.leases.attach(to, key);
    }
    return changes;
  }

  #move(key: Key, from: LeaseId, to: LeaseId): void {
    if (from !== to) this.#moves.push({ key, from, to });
  }
}
