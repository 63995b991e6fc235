/**
 * What is wrong with a request whatever the state of the store: checked before anything is proposed,
 * in the order of etcd's v3rpc layer, so that a request with two faults is refused for the same one.
 */
import { Code, StatusError } from '../api/errors.ts';
import {
  SortOrder,
  SortTarget,
  type DeleteRangeRequest,
  type PutRequest,
  type RangeRequest,
  type RequestOp,
  type TxnRequest,
} from '../api/messages.ts';
import { MESSAGE_BYTES_MAX, REQUEST_BYTES_MAX, TXN_OPS_MAX } from '../constants.ts';
import { refuseDuplicateKeys } from './duplicates.ts';
import { hasRevisionFilter, isNaturalOrder } from './range.ts';

const SORT_ORDERS: ReadonlySet<number> = new Set(Object.values(SortOrder));
const SORT_TARGETS: ReadonlySet<number> = new Set(Object.values(SortTarget));

/** @throws StatusError emptyKey, invalidSortOption */
export function validateRange(request: RangeRequest): void {
  refuseEmptyKey(request.key);
  if (!SORT_ORDERS.has(request.sort_order) || !SORT_TARGETS.has(request.sort_target)) {
    throw StatusError.of('invalidSortOption');
  }
}

/** @throws StatusError emptyKey, invalidSortOption, streamSort, streamFilters */
export function validateRangeStream(request: RangeRequest): void {
  validateRange(request);
  if (!isNaturalOrder(request)) throw StatusError.of('streamSort');
  if (hasRevisionFilter(request)) throw StatusError.of('streamFilters');
}

/** @throws StatusError emptyKey, valueProvided, leaseProvided */
export function validatePut(request: PutRequest): void {
  refuseEmptyKey(request.key);
  if (request.ignore_value && request.value.length > 0) throw StatusError.of('valueProvided');
  if (request.ignore_lease && !request.lease.isZero()) throw StatusError.of('leaseProvided');
}

/** @throws StatusError emptyKey */
export function validateDeleteRange(request: DeleteRangeRequest): void {
  refuseEmptyKey(request.key);
}

/** @throws StatusError tooManyOps, emptyKey, duplicateKey, and whatever an operation is refused for */
export function validateTxn(request: TxnRequest): void {
  validateTxnOps(request, TXN_OPS_MAX);
  // Last, because its cost grows with what the checks before it bound.
  refuseDuplicateKeys(request);
}

/**
 * @param encodedBytes length of the encoded InternalRequest, which adds some dozen bytes of its own
 * @throws StatusError requestTooLarge
 */
export function validateRequestBytes(encodedBytes: number): void {
  if (encodedBytes > REQUEST_BYTES_MAX) throw StatusError.of('requestTooLarge');
}

/**
 * @param messageBytes length of the encoded request message as a client sends it
 * @throws StatusError with gRPC's own text, as etcd's server answers before it looks at the message
 */
export function validateMessageBytes(messageBytes: number): void {
  if (messageBytes <= MESSAGE_BYTES_MAX) return;
  throw new StatusError(
    Code.ResourceExhausted,
    `grpc: received message larger than max (${messageBytes} vs. ${MESSAGE_BYTES_MAX})`,
  );
}

/** @param opsMax operations allowed at this level: what the levels above have left (rule T3) */
function validateTxnOps(request: TxnRequest, opsMax: number): void {
  const ops = Math.max(request.compare.length, request.success.length, request.failure.length);
  if (ops > opsMax) throw StatusError.of('tooManyOps');
  for (const compare of request.compare) refuseEmptyKey(compare.key);
  for (const op of request.success) validateOp(op, opsMax - ops);
  for (const op of request.failure) validateOp(op, opsMax - ops);
}

function validateOp(op: RequestOp, opsMax: number): void {
  if (op.request_range !== null) validateRange(op.request_range);
  else if (op.request_put !== null) validatePut(op.request_put);
  else if (op.request_delete_range !== null) validateDeleteRange(op.request_delete_range);
  else if (op.request_txn !== null) validateTxnOps(op.request_txn, opsMax);
  // An odd choice of error for an operation without a request, but etcd's.
  else throw StatusError.of('keyNotFound');
}

function refuseEmptyKey(key: Uint8Array): void {
  if (key.length === 0) throw StatusError.of('emptyKey');
}
