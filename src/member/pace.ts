import { TICK_MS, TURNS_AT_ONCE_PER_MS_MAX } from '../constants.ts';
import type { Clock, Timer } from './ports.ts';

/** What happens at each beat; none is called again before it was asked for again. */
export interface Beats {
  readonly turn: () => void;
  readonly tick: () => void;
  readonly work: () => void;
}

/** The timers of a member: turns and page work as soon as events leave room, ticks while it is awake. */
export class Pace {
  readonly #clock: Clock;
  readonly #beats: Beats;
  readonly #timers = new Map<keyof Beats, Timer>();
  /** A turn follows this event. */
  #isTurnDue = false;
  /** There was a turn. */
  #begun = false;
  #stopped = false;
  /** Turns at once in the millisecond `#countedMs`. */
  #turnsAtOnce = 0;
  #countedMs = 0;

  constructor(clock: Clock, beats: Beats) {
    this.#clock = clock;
    this.#beats = beats;
  }

  /** The first turn at once, unless there was one: it brings the state to where it is known to stand. */
  begin(): void {
    if (this.#begun || this.#stopped) return;
    this.#beat('turn');
  }

  /** Everything that arrives until the timer runs shares one turn: one write, one frame per peer. */
  turnSoon(): void {
    this.#after(0, 'turn');
  }

  /**
   * At the end of this event, for what comes alone: a timer would cost a lone client another round of the
   * event loop at each member that its request passes.
   */
  turnNow(): void {
    if (this.#stopped || this.#isTurnDue) return;
    if (this.#isCrowded()) return this.turnSoon();
    this.#isTurnDue = true;
    void Promise.resolve().then(() => {
      this.#isTurnDue = false;
      if (this.#stopped) return;
      this.#cancel('turn');
      this.#beat('turn');
    });
  }

  tickSoon(): void {
    this.#after(TICK_MS, 'tick');
  }

  /** Page work runs between turns, a slice at a time, so that it never holds up a request for long. */
  workSoon(): void {
    this.#after(0, 'work');
  }

  /** At rest no timer keeps the object in memory. */
  endTicks(): void {
    this.#cancel('tick');
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  /**
   * Whether so many came alone in this millisecond that together they are a crowd. Where a turn ends what began
   * it, as in a cluster of one, every request of many clients finds itself alone, and would pay for a write.
   */
  #isCrowded(): boolean {
    const nowMs = this.#clock.nowMs();
    if (nowMs !== this.#countedMs) {
      this.#countedMs = nowMs;
      this.#turnsAtOnce = 0;
    }
    return ++this.#turnsAtOnce > TURNS_AT_ONCE_PER_MS_MAX;
  }

  #beat(beat: keyof Beats): void {
    // A tick is followed by a turn of its own.
    if (beat !== 'work') this.#begun = true;
    this.#beats[beat]();
  }

  #cancel(beat: keyof Beats): void {
    this.#timers.get(beat)?.cancel();
    this.#timers.delete(beat);
  }

  #after(delayMs: number, beat: keyof Beats): void {
    if (this.#stopped || this.#timers.has(beat)) return;
    const timer = this.#clock.setTimer(delayMs, () => {
      this.#timers.delete(beat);
      this.#beat(beat);
    });
    this.#timers.set(beat, timer);
  }
}
