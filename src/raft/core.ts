import { assert } from '../lib/assert.ts';
import { EMPTY_BYTES } from '../lib/bytes.ts';
import { trackerOf } from './confchange/track.ts';
import type { RaftConfig } from './config.ts';
import { RaftLog } from './log.ts';
import { isTermless, type MessageFields, messageOf } from './message.ts';
import { isVoter } from './quorum/joint.ts';
import { ReadIds, ReadRequests, ReadRounds } from './read-only.ts';
import { type Settings, settingsOf } from './settings.ts';
import type { Progress } from './tracker/progress.ts';
import { configOf, type Tracker, type TrackerConfig } from './tracker/tracker.ts';
import {
  type Entry,
  EntryKind,
  type HardState,
  type Message,
  type MessageType,
  NO_NODE,
  type NodeId,
  type ReadState,
  type Role,
} from './types.ts';

/**
 * Everything one member knows, and the moves between roles (paper, figure 4). What it does with
 * messages stands in the files named after roles and tasks; they are the only ones to change it.
 */
export class Core {
  readonly id: NodeId;
  readonly settings: Settings;
  readonly log: RaftLog;
  tracker: Tracker;

  role: Role = 'follower';
  /** Invariant: never falls. */
  term: number;
  /** Who got this member's vote in `term`. */
  vote: NodeId;
  /** Who leads `term`, as far as known. */
  leader: NodeId = NO_NODE;
  /** HardState.leader: this member was elected in `term` and may resume. */
  leaderMark: boolean;
  /** This member's log was lost and is not whole again: it must not vote (lost-log.ts). */
  recovering: boolean;

  /** Ticks since construction, rest not counted. */
  ticks = 0;
  /** Ticks since the leader was heard, or the last vote or election. Leader: since a transfer began. */
  electionElapsed = 0;
  heartbeatElapsed = 0;
  /** Drawn anew for each wait: electionTicks <= electionTimeout < 2 * electionTicks (paper 5.2). */
  electionTimeout = 0;
  /** Votes asked for before this tick are ignored even without a known leader; see rest.ts. */
  holdVotesUntilTick = 0;
  /** A campaign that waits until the committed conf changes are applied here. */
  campaignDue: 'no' | 'own' | 'transfer' = 'no';
  /** Answers in the election under way, own vote included. */
  readonly votes = new Map<NodeId, boolean>();

  /** Leader: first index of its own term; only from there on counting commits (paper 5.4.2). */
  termStartIndex = 0;
  /** Leader: reads wait until this index is committed (thesis 6.4, step 1; resume.ts). */
  readBarIndex = 0;
  /** Leader: a conf change may be in the log up to here; the next waits until it is applied. */
  pendingConfIndex = 0;
  leadTransferee: NodeId = NO_NODE;
  /** Leader: bytes proposed and not applied. */
  uncommittedBytes = 0;
  /** Leader: something changed that may let an append go out. */
  sendsDue = false;

  readonly readIds: ReadIds;
  readonly requests = new ReadRequests();
  readonly rounds = new ReadRounds();
  /** A voice of this member that needs a write: set by a new round or by the answer to one. */
  fenceDue = false;

  resting = false;
  /** Rest began since the last Ready. */
  restDue = false;
  /** What a leader adds to `rest`, for the hosts of the others. */
  restNote: () => Uint8Array = () => EMPTY_BYTES;
  /** What the leader added to the `rest` that this member rests by; empty: nothing, or no such rest. */
  heardRestNote: Uint8Array = EMPTY_BYTES;
  /** Leader: ticks without work. */
  idleTicks = 0;
  /** Ticks without a leader. */
  leaderlessTicks = 0;
  /** This member woke the others and has not heard the leader since: it repeats the call. */
  calling = false;

  /** Proposals to hand to the leader with the next Ready. */
  forward: Entry[] = [];
  /** Others' proposals that came while leadership was on its way: propose.ts. */
  held: Entry[] = [];
  heldBytes = 0;
  /** The tick after which they are given up. */
  heldUntilTick = 0;
  outbox: Message[] = [];
  readStates: ReadState[] = [];
  abortedReads: Uint8Array[] = [];

