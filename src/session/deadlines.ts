/** Deadlines of calls, a tenth of a second exact: most calls end long before theirs, and cost nothing then. */

/** A member's clock is one. */
export interface Timers {
  nowMs(): number;
  setTimer(delayMs: number, run: () => void): { cancel(): void };
}

interface Timed {
  /** The set that holds it; undefined: it has no deadline. */
  deadlineSlot: number | undefined;
}

const SLOT_MS = 100;
/** A later deadline is none: timers hold no more, and no call lives so long. */
const TIMEOUT_MS_MAX = 2 ** 31 - 1;

export class Deadlines<T extends Timed> {
  readonly #timers: Timers;
  readonly #expired: (call: T) => void;
  /** Calls by the tenth of a second in which their deadlines end. */
  readonly #slots = new Map<number, Set<T>>();
  #timer: { cancel(): void } | undefined;
  #timerSlot = Infinity;

  constructor(timers: Timers, expired: (call: T) => void) {
    this.#timers = timers;
    this.#expired = expired;
  }

  add(call: T, timeoutMs: number): void {
    if (timeoutMs > TIMEOUT_MS_MAX) return;
    const slot = Math.ceil((this.#timers.nowMs() + timeoutMs) / SLOT_MS);
    call.deadlineSlot = slot;
    const calls = this.#slots.get(slot);
    if (calls === undefined) this.#slots.set(slot, new Set([call]));
    else calls.add(call);
    if (slot < this.#timerSlot) this.#arm(slot);
  }

  remove(call: T): void {
    if (call.deadlineSlot === undefined) return;
    const calls = this.#slots.get(call.deadlineSlot);
    calls?.delete(call);
    if (calls?.size === 0) this.#slots.delete(call.deadlineSlot);
    call.deadlineSlot = undefined;
    if (this.#slots.size === 0) this.stop();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerSlot = Infinity;
  }

  #arm(slot: number): void {
    this.#timer?.cancel();
    this.#timerSlot = slot;
    const delayMs = Math.max(0, slot * SLOT_MS - this.#timers.nowMs());
    this.#timer = this.#timers.setTimer(delayMs, () => this.#fire());
  }

  #fire(): void {
    this.#timer = undefined;
    this.#timerSlot = Infinity;
    const due = Math.floor(this.#timers.nowMs() / SLOT_MS);
    for (const slot of [...this.#slots.keys()]) {
      if (slot > due) continue;
      for (const call of [...(this.#slots.get(slot) ?? [])]) {
        this.remove(call);
        this.#expired(call);
      }
    }
    if (this.#slots.size > 0) this.#arm(Math.min(...this.#slots.keys()));
  }
}
