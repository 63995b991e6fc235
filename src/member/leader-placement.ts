import {
  PLACEMENT_GAIN_MS_MIN,
  PLACEMENT_GAIN_SHARE_MIN,
  PLACEMENT_PROPOSALS_MIN,
  PLACEMENT_ROUNDS_MIN,
} from '../constants.ts';
import type { NodeId } from '../raft/types.ts';

/** A voter, as the leader weighs it. */
export interface Candidate {
  readonly id: NodeId;
  /** 0: never leads while another can. Of others the higher goes before, whatever writers would gain. */
  readonly priority: number;
  /** Has all but the last few entries, and answers. */
  readonly caughtUp: boolean;
}

/** Round trip between two members in milliseconds; 0 for one and the same. */
export type RoundTrip = (from: NodeId, to: NodeId) => number;

/**
 * Where leadership would serve the writers best. The leader counts where proposals come from; once in a
 * round it compares the mean time of a commit under each voter's leadership: from the writer's member to
 * the leader, and from there to the nearest majority. Another voter has to be clearly better in several
 * rounds in succession, so that writers who move about do not drag leadership after them.
 */
export class LeaderPlacement {
  readonly #self: NodeId;
  /** Proposals by the member they came through, halved each round: the last few rounds count. */
  readonly #proposals = new Map<NodeId, number>();
  #better: NodeId | undefined;
  /** Rounds in succession in which it was better. */
  #rounds = 0;

  constructor(self: NodeId) {
    this.#self = self;
  }

  proposed(from: NodeId, count: number): void {
    this.#proposals.set(from, (this.#proposals.get(from) ?? 0) + count);
  }

  /** This member has become leader, or has ceased to be it: what was counted concerns nobody now. */
  reset(): void {
    this.#proposals.clear();
    this.#better = undefined;
    this.#rounds = 0;
  }

  /** Ends a round. @returns who should lead instead; undefined: nobody is clearly better */
  next(candidates: readonly Candidate[], roundTrip: RoundTrip): NodeId | undefined {
    const better = this.#best(candidates, roundTrip);
    for (const [id, count] of this.#proposals) {
      if (count < 1) this.#proposals.delete(id);
      else this.#proposals.set(id, count / 2);
    }
    this.#rounds = better !== undefined && better === this.#better ? this.#rounds + 1 : 1;
    this.#better = better;
    return this.#rounds < PLACEMENT_ROUNDS_MIN ? undefined : better;
  }

  /** Who was better in the last round, though perhaps not for long enough. */
  get better(): NodeId | undefined {
    return this.#better;
  }

  /** Mean milliseconds of a commit if `leader` led, for those who write now. */
  meanCommitMs(leader: NodeId, voters: readonly NodeId[], roundTrip: RoundTrip): number {
    let total = 0;
    let weighted = 0;
    for (const [origin, count] of this.#proposals) {
      total += count;
      weighted += count * roundTrip(origin, leader);
    }
    return (total === 0 ? 0 : weighted / total) + majorityMs(leader, voters, roundTrip);
  }

  /** Enough is written of late for leadership to follow. */
  get isBusy(): boolean {
    let total = 0;
    for (const count of this.#proposals.values()) total += count;
    return total >= PLACEMENT_PROPOSALS_MIN;
  }

  #best(candidates: readonly Candidate[], roundTrip: RoundTrip): NodeId | undefined {
    const own = candidates.find(({ id }) => id === this.#self);
    if (own === undefined) return undefined;
    const able = candidates.filter(({ caughtUp, priority }) => caughtUp && priority > 0);
    const highest = Math.max(...able.map(({ priority }) => priority));
    const voters = candidates.map(({ id }) => id);
    const ranked = able
      .filter(({ priority }) => priority === highest)
      .map(({ id }) => ({ id, ms: this.meanCommitMs(id, voters, roundTrip) }))
      .sort((left, right) => left.ms - right.ms);
    const [best] = ranked;
    if (best === undefined || best.id === this.#self) return undefined;
    // A leader of less priority gives way whatever it costs.
    if (own.priority < highest) return best.id;
    if (!this.isBusy) return undefined;
    const now = this.meanCommitMs(this.#self, voters, roundTrip);
    const gain = now - best.ms;
    const isClear = gain >= PLACEMENT_GAIN_MS_MIN && gain >= PLACEMENT_GAIN_SHARE_MIN * now;
    return isClear ? best.id : undefined;
  }
}

/** From the leader to as many voters as make a majority with it, and back. */
function majorityMs(leader: NodeId, voters: readonly NodeId[], roundTrip: RoundTrip): number {
  const trips = voters
    .filter((id) => id !== leader)
    .map((id) => roundTrip(leader, id))
    .sort((left, right) => left - right);
  const needed = Math.floor(voters.length / 2);
  return needed === 0 ? 0 : (trips[needed - 1] ?? 0);
}
