import { LEASE_EXPIRIES_BURST, LEASE_EXPIRIES_PER_SECOND_MAX } from '../constants.ts';

/** How many ended leases may be handed out: a bucket of tokens, filled at the rate of the limit. */
export class ExpiryPace {
  /** Invariant: 0 <= tokens <= LEASE_EXPIRIES_BURST. */
  #tokens = LEASE_EXPIRIES_BURST;
  #filledAtMs: number;

  constructor(nowMs: number) {
    this.#filledAtMs = nowMs;
  }

  /** Whole tokens there are. */
  available(nowMs: number): number {
    const earned = ((nowMs - this.#filledAtMs) * LEASE_EXPIRIES_PER_SECOND_MAX) / 1000;
    this.#tokens = Math.min(this.#tokens + earned, LEASE_EXPIRIES_BURST);
    this.#filledAtMs = nowMs;
    return Math.floor(this.#tokens);
  }

  take(count: number): void {
    this.#tokens -= count;
  }

  /** When there will be a token. */
  nextMs(): number {
    const missing = Math.max(0, 1 - this.#tokens);
    return this.#filledAtMs + Math.ceil((missing * 1000) / LEASE_EXPIRIES_PER_SECOND_MAX);
  }
}
