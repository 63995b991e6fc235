/**
 * Which key hangs on which lease, by slot. The keys of a lease are a linked list through the slots, so
 * that a lease with one key costs no list of its own.
 */
import { assert } from '../lib/assert.ts';
import type { Key } from '../mvcc/types.ts';
import { grownColumn, moreSlots, SLOTS_AT_START } from './columns.ts';

/** Memory of one attached key beside its bytes: columns, string header, entry of the map. */
export const KEY_BYTES = 100;

export class KeyTable {
  /** Invariant: a key hangs on at most one lease. */
  readonly #slots = new Map<Key, number>();
  #keys: (Key | undefined)[] = [];
  /** Slot of the key's lease + 1; 0 marks a free slot. */
  #lease = new Int32Array(SLOTS_AT_START);
  /** Next slot + 1 among the keys of the lease, or among the free slots; 0 ends the list. */
  #next = new Int32Array(SLOTS_AT_START);
  #previous = new Int32Array(SLOTS_AT_START);
  /** First slot + 1 of a lease's keys, by the lease's slot. */
  #first = new Int32Array(SLOTS_AT_START);
  #free = 0;
  /** Bytes of all keys, without KEY_BYTES for each. */
  keyBytes = 0;
  readonly #changed: (slot: number) => void;

  constructor(changed: (slot: number) => void) {
    this.#changed = changed;
  }

  get size(): number {
    return this.#slots.size;
  }

  /** All used slots are below. */
  get end(): number {
    return this.#keys.length;
  }

  used(slot: number): boolean {
    return this.#keys[slot] !== undefined;
  }

  keyOf(slot: number): Key {
    return this.#keys[slot] as Key;
  }

  /** Slot of the lease that the key in `slot` hangs on. */
  leaseOf(slot: number): number {
    return (this.#lease[slot] as number) - 1;
  }

  /** Slot of the lease that `key` hangs on, or undefined. */
  find(key: Key): number | undefined {
    const slot = this.#slots.get(key);
    return slot === undefined ? undefined : this.leaseOf(slot);
  }

  /** Hangs `key`, which hangs nowhere, on the lease in `lease`. */
  attach(lease: number, key: Key): void {
    let slot = this.#free - 1;
    if (slot >= 0) this.#free = this.#next[slot] as number;
    else slot = this.#keys.length;
    this.place(slot, lease, key);
    this.#changed(slot);
  }

  /** Puts a stored key where it was; `linkFree` has to follow when all are in place. */
  place(slot: number, lease: number, key: Key): void {
    assert(!this.used(slot) && !this.#slots.has(key), `attach a key: slot ${slot} or key is taken`);
    this.#reach(slot, lease);
    this.#slots.set(key, slot);
    this.#keys[slot] = key;
    this.keyBytes += key.length;
    const second = this.#first[lease] as number;
    this.#lease[slot] = lease + 1;
    this.#next[slot] = second;
    this.#previous[slot] = 0;
    if (second > 0) this.#previous[second - 1] = slot + 1;
    this.#first[lease] = slot + 1;
  }

  linkFree(): void {
    this.#free = 0;
    for (let slot = this.end - 1; slot >= 0; slot--) if (!this.used(slot)) this.#release(slot);
  }

  detach(key: Key): void {
    const slot = this.#slots.get(key);
    if (slot === undefined) return;
    const next = this.#next[slot] as number;
    const previous = this.#previous[slot] as number;
    if (previous > 0) this.#next[previous - 1] = next;
    else this.#first[this.leaseOf(slot)] = next;
    if (next > 0) this.#previous[next - 1] = previous;
    this.#slots.delete(key);
    this.#keys[slot] = undefined;
    this.keyBytes -= key.length;
    this.#lease[slot] = 0;
    this.#release(slot);
    this.#changed(slot);
  }

  /** The keys on the lease in `lease`, in no order. */
  keysOf(lease: number): Key[] {
    const keys: Key[] = [];
    let slot = (this.#first[lease] ?? 0) - 1;
    while (slot >= 0) {
      keys.push(this.keyOf(slot));
      slot = (this.#next[slot] as number) - 1;
    }
    return keys;
  }

  #release(slot: number): void {
    this.#next[slot] = this.#free;
    this.#free = slot + 1;
  }

  #reach(slot: number, lease: number): void {
    while (this.#keys.length <= slot) this.#keys.push(undefined);
    if (slot >= this.#lease.length) {
      const slots = Math.max(moreSlots(this.#lease.length), slot + 1);
      this.#lease = grownColumn(this.#lease, slots);
      this.#next = grownColumn(this.#next, slots);
      this.#previous = grownColumn(this.#previous, slots);
    }
    if (lease >= this.#first.length) {
      this.#first = grownColumn(this.#first, Math.max(moreSlots(this.#first.length), lease + 1));
    }
  }
}
