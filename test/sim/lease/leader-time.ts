/**
 * The time that leases are measured in: at every moment that of the machine which leads the newest term,
 * counting only what its clock goes forward.
 *
 * No better time can be asked for. A lease ends by the clock of whoever leads, however fast that runs;
 * a step forward cannot be told from a pause, in which leases do end; and a step back must give no lease
 * more time, so it does not count. Between two leaders there is no common clock: what has passed under
 * the first has passed, and the second counts on from there.
 */
import type { NodeId } from '../../../src/raft/types.ts';

export class LeaderTime {
  readonly #forwardMs: (id: NodeId) => number;
  #leader: NodeId;
  #term = 0;
  /** Time that has passed, and what the leader's clock had gone forward by then. */
  #passedMs = 0;
  #seenMs: number;

  /**
   * @param forwardMs how far a machine's clock has gone forward in all
   * @param first whose clock counts before anybody leads
   */
  constructor(forwardMs: (id: NodeId) => number, first: NodeId) {
    this.#forwardMs = forwardMs;
    this.#leader = first;
    this.#seenMs = forwardMs(first);
  }

  /** Milliseconds since the run began. */
  nowMs(): number {
    const seenMs = this.#forwardMs(this.#leader);
    this.#passedMs += seenMs - this.#seenMs;
    this.#seenMs = seenMs;
    return this.#passedMs;
  }

  leads(id: NodeId, term: number): void {
    if (term <= this.#term) return;
    this.nowMs();
    this.#term = term;
    this.#leader = id;
    this.#seenMs = this.#forwardMs(id);
  }
}
