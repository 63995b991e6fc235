/**
 * What a member was told to change, and was told to be done, is so in the end; what was removed never
 * returns (etcd rules M2 to M6; etcd 20967).
 */
import type { NodeId } from '../../../src/raft/types.ts';
import type { NewestMembership } from '../observer.ts';
import { Violation } from '../world.ts';

export const PROPERTY = 'membership as acknowledged';

export interface MembershipCall {
  readonly kind: 'add learner' | 'add voter' | 'promote' | 'remove';
  /** Of the member to be added. */
  readonly url?: string;
  /** Undefined for an addition whose answer did not come. */
  id: NodeId | undefined;
  outcome: 'ok' | 'unknown';
}

/** @throws Violation */
export function checkMembership(calls: readonly MembershipCall[], final: NewestMembership): void {
  const memberOf = (id: NodeId) => final.members.find((member) => member.id === id);
  for (const call of calls) {
    if (call.outcome !== 'ok' || call.id === undefined) continue;
    const { id, kind } = call;
    const member = memberOf(id);
    const maybeRemoved = calls.some((other) => other.kind === 'remove' && other.id === id);
    const maybePromoted = calls.some((other) => other.kind === 'promote' && other.id === id);
    if (kind === 'remove') {
      if (member !== undefined || !final.removed.includes(id)) fail(call, 'it is still a member');
    } else if (member === undefined) {
      if (!maybeRemoved) fail(call, 'it is no member');
    } else if (kind === 'add learner') {
      if (!member.isLearner && !maybePromoted) fail(call, 'it is a voter');
    } else if (member.isLearner) fail(call, 'it is a learner');
  }
  for (const id of final.removed) {
    if (memberOf(id) !== undefined) fail({ kind: 'remove', id }, 'it is a member again');
  }
}

function fail(call: Pick<MembershipCall, 'kind' | 'id'>, what: string): never {
  throw new Violation(PROPERTY, `${call.kind} ${call.id ?? ''} was done, and in the end ${what}`);
}
