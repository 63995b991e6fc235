import type { ConfState, LogStorage, NodeId, Role } from './types.ts';

/** Settings of one RawNode. Ticks are the host's; bytes count entries as `entryBytes` does. */
export interface RaftConfig {
  readonly id: NodeId;
  readonly storage: LogStorage;
  /** Uniform in 0 .. bound-1. Spreads election timeouts. */
  readonly random: { below(bound: number): number };
  /**
   * 8 bytes, random for each construction. Part of every id of a read round or read request, so that
   * an answer meant for another instance of this member is never taken for this one's.
   */
  readonly nonce: Uint8Array;
  /** The stored log was damaged and thrown away; see lost-log.ts. Default false. */
  readonly recovering?: boolean;
  /**
   * The state before the first entry is not known here, so an empty log cannot begin with entry 1: the
   * leader is asked for a snapshot. For members that join at run time or lost all they had. Default false.
   */
  readonly blank?: boolean;
  /** Ticks without a leader's voice before an election; randomised up to twice as many (paper 5.2). */
  readonly electionTicks: number;
  /** Ticks between heartbeats. Less than electionTicks. */
  readonly heartbeatTicks: number;
  /** Ask before raising the term (thesis 9.6). Default true. */
  readonly preVote?: boolean;
  /**
   * A leader that hears no quorum for an election timeout steps down, and a member that hears a leader
   * ignores votes (thesis 4.2.3, 6.2). Default true.
   */
  readonly checkQuorum?: boolean;
  /** Entries in one append message. Default RAFT_MESSAGE_BYTES_MAX. */
  readonly messageBytesMax?: number;
  /** Unacknowledged appends to one member. Default RAFT_INFLIGHT_MESSAGES_MAX. */
  readonly inflightMessagesMax?: number;
  /**
   * Unacknowledged bytes to one member: the bandwidth-delay product, e.g. 1 MB over a 100 ms round
   * trip allows 10 MB/s. Default RAFT_INFLIGHT_BYTES_MAX.
   */
  readonly inflightBytesMax?: number;
  /** Proposed but unapplied bytes a leader holds before it drops proposals. Default RAFT_UNCOMMITTED_BYTES_MAX. */
  readonly uncommittedBytesMax?: number;
  /** Entries handed out for apply in one Ready. Default RAFT_COMMITTED_BYTES_PER_READY_MAX. */
  readonly committedBytesPerReadyMax?: number;
  /** Idle ticks after which the cluster rests. 0: never. */
  readonly restAfterTicks: number;
  /** Ticks after which a read that found no confirmed leader is aborted. Default 10 election timeouts. */
  readonly readTimeoutTicks?: number;
}

/** How one member stands in the leader's eyes. */
export interface ProgressStatus {
  readonly id: NodeId;
  readonly match: number;
  readonly next: number;
  readonly state: 'probe' | 'replicate' | 'snapshot';
  readonly learner: boolean;
  /** Heard within the last election timeout. */
  readonly active: boolean;
  /** The leader's `ticks` when it was last heard. */
  readonly heardTick: number;
}

export interface RaftStatus {
  readonly id: NodeId;
  readonly role: Role;
  readonly term: number;
  readonly vote: NodeId;
  readonly leader: NodeId;
  readonly commit: number;
  readonly applied: number;
  readonly firstIndex: number;
  readonly lastIndex: number;
  readonly resting: boolean;
  /** Ticks since construction, rest not counted. */
  readonly ticks: number;
  /** The member leadership is being handed to, or NO_NODE. */
  readonly leadTransferee: NodeId;
  readonly confState: ConfState;
  /** Every member as the leader sees it, itself included; empty elsewhere. */
  readonly progress: readonly ProgressStatus[];
}

/** `dropped`: too much uncommitted, or leadership is being handed over. Nothing was proposed. */
export type ProposeResult = 'ok' | 'dropped' | 'no leader';
/** `pending`: another change is not applied yet. `invalid`: it does not fit the configuration. */
export type ProposeConfChangeResult = ProposeResult | 'pending' | 'invalid';
