/** The rule that one transaction touches no key twice with a put (etcd rule T5). */
import { StatusError } from '../api/errors.ts';
import type { DeleteRangeRequest, PutRequest, RequestOp, TxnRequest } from '../api/messages.ts';
import { byteString } from '../lib/bytes.ts';
import type { Key } from '../mvcc/types.ts';
import { KeyIntervals } from './intervals.ts';

/** What a list of operations may write, whichever branches are taken in it. */
interface Touched {
  readonly puts: Set<Key>;
  readonly deletes: KeyIntervals;
}

/**
 * Refuses two puts of one key, and a put of a key that a deletion at the same level, above, or in an
 * earlier sibling transaction covers. Both branches are looked at, whichever will run; the two branches
 * of one nested transaction may put the same key. A deletion in a later sibling is not held against an
 * earlier sibling's put: etcd lets it pass.
 *
 * @throws StatusError duplicateKey
 */
export function refuseDuplicateKeys(request: TxnRequest): void {
  touchedBy(request.success);
  touchedBy(request.failure);
}

function touchedBy(ops: readonly RequestOp[]): Touched {
  const touched: Touched = { puts: new Set(), deletes: KeyIntervals.of(deletesOf(ops)) };
  for (const op of ops) {
    if (op.request_txn !== null) addNested(touched, op.request_txn);
  }
  for (const { key } of putsOf(ops)) {
    addPut(touched, byteString(key), undefined);
  }
  return touched;
}

function addNested(touched: Touched, nested: TxnRequest): void {
  const success = touchedBy(nested.success);
  const failure = touchedBy(nested.failure);
  for (const key of success.puts) addPut(touched, key, undefined);
  for (const key of failure.puts) addPut(touched, key, success.puts);
  touched.deletes.add(success.deletes);
  touched.deletes.add(failure.deletes);
}

/** @param other puts of the branch that runs exactly when this put does not */
function addPut(touched: Touched, key: Key, other: ReadonlySet<Key> | undefined): void {
  const repeated = touched.puts.has(key) && other?.has(key) !== true;
  if (repeated || touched.deletes.has(key)) throw StatusError.of('duplicateKey');
  touched.puts.add(key);
}

function deletesOf(ops: readonly RequestOp[]): DeleteRangeRequest[] {
  return ops.flatMap((op) => (op.request_delete_range === null ? [] : [op.request_delete_range]));
}

function putsOf(ops: readonly RequestOp[]): PutRequest[] {
  return ops.flatMap((op) => (op.request_put === null ? [] : [op.request_put]));
}
