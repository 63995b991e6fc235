/** The newest entries of the log, kept decoded within a budget of bytes. */
import { entryBytes } from '../raft/entry.ts';
import { EMPTY_BYTES } from '../lib/bytes.ts';
import { type Entry, EntryKind } from '../raft/types.ts';

/** Past this many evicted entries at the front of the array it is cut. */
const SLACK_MAX = 1024;
/** Stands where an evicted entry was, so that its data can be collected at once. */
const RELEASED: Entry = { term: 0, index: 0, kind: EntryKind.normal, data: EMPTY_BYTES };

export class EntryCache {
  readonly #bytesMax: number;
  /** Invariant: from #start on, consecutive indexes up to the end of the log. */
  #entries: Entry[] = [];
  #start = 0;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Index of the oldest entry held, or undefined when there is none. */
  get firstIndex(): number | undefined {
    return this.#entries[this.#start]?.index;
  }

  /** The entry at `index`, if it is held. */
  get(index: number): Entry | undefined {
    const first = this.firstIndex;
    if (first === undefined || index < first) return undefined;
    return this.#entries[this.#start + index - first];
  }

  /** Takes entries that follow the last one held. The newest stays, whatever its size. */
  push(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.#entries.push(entry);
      this.#bytes += entryBytes(entry);
    }
    while (this.#bytes > this.#bytesMax && this.#start < this.#entries.length - 1) this.#shift();
    this.#trim();
  }

  /** Forgets entries from `index` on. */
  dropFrom(index: number): void {
    for (
      let last = this.#entries[this.#entries.length - 1];
      this.#start < this.#entries.length && last !== undefined && last.index >= index;
      last = this.#entries[this.#entries.length - 1]
    ) {
      this.#entries.pop();
      this.#bytes -= entryBytes(last);
    }
    if (this.#start >= this.#entries.length) this.#clear();
  }

  /** Forgets entries up to `index`. */
  dropThrough(index: number): void {
    for (let first = this.firstIndex; first !== undefined && first <= index;) {
      this.#shift();
      first = this.firstIndex;
    }
    this.#trim();
  }

  #shift(): void {
    this.#bytes -= entryBytes(this.#entries[this.#start] as Entry);
    this.#entries[this.#start] = RELEASED;
    this.#start++;
  }

  #trim(): void {
    if (this.#start >= this.#entries.length) this.#clear();
    else if (this.#start > SLACK_MAX && this.#start * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#start);
      this.#start = 0;
    }
  }

  #clear(): void {
    this.#entries = [];
    this.#start = 0;
    this.#bytes = 0;
  }
}
