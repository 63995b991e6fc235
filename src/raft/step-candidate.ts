import type { Core } from './core.ts';
import { countVote } from './election.ts';
import { isFromLeader } from './message.ts';
import { holdProposals } from './propose.ts';
import { stepFollower } from './step-follower.ts';
import { type Message, MessageType, NO_NODE } from './types.ts';

/** Candidate or preCandidate: counts answers, and yields to a leader of its term (paper 5.2). */
export function stepCandidate(core: Core, message: Message): void {
  if (isFromLeader(message.type)) {
    core.becomeFollower(core.term, message.from);
    stepFollower(core, message);
    return;
  }
  if (message.type === MessageType.propose) {
    holdProposals(core, message.entries);
    return;
  }
  const isPre = core.role === 'preCandidate';
  if (message.type === MessageType.preVoteResponse && isPre) countVote(core, message);
  if (message.type === MessageType.voteResponse && !isPre) countVote(core, message);
}

/** A granted preVote carries the term it was asked for, which is none to follow. */
export function isGrantedPreVote(message: Message): boolean {
  return message.type === MessageType.preVoteResponse && !message.reject;
}

/** The leader a message of a later term makes known, or NO_NODE. */
export function leaderOf(message: Message): string {
  return isFromLeader(message.type) ? message.from : NO_NODE;
}
