/**
 * Rest: a cluster without work sends nothing and counts no ticks, so that its members can sleep.
 *
 * The leader decides. Once it has been idle for restAfterTicks and nothing is open (see isQuiet), it
 * sends `rest` and rests itself; a follower rests when its log ends where the leader's does. A member
 * that did not answer for an election timeout does not keep the others awake as long as a quorum is
 * caught up: it is brought up to date after the next wake, which it causes itself if it is awake.
 *
 * Any work ends rest. The leader then sends heartbeats at once. Another member calls all others with
 * `wake`, again and again until it hears the leader; after an election timeout without it, it
 * campaigns. Leadership stays where it is while the leader lives: for an election timeout after waking
 * a member ignores votes as if it had heard the leader, whom it may not even remember, since memory is
 * lost in sleep. For the same reason a member that was just constructed is at rest.
 *
 * A `rest` that is lost leaves its receiver awake; it misses the leader, asks for votes, and so wakes
 * the leader, which puts all to rest once more. A late one is undone by the next heartbeat.
 */
import { EMPTY_BYTES } from '../lib/bytes.ts';
import type { Core } from './core.ts';
import { campaign } from './election.ts';
import { jointVote } from './quorum/joint.ts';
import { broadcastHeartbeat } from './replicate.ts';
import type { Progress } from './tracker/progress.ts';
import { isOnlyVoter } from './tracker/tracker.ts';
import { type Message, MessageType, NO_NODE } from './types.ts';

/** Ends rest. `callOthers`: they may not know yet that there is work. */
export function wake(core: Core, callOthers: boolean): void {
  if (!core.resting) return;
  core.resting = false;
  core.restDue = false;
  core.heardRestNote = EMPTY_BYTES;
  core.idleTicks = 0;
  core.leaderlessTicks = 0;
  core.drawElectionTimeout();
  if (core.role === 'leader') {
    for (const [, progress] of core.peers()) greet(progress, core.ticks);
    core.sendsDue = true;
    broadcastHeartbeat(core);
    return;
  }
  if (core.term > 0) core.holdVotesUntilTick = core.ticks + core.settings.electionTicks;
  if (isOnlyVoter(core.config, core.id)) {
    campaign(core, false);
  } else if (callOthers) {
    core.calling = true;
    callAll(core);
  }
}

/** What was on the way before rest is lost or answered by now. */
function greet(progress: Progress, tick: number): void {
  progress.heardTick = tick;
  if (progress.state === 'probe') progress.paused = false;
}

export function callAll(core: Core): void {
  for (const [id] of core.peers()) core.send(MessageType.wake, id);
}

/** The leader's tick: counts idleness, and brings the cluster to rest. */
export function tickRest(core: Core): void {
  const { restAfterTicks } = core.settings;
  if (restAfterTicks === 0) return;
  core.idleTicks = isQuiet(core) ? core.idleTicks + 1 : 0;
  if (core.idleTicks < restAfterTicks || !followersMayRest(core)) return;
  const { index, term: logTerm } = core.log.last;
  const context = core.restNote();
  for (const [id] of core.peers()) {
    core.send(MessageType.rest, id, { index, logTerm, commit: index, context });
  }
  enterRest(core);
}

/** Nothing is open at this member. */
function isQuiet(core: Core): boolean {
  const { log } = core;
  return (
    log.applied === log.lastIndex &&
    log.stable === log.lastIndex &&
    core.leadTransferee === NO_NODE &&
    core.requests.size === 0 &&
    core.rounds.idle &&
    core.forward.length === 0 &&
    !(core.config.outgoing.size > 0 && core.config.autoLeave)
  );
}

/** Everyone is caught up or silent for an election timeout, and the caught-up are a quorum. */
function followersMayRest(core: Core): boolean {
  const { lastIndex } = core.log;
  const caughtUp = (progress: Progress) => progress.match === lastIndex;
  for (const [, progress] of core.peers()) {
    if (!caughtUp(progress) && core.isAlive(progress)) return false;
  }
  const result = jointVote(core.config, (id) => {
    const progress = core.tracker.progress.get(id);
    return id === core.id || (progress !== undefined && caughtUp(progress)) || undefined;
  });
  return result === 'won';
}

/** `rest` from the leader of this term, which was just heard. */
export function followRest(core: Core, message: Message): void {
  const { index, logTerm: term, commit, context } = message;
  const same = core.log.lastIndex === index && core.log.matches({ index, term });
  if (!same || core.requests.size > 0 || core.forward.length + core.held.length > 0) {
    core.send(MessageType.wake, message.from);
    return;
  }
  core.log.commitTo(Math.min(commit, index));
  core.heardRestNote = context;
  if (!core.resting) enterRest(core);
  // It slept through the work in between; the host is to hear what is new.
  else if (context.length > 0) core.restDue = true;
}

/** A member that finds no leader for long and has nothing to do stops trying until there is work. */
export function tickLeaderless(core: Core): void {
  const { leaderlessRestTicks } = core.settings;
  if (leaderlessRestTicks === 0 || core.leader !== NO_NODE) return;
  if (++core.leaderlessTicks < leaderlessRestTicks || core.requests.size > 0) return;
  core.becomeFollower(core.term, NO_NODE);
  enterRest(core);
}

function enterRest(core: Core): void {
  core.resting = true;
  core.restDue = true;
  core.calling = false;
}
