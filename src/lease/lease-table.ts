/** The leases by slot: id, granted TTL and the remaining TTL last replicated. Whole seconds. */
import { assert } from '../lib/assert.ts';
import type { LeaseId } from '../mvcc/types.ts';
import { grownColumn, moreSlots, SLOTS_AT_START } from './columns.ts';
import { IdIndex } from './id-index.ts';

/** Memory of one lease in all columns here and in the lessor, with the room that growth leaves. */
export const LEASE_BYTES = 96;

export class LeaseTable {
  readonly #index = new IdIndex();
  /** Granted time to live; 0 marks a free slot. */
  #ttl = new Float64Array(SLOTS_AT_START);
  /** Time left as of the last checkpoint, 0 without one. In a free slot: the next free one + 1. */
  #remaining = new Float64Array(SLOTS_AT_START);
  /** First free slot + 1 among those once used, 0 if there is none. */
  #free = 0;
  /** Slots ever used; those from here on are free, too. */
  #end = 0;
  size = 0;
  /** Told of every slot whose row changed. */
  readonly #changed: (slot: number) => void;

  constructor(changed: (slot: number) => void) {
    this.#changed = changed;
  }

  /** All used slots are below. */
  get end(): number {
    return this.#end;
  }

  /** The slot of a lease, or NONE. */
  find(id: LeaseId): number {
    return this.#index.find(id);
  }

  used(slot: number): boolean {
    return slot < this.#end && (this.#ttl[slot] as number) > 0;
  }

  idOf(slot: number): LeaseId {
    return this.#index.idOf(slot);
  }

  ttlOf(slot: number): number {
    return this.#ttl[slot] as number;
  }

  /** 0: as much as was granted. */
  remainingOf(slot: number): number {
    return this.#remaining[slot] as number;
  }

  /** Puts a lease into a free slot and returns it. */
  add(id: LeaseId, ttlSeconds: number): number {
    let slot = this.#free - 1;
    if (slot >= 0) {
      this.#free = this.#remaining[slot] as number;
    } else {
      slot = this.#end;
      this.#reach(slot);
    }
    this.#fill(slot, id, ttlSeconds, 0);
    this.#changed(slot);
    return slot;
  }

  /** Puts a stored lease where it was; `linkFree` has to follow when all are in place. */
  place(slot: number, id: LeaseId, ttlSeconds: number, remainingSeconds: number): void {
    assert(ttlSeconds > 0 && !this.used(slot), `place lease ${id}: slot ${slot} is taken`);
    this.#reach(slot);
    this.#fill(slot, id, ttlSeconds, remainingSeconds);
  }

  /** Makes the free slots below `end` known. */
  linkFree(): void {
    this.#free = 0;
    for (let slot = this.#end - 1; slot >= 0; slot--) if (!this.used(slot)) this.#release(slot);
  }

  setRemaining(slot: number, seconds: number): void {
    if (this.#remaining[slot] === seconds) return;
    this.#remaining[slot] = seconds;
    this.#changed(slot);
  }

  remove(slot: number): void {
    this.#index.remove(slot);
    this.#ttl[slot] = 0;
    this.#release(slot);
    this.size--;
    this.#changed(slot);
  }

  *slots(): Generator<number> {
    for (let slot = 0; slot < this.#end; slot++) if (this.used(slot)) yield slot;
  }

  #fill(slot: number, id: LeaseId, ttlSeconds: number, remainingSeconds: number): void {
    this.#index.insert(id, slot);
    this.#ttl[slot] = ttlSeconds;
    this.#remaining[slot] = remainingSeconds;
    this.size++;
  }

  #release(slot: number): void {
    this.#remaining[slot] = this.#free;
    this.#free = slot + 1;
  }

  #reach(slot: number): void {
    this.#end = Math.max(this.#end, slot + 1);
    if (slot < this.#ttl.length) return;
    const slots = Math.max(moreSlots(this.#ttl.length), slot + 1);
    this.#ttl = grownColumn(this.#ttl, slots);
    this.#remaining = grownColumn(this.#remaining, slots);
  }
}
