/** What a leader does with answers, and with what others ask of it. */
import { byteString } from '../lib/bytes.ts';
import { isAskedForSnapshot } from './blank.ts';
import type { Core } from './core.ts';
import { hearLostLog } from './lost-log.ts';
import { acceptProposals } from './propose.ts';
import { confirmRounds } from './reads.ts';
import { maybeCommit, sendHeartbeat, sendSnapshot } from './replicate.ts';
import type { Progress } from './tracker/progress.ts';
import { handOver, transferTo } from './transfer.ts';
import { type Message, MessageType, NO_NODE } from './types.ts';

export function stepLeader(core: Core, message: Message): void {
  const progress = core.tracker.progress.get(message.from);
  switch (message.type) {
    case MessageType.propose:
      acceptProposals(core, message.entries);
      return;
    case MessageType.readIndex:
      core.rounds.request(message.from, message.context);
      return;
    case MessageType.transferLeader:
      transferTo(core, byteString(message.context));
      return;
    case MessageType.appendResponse:
      if (progress !== undefined) hearAppend(core, message, progress);
      return;
    case MessageType.heartbeatResponse:
      if (progress !== undefined) hearHeartbeat(core, message, progress);
      return;
    case MessageType.wake:
      if (progress !== undefined) sendHeartbeat(core, message.from, progress);
      return;
    default:
      return;
  }
}

function hearAppend(core: Core, message: Message, progress: Progress): void {
  progress.heardTick = core.ticks;
  if (hearLostLog(message, progress)) {
    core.sendsDue = true;
    return;
  }
  if (isAskedForSnapshot(message)) {
    if (progress.state === 'snapshot') return;
    progress.forget();
    sendSnapshot(core, message.from, progress);
    return;
  }
  if (message.reject) {
    hearReject(core, message, progress);
    return;
  }
  if (message.index > core.log.lastIndex) {
    // Only this term's leader makes entries of it, and this instance did not make that one: another
    // instance of this member leads now (or storage lost what was confirmed). Either way, stand down.
    core.becomeFollower(core.term, NO_NODE);
    return;
  }
  const news = progress.acknowledge(message.index);
  if (news || (progress.state === 'probe' && progress.match === message.index)) {
    progress.probeDue = false;
    advanceProgress(core, message.index, progress);
    maybeCommit(core);
    handOver(core, message.from, progress);
  }
  if (progress.next <= core.log.lastIndex || progress.sentCommit < core.log.commit) {
    core.sendsDue = true;
  }
}

function advanceProgress(core: Core, index: number, progress: Progress): void {
  switch (progress.state) {
    case 'probe':
      progress.becomeReplicate();
      return;
    case 'replicate':
      progress.inflights.freeTo(index);
      progress.paused = progress.inflights.full;
      return;
    case 'snapshot':
      // The log still reaches what the member has, be it from this snapshot or another way.
      if (progress.match + 1 >= core.log.firstIndex) progress.becomeReplicate();
      return;
  }
}

/**
 * The member's log does not hold the entry before those sent. Its hint is the highest point that may
 * agree by the term sent; by the term of the hint this side skips whole terms as well, so that one
 * round trip is spent on each term in question and not on each entry (paper 5.3, last part).
 */
function hearReject(core: Core, message: Message, progress: Progress): void {
  const { log } = core;
  const agreed =
    message.logTerm > 0
      ? log.agreement(message.rejectHint, message.logTerm).index
      : message.rejectHint;
  if (!progress.refuse(message.index, agreed)) return;
  if (progress.state === 'replicate') progress.becomeProbe();
  core.sendsDue = true;
}

function hearHeartbeat(core: Core, message: Message, progress: Progress): void {
  progress.heardTick = core.ticks;
  // It lives: an append that was waited for may be lost, so ask once more.
  progress.paused = progress.state === 'replicate' && progress.inflights.full;
  if (progress.match < core.log.lastIndex || progress.state === 'probe') {
    progress.probeDue = true;
    core.sendsDue = true;
  }
  const round = core.readIds.decode(message.context);
  if (round === undefined) return;
  progress.ackedRound = Math.max(progress.ackedRound, round);
  confirmRounds(core);
}
