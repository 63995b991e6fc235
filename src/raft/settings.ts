import {
  RAFT_COMMITTED_BYTES_PER_READY_MAX,
  RAFT_INFLIGHT_BYTES_MAX,
  RAFT_INFLIGHT_MESSAGES_MAX,
  RAFT_LEADERLESS_REST_ELECTIONS,
  RAFT_MESSAGE_BYTES_MAX,
  RAFT_READ_TIMEOUT_ELECTIONS,
  RAFT_UNCOMMITTED_BYTES_MAX,
} from '../constants.ts';
import { assert } from '../lib/assert.ts';
import type { RaftConfig } from './config.ts';
import { NO_NODE } from './types.ts';

/** A RaftConfig with every default filled in, and what is derived from it. */
export interface Settings extends Required<RaftConfig> {
  /** A read or round without an answer is asked again after this many ticks. */
  readonly readRetryTicks: number;
  /** A member without leader and work stops looking for one after this many ticks. 0: never. */
  readonly leaderlessRestTicks: number;
}

export function settingsOf(config: RaftConfig): Settings {
  const { electionTicks, heartbeatTicks, restAfterTicks } = config;
  assert(config.id !== NO_NODE, 'raft config: a member needs an id');
  assert(
    heartbeatTicks > 0 && electionTicks > heartbeatTicks,
    `raft config: electionTicks ${electionTicks} must exceed heartbeatTicks ${heartbeatTicks} > 0`,
  );
  return {
    ...config,
    recovering: config.recovering ?? false,
    blank: config.blank ?? false,
    preVote: config.preVote ?? true,
    checkQuorum: config.checkQuorum ?? true,
    messageBytesMax: config.messageBytesMax ?? RAFT_MESSAGE_BYTES_MAX,
    inflightMessagesMax: config.inflightMessagesMax ?? RAFT_INFLIGHT_MESSAGES_MAX,
    inflightBytesMax: config.inflightBytesMax ?? RAFT_INFLIGHT_BYTES_MAX,
    uncommittedBytesMax: config.uncommittedBytesMax ?? RAFT_UNCOMMITTED_BYTES_MAX,
    committedBytesPerReadyMax:
      config.committedBytesPerReadyMax ?? RAFT_COMMITTED_BYTES_PER_READY_MAX,
    readTimeoutTicks: config.readTimeoutTicks ?? RAFT_READ_TIMEOUT_ELECTIONS * electionTicks,
    readRetryTicks: electionTicks,
    leaderlessRestTicks: restAfterTicks > 0 ? RAFT_LEADERLESS_REST_ELECTIONS * electionTicks : 0,
  };
}
