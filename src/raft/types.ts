/** Vocabulary of the consensus core: the Raft paper's and thesis's words, one meaning each. */

/** A member's 64-bit id as 16 lower-case hexadecimal digits. Never a JS number. */
export type NodeId = string;
/** "No member": the leader when none is known, the vote when none was cast. */
export const NO_NODE: NodeId = '';

export const EntryKind = { normal: 0, confChange: 1 } as const;
export type EntryKind = (typeof EntryKind)[keyof typeof EntryKind];

export interface Entry {
  readonly term: number;
  /** Position in the log; the first entry ever is 1. */
  readonly index: number;
  readonly kind: EntryKind;
  /** Opaque to Raft (normal) or an encoded ConfChange. Empty in the entry a new leader appends. */
  readonly data: Uint8Array;
}

/** What must be durable before any message of the same Ready leaves (paper, figure 2). */
export interface HardState {
  readonly term: number;
  /** The candidate that got this member's vote in `term`, or NO_NODE. */
  readonly vote: NodeId;
  /** Highest index known to be committed. May lag in storage; never ahead of the stored log. */
  readonly commit: number;
  /**
   * This member won the election of `term`. It lets a member that was put to sleep or restarted
   * resume its leadership without an election: it persisted every entry of `term` before sending it,
   * so its log holds whatever any other member can have of `term`.
   */
  readonly leader: boolean;
}

/** Voters and learners; `votersOutgoing` is non-empty exactly in a joint configuration (thesis 4.3). */
export interface ConfState {
  readonly voters: readonly NodeId[];
  readonly learners: readonly NodeId[];
  readonly votersOutgoing: readonly NodeId[];
  /** Voters of the outgoing configuration that become learners when the joint phase ends. */
  readonly learnersNext: readonly NodeId[];
  /** The leader leaves the joint configuration by itself once it is committed. */
  readonly autoLeave: boolean;
}

export const ConfChangeType = { addVoter: 0, addLearner: 1, remove: 2 } as const;
export type ConfChangeType = (typeof ConfChangeType)[keyof typeof ConfChangeType];

export interface ConfChangeStep {
  readonly type: ConfChangeType;
  readonly node: NodeId;
}

/** One change of membership; more than one step makes it joint. No steps: leave the joint phase. */
export interface ConfChange {
  readonly steps: readonly ConfChangeStep[];
  /** `auto`: joint only when needed, left automatically. `explicit`: joint, left by a later change. */
  readonly transition: 'auto' | 'explicit';
  /** Opaque to Raft; carries the member description that apply stores. */
  readonly context: Uint8Array;
}

/** The point a snapshot stands for. The state itself travels outside Raft. */
export interface SnapshotMeta {
  readonly index: number;
  readonly term: number;
  readonly confState: ConfState;
}

export const MessageType = {
  propose: 1,
  append: 2,
  appendResponse: 3,
  vote: 4,
  voteResponse: 5,
  preVote: 6,
  preVoteResponse: 7,
  snapshot: 8,
  heartbeat: 9,
  heartbeatResponse: 10,
  readIndex: 11,
  readIndexResponse: 12,
  timeoutNow: 13,
  transferLeader: 14,
  /** Leader to all: the cluster comes to rest; stop ticking at once. */
  rest: 15,
  /** Anyone to all: there is work; tick again. The leader answers with a heartbeat. */
  wake: 16,
  /** Leader to a member that is up to date: more is committed. Nothing to answer. */
  commit: 17,
} as const;
export type MessageType = (typeof MessageType)[keyof typeof MessageType];

