/** Watches what members send and apply, and puts it before the checkers of replicas. */
import { decodeState, splitExport } from '../../src/apply/state-codec.ts';
import type { AppliedEntry, StateMachine } from '../../src/apply/state-machine.ts';
import { decodeMessages, encodeConfChange } from '../../src/raft/codec.ts';
import type { ConfiguredMember } from '../../src/member/cluster-config.ts';
import { describeMessage } from '../../src/raft/describe.ts';
import {
  type Entry,
  EntryKind,
  type Message,
  MessageType,
  type NodeId,
} from '../../src/raft/types.ts';
import { CommitQuorum } from './checkers/commit-quorum.ts';
import { CommittedStable } from './checkers/committed-stable.ts';
import { ElectionQuorum } from './checkers/election-quorum.ts';
import { HandOvers } from './checkers/hand-over.ts';
import { LeaderCompleteness } from './checkers/leader-completeness.ts';
import { LogMatching } from './checkers/log-matching.ts';
import { PromotionReady } from './checkers/promotion.ts';
import { OneChange } from './checkers/one-change.ts';
import { OneLeader } from './checkers/one-leader.ts';
import { OneVote } from './checkers/one-vote.ts';
import { StateAgreement } from './checkers/state-agreement.ts';
import type { DiskSession } from './disk-session.ts';
import { Hints } from './hints.ts';
import { Configurations } from './membership/configurations.ts';

/** Applied entries between two comparisons of whole states. */
const HASH_EVERY_ENTRIES = 64;

export interface ReplicaCounts {
  elections: number;
  entries: number;
  confChanges: number;
  snapshotsInstalled: number;
  rests: number;
}

/** An entry that a member applied and got confirmed. */
export interface Applied {
  readonly who: string;
  readonly entry: Entry;
  /** Undefined for a new leader's empty entry. */
  readonly result: AppliedEntry | undefined;
  /** The store's, after it. */
  readonly revision: number;
}

/** Who belongs to the cluster, and who did, after the entry at `index`. */
export interface NewestMembership {
  readonly index: number;
  readonly members: readonly { readonly id: NodeId; readonly isLearner: boolean }[];
  readonly removed: readonly NodeId[];
}

export class Observer {
  readonly oneLeader = new OneLeader();
  readonly oneVote = new OneVote();
  readonly logMatching = new LogMatching();
  readonly committed = new CommittedStable();
  readonly completeness = new LeaderCompleteness(this.committed, this.logMatching);
  readonly agreement = new StateAgreement();
  readonly configurations: Configurations;
  readonly commitQuorum: CommitQuorum;
  readonly electionQuorum: ElectionQuorum;
  readonly promotion: PromotionReady;
  readonly handOvers: HandOvers;
  readonly oneChange = new OneChange();
  readonly hints = new Hints();
  /** Told of every entry of normal kind that a member applied, each member's in their order. */
  readonly onApplied: ((applied: Applied) => void)[] = [];
  /** Told of every leader, when it is first seen to lead a term. */
  readonly onLeader: ((id: NodeId, term: number) => void)[] = [];
  /** Told of the same at once: unconfirmed, so that it may yet prove to be neither committed nor done. */
  readonly onApplying: ((applied: Applied) => void)[] = [];
  readonly counts: ReplicaCounts = {
    elections: 0,
    entries: 0,
    confChanges: 0,
    snapshotsInstalled: 0,
    rests: 0,
  };
  /** As far as anybody has applied changes to it. */
  membership: NewestMembership = { index: 0, members: [], removed: [] };
  readonly #check: (run: () => void, who: string) => void;
  readonly #trace: (who: string, what: string) => void;
  readonly #traceMessages: ((who: string, what: string) => void) | undefined;

  /** `check` runs an observation and ends the run when it throws a Violation. */
  constructor(
    nowMs: () => number,
    check: (run: () => void, who: string) => void,
    trace: (who: string, what: string) => void,
    traceMessages?: (who: string, what: string) => void,
  ) {
    this.configurations = new Configurations(nowMs);
    this.commitQuorum = new CommitQuorum(this.configurations);
    this.electionQuorum = new ElectionQuorum(this.configurations);
    this.promotion = new PromotionReady(this.configurations);
    this.handOvers = new HandOvers(this.configurations, nowMs);
    this.#check = check;
    this.#trace = trace;
    this.#traceMessages = traceMessages;
  }

