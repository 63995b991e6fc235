/** The way of a message: wake, compare terms, then to the task or role it concerns. */
import type { Core } from './core.ts';
import { answerVote, ignoresVote, learnCommit, sendVote } from './election.ts';
import { isFromLeader, isMalformed, isTermless, isWork } from './message.ts';
import { wake } from './rest.ts';
import { isGrantedPreVote, leaderOf, stepCandidate } from './step-candidate.ts';
import { stepFollower } from './step-follower.ts';
import { stepLeader } from './step-leader.ts';
import { type Message, MessageType } from './types.ts';

export function step(core: Core, message: Message): void {
  if (message.to !== core.id || message.from === core.id || isMalformed(message)) return;
  if (isVoteAnswer(message.type)) learnCommit(core, message);
  if (!isTermless(message.type) && message.term < core.term) {
    answerStale(core, message);
    return;
  }
  if (core.resting && isWork(message.type)) {
    // The leader's own messages, and calls, tell that the others are woken already.
    wake(core, !isFromLeader(message.type) && message.type !== MessageType.wake);
    if (message.type === MessageType.wake) return;
  }
  if (message.term > core.term && !followTerm(core, message)) return;
  dispatch(core, message);
}

function isVoteAnswer(type: MessageType): boolean {
  return type === MessageType.voteResponse || type === MessageType.preVoteResponse;
}

/** From a term that is over. An old leader and a candidate learn of the new one by the answer. */
function answerStale(core: Core, message: Message): void {
  if (isFromLeader(message.type)) {
    core.send(MessageType.appendResponse, message.from, { reject: true });
  } else if (message.type === MessageType.preVote) {
    sendVote(core, MessageType.preVoteResponse, message.from, { term: core.term, reject: true });
  } else if (message.type === MessageType.vote) {
    sendVote(core, MessageType.voteResponse, message.from, { term: core.term, reject: true });
  }
}

/** Moves to the later term of a message, where it asks for that. False: the message is ignored. */
function followTerm(core: Core, message: Message): boolean {
  const { type } = message;
  if (type === MessageType.vote || type === MessageType.preVote) {
    if (ignoresVote(core, message)) return false;
    if (type === MessageType.preVote) return true;
  }
  if (!isGrantedPreVote(message)) core.becomeFollower(message.term, leaderOf(message));
  return true;
}

function dispatch(core: Core, message: Message): void {
  if (message.type === MessageType.vote || message.type === MessageType.preVote) {
    answerVote(core, message);
    return;
  }
  if (message.type === MessageType.readIndexResponse) {
    const number = core.readIds.decode(message.context);
    if (number !== undefined) {
      core.readStates.push(...core.requests.answer(number, message.index));
    }
    return;
  }
  switch (core.role) {
    case 'leader':
      stepLeader(core, message);
      return;
    case 'follower':
      stepFollower(core, message);
      return;
    case 'candidate':
    case 'preCandidate':
      stepCandidate(core, message);
      return;
  }
}
