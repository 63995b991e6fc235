/** The object's one alarm, shared by all that want to be woken: the earliest wish counts. */
import type { Clock } from './ports.ts';

export class Alarms {
  readonly #clock: Clock;
  readonly #wishes = new Map<string, number>();
  /** What this instance last set; undefined: nothing, or what an earlier instance left. */
  #setMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `part` wants to be called at `atMs`, or, undefined, not at all. Takes effect with `settle`. */
  wish(part: string, atMs: number | undefined): void {
    if (atMs === undefined) this.#wishes.delete(part);
    else this.#wishes.set(part, atMs);
  }

  /**
   * Sets the alarm if it has to change. Every change is a row written, and an earlier time also holds
   * up the answers of the moment. So while the object is awake an alarm that comes too early is left
   * to itself; before it may sleep (`exact`) it is put right, since a needless wake costs more.
   */
  settle({ exact }: { readonly exact: boolean }): void {
    const earliestMs = this.#earliest();
    if (earliestMs === this.#setMs) return;
    const isLater =
      this.#setMs !== undefined && (earliestMs === undefined || earliestMs > this.#setMs);
    if (isLater && !exact) return;
    this.#setMs = earliestMs;
    this.#clock.setAlarm(earliestMs);
  }

  /** The alarm went off: none is set any more. Returns the parts that wanted it; their wishes are met. */
  fired(nowMs: number): string[] {
    this.#setMs = undefined;
    const due = [...this.#wishes].filter(([, atMs]) => atMs <= nowMs).map(([part]) => part);
    for (const part of due) this.#wishes.delete(part);
    return due;
  }

  #earliest(): number | undefined {
    let earliestMs: number | undefined;
    for (const atMs of this.#wishes.values()) {
      if (earliestMs === undefined || atMs < earliestMs) earliestMs = atMs;
    }
    return earliestMs;
  }
}
