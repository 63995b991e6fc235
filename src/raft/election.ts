/** Elections: campaigning, counting votes, granting them (paper 5.2, 5.4.1; thesis 9.6). */
import { bytesOf } from '../lib/bytes.ts';
import type { Core } from './core.ts';
import { jointVote } from './quorum/joint.ts';
import { type Message, MessageType, NO_NODE, type NodeId } from './types.ts';

/** Context of a vote the leader asked for: it overrides what protects a living leader. */
const BY_TRANSFER = bytesOf('transfer');

/** Starts an election unless this member may not lead or does not know its configuration yet. */
export function campaign(core: Core, byTransfer: boolean): void {
  if (core.role === 'leader' || !core.promotable) return;
  // A committed change that is not applied here may have taken away the right to be elected by the
  // configuration known here.
  if (core.log.lastUnappliedConfChange(core.settings.committedBytesPerReadyMax) > 0) {
    core.campaignDue = byTransfer ? 'transfer' : 'own';
    return;
  }
  if (core.settings.preVote && !byTransfer) {
    core.becomePreCandidate();
    askForVotes(core, MessageType.preVote, core.term + 1, byTransfer);
  } else {
    core.becomeCandidate();
    askForVotes(core, MessageType.vote, core.term, byTransfer);
  }
  decide(core);
}

/** More is applied: a campaign that waited for it may begin. */
export function retryCampaign(core: Core): void {
  if (core.campaignDue === 'no') return;
  const byTransfer = core.campaignDue === 'transfer';
  core.campaignDue = 'no';
  campaign(core, byTransfer);
}

function askForVotes(
  core: Core,
  type: typeof MessageType.vote | typeof MessageType.preVote,
  term: number,
  byTransfer: boolean,
): void {
  const { index, term: logTerm } = core.log.last;
  for (const [to, progress] of core.peers()) {
    if (progress.learner) continue;
    const fields = { term, index, logTerm };
    core.send(type, to, byTransfer ? { ...fields, context: BY_TRANSFER } : fields);
  }
}

/**
 * Every answer tells what is committed. A candidate may have to learn that way which configuration is
 * in force: the leader that removed itself steps down, and its log may end beyond everyone else's, so
 * that by the old configuration nobody could be elected any more.
 */
export function sendVote(
  core: Core,
  type: typeof MessageType.voteResponse | typeof MessageType.preVoteResponse,
  to: NodeId,
  answer: { term: number; reject: boolean },
): void {
  const { commit } = core.log;
  core.send(type, to, { ...answer, commit, logTerm: core.log.mustTerm(commit) });
}

/** What an answer tells to be committed, in whatever term: that is true for good. */
export function learnCommit(core: Core, message: Message): void {
  const { commit: index, logTerm: term } = message;
  if (core.role === 'leader' || index === 0 || !core.log.matches({ index, term })) return;
  if (!core.log.commitTo(index) || core.role === 'follower') return;
  if (core.log.lastUnappliedConfChange(core.settings.committedBytesPerReadyMax) === 0) return;
  // The election goes on by the new configuration, once it is applied.
  core.becomeFollower(core.term, NO_NODE);
  core.campaignDue = 'own';
}

export function countVote(core: Core, message: Message): void {
  if (!core.votes.has(message.from)) core.votes.set(message.from, !message.reject);
  decide(core);
}

function decide(core: Core): void {
  const result = jointVote(core.config, (id) => core.votes.get(id));
  if (result === 'lost') core.becomeFollower(core.term, NO_NODE);
  if (result !== 'won') return;
  if (core.role === 'candidate') {
    core.becomeLeader();
  } else {
    core.becomeCandidate();
    askForVotes(core, MessageType.vote, core.term, false);
    decide(core);
  }
}

/**
 * A living leader is not voted out: a member that heard one within an election timeout ignores the
 * request altogether (thesis 4.2.3). A member just woken or restarted gives it that time, too. One that
 * was removed has no leader to hear from and counts no ticks: it answers at once.
 */
export function ignoresVote(core: Core, message: Message): boolean {
  if (!core.settings.checkQuorum || message.context.length > 0 || isOutside(core)) return false;
  // A leader hears a quorum, or it would have stepped down.
  if (core.role === 'leader' || core.ticks < core.holdVotesUntilTick) return true;
  return core.leader !== NO_NODE && core.electionElapsed < core.settings.electionTicks;
}

/** Does this member know a configuration that it is no part of? */
function isOutside({ config, tracker, id }: Core): boolean {
  return config.incoming.size > 0 && !tracker.progress.has(id);
}

/**
 * A vote or preVote of this term or, for a preVote, of a later one. A member answers whatever its own
 * configuration says: whether the vote counts is for the candidate's to decide. A member that was
 * removed must vote, too: who has not learnt yet that the change is committed still needs it, and who
 * has does not count it.
 */
export function answerVote(core: Core, message: Message): void {
  const isPreVote = message.type === MessageType.preVote;
  const free =
    core.vote === message.from ||
    (core.vote === NO_NODE && core.leader === NO_NODE) ||
    (isPreVote && message.term > core.term);
  const candidateLog = { index: message.index, term: message.logTerm };
  const grant = free && !core.recovering && core.log.isUpToDate(candidateLog);
  const type = isPreVote ? MessageType.preVoteResponse : MessageType.voteResponse;
  sendVote(core, type, message.from, { term: grant ? message.term : core.term, reject: !grant });
  if (grant && !isPreVote) {
    core.vote = message.from;
    core.electionElapsed = 0;
  }
}
