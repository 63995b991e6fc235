import { assert } from '../../lib/assert.ts';
import { Inflights } from './inflights.ts';

/**
 * How the leader sends to a member:
 * - probe: one append at a time, to find where the logs agree;
 * - replicate: pipelined, `next` runs ahead of `match`;
 * - snapshot: nothing, until the member has the snapshot.
 */
export type ProgressState = 'probe' | 'replicate' | 'snapshot';

export interface InflightLimits {
  readonly inflightMessagesMax: number;
  readonly inflightBytesMax: number;
}

/** The leader's view of one member (paper, figure 2: nextIndex and matchIndex). */
export class Progress {
  /** Highest index known to be in the member's stored log. Invariant: 0 <= match < next. */
  match: number;
  /** Index of the next entry to send. In state snapshot: the entry after the snapshot. */
  next: number;
  state: ProgressState = 'probe';
  /** In state snapshot: index of the snapshot under way; else 0. */
  pendingSnapshot = 0;
  /**
   * The leader's tick count when this member last answered, or when the leader began to listen: it
   * then has an election timeout to answer.
   */
  heardTick: number;
  /**
   * Sending waits for the member's next answer: in probe after each append, in replicate when the
   * window is full. A heartbeat's answer lifts it, so a lost append is found.
   */
  paused = false;
  /** An append must go out even if it is empty: its answer shows what the member holds. */
  probeDue = false;
  /** Highest commit told to the member. May be too high when a message was lost; heartbeats repair it. */
  sentCommit = 0;
  /** Number of the newest read round this member answered; 0: none of this leadership. */
  ackedRound = 0;
  learner: boolean;
  readonly inflights: Inflights;

  constructor(next: number, learner: boolean, limits: InflightLimits, tick: number) {
    this.match = 0;
    this.next = next;
    this.learner = learner;
    this.heardTick = tick;
    this.inflights = new Inflights(limits.inflightMessagesMax, limits.inflightBytesMax);
  }

  becomeProbe(): void {
    // After a snapshot the member may not have reported it yet: what it holds is known all the same.
    this.next =
      this.state === 'snapshot'
        ? Math.max(this.match + 1, this.pendingSnapshot + 1)
        : this.match + 1;
    this.#enter('probe');
  }

  becomeReplicate(): void {
    this.#enter('replicate');
    this.next = this.match + 1;
  }

  becomeSnapshot(index: number): void {
    this.#enter('snapshot');
    this.pendingSnapshot = index;
    this.next = index + 1;
  }

  #enter(state: ProgressState): void {
    this.state = state;
    this.paused = false;
    this.pendingSnapshot = 0;
    this.inflights.clear();
  }

  /** The snapshot was handed over, or failed: then the next append starts at what is matched. */
  endSnapshot(installed: boolean): void {
    if (!installed) this.pendingSnapshot = 0;
    this.becomeProbe();
    // The member's next answer, to a heartbeat at the latest, tells where it stands.
    this.paused = true;
  }

  /** The member has lost its log: nothing is known to be in it. */
  forget(): void {
    this.match = 0;
    this.#enter('probe');
    this.next = 1;
    this.probeDue = true;
  }

  /** Accounts for an append of `count` entries that starts at `next`. */
  sentEntries(count: number, bytes: number): void {
    assert(this.state !== 'snapshot', 'append sent to a member that is getting a snapshot');
    if (this.state === 'replicate') {
      if (count > 0) {
        this.next += count;
        this.inflights.add(this.next - 1, bytes);
      }
      this.paused = this.inflights.full;
    } else {
      this.paused = true;
    }
  }

  /** The member holds everything up to `index`. False: that was known. */
  acknowledge(index: number): boolean {
    this.next = Math.max(this.next, index + 1);
    if (index <= this.match) return false;
    this.match = index;
    return true;
  }

  /**
   * The member refused an append whose previous entry was `rejected`; its log may agree up to
   * `agreed`. False: the answer is older than what is known by now.
   */
  refuse(rejected: number, agreed: number): boolean {
    if (this.state === 'replicate') {
      if (rejected <= this.match) return false;
      this.next = this.match + 1;
      return true;
    }
    if (this.state === 'snapshot' || this.next - 1 !== rejected) return false;
    this.next = Math.max(Math.min(rejected, agreed + 1), this.match + 1);
    this.paused = false;
    return true;
  }
}
