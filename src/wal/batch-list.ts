/** Where the stored entries are: the batches of the log in order, as their heads describe them. */
import type { TermRun } from './row.ts';

/** One stored batch. */
export interface Batch {
  /** Id of its first row; further parts have the following ids. */
  readonly row: number;
  readonly parts: number;
  readonly firstIndex: number;
  readonly lastIndex: number;
  readonly runs: readonly TermRun[];
  /** Bytes in all its rows, heads included. */
  readonly bytes: number;
}

/** Past this many forgotten batches at the front of the array it is cut. */
const SLACK_MAX = 1024;

export class BatchList {
  /** Invariant: from #start on, each batch begins where the one before it ends. */
  #batches: Batch[] = [];
  #start = 0;
  /** Sum over the batches listed. */
  bytes = 0;
  rows = 0;

  get size(): number {
    return this.#batches.length - this.#start;
  }

  get last(): Batch | undefined {
    return this.size === 0 ? undefined : this.#batches[this.#batches.length - 1];
  }

  get first(): Batch | undefined {
    return this.#batches[this.#start];
  }

  push(batch: Batch): void {
    this.#batches.push(batch);
    this.#count(batch, 1);
  }

  /** The batch that holds `index`, or undefined. */
  find(index: number): Batch | undefined {
    const at = this.#position(index);
    return at === undefined ? undefined : this.#batches[at];
  }

  /** Takes out the batches that lie wholly at or below `index`. */
  dropThrough(index: number): Batch[] {
    const dropped: Batch[] = [];
    for (let first = this.first; first !== undefined && first.lastIndex <= index;) {
      dropped.push(first);
      this.#count(first, -1);
      this.#start++;
      first = this.first;
    }
    if (this.#start > SLACK_MAX && this.#start * 2 > this.#batches.length) {
      this.#batches = this.#batches.slice(this.#start);
      this.#start = 0;
    }
    return dropped;
  }

  /** Takes out the batches that reach to `index` or beyond. */
  dropFrom(index: number): Batch[] {
    const dropped: Batch[] = [];
    for (let last = this.last; last !== undefined && last.lastIndex >= index; last = this.last) {
      dropped.push(last);
      this.#count(last, -1);
      this.#batches.pop();
    }
    return dropped.reverse();
  }

  /** The lowest index such that all whole batches after it take at most `bytesMax` bytes. */
  indexBefore(bytesMax: number): number | undefined {
    let bytes = 0;
    for (let at = this.#batches.length - 1; at >= this.#start; at--) {
      const batch = this.#batches[at] as Batch;
      bytes += batch.bytes;
      if (bytes > bytesMax) return batch.lastIndex;
    }
    return undefined;
  }

  #count(batch: Batch, sign: 1 | -1): void {
    this.bytes += sign * batch.bytes;
    this.rows += sign * batch.parts;
  }

  #position(index: number): number | undefined {
    let low = this.#start;
    let high = this.#batches.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const batch = this.#batches[middle] as Batch;
      if (batch.lastIndex < index) low = middle + 1;
      else if (batch.firstIndex > index) high = middle - 1;
      else return middle;
    }
    return undefined;
  }
}

/** Term of the entry at `index`, which the batch holds. */
export function termInBatch(batch: Batch, index: number): number {
  let end = batch.firstIndex;
  let term = 0;
  for (const run of batch.runs) {
    end += run.count;
    term = run.term;
    if (index < end) break;
  }
  return term;
}
