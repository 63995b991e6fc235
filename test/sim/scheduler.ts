/**
 * Simulated time and everything that will happen in it. Two events at the same instant run in the
 * order they were scheduled, so one seed gives one history.
 */
import { drain } from './drain.ts';

export interface Scheduled {
  readonly atMs: number;
  /** Breaks ties: the order of scheduling. */
  readonly order: number;
  /** Undefined once run or cancelled. */
  run: (() => void) | undefined;
}

export class Scheduler {
  /** Milliseconds since the start of the run; fractions are real. Never goes back. */
  nowMs = 0;
  /** Events run so far. */
  events = 0;
  #order = 0;
  /** Binary heap by (atMs, order). */
  readonly #heap: Scheduled[] = [];

  after(delayMs: number, run: () => void): Scheduled {
    return this.at(this.nowMs + delayMs, run);
  }

  /** At an exact instant: `after` of a difference rounds, and two events meant for one swap places. */
  at(atMs: number, run: () => void): Scheduled {
    const event: Scheduled = { atMs: Math.max(this.nowMs, atMs), order: this.#order++, run };
    this.#push(event);
    return event;
  }

  cancel(event: Scheduled): void {
    event.run = undefined;
  }

  /** Runs events until `untilMs`, or until `stop` says so after one of them. */
  runUntil(untilMs: number, stop?: () => boolean): void {
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined || next.atMs > untilMs) break;
      this.#pop();
      const run = next.run;
      if (run === undefined) continue;
      next.run = undefined;
      this.nowMs = next.atMs;
      this.events++;
      run();
      drain();
      if (stop?.() === true) return;
    }
    this.nowMs = Math.max(this.nowMs, untilMs);
  }

  get pending(): number {
    return this.#heap.length;
  }

  #push(event: Scheduled): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up] as Scheduled;
      if (!before(event, parent)) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Scheduled;
    const length = heap.length;
    if (length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      const right = child + 1;
      if (right < length && before(heap[right] as Scheduled, heap[child] as Scheduled))
        child = right;
      const candidate = heap[child] as Scheduled;
      if (!before(candidate, last)) break;
      heap[at] = candidate;
      at = child;
    }
    heap[at] = last;
  }
}

function before(left: Scheduled, right: Scheduled): boolean {
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order);
}
