/** Every limit of the product: a name, a unit, one home. Derived values show their derivation. */

/** Durable Object storage: a row or blob may hold 2 MB at most; head, data and columns stay below. */
export const ROW_BYTES_MAX = 1_900_000;
