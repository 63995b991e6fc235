/**
 * The leases in order of their deadlines: a binary heap that knows where each slot is, so that a
 * renewal moves its lease at once and nothing stale is left to clear away later.
 */
import { grownColumn, moreSlots, SLOTS_AT_START } from './columns.ts';

export class DeadlineHeap {
  /** By slot; kept when a slot leaves the heap. */
  #deadlines = new Float64Array(SLOTS_AT_START);
  /** Place in #heap + 1, by slot; 0: not in the heap. */
  #places = new Int32Array(SLOTS_AT_START);
  /** Slots. Invariant: no deadline is earlier than that of the place (place - 1) >> 1. */
  #heap = new Int32Array(SLOTS_AT_START);
  size = 0;

  /** The slot with the earliest deadline, or undefined. */
  peek(): number | undefined {
    return this.size === 0 ? undefined : this.#heap[0];
  }

  /** The deadline set last for a slot, whether it is in the heap or not. */
  deadlineOf(slot: number): number {
    return this.#deadlines[slot] as number;
  }

  has(slot: number): boolean {
    return (this.#places[slot] ?? 0) > 0;
  }

  /** Puts a slot into the heap, or moves it. */
  set(slot: number, deadline: number): void {
    this.#reach(slot);
    let place = (this.#places[slot] as number) - 1;
    const later = place >= 0 && deadline > (this.#deadlines[slot] as number);
    this.#deadlines[slot] = deadline;
    if (place < 0) place = this.size++;
    if (later) this.#sink(slot, place);
    else this.#rise(slot, place);
  }

  /** Takes a slot out, if it is in. */
  remove(slot: number): void {
    const place = (this.#places[slot] ?? 0) - 1;
    if (place < 0) return;
    this.#places[slot] = 0;
    this.size--;
    if (place === this.size) return;
    const moved = this.#heap[this.size] as number;
    const above = place > 0 ? this.#dueIn((place - 1) >> 1) : -Infinity;
    if ((this.#deadlines[moved] as number) < above) this.#rise(moved, place);
    else this.#sink(moved, place);
  }

  #rise(slot: number, from: number): void {
    const deadline = this.#deadlines[slot] as number;
    let hole = from;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      const above = this.#heap[parent] as number;
      if ((this.#deadlines[above] as number) <= deadline) break;
      this.#put(above, hole);
      hole = parent;
    }
    this.#put(slot, hole);
  }

  #sink(slot: number, from: number): void {
    const deadline = this.#deadlines[slot] as number;
    let hole = from;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= this.size) break;
      if (child + 1 < this.size && this.#dueIn(child + 1) < this.#dueIn(child)) child++;
      if (this.#dueIn(child) >= deadline) break;
      this.#put(this.#heap[child] as number, hole);
      hole = child;
    }
    this.#put(slot, hole);
  }

  #dueIn(place: number): number {
    return this.#deadlines[this.#heap[place] as number] as number;
  }

  #put(slot: number, place: number): void {
    this.#heap[place] = slot;
    this.#places[slot] = place + 1;
  }

  #reach(slot: number): void {
    if (slot < this.#deadlines.length) return;
    const slots = Math.max(moreSlots(this.#deadlines.length), slot + 1);
    this.#deadlines = grownColumn(this.#deadlines, slots);
    this.#places = grownColumn(this.#places, slots);
    this.#heap = grownColumn(this.#heap, slots);
  }
}
