/** Time that passes only when a test says so. */
import type { Clock, Timer } from '../../../src/member/ports.ts';

interface Pending {
  readonly atMs: number;
  readonly run: () => void;
}

export class ManualClock implements Clock {
  alarmMs: number | undefined;
  /** By how much the wall clock was set forward; timers know nothing of it. */
  setByMs = 0;
  #nowMs = 1_000_000;
  readonly #pending = new Set<Pending>();

  nowMs(): number {
    return this.#nowMs + this.setByMs;
  }

  setTimer(delayMs: number, run: () => void): Timer {
    const timer = { atMs: this.#nowMs + delayMs, run };
    this.#pending.add(timer);
    return { cancel: () => void this.#pending.delete(timer) };
  }

  setAlarm(atMs: number | undefined): void {
    this.alarmMs = atMs;
  }

  get pendingTimers(): number {
    return this.#pending.size;
  }

  /** Runs what is due within `ms`, in order, with all promises settled after each. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const next = this.#earliest(endMs);
      if (next === undefined) break;
      this.#pending.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.run();
      await settle();
    }
    this.#nowMs = endMs;
    await settle();
  }

  #earliest(endMs: number): Pending | undefined {
    let earliest: Pending | undefined;
    for (const timer of this.#pending) {
      if (timer.atMs <= endMs && (earliest === undefined || timer.atMs < earliest.atMs)) {
        earliest = timer;
      }
    }
    return earliest;
  }
}

/** Lets every promise that can settle do so. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
