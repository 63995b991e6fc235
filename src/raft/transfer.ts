/** Leadership transfer (thesis 3.10). */
import type { Core } from './core.ts';
import { isVoter } from './quorum/joint.ts';
import type { Progress } from './tracker/progress.ts';
import { MessageType, NO_NODE, type NodeId } from './types.ts';

/**
 * Begins to hand leadership to `to`. Until it succeeds or an election timeout has passed, proposals
 * wait, so that the target can catch up (propose.ts).
 */
export function transferTo(core: Core, to: NodeId): void {
  const progress = core.tracker.progress.get(to);
  if (progress === undefined || to === core.id || !isVoter(core.config, to)) return;
  if (core.leadTransferee === to) return;
  core.leadTransferee = to;
  core.electionElapsed = 0;
  core.idleTicks = 0;
  if (progress.state === 'probe') progress.paused = false;
  core.sendsDue = true;
  handOver(core, to, progress);
}

/** Tells the target to campaign once its log is as long as the leader's. */
export function handOver(core: Core, to: NodeId, progress: Progress): void {
  if (core.leadTransferee !== to || progress.match !== core.log.lastIndex) return;
  core.send(MessageType.timeoutNow, to);
}

/** A leader that a change removed or demoted lets the voter furthest ahead campaign at once. */
export function abdicate(core: Core): void {
  let best: NodeId = NO_NODE;
  let bestMatch = -1;
  for (const [id, progress] of core.peers()) {
    if (!isVoter(core.config, id) || !core.isAlive(progress)) continue;
    if (progress.match > bestMatch) {
      best = id;
      bestMatch = progress.match;
    }
  }
  if (best !== NO_NODE) core.send(MessageType.timeoutNow, best);
  core.becomeFollower(core.term, NO_NODE);
}
