import type { ProgressStatus, RaftStatus } from './config.ts';
import type { Core } from './core.ts';
import { confStateOf } from './tracker/tracker.ts';

export interface CompactionLimits {
  readonly retainedEntriesMin: number;
  readonly retainedEntriesMax: number;
}

export function statusOf(core: Core): RaftStatus {
  const { log } = core;
  return {
    id: core.id,
    role: core.role,
    term: core.term,
    vote: core.vote,
    leader: core.leader,
    commit: log.commit,
    applied: log.applied,
    firstIndex: log.firstIndex,
    lastIndex: log.lastIndex,
    resting: core.resting,
    ticks: core.ticks,
    leadTransferee: core.leadTransferee,
    confState: confStateOf(core.config),
    progress: core.role === 'leader' ? progressOf(core) : [],
  };
}

function progressOf(core: Core): ProgressStatus[] {
  const own: ProgressStatus = {
    id: core.id,
    match: core.log.stable,
    next: core.log.lastIndex + 1,
    state: 'replicate',
    learner: false,
    active: true,
    heardTick: core.ticks,
  };
  const others = [...core.peers()].map(([id, progress]) => ({
    id,
    match: progress.match,
    next: progress.next,
    state: progress.state,
    learner: progress.learner,
    active: core.isAlive(progress),
    heardTick: progress.heardTick,
  }));
  return [own, ...others];
}

/** See RawNode.compactableIndex. A member that gets a snapshot needs the log from its end on. */
export function compactableIndex(core: Core, limits: CompactionLimits): number {
  const { applied, firstIndex } = core.log;
  let needed = applied - limits.retainedEntriesMin;
  if (core.role === 'leader') {
    for (const [, progress] of core.peers()) {
      if (!core.isAlive(progress)) continue;
      const has = progress.state === 'snapshot' ? progress.pendingSnapshot : progress.match;
      needed = Math.min(needed, has);
    }
  }
  // While a snapshot waits to be installed, firstIndex is beyond what is applied.
  return Math.min(applied, Math.max(firstIndex - 1, needed, applied - limits.retainedEntriesMax));
}
