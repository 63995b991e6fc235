/** What a follower does with what its leader sends (paper, figure 2), and where it sends on. */
import { byteString } from '../lib/bytes.ts';
import type { Core } from './core.ts';
import { askForSnapshot, isBlank } from './blank.ts';
import { campaign } from './election.ts';
import { reportLostLog } from './lost-log.ts';
import { restoreSnapshot } from './membership.ts';
import { holdProposals } from './propose.ts';
import { followRest } from './rest.ts';
import { type Message, MessageType, NO_NODE } from './types.ts';

export function stepFollower(core: Core, message: Message): void {
  switch (message.type) {
    case MessageType.append:
      hearLeader(core, message);
      appendEntries(core, message);
      return;
    case MessageType.heartbeat:
      hearLeader(core, message);
      answerHeartbeat(core, message);
      return;
    case MessageType.commit:
      hearLeader(core, message);
      followCommit(core, message);
      return;
    case MessageType.snapshot:
      hearLeader(core, message);
      if (message.snapshot !== undefined) restoreSnapshot(core, message.snapshot);
      acknowledge(core, message, core.log.commit);
      return;
    case MessageType.rest:
      hearLeader(core, message);
      followRest(core, message);
      return;
    case MessageType.timeoutNow:
      campaign(core, true);
      return;
    case MessageType.propose:
      if (core.leader === NO_NODE) holdProposals(core, message.entries);
      else if (core.leader !== message.from) core.forward.push(...message.entries);
      return;
    case MessageType.transferLeader:
      if (core.leader !== message.from) forwardTransfer(core, message.context);
      return;
    default:
      return;
  }
}

/** Asks the leader, wherever it is, to hand leadership to `to`. */
export function forwardTransfer(core: Core, context: Uint8Array): void {
  if (core.leader === NO_NODE || byteString(context) === core.leader) return;
  core.send(MessageType.transferLeader, core.leader, { context });
}

function hearLeader(core: Core, message: Message): void {
  if (core.leader !== message.from) core.requests.askAgain();
  core.leader = message.from;
  core.electionElapsed = 0;
  core.leaderlessTicks = 0;
  core.calling = false;
}

function appendEntries(core: Core, message: Message): void {
  const { log } = core;
  const { index, logTerm, entries } = message;
  if (isBlank(core)) {
    askForSnapshot(core, message.from, index);
    return;
  }
  if (index < log.commit) {
    // All of it that could differ is committed here already.
    acknowledge(core, message, log.commit);
    return;
  }
  if (!log.maybeAppend({ index, term: logTerm }, entries)) {
    const hint = log.agreement(Math.min(index, log.lastIndex), logTerm);
    core.send(MessageType.appendResponse, message.from, {
      index,
      reject: true,
      rejectHint: hint.index,
      logTerm: hint.term,
    });
    return;
  }
  const last = index + entries.length;
  log.commitTo(Math.min(message.commit, last));
  acknowledge(core, message, last);
}

/**
 * Acknowledges all up to `index`, with the Ready that writes it. One answer serves all appends of a
 * turn: the last stands for those before it.
 */
function acknowledge(core: Core, message: Message, index: number): void {
  const queued = core.outbox.at(-1);
  const same =
    queued?.type === MessageType.appendResponse &&
    queued.to === message.from &&
    queued.term === core.term &&
    !queued.reject;
  if (same) {
    if (queued.index >= index) return;
    core.outbox.pop();
  }
  core.send(MessageType.appendResponse, message.from, { index });
}

/**
 * The leader knows what this member acknowledged, but another instance of it may have done so: the
 * term tells whether the entry here is the one that is committed.
 */
function followCommit(core: Core, message: Message): void {
  const { commit, logTerm: term } = message;
  if (commit > 0 && core.log.matches({ index: commit, term })) core.log.commitTo(commit);
  else if (core.recovering) reportLostLog(core, message.from);
}

function answerHeartbeat(core: Core, message: Message): void {
  const { context } = message;
  followCommit(core, message);
  if (context.length > 0) core.fenceDue = true;
  core.send(MessageType.heartbeatResponse, message.from, { context });
}
