/**
 * Tables as columns of typed arrays: 100,000 leases as objects would take twice the memory, and the
 * collector's time as well. A row of such a table is a slot, a small integer.
 */

/** Slots of a new table. */
export const SLOTS_AT_START = 256;

/** How many slots a table gets that has room for `slots` and needs one more. */
export function moreSlots(slots: number): number {
  return Math.ceil(slots * 1.5);
}

/** A copy of `column` with room for `slots`; the new ones hold zero. */
export function grownColumn<T extends Int32Array | Uint32Array | Float64Array>(
  column: T,
  slots: number,
): T {
  const grown = new (column.constructor as new (length: number) => T)(slots);
  grown.set(column);
  return grown;
}
