/** A wall clock that a test moves: forward as time passes, or anywhere. */
export class TestClock {
  #nowMs: number;

  constructor(nowMs: number = Date.UTC(2026, 0, 1)) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  /** Milliseconds; negative sets the clock back. */
  advance(ms: number): void {
    this.#nowMs += ms;
  }
}
