/** One place that knows every kind of mutation and which part applies it. */
import { StatusError } from '../api/errors.ts';
import {
  AlarmType,
  type AlarmResponseInput,
  type CompactionResponseInput,
  type DeleteRangeResponseInput,
  type InternalRequest,
  type LeaseCheckpointResponseInput,
  type LeaseGrantResponseInput,
  type LeaseRevokeResponseInput,
  type PutResponseInput,
  type TxnResponseInput,
  toClampedNumber,
} from '../api/messages.ts';
import type { Change, Mvcc } from '../mvcc/types.ts';
import type { Alarms } from './alarms.ts';
import { executeDeleteRange } from './delete-range.ts';
import type { LeaseBook } from './lease-book.ts';
import { checkpointLeases, grantLease, revokeLease } from './leases.ts';
import type { Membership } from './membership.ts';
import { applyRestore, type StagedRestore } from './restore.ts';
import { checkPut, executePut } from './put.ts';
import { checkDecision, decide, executeTxn, hasPut } from './txn.ts';
import { UnknownRequestError } from './unknown-request.ts';
import { Writer } from './writer.ts';

/** The parts of the replicated state that mutations work on. */
export interface Parts {
  readonly mvcc: Mvcc;
  readonly leases: LeaseBook;
  readonly membership: Membership;
  readonly alarms: Alarms;
  readonly staged: StagedRestore;
}

/** A response message of the mutation's own type, its header filled as far as the revision. */
export type ApplyResponse =
  | PutResponseInput
  | DeleteRangeResponseInput
  | TxnResponseInput
  | CompactionResponseInput
  | LeaseGrantResponseInput
  | LeaseRevokeResponseInput
  | LeaseCheckpointResponseInput
  | AlarmResponseInput;

export interface Done {
  readonly response: ApplyResponse;
  readonly changes: readonly Change[];
  /** The whole state was replaced: no list of changes leads to it, and it must be saved at once. */
  readonly restored?: boolean;
}

const NO_CHANGES: readonly Change[] = [];

/**
 * Applies one mutation.
 * @param entryTerm term under which its entry stands in the log
 * @throws StatusError, CompactedError, FutureRevisionError: the same on every member, nothing changed
 * @throws UnknownRequestError: this member must stop before the entry
 * @throws MissingRestoreError: this member must be rebuilt from its peers
 */
export function dispatch(parts: Parts, request: InternalRequest, entryTerm: number): Done {
  const { mvcc, leases, membership, alarms } = parts;
  const here = (changes: readonly Change[] = NO_CHANGES): Done => ({
    response: { header: { revision: mvcc.revision } },
    changes,
  });
  if (request.alarm !== null) return applyAlarm(parts, request.alarm);
  if (request.member_attributes !== null) {
    membership.setAttributes(request.member_attributes);
    return here();
  }
  if (request.lease_checkpoint !== null) {
    checkpointLeases(leases, request.lease_checkpoint, entryTerm);
    return here();
  }
  refuseUnderAlarm(alarms, request);
  if (request.restore !== null) {
    const restored = applyRestore(parts, request.restore);
    return { ...here(), restored };
  }
  if (request.put !== null) {
    const { put } = request;
    checkPut(mvcc, leases, put);
    return write(parts, (writer) => executePut(writer, put));
  }
  if (request.delete_range !== null) {
    const deletion = request.delete_range;
    return write(parts, (writer) => executeDeleteRange(writer, deletion));
  }
  if (request.txn !== null) {
    const decision = decide(mvcc, request.txn);
    checkDecision(mvcc, leases, decision);
    return write(parts, (writer) => {
      const executed = executeTxn(writer, decision);
      return { header: { revision: writer.revision }, ...executed };
    });
  }
  if (request.compaction !== null) {
    mvcc.compact(toClampedNumber(request.compaction.revision));
    return here();
  }
  if (request.lease_grant !== null) {
    return { response: grantLease(mvcc, leases, request.lease_grant), changes: NO_CHANGES };
  }
  if (request.lease_revoke !== null) {
    return here(revokeLease(mvcc, leases, request.lease_revoke, entryTerm));
  }
  throw new UnknownRequestError(
    'apply entry: it holds no kind of request that this version knows, a newer one must apply it',
  );
}

/** All or nothing: an error drops what `run` wrote. */
function write({ mvcc, leases }: Parts, run: (writer: Writer) => ApplyResponse): Done {
  const writer = new Writer(mvcc.begin(), leases);
  let response: ApplyResponse;
  try {
    response = run(writer);
  } catch (error) {
    writer.txn.abort();
    throw error;
  }
  return { response, changes: writer.commit() };
}

function applyAlarm({ mvcc, alarms }: Parts, request: NonNullable<InternalRequest['alarm']>): Done {
  return {
    response: { header: { revision: mvcc.revision }, alarms: alarms.apply(request) },
    changes: NO_CHANGES,
  };
}

/**
 * A corrupt cluster takes no mutation at all (rule M11), a full one none that makes it larger (M10):
 * deleting, compacting and ending leases are the way out.
 */
function refuseUnderAlarm(alarms: Alarms, request: InternalRequest): void {
  if (alarms.has(AlarmType.CORRUPT)) throw StatusError.of('corrupt');
  if (!alarms.has(AlarmType.NOSPACE)) return;
  const grows =
    request.put !== null ||
    request.lease_grant !== null ||
    (request.txn !== null && hasPut(request.txn));
  if (grows) throw StatusError.of('noSpace');
}
