import { isVoter } from '../quorum/joint.ts';
import { type InflightLimits, Progress } from '../tracker/progress.ts';
import { membersOf, type Tracker, type TrackerConfig } from '../tracker/tracker.ts';
import type { NodeId } from '../types.ts';

/** Where the progress of a member that is new to the configuration starts. */
export interface NewProgress {
  readonly next: number;
  readonly tick: number;
  readonly limits: InflightLimits;
}

/** The tracker of `config`: known members keep their progress, new ones get a fresh one. */
export function trackerOf(
  config: TrackerConfig,
  before: ReadonlyMap<NodeId, Progress>,
  fresh: NewProgress,
): Tracker {
  const progress = new Map<NodeId, Progress>();
  for (const id of membersOf(config)) {
    const learner = !isVoter(config, id);
    const known = before.get(id);
    if (known === undefined) {
      progress.set(id, new Progress(fresh.next, learner, fresh.limits, fresh.tick));
    } else {
      known.learner = learner;
      progress.set(id, known);
    }
  }
  return { config, progress };
}
