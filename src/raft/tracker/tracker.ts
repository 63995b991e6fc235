import type { JointConfig } from '../quorum/joint.ts';
import type { ConfState, NodeId } from '../types.ts';
import type { Progress } from './progress.ts';

/** The configuration in force. Voters of both halves and learners together are all members. */
export interface TrackerConfig extends JointConfig {
  /** Invariant: no voter of either half. */
  readonly learners: ReadonlySet<NodeId>;
  /** Voters of the outgoing half that become learners when the joint phase ends. */
  readonly learnersNext: ReadonlySet<NodeId>;
  readonly autoLeave: boolean;
}

/** Configuration and progress of all members, this one included. */
export interface Tracker {
  readonly config: TrackerConfig;
  /** Invariant: the keys are exactly the members of `config`. */
  readonly progress: ReadonlyMap<NodeId, Progress>;
}

export function isJoint(config: TrackerConfig): boolean {
  return config.outgoing.size > 0;
}

/** Every member of `config` once, voters first. */
export function membersOf(config: TrackerConfig): Set<NodeId> {
  return new Set([...config.incoming, ...config.outgoing, ...config.learners]);
}

export function confStateOf(config: TrackerConfig): ConfState {
  return {
    voters: sorted(config.incoming),
    learners: sorted(config.learners),
    votersOutgoing: sorted(config.outgoing),
    learnersNext: sorted(config.learnersNext),
    autoLeave: config.autoLeave,
  };
}

export function configOf(state: ConfState): TrackerConfig {
  return {
    incoming: new Set(state.voters),
    outgoing: new Set(state.votersOutgoing),
    learners: new Set(state.learners),
    learnersNext: new Set(state.learnersNext),
    autoLeave: state.autoLeave,
  };
}

/** `id` decides alone: elections, commits and reads need nobody else. */
export function isOnlyVoter(config: TrackerConfig, id: NodeId): boolean {
  const { incoming, outgoing } = config;
  return (
    incoming.has(id) &&
    incoming.size === 1 &&
    (outgoing.size === 0 || (outgoing.has(id) && outgoing.size === 1))
  );
}

function sorted(ids: ReadonlySet<NodeId>): NodeId[] {
  return [...ids].sort();
}
