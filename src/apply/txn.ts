/** Transactions (etcd rules T1 to T14): decide every branch, check, then run. */
import { StatusError } from '../api/errors.ts';
import {
  toClampedNumber,
  type RangeRequest,
  type RequestOp,
  type ResponseOpInput,
  type TxnRequest,
  type TxnResponseInput,
} from '../api/messages.ts';
import { assert } from '../lib/assert.ts';
import type { ReadView } from '../mvcc/types.ts';
import { comparesHold } from './compare.ts';
import { executeDeleteRange } from './delete-range.ts';
import type { LeaseBook } from './lease-book.ts';
import { checkPut, executePut } from './put.ts';
import { executeRange } from './range.ts';
import { UnknownRequestError } from './unknown-request.ts';
import type { Writer } from './writer.ts';

/** A transaction with its branch chosen, and those of the transactions in it. */
export interface Decision {
  readonly succeeded: boolean;
  readonly steps: readonly Step[];
}

type Step =
  | { readonly op: RequestOp; readonly nested?: undefined }
  | { readonly op?: undefined; readonly nested: Decision };

/**
 * Evaluates the compares of the whole tree against one view, before anything is written: a nested
 * compare does not see what the outer branch writes (rule R9).
 */
export function decide(view: ReadView, request: TxnRequest): Decision {
  const succeeded = comparesHold(view, request);
  const steps = (succeeded ? request.success : request.failure).map((op): Step => {
    if (op.request_txn === null) return { op };
    return { nested: decide(view, op.request_txn) };
  });
  return { succeeded, steps };
}

/**
 * Checks the chosen path, in order, against the state before the transaction.
 * @throws StatusError leaseNotFound, keyNotFound, compacted, futureRev
 */
export function checkDecision(view: ReadView, leases: LeaseBook, decision: Decision): void {
  for (const step of decision.steps) {
    if (step.nested !== undefined) checkDecision(view, leases, step.nested);
    else if (step.op.request_range !== null) checkRevision(view, step.op.request_range);
    else if (step.op.request_put !== null) checkPut(view, leases, step.op.request_put);
  }
}

/** Unlike a Range by itself, one in a transaction takes a negative revision for a compacted one. */
function checkRevision(view: ReadView, request: RangeRequest): void {
  if (request.revision.isZero()) return;
  const revision = toClampedNumber(request.revision);
  if (revision > view.revision) throw StatusError.of('futureRev');
  if (revision < view.compactRevision) throw StatusError.of('compacted');
}

/** Runs a checked decision. The header is the outermost one's; the caller knows its revision. */
export function executeTxn(
  writer: Writer,
  decision: Decision,
): Omit<TxnResponseInput, 'header'> & { readonly responses: readonly ResponseOpInput[] } {
  const responses = decision.steps.map((step): ResponseOpInput => {
    if (step.nested === undefined) return executeOp(writer, step.op);
    // Headers of nested transactions are present and empty (rule R8).
    return { response_txn: { header: {}, ...executeTxn(writer, step.nested) } };
  });
  return { succeeded: decision.succeeded, responses };
}

function executeOp(writer: Writer, op: RequestOp): ResponseOpInput {
  if (op.request_range !== null) {
    return { response_range: executeRange(writer.txn, op.request_range, writer.revision) };
  }
  if (op.request_put !== null) return { response_put: executePut(writer, op.request_put) };
  if (op.request_delete_range !== null) {
    return { response_delete_range: executeDeleteRange(writer, op.request_delete_range) };
  }
  // Validation refuses operations without a request, so this one has a kind that only a newer version reads.
  throw new UnknownRequestError('apply transaction: it holds an unknown kind of operation');
}

/**
 * True if no branch can write, so that the transaction needs no log entry: only ranges, and those at
 * the top level (a nested transaction counts as a write, rule T11).
 */
export function isReadOnlyTxn(request: TxnRequest): boolean {
  return [...request.success, ...request.failure].every((op) => op.request_range !== null);
}

/** True if a local, perhaps stale answer is asked for: every range says so. So does having none. */
export function isSerializableTxn(request: TxnRequest): boolean {
  return [...request.success, ...request.failure].every(
    (op) => op.request_range?.serializable === true,
  );
}

/** Runs a read-only transaction over a view. @throws StatusError as checkDecision */
export function readOnlyTxn(
  view: ReadView,
  leases: LeaseBook,
  request: TxnRequest,
): TxnResponseInput {
  const decision = decide(view, request);
  checkDecision(view, leases, decision);
  const responses = decision.steps.map((step): ResponseOpInput => {
    const range = step.op?.request_range ?? null;
    assert(range !== null, 'run a read-only transaction: it has an operation that is no range');
    return { response_range: executeRange(view, range, view.revision) };
  });
  return { header: { revision: view.revision }, succeeded: decision.succeeded, responses };
}

/** True if any branch, at any depth, holds a put: what a full store refuses (rule M10). */
export function hasPut(request: TxnRequest): boolean {
  return [...request.success, ...request.failure].some(
    (op) => op.request_put !== null || (op.request_txn !== null && hasPut(op.request_txn)),
  );
}
