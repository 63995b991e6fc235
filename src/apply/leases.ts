/** Grants, ends and checkpoints of leases (etcd rules L1 to L4, L10), on the replicated side. */
import { StatusError } from '../api/errors.ts';
import {
  leaseIdOf,
  toClampedNumber,
  toNumber,
  type InternalLeaseCheckpoint,
  type InternalLeaseRevoke,
  type LeaseGrantRequest,
  type LeaseGrantResponseInput,
} from '../api/messages.ts';
import type { Change, Mvcc } from '../mvcc/types.ts';
import { singleKey } from './keys.ts';
import type { LeaseBook } from './lease-book.ts';
import { Writer } from './writer.ts';

/** @throws StatusError leaseExist, leaseTTLTooLarge, leaseNotFound (id 0: the proposer draws one) */
export function grantLease(
  mvcc: Mvcc,
  leases: LeaseBook,
  request: LeaseGrantRequest,
): LeaseGrantResponseInput {
  const id = leaseIdOf(request.ID);
  const ttl = leases.grant(id, toClampedNumber(request.TTL));
  return { header: { revision: mvcc.revision }, ID: id, TTL: ttl };
}

/**
 * Ends a lease and deletes its keys, in bytewise order, in one revision.
 *
 * An end found by a leader carries that leader's term. If the entry stands in the log under another
 * term, leadership has changed hands since and the lease may have been renewed: it is dropped.
 *
 * @throws StatusError leaseNotFound
 */
export function revokeLease(
  mvcc: Mvcc,
  leases: LeaseBook,
  request: InternalLeaseRevoke,
  entryTerm: number,
): readonly Change[] {
  const foundInTerm = toNumber(request.term);
  if (foundInTerm !== 0 && foundInTerm !== entryTerm) return [];
  const id = leaseIdOf(request.ID);
  if (!leases.has(id)) throw StatusError.of('leaseNotFound');
  const writer = new Writer(mvcc.begin(), leases);
  for (const key of leases.keys(id)) writer.deleteRange(singleKey(key));
  const changes = writer.commit();
  leases.revoke(id);
  return changes;
}

/**
 * Leases that ended in the meantime are passed over: a checkpoint is news of many at once. One that
 * stands in the log under another term than its leader's is dropped, as leases may have been renewed since.
 */
export function checkpointLeases(
  leases: LeaseBook,
  request: InternalLeaseCheckpoint,
  entryTerm: number,
): void {
  const knownInTerm = toNumber(request.term);
  if (knownInTerm !== 0 && knownInTerm !== entryTerm) return;
  for (const checkpoint of request.checkpoints) {
    const id = leaseIdOf(checkpoint.ID);
    if (leases.has(id)) leases.checkpoint(id, toClampedNumber(checkpoint.remaining_TTL));
  }
}
