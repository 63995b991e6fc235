/**
 * A seeded generator for tests, the simulator and everything that must be repeatable: xoshiro128**
 * (Blackman and Vigna), its state filled from the seed by splitmix32. Not for secrets.
 */
import { assert } from './assert.ts';

const WORDS = 0x1_0000_0000;

export class Prng {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** Equal seeds (taken modulo 2^32) give equal sequences. */
  constructor(seed: number) {
    let state = seed | 0;
    const next = (): number => {
      state = (state + 0x9e3779b9) | 0;
      let word = state ^ (state >>> 16);
      word = Math.imul(word, 0x21f0aaad);
      word ^= word >>> 15;
      word = Math.imul(word, 0x735a2d97);
      return word ^ (word >>> 15);
    };
    this.#a = next();
    this.#b = next();
    this.#c = next();
    this.#d = next();
    // The one state xoshiro never leaves.
    if ((this.#a | this.#b | this.#c | this.#d) === 0) this.#a = 1;
  }

  /** Uniform in 0 .. bound-1; bound is an integer from 1 to 2^32. */
  below(bound: number): number {
    assert(
      Number.isInteger(bound) && bound >= 1 && bound <= WORDS,
      `random number below ${bound}: the bound is not an integer from 1 to 2^32`,
    );
    // Words past the last whole multiple of `bound` would favour small results.
    const fair = WORDS - (WORDS % bound);
    let word = this.#word();
    while (word >= fair) word = this.#word();
    return word % bound;
  }

  bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    let word = 0;
    for (let at = 0; at < count; at++) {
      if (at % 4 === 0) word = this.#word();
      bytes[at] = word >>> (8 * (at % 4));
    }
    return bytes;
  }

  /** Uniform in [0, 1), in steps of 2^-32. */
  float(): number {
    return this.#word() / WORDS;
  }

  /** True with the given probability: never at 0, always at 1. */
  bool(probability: number = 0.5): boolean {
    return this.float() < probability;
  }

  /** One element, each as likely as the others. `list` must not be empty. */
  pick<T>(list: readonly T[]): T {
    assert(list.length > 0, 'pick one of a list: the list is empty');
    return list[this.below(list.length)] as T;
  }

  /** A copy of `list` in random order. */
  shuffle<T>(list: readonly T[]): T[] {
    const shuffled = [...list];
    for (let last = shuffled.length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      const moved = shuffled[last] as T;
      shuffled[last] = shuffled[other] as T;
      shuffled[other] = moved;
    }
    return shuffled;
  }

  #word(): number {
    const scrambled = Math.imul(rotate(Math.imul(this.#b, 5), 7), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = rotate(this.#d, 11);
    return scrambled;
  }
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