/** One message between members. Fields a type does not use hold their zero value. */
export interface Message {
  readonly type: MessageType;
  readonly from: NodeId;
  readonly to: NodeId;
  /**
   * Sender's term; preVote and its grant: the term an election would have. 0 for messages that stand
   * outside terms: propose, readIndex, readIndexResponse, transferLeader, wake.
   */
  readonly term: number;
  /**
   * append: term of the entry before `entries`; vote: term of the candidate's last entry; rejected
   * append: term at `rejectHint`; heartbeat, commit, rest and answered votes: term of the entry at `commit`, so that the
   * receiver commits only what it shares with the leader.
   */
  readonly logTerm: number;
  /**
   * append: index before `entries`; appendResponse: matched or rejected index; vote: last index;
   * readIndexResponse: the read index; rest: the leader's last index.
   */
  readonly index: number;
  readonly entries: readonly Entry[];
  /** Highest index the sender knows to be committed, or 0. */
  readonly commit: number;
  readonly reject: boolean;
  /** Rejected append: the highest index where the follower's log may agree. */
  readonly rejectHint: number;
  /**
   * readIndex and readIndexResponse: id of the request. heartbeat and its response: id of the read
   * round, or empty. vote: non-empty when the leader asked for this election (transfer). transferLeader:
   * the target's id as a byte string. rest: a note of the leader's host to the others'.
   */
  readonly context: Uint8Array;
  readonly snapshot?: SnapshotMeta;
}

/** A linearizable read may be served once the applied index has reached `index` (thesis 6.4). */
export interface ReadState {
  readonly context: Uint8Array;
  readonly index: number;
}

export type Role = 'follower' | 'preCandidate' | 'candidate' | 'leader';

/**
 * What one turn of the core asks of its host, in this order:
 *
 * 1. send `earlyMessages`: heartbeats, forwarded proposals and the like, which carry neither entries
 *    nor votes nor acknowledgements, and so may leave before this member's own write is durable;
 * 2. if `snapshot`: install it (state and log), in one transaction with
 * 3. `hardState` and `entries`: persist them in one write; if `fence` and there is nothing else to
 *    write, write one fence row (a member's own voice in a read round counts only with a confirmed
 *    write; any write of this Ready will do);
 * 4. send `messages` (the platform holds them until the write is durable; a host without such a gate
 *    waits for the write before it sends, applies or advances);
 * 5. apply `committedEntries` (calling applyConfChange for each conf change that is accepted); serve
 *    `readStates` whose index is applied; fail `abortedReads`;
 * 6. call `advance()`.
 */
export interface Ready {
  readonly earlyMessages: readonly Message[];
  readonly snapshot: SnapshotMeta | undefined;
  /**
   * Present when it differs from the last one handed out and something must be written. A commit that
   * moved alone is no reason to write: it rides with the next write, whatever that is for.
   */
  readonly hardState: HardState | undefined;
  /** Replace the stored log from entries[0].index on. */
  readonly entries: readonly Entry[];
  readonly fence: boolean;
  readonly messages: readonly Message[];
  readonly committedEntries: readonly Entry[];
  readonly readStates: readonly ReadState[];
  /** Contexts of reads that found no confirmed leader within readTimeoutTicks. */
  readonly abortedReads: readonly Uint8Array[];
  /** This member comes to rest with this Ready: what must survive sleep is written now. */
  readonly rest: boolean;
}

/** The stored log, as the core reads it. The core never asks for what a pending Ready would change. */
export interface LogStorage {
  /**
   * Hard state, and the checkpoint the state machine was loaded from: its index is the applied index
   * at start, its confState the configuration in force there. The log may begin below it.
   */
  initialState(): { readonly hardState: HardState; readonly snapshot: SnapshotMeta };
  /** Entries lo <= index < hi, stopping before `bytesMax` is exceeded but never returning none. */
  entries(lo: number, hi: number, bytesMax: number): readonly Entry[];
  /** Term of the entry at `index`; also known at firstIndex()-1. Undefined: not stored. */
  term(index: number): number | undefined;
  /** Index of the first stored entry; lastIndex()+1 when none is stored. */
  firstIndex(): number;
  lastIndex(): number;
  /** The newest point a lagging follower can be brought to. */
  snapshot(): SnapshotMeta;
}
