/** ReadIndex in every role: rounds at the leader, requests elsewhere (thesis 6.4). */
import type { Core } from './core.ts';
import { jointReached } from './quorum/joint.ts';
import { broadcastRound } from './replicate.ts';
import { MessageType, NO_NODE } from './types.ts';

/** Something can be done for waiting reads in the next Ready. */
export function readsDue(core: Core): boolean {
  if (core.role === 'leader') {
    return core.log.commit >= core.readBarIndex && (core.requests.due || core.rounds.hasRemote);
  }
  return core.requests.due && core.leader !== NO_NODE;
}

/** All reads that came in since the last Ready share one round, or one request to the leader. */
export function sendReads(core: Core): void {
  if (!readsDue(core)) return;
  const number = core.readIds.next();
  core.requests.cover(number, core.ticks);
  if (core.role === 'leader') {
    core.idleTicks = 0;
    core.rounds.begin(number, core.log.commit, core.ticks);
    // The round counts this member's own voice once a write issued from here on is in.
    core.fenceDue = true;
    broadcastRound(core, core.readIds.encode(number));
  } else {
    core.send(MessageType.readIndex, core.leader, { context: core.readIds.encode(number) });
  }
}

/** The write of the Ready that began rounds up to `number` was issued. */
export function fenced(core: Core, number: number): void {
  core.rounds.fenced = Math.max(core.rounds.fenced, number);
  confirmRounds(core);
}

/** Answers the reads of every round that a quorum has answered. */
export function confirmRounds(core: Core): void {
  if (core.rounds.idle) return;
  const { tracker, id, rounds } = core;
  const reached = jointReached(tracker.config, (member) =>
    member === id ? rounds.fenced : (tracker.progress.get(member)?.ackedRound ?? 0),
  );
  for (const round of rounds.confirm(reached)) {
    core.readStates.push(...core.requests.answer(round.number, round.index));
    for (const [to, context] of round.remote) {
      core.send(MessageType.readIndexResponse, to, { context, index: round.index });
    }
  }
}

/** The id the next heartbeat carries: a fresh one when open rounds have waited too long. */
export function roundToRetry(core: Core): Uint8Array | undefined {
  if (!core.rounds.isOverdue(core.ticks, core.settings.readRetryTicks)) return undefined;
  const number = core.readIds.next();
  core.rounds.retry(number, core.ticks);
  return core.readIds.encode(number);
}

/** Asks again for what got no answer, and gives up on what has waited too long. */
export function tickReads(core: Core): void {
  const { readRetryTicks, readTimeoutTicks } = core.settings;
  core.abortedReads.push(...core.requests.expire(core.ticks - readTimeoutTicks));
  if (core.role !== 'leader' && core.requests.isOverdue(core.ticks, readRetryTicks)) {
    core.requests.askAgain();
  }
}
