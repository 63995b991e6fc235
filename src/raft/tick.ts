/** Time: what a tick means in each role. Its cost grows with the members, never with the log. */
import type { Core } from './core.ts';
import { campaign } from './election.ts';
import { jointVote } from './quorum/joint.ts';
import { tickHeld } from './propose.ts';
import { roundToRetry, tickReads } from './reads.ts';
import { broadcastHeartbeat } from './replicate.ts';
import { callAll, tickLeaderless, tickRest } from './rest.ts';
import { NO_NODE } from './types.ts';

export function tick(core: Core): void {
  if (core.resting) return;
  core.ticks++;
  core.electionElapsed++;
  tickReads(core);
  tickHeld(core);
  if (core.role === 'leader') tickLeader(core);
  else tickOther(core);
}

function tickLeader(core: Core): void {
  // A transfer that took this long has failed; go on leading.
  if (core.electionElapsed >= core.settings.electionTicks) core.leadTransferee = NO_NODE;
  if (core.settings.checkQuorum && !hearsQuorum(core)) {
    core.becomeFollower(core.term, NO_NODE);
    return;
  }
  if (++core.heartbeatElapsed >= core.settings.heartbeatTicks) {
    broadcastHeartbeat(core, roundToRetry(core));
  }
  tickRest(core);
}

/** CheckQuorum: did a quorum answer within the last election timeout? */
function hearsQuorum(core: Core): boolean {
  const { config, progress } = core.tracker;
  const result = jointVote(config, (id) => {
    const each = progress.get(id);
    return id === core.id || (each !== undefined && core.isAlive(each));
  });
  return result === 'won';
}

function tickOther(core: Core): void {
  tickLeaderless(core);
  if (core.resting) return;
  if (core.calling && core.electionElapsed % core.settings.heartbeatTicks === 0) callAll(core);
  if (core.electionElapsed < core.electionTimeout) return;
  core.calling = false;
  core.drawElectionTimeout();
  if (core.promotable) {
    campaign(core, false);
    return;
  }
  // A learner cannot be elected, but must not go on believing in a leader that is gone. Where others
  // would wake the leader by asking for votes, it calls.
  core.leader = NO_NODE;
  core.calling = core.tracker.progress.has(core.id);
}
