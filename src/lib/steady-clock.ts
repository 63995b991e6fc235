/** Where the time comes from; the member's Clock port is one. Milliseconds since the epoch. */
export interface WallClock {
  nowMs(): number;
}

/**
 * Time that begins as the wall clock's and never goes back. When the wall clock is set back, it goes on from where it was when it was last
 * looked at, so that no lease lives and nobody waits longer for it. A step forward cannot be told from a pause, after which leases and
 * deadlines are over.
 */
export class SteadyClock {
  readonly #wall: WallClock;
  /** What to add to wall time; milliseconds. Grows by every step back. */
  offset = 0;
  #last = -Infinity;

  constructor(wall: WallClock) {
    this.#wall = wall;
  }

  nowMs(): number {
    const wall = this.#wall.nowMs();
    this.offset = Math.max(this.offset, this.#last - wall);
    this.#last = wall + this.offset;
    return this.#last;
  }

  /** The wall clock's time when `nowMs` will be `atMs`, as alarms want it. */
  wallTimeOf(atMs: number): number {
    return atMs - this.offset;
  }

  /** Time has got at least that far: known from before a sleep, when this time was the wall clock's. */
  notBefore(wallMs: number): void {
    this.#last = Math.max(this.#last, wallMs);
  }
}
