/** Put, alone and inside a transaction (etcd rules P1 to P4). */
import { StatusError } from '../api/errors.ts';
import { leaseIdOf, type PutRequest, type PutResponseInput } from '../api/messages.ts';
import { byteString } from '../lib/bytes.ts';
import type { KeyValue, ReadView } from '../mvcc/types.ts';
import type { LeaseBook } from './lease-book.ts';
import { pairMessage } from './pairs.ts';
import type { Writer } from './writer.ts';

/**
 * What must hold before anything is written: the lease lives, and a put that keeps the value or the
 * lease has a pair to keep them from.
 * @throws StatusError leaseNotFound, keyNotFound, requestTooManyRequests (too many keys on leases)
 */
export function checkPut(view: ReadView, leases: LeaseBook, request: PutRequest): void {
  if (!request.lease.isZero()) {
    if (!leases.has(leaseIdOf(request.lease))) throw StatusError.of('leaseNotFound');
    if (!leases.hasRoom(1, request.key.length)) throw StatusError.of('requestTooManyRequests');
  }
  if (keepsSomething(request) && view.meta(byteString(request.key)) === undefined) {
    throw StatusError.of('keyNotFound');
  }
}

/** The request was checked against the state before the transaction. */
export function executePut(writer: Writer, request: PutRequest): PutResponseInput {
  const key = byteString(request.key);
  const previous = previousPair(writer.txn, key, request);
  const value = request.ignore_value && previous !== undefined ? previous.value : request.value;
  const lease =
    request.ignore_lease && previous !== undefined ? previous.lease : leaseIdOf(request.lease);
  writer.put(key, value, lease);
  const header = { revision: writer.revision };
  if (!request.prev_kv || previous === undefined) return { header };
  return { header, prev_kv: pairMessage(previous) };
}

/**
 * @throws StatusError keyNotFound when an earlier deletion of the same transaction took the pair away:
 *   possible because the check for duplicate keys overlooks open-ended deletions (see intervals.ts)
 */
function previousPair(view: ReadView, key: string, request: PutRequest): KeyValue | undefined {
  if (!request.prev_kv && !keepsSomething(request)) return undefined;
  const previous = view.get(key);
  if (previous === undefined && keepsSomething(request)) {
    throw StatusError.of('keyNotFound');
  }
  return previous;
}

function keepsSomething(request: PutRequest): boolean {
  return request.ignore_value || request.ignore_lease;
}
