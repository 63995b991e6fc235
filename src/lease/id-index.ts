/**
 * Finds a lease's slot by its 64-bit id: open addressing with linear probing. A Map would keep a
 * bigint object for each id.
 */
import type { LeaseId } from '../mvcc/types.ts';
import { grownColumn, SLOTS_AT_START } from './columns.ts';

/** No slot. */
export const NONE = -1;

const word64 = new BigInt64Array(1);
const word32 = new Uint32Array(word64.buffer);

export class IdIndex {
  /** Two words an id, by slot. */
  #ids = new Uint32Array(2 * SLOTS_AT_START);
  /** Slot + 1, or 0: empty. Invariant: no empty place between where an id hashes to and where it is. */
  #places = new Int32Array(2 * SLOTS_AT_START);
  #used = 0;

  /** The slot of `id`, or NONE. */
  find(id: LeaseId): number {
    const place = this.#placeOf(id);
    return (this.#places[place] as number) - 1;
  }

  /** Notes that `id`, which is not in the index, has `slot`. */
  insert(id: LeaseId, slot: number): void {
    // Beyond two thirds full the runs of linear probing grow long.
    if (3 * (this.#used + 1) > 2 * this.#places.length) this.#rehash(2 * this.#places.length);
    if (2 * slot + 1 >= this.#ids.length) {
      this.#ids = grownColumn(this.#ids, Math.max(3 * slot, 2 * slot + 2));
    }
    const place = this.#placeOf(id);
    this.#ids[2 * slot] = word32[0] as number;
    this.#ids[2 * slot + 1] = word32[1] as number;
    this.#places[place] = slot + 1;
    this.#used++;
  }

  /** The id inserted with `slot`; meaningless for a slot that is not in the index. */
  idOf(slot: number): LeaseId {
    word32[0] = this.#ids[2 * slot] as number;
    word32[1] = this.#ids[2 * slot + 1] as number;
    return word64[0] as bigint;
  }

  /** Takes out the id that was inserted with `slot`. */
  remove(slot: number): void {
    const places = this.#places;
    const mask = places.length - 1;
    let hole = this.#placeOf(this.idOf(slot));
    // Moves back whatever would no longer be found across the hole.
    for (let at = (hole + 1) & mask; places[at] !== 0; at = (at + 1) & mask) {
      const home = this.#homeOf((places[at] as number) - 1);
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      places[hole] = places[at] as number;
      hole = at;
    }
    places[hole] = 0;
    this.#used--;
  }

  /** Where `id` is, or the empty place where it would be. Leaves the id's words in word32. */
  #placeOf(id: LeaseId): number {
    word64[0] = id;
    const low = word32[0] as number;
    const high = word32[1] as number;
    const mask = this.#places.length - 1;
    let place = hashOf(low, high) & mask;
    for (;;) {
      const slot = (this.#places[place] as number) - 1;
      if (slot < 0) return place;
      if (this.#ids[2 * slot] === low && this.#ids[2 * slot + 1] === high) return place;
      place = (place + 1) & mask;
    }
  }

  #homeOf(slot: number): number {
    const low = this.#ids[2 * slot] as number;
    const high = this.#ids[2 * slot + 1] as number;
    return hashOf(low, high) & (this.#places.length - 1);
  }

  #rehash(length: number): void {
    const old = this.#places;
    this.#places = new Int32Array(length);
    const mask = length - 1;
    for (const entry of old) {
      if (entry === 0) continue;
      let place = this.#homeOf(entry - 1);
      while (this.#places[place] !== 0) place = (place + 1) & mask;
      this.#places[place] = entry;
    }
  }
}

/** Chosen ids may be 1, 2, 3 …: all bits must count. */
function hashOf(low: number, high: number): number {
  let hash = Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca77);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0xc2b2ae3d);
  return hash ^ (hash >>> 13);
}
