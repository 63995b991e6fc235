import { isJoint, type TrackerConfig } from '../tracker/tracker.ts';
import { type ConfChange, type ConfChangeStep, ConfChangeType } from '../types.ts';

/** The configuration after a change, or why the change does not fit the one before. */
export type ChangeOutcome =
  | { readonly config: TrackerConfig; readonly refused?: undefined }
  | { readonly refused: string; readonly config?: undefined };

/** Leaving a joint phase is a change without steps. */
export function leavesJoint(change: ConfChange): boolean {
  return change.steps.length === 0;
}

/**
 * What `change` makes of `config`: simple where one voter at most differs (thesis 4.1), joint
 * otherwise or when asked for (thesis 4.3). Pure: every member comes to the same outcome.
 */
export function changed(config: TrackerConfig, change: ConfChange): ChangeOutcome {
  if (leavesJoint(change)) return leaveJoint(config);
  if (isJoint(config)) return { refused: 'the joint phase before must be left first' };
  if (change.transition === 'explicit') return enterJoint(config, change.steps, false);
  const simple = withSteps(config, change.steps);
  if (simple.config === undefined || votersChanged(config, simple.config) <= 1) return simple;
  return enterJoint(config, change.steps, true);
}

function enterJoint(
  config: TrackerConfig,
  steps: readonly ConfChangeStep[],
  autoLeave: boolean,
): ChangeOutcome {
  return withSteps({ ...config, outgoing: new Set(config.incoming), autoLeave }, steps);
}

function leaveJoint(config: TrackerConfig): ChangeOutcome {
  if (!isJoint(config)) return { refused: 'there is no joint phase to leave' };
  return {
    config: {
      incoming: config.incoming,
      outgoing: new Set(),
      learners: new Set([...config.learners, ...config.learnersNext]),
      learnersNext: new Set(),
      autoLeave: false,
    },
  };
}

function withSteps(config: TrackerConfig, steps: readonly ConfChangeStep[]): ChangeOutcome {
  const incoming = new Set(config.incoming);
  const learners = new Set(config.learners);
  const learnersNext = new Set(config.learnersNext);
  for (const { type, node } of steps) {
    incoming.delete(node);
    learners.delete(node);
    learnersNext.delete(node);
    if (type === ConfChangeType.addVoter) incoming.add(node);
    // A voter of the outgoing half cannot be a learner of the same configuration yet.
    else if (type === ConfChangeType.addLearner) {
      (config.outgoing.has(node) ? learnersNext : learners).add(node);
    }
  }
  if (incoming.size === 0) return { refused: 'no voter would be left' };
  return { config: { ...config, incoming, learners, learnersNext } };
}

/** How many members are voter in one of the two and not in the other. */
function votersChanged(before: TrackerConfig, after: TrackerConfig): number {
  let count = 0;
  for (const id of before.incoming) if (!after.incoming.has(id)) count++;
  for (const id of after.incoming) if (!before.incoming.has(id)) count++;
  return count;
}
