/** When a leader lets the membership change: etcd's strict reconfiguration check (rules M2 to M4). */
import { Code, StatusError } from '../api/errors.ts';
import type { Member, Membership } from '../apply/membership.ts';
import { LEARNER_MATCH_SHARE_MIN } from '../constants.ts';
import type { ProgressStatus } from '../raft/config.ts';
import type { NodeId } from '../raft/types.ts';

export interface Situation {
  readonly membership: Membership;
  readonly self: NodeId;
  /** Who was heard of just now, this member included. */
  readonly heard: ReadonlySet<NodeId>;
  /** Every member as the leader sees it. */
  readonly progress: readonly ProgressStatus[];
  readonly learnersMax: number;
}

/** @throws StatusError memberNotEnoughStarted, unhealthy, tooManyLearners */
export function checkAdd(situation: Situation, learner: boolean): void {
  const { membership, heard, learnersMax } = situation;
  const voters = votersOf(membership);
  const started = voters.filter(isStarted).length;
  const size = voters.length + 1;
  // One voter alone may be given a second one, though that one has not started.
  const firstOther = started === 1 && size === 2;
  if (!learner && !firstOther && started < quorum(size)) {
    throw StatusError.of('memberNotEnoughStarted');
  }
  // Members may be down as long as there is a quorum, and still is with a voter that has not started.
  const active = voters.filter(({ id }) => heard.has(id)).length;
  const needed = learner || firstOther ? quorum(voters.length) : quorum(size);
  if (active < needed) throw StatusError.of('unhealthy');
  const learners = membership.members.length - voters.length;
  if (learner && learners >= learnersMax) throw StatusError.of('tooManyLearners');
}

/** @throws StatusError memberNotEnoughStarted, unhealthy, memberNotFound */
export function checkRemove({ membership, self, heard }: Situation, id: NodeId): void {
  const member = membership.get(id);
  if (member?.isLearner === true) return;
  const voters = votersOf(membership);
  const rest = voters.filter((voter) => voter.id !== id);
  if (rest.length === 0 || rest.filter(isStarted).length < quorum(rest.length)) {
    throw StatusError.of('memberNotEnoughStarted');
  }
  if (member === undefined) throw StatusError.of('memberNotFound');
  // Whoever is not heard of is no part of the quorum that works now.
  if (id !== self && !heard.has(id)) return;
  const active = voters.filter((voter) => heard.has(voter.id)).length;
  if (active - 1 < quorum(rest.length)) throw StatusError.of('unhealthy');
}

/** In etcd's order. @throws StatusError memberNotFound, learnerNotReady, memberNotLearner, memberNotEnoughStarted */
export function checkPromote({ membership, self, progress }: Situation, id: NodeId): void {
  const member = membership.get(id);
  if (member === undefined) throw StatusError.of('memberNotFound');
  const matchOf = (of: NodeId): number => progress.find((each) => each.id === of)?.match ?? 0;
  if (matchOf(id) < matchOf(self) * LEARNER_MATCH_SHARE_MIN) {
    throw StatusError.of('learnerNotReady');
  }
  if (!member.isLearner) throw StatusError.of('memberNotLearner');
  const voters = votersOf(membership);
  // The learner counts among those who have started: it has most of the log.
  if (voters.filter(isStarted).length + 1 < quorum(voters.length + 1)) {
    throw StatusError.of('memberNotEnoughStarted');
  }
}

/**
 * A learner is promoted and a voter removed in one joint change (thesis 4.3). The voter stops when the
 * joint phase begins, so both halves must have their quorums without it, and it must not be the leader.
 * @throws StatusError those of `checkPromote`, memberNotFound, unhealthy; FailedPrecondition otherwise
 */
export function checkReplace(situation: Situation, id: NodeId, voter: NodeId): void {
  checkPromote(situation, id);
  const { membership, self, heard, progress } = situation;
  const leaving = membership.get(voter);
  if (leaving === undefined) throw StatusError.of('memberNotFound');
  if (leaving.isLearner) throw replaceRefusal(leaving, 'it is no voter');
  if (voter === self) throw replaceRefusal(leaving, 'it leads, hand leadership over first');
  const voters = votersOf(membership);
  const staying = voters.filter((each) => each.id !== voter && heard.has(each.id)).length;
  if (voters.length - 1 < quorum(voters.length)) {
    throw replaceRefusal(leaving, 'the other voters are no quorum, promote the learner first');
  }
  if (staying < quorum(voters.length)) throw StatusError.of('unhealthy');
  if (progress.find((each) => each.id === id)?.active !== true) {
    throw StatusError.of('learnerNotReady');
  }
}

function replaceRefusal({ id, name }: Member, why: string): StatusError {
  return new StatusError(Code.FailedPrecondition, `edgetcd: replace voter ${name || id}: ${why}`);
}

function votersOf(membership: Membership): readonly Member[] {
  return membership.members.filter((member) => !member.isLearner);
}

/** A member says its name when it has started. */
function isStarted(member: Member): boolean {
  return member.name !== '';
}

function quorum(size: number): number {
  return Math.floor(size / 2) + 1;
}