  constructor(config: RaftConfig) {
    this.id = config.id;
    this.settings = settingsOf(config);
    const { hardState, snapshot } = config.storage.initialState();
    this.log = new RaftLog(config.storage, snapshot.index, hardState.commit);
    this.term = hardState.term;
    this.vote = hardState.vote;
    this.leaderMark = hardState.leader;
    this.recovering = config.recovering ?? false;
    this.readIds = new ReadIds(config.nonce);
    this.tracker = this.trackerFor(configOf(snapshot.confState), new Map());
    const lastTerm = this.log.last.term;
    assert(
      lastTerm <= this.term,
      `stored log ends in term ${lastTerm}, beyond the stored term ${this.term}`,
    );
    assert(
      !this.leaderMark || (this.vote === this.id && lastTerm === this.term),
      `stored leader of term ${this.term} voted for ${this.vote}, its log ends in term ${lastTerm}`,
    );
    this.drawElectionTimeout();
  }

  get config(): TrackerConfig {
    return this.tracker.config;
  }

  /** May this member become leader: a voter whose log is whole. */
  get promotable(): boolean {
    const whole = !this.recovering && this.log.pendingSnapshot === undefined;
    return whole && isVoter(this.config, this.id);
  }

  get hardState(): HardState {
    const { term, vote, leaderMark } = this;
    return { term, vote, commit: this.log.commit, leader: leaderMark };
  }

  /** The others, in the order of the configuration. */
  *peers(): Generator<[NodeId, Progress]> {
    for (const entry of this.tracker.progress) if (entry[0] !== this.id) yield entry;
  }

  /** Leader: did the member answer within the last election timeout? */
  isAlive(progress: Progress): boolean {
    return this.ticks - progress.heardTick < this.settings.electionTicks;
  }

  trackerFor(config: TrackerConfig, before: ReadonlyMap<NodeId, Progress>): Tracker {
    const next = this.log.lastIndex + 1;
    return trackerOf(config, before, { next, tick: this.ticks, limits: this.settings });
  }

  send(type: MessageType, to: NodeId, fields: MessageFields = {}): void {
    const term = fields.term ?? (isTermless(type) ? 0 : this.term);
    this.outbox.push(messageOf(type, this.id, to, { ...fields, term }));
  }

  becomeFollower(term: number, leader: NodeId): void {
    this.reset(term);
    this.role = 'follower';
    this.leader = leader;
    if (leader !== NO_NODE) this.leaderlessTicks = 0;
  }

  /** Changes neither term nor vote: nothing is promised by asking (thesis 9.6). */
  becomePreCandidate(): void {
    assert(this.role !== 'leader', 'a leader does not campaign');
    this.role = 'preCandidate';
    this.leader = NO_NODE;
    this.startTally();
  }

  becomeCandidate(): void {
    assert(this.role !== 'leader', 'a leader does not campaign');
    this.reset(this.term + 1);
    this.role = 'candidate';
    this.vote = this.id;
    this.startTally();
  }

  /** Won the election: leads `term` with an empty entry of it (paper 5.2, 8). */
  becomeLeader(): void {
    assert(this.role === 'candidate', `a ${this.role} does not become leader`);
    const first = this.log.lastIndex + 1;
    this.lead(first, first);
    this.log.append({
      term: this.term,
      index: first,
      kind: EntryKind.normal,
      data: new Uint8Array(0),
    });
  }

  /** Takes up leadership of the current term, won just now or before a restart. */
  lead(termStartIndex: number, readBarIndex: number): void {
    this.reset(this.term);
    this.role = 'leader';
    this.leader = this.id;
    this.leaderMark = true;
    this.leaderlessTicks = 0;
    this.idleTicks = 0;
    this.termStartIndex = termStartIndex;
    this.readBarIndex = readBarIndex;
    // A change by an earlier leader, or by this one before a restart, may be in the log unapplied.
    this.pendingConfIndex = this.log.lastIndex;
    this.tracker = this.trackerFor(this.config, new Map());
    this.sendsDue = true;
  }

  drawElectionTimeout(): void {
    const { electionTicks, random } = this.settings;
    this.electionElapsed = 0;
    this.electionTimeout = electionTicks + random.below(electionTicks);
  }

  private reset(term: number): void {
    assert(term >= this.term, `term ${this.term} would fall to ${term}`);
    if (term > this.term) {
      this.term = term;
      this.vote = NO_NODE;
    }
    this.leader = NO_NODE;
    this.leaderMark = false;
    this.leadTransferee = NO_NODE;
    this.heartbeatElapsed = 0;
    this.campaignDue = 'no';
    this.votes.clear();
    this.pendingConfIndex = 0;
    this.uncommittedBytes = 0;
    this.sendsDue = false;
    this.rounds.clear();
    this.requests.askAgain();
    this.drawElectionTimeout();
  }

  private startTally(): void {
    this.drawElectionTimeout();
    this.votes.clear();
    this.votes.set(this.id, true);
  }
}
