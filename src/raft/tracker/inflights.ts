import { assert } from '../../lib/assert.ts';

const INITIAL_SLOTS = 16;

/**
 * Appends on the way to one member: a window of messages and bytes, oldest first, as a ring that
 * grows on demand. The window is full when either limit is reached.
 */
export class Inflights {
  readonly #messagesMax: number;
  readonly #bytesMax: number;
  /** Last index of each message. Invariant: ascending from #start over #count slots. */
  #indexes: number[];
  #sizes: number[];
  #start = 0;
  #count = 0;
  #bytes = 0;

  constructor(messagesMax: number, bytesMax: number) {
    assert(messagesMax > 0, `inflights: messagesMax is ${messagesMax}, must be positive`);
    assert(bytesMax > 0, `inflights: bytesMax is ${bytesMax}, must be positive`);
    this.#messagesMax = messagesMax;
    this.#bytesMax = bytesMax;
    const slots = Math.min(INITIAL_SLOTS, messagesMax);
    this.#indexes = new Array<number>(slots).fill(0);
    this.#sizes = new Array<number>(slots).fill(0);
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get full(): boolean {
    return this.#count >= this.#messagesMax || this.#bytes >= this.#bytesMax;
  }

  add(lastIndex: number, bytes: number): void {
    assert(!this.full, `inflights: message up to ${lastIndex} added to a full window`);
    if (this.#count === this.#indexes.length) this.#grow();
    const slot = (this.#start + this.#count) % this.#indexes.length;
    this.#indexes[slot] = lastIndex;
    this.#sizes[slot] = bytes;
    this.#count++;
    this.#bytes += bytes;
  }

  /** Everything up to `index` has arrived. */
  freeTo(index: number): void {
    while (this.#count > 0 && (this.#indexes[this.#start] as number) <= index) {
      this.#bytes -= this.#sizes[this.#start] as number;
      this.#start = (this.#start + 1) % this.#indexes.length;
      this.#count--;
    }
  }

  clear(): void {
    this.#start = 0;
    this.#count = 0;
    this.#bytes = 0;
  }

  #grow(): void {
    const slots = Math.min(this.#indexes.length * 2, this.#messagesMax);
    const indexes = new Array<number>(slots).fill(0);
    const sizes = new Array<number>(slots).fill(0);
    for (let at = 0; at < this.#count; at++) {
      const from = (this.#start + at) % this.#indexes.length;
      indexes[at] = this.#indexes[from] as number;
      sizes[at] = this.#sizes[from] as number;
    }
    this.#indexes = indexes;
    this.#sizes = sizes;
    this.#start = 0;
  }
}
