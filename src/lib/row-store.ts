/**
 * The one port through which a member keeps anything: numbered rows in named tables.
 *
 * Contract, equal in every implementation (SQL in a Durable Object, memory in tests, the simulator):
 *
 * - Calls are synchronous; a read sees every earlier write of this instance.
 * - All writes of one turn of the event loop, up to the next `await`, become durable together or not
 *   at all. `atomically` narrows that: if its function throws, the writes made inside it are undone.
 * - Nothing that is sent (message, reply) after a write leaves before that write is durable: the
 *   platform's output gate. Code that persists and then sends in the same turn is therefore correct
 *   with no waiting of its own.
 * - Bytes handed in are copied or written before the call returns; bytes handed out belong to the caller.
 */
export interface RowStore {
  /** The row `id` of `table`, or undefined. A table nobody wrote to is empty, not an error. */
  get(table: string, id: number): Row | undefined;
  /** The row with the greatest id <= `id`, or undefined. */
  floor(table: string, id: number): Row | undefined;
  /** The row with the smallest id >= `id`, or undefined. */
  ceiling(table: string, id: number): Row | undefined;
  /** Ids and heads (not data) of rows with `from` <= id <= `to`, ascending, at most `limit`. */
  heads(table: string, from: number, to: number, limit: number): RowHead[];
  /** Whole rows with `from` <= id <= `to`, ascending, at most `limit`. */
  rows(table: string, from: number, to: number, limit: number): Row[];
  /** Inserts or replaces. `id` is a safe integer >= 0; head and data together stay under ROW_BYTES_MAX. */
  put(table: string, id: number, head: Uint8Array, data: Uint8Array): void;
  delete(table: string, id: number): void;
  /** Deletes rows with `from` <= id <= `to`. */
  deleteRange(table: string, from: number, to: number): void;
  /** Deletes a whole table, however large. */
  drop(table: string): void;
  /** Names of the tables that exist, sorted. */
  tables(): string[];
  /** Bytes of storage in use. */
  sizeBytes(): number;
  /** Runs `run` so that its writes happen all or not at all. `run` must not be async. Nests. */
  atomically<T>(run: () => T): T;
}

export interface RowHead {
  readonly id: number;
  /** A few bytes of description that can be listed without reading `data`. */
  readonly head: Uint8Array;
}

export interface Row extends RowHead {
  readonly data: Uint8Array;
}

/** The storage has no room left. Reads and deletes still work. */
export class StorageFullError extends Error {
  override readonly name = 'StorageFullError';
}

/** A row larger than ROW_BYTES_MAX: the caller should have split it. */
export class RowTooBigError extends Error {
  override readonly name = 'RowTooBigError';
}
