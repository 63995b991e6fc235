/** Clocks that disagree: each member's runs at its own rate, jumps, and fires its timers late. */
import type { Clock, Timer } from '../../src/member/ports.ts';
import type { DiskSession } from './disk-session.ts';
import type { Scheduler } from './scheduler.ts';

/** Where simulated time starts on the wall: any plausible date, so that 32-bit slips show. */
const EPOCH_MS = 1_790_000_000_000;

/** The clock of one machine; outlives the instances on it. */
export class MachineClock {
  readonly #scheduler: Scheduler;
  /** Clock milliseconds per simulated millisecond, near 1. */
  rate = 1;
  /** Difference to simulated time at the last change of rate or jump. */
  #offsetMs = 0;
  #sinceMs = 0;
  /** How far it has gone forward until `#sinceMs`. */
  #forwardMs = 0;
  /** How often it was set back. */
  stepsBack = 0;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  nowMs(): number {
    const elapsed = this.#scheduler.nowMs - this.#sinceMs;
    return Math.floor(EPOCH_MS + this.#sinceMs + this.#offsetMs + elapsed * this.rate);
  }

  /** How far it has gone forward in all, jumps included; steps back do not count. */
  forwardMs(): number {
    return this.#forwardMs + (this.#scheduler.nowMs - this.#sinceMs) * this.rate;
  }

  jump(byMs: number): void {
    this.#settle();
    if (byMs < 0) this.stepsBack++;
    this.#forwardMs += Math.max(0, byMs);
    this.#offsetMs += byMs;
  }

  setRate(rate: number): void {
    this.#settle();
    this.rate = rate;
  }

  /** Simulated milliseconds until this clock shows `atMs`; 0 when it does already. */
  untilMs(atMs: number): number {
    return Math.max(0, (atMs - this.nowMs()) / this.rate);
  }

  #settle(): void {
    const { nowMs } = this.#scheduler;
    this.#forwardMs = this.forwardMs();
    this.#offsetMs += (nowMs - this.#sinceMs) * (this.rate - 1);
    this.#sinceMs = nowMs;
  }
}

/** The Clock port of one instance. Its timers die with it; its alarm is part of its storage. */
export class InstanceClock implements Clock {
  readonly #machine: MachineClock;
  readonly #scheduler: Scheduler;
  readonly #session: DiskSession;
  readonly #run: (task: () => void) => void;
  readonly #latenessMs: () => number;
  /** Timers set and not yet run or cancelled: while there are any, the object is awake. */
  pendingTimers = 0;

  /** `run` enters the instance (or drops the task when it is gone). */
  constructor(
    machine: MachineClock,
    scheduler: Scheduler,
    session: DiskSession,
    run: (task: () => void) => void,
    latenessMs: () => number,
  ) {
    this.#machine = machine;
    this.#scheduler = scheduler;
    this.#session = session;
    this.#run = run;
    this.#latenessMs = latenessMs;
  }

  nowMs(): number {
    return this.#machine.nowMs();
  }

  setTimer(delayMs: number, run: () => void): Timer {
    this.pendingTimers++;
    let pending = true;
    const done = (): boolean => {
      if (!pending) return false;
      pending = false;
      this.pendingTimers--;
      return true;
    };
    const event = this.#scheduler.after(delayMs / this.#machine.rate + this.#latenessMs(), () => {
      if (done()) this.#run(run);
    });
    return {
      cancel: () => {
        if (done()) this.#scheduler.cancel(event);
      },
    };
  }

  setAlarm(atMs: number | undefined): void {
    this.#session.setAlarm(atMs);
  }
}
