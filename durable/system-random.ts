import type { Random } from '../src/member/ports.ts';

/** Random port over the platform's cryptographic generator. */
export class SystemRandom implements Random {
  readonly #word = new Uint32Array(1);

  below(bound: number): number {
    const limit = 2 ** 32 - (2 ** 32 % bound);
    for (;;) {
      crypto.getRandomValues(this.#word);
      const value = this.#word[0] as number;
      if (value < limit) return value % bound;
    }
  }

  bytes(count: number): Uint8Array {
    return crypto.getRandomValues(new Uint8Array(count));
  }
}
