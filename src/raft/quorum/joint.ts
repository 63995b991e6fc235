import type { NodeId } from '../types.ts';
import { majorityReached, majorityVote, type MajorityConfig, type VoteResult } from './majority.ts';

/** Two majorities that must both agree (thesis 4.3); `outgoing` is empty outside a joint phase. */
export interface JointConfig {
  readonly incoming: MajorityConfig;
  readonly outgoing: MajorityConfig;
}

/** The highest value that majorities of both halves have reached; 0 in an empty configuration. */
export function jointReached(config: JointConfig, reachedBy: (id: NodeId) => number): number {
  const reached = Math.min(
    majorityReached(config.incoming, reachedBy),
    majorityReached(config.outgoing, reachedBy),
  );
  return reached === Infinity ? 0 : reached;
}

export function jointVote(
  config: JointConfig,
  voteOf: (id: NodeId) => boolean | undefined,
): VoteResult {
  if (config.incoming.size === 0 && config.outgoing.size === 0) return 'lost';
  const incoming = majorityVote(config.incoming, voteOf);
  const outgoing = majorityVote(config.outgoing, voteOf);
  if (incoming === outgoing) return incoming;
  return incoming === 'lost' || outgoing === 'lost' ? 'lost' : 'pending';
}

export function isVoter(config: JointConfig, id: NodeId): boolean {
  return config.incoming.has(id) || config.outgoing.has(id);
}