  /** The members that the cluster begins with. */
  begin(members: readonly ConfiguredMember[]): void {
    const first = members.map(({ id, learner }) => ({ id, isLearner: learner }));
    this.membership = { index: 0, members: first, removed: [] };
  }

  /** A frame that left its sender, past the output gate. Returns whether it forwards a proposal. */
  frame(who: string, bytes: Uint8Array, session: DiskSession): boolean {
    const messages = decodeMessages(bytes);
    if (this.#traceMessages !== undefined) {
      for (const message of messages) this.#traceMessages(who, describeMessage(message));
    }
    this.#check(() => {
      for (const message of messages) this.#message(message, session);
    }, who);
    return messages.some((message) => message.type === MessageType.propose);
  }

  #message(message: Message, session: DiskSession): void {
    if (message.type === MessageType.rest) this.counts.rests++;
    this.oneVote.sent(message);
    if (this.oneLeader.sent(message)) {
      this.counts.elections++;
      this.#trace(message.from, `leads term ${message.term}`);
      this.completeness.elected(message.term);
      this.electionQuorum.elected(message.from, message.term);
      for (const tell of this.onLeader) tell(message.from, message.term);
    }
    this.logMatching.sent(message);
    this.completeness.sent(message);
    this.electionQuorum.sent(message);
    this.commitQuorum.sent(message);
    this.promotion.sent(message);
    this.handOvers.sent(message, session);
    this.oneChange.sent(message, session);
  }

  /** Listens to everything an instance applies. What it never gets confirmed, nobody hears of. */
  follow(who: string, state: StateMachine, session: DiskSession): void {
    const { saved } = state;
    if (saved !== undefined) {
      this.configurations.begin(who, session, saved.confState);
      this.commitQuorum.reconfigured(who, saved.index);
    }
    const applyEntry = state.applyEntry.bind(state);
    state.applyEntry = (entry) => {
      const applied = applyEntry(entry);
      const { revision } = state.mvcc;
      const error = applied?.outcome.error?.message ?? '';
      const changes = applied?.outcome.changes.length ?? 0;
      const hash = entry.index % HASH_EVERY_ENTRIES === 0 ? hashOf(state) : undefined;
      if (changes > 0) this.hints.noteEarly(entry, revision);
      for (const tell of this.onApplying) tell({ who, entry, result: applied, revision });
      session.output(() => {
        if (changes > 0) this.hints.note(entry, revision);
        this.#applied(who, entry, `${revision} ${changes} ${error}`, hash);
        for (const tell of this.onApplied) tell({ who, entry, result: applied, revision });
      });
      return applied;
    };
    const installState = state.installState.bind(state);
    state.installState = (bytes) => {
      installState(bytes);
      const { confState } = decodeState(splitExport(bytes).state).point;
      this.configurations.begin(who, session, confState);
      this.commitQuorum.reconfigured(who, state.applied.index);
      session.output(() => {
        this.counts.snapshotsInstalled++;
        this.#trace(who, 'installed a snapshot');
      });
    };
    const applyConfChange = state.applyConfChange.bind(state);
    state.applyConfChange = (change, at) => {
      const refusal = applyConfChange(change, at);
      if (refusal === undefined) {
        this.configurations.change(who, session, change);
        this.commitQuorum.reconfigured(who, at.index);
      }
      const { members: present, removed } = state.membership;
      const members = JSON.stringify(present);
      session.output(() => {
        // A lone voter applies what a crash may yet undo.
        if (at.index > this.membership.index) {
          this.membership = { index: at.index, members: present, removed };
        }
        this.#check(() => {
          if (
            this.committed.applied(who, {
              ...at,
              kind: EntryKind.confChange,
              data: encodeConfChange(change),
            })
          ) {
            this.counts.entries++;
            this.counts.confChanges++;
          }
          this.agreement.observe(
            who,
            'membership',
            at.index,
            `${members} ${refusal?.message ?? ''}`,
          );
        }, who);
      });
      return refusal;
    };
  }

  #applied(who: string, entry: Entry, answer: string, hash: string | undefined): void {
    this.#check(() => {
      if (this.committed.applied(who, entry)) {
        this.counts.entries++;
      }
      this.agreement.observe(who, 'answer', entry.index, answer);
      if (hash !== undefined) this.agreement.observe(who, 'hash', entry.index, hash);
    }, who);
  }
}

export function hashOf(state: StateMachine): string {
  const { hash, revision, compactRevision } = state.mvcc.hash(0);
  return `${hash} at ${revision}, compacted ${compactRevision}`;
}
