import { assert } from '../lib/assert.ts';
import { EMPTY_BYTES } from '../lib/bytes.ts';
import { entryBytes } from './entry.ts';
import { type Entry, EntryKind } from './types.ts';

/** Dropped entries are cut off the array in runs of at least this many: O(1) a drop, amortised. */
const CUT_MIN = 1024;

/** Stands where an entry was dropped, so that its bytes are free before the slot is. */
const DROPPED: Entry = { term: 0, index: 0, kind: EntryKind.normal, data: EMPTY_BYTES };

/** The end of the log in memory: everything that is not stored or not applied, and a little before. */
export class LogTail {
  /** Invariant: entries[head + k].index === offset + k. Slots before `head` are dropped entries. */
  #entries: Entry[] = [];
  #head = 0;
  /** Index of the first entry held, or of the next one to come. */
  #offset: number;
  /** Term of the entry at offset - 1, where known. */
  #termBefore: number | undefined;
  #bytes = 0;

  constructor(offset: number, termBefore: number | undefined) {
    this.#offset = offset;
    this.#termBefore = termBefore;
  }

  get offset(): number {
    return this.#offset;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get lastIndex(): number {
    return this.#offset + (this.#entries.length - this.#head) - 1;
  }

  /** Undefined for what is neither held nor directly before. */
  term(index: number): number | undefined {
    if (index === this.#offset - 1) return this.#termBefore;
    return this.#entries[this.#head + index - this.#offset]?.term;
  }

  at(index: number): Entry {
    const entry = this.#entries[this.#head + index - this.#offset];
    assert(entry?.index === index, `log tail: no entry ${index} from ${this.#offset} on`);
    return entry;
  }

  push(entry: Entry): void {
    const expected = this.lastIndex + 1;
    assert(entry.index === expected, `log tail: entry ${entry.index} after ${expected - 1}`);
    this.#entries.push(entry);
    this.#bytes += entryBytes(entry);
  }

  /** Entries lo <= index < hi. */
  slice(lo: number, hi: number): Entry[] {
    assert(
      lo >= this.#offset && hi <= this.lastIndex + 1,
      `log tail: slice ${lo}..${hi} of ${this.#offset}..${this.lastIndex + 1}`,
    );
    const shift = this.#head - this.#offset;
    return this.#entries.slice(lo + shift, hi + shift);
  }

  /** Drops all entries from `index` on. */
  truncate(index: number): void {
    assert(index >= this.#offset, `log tail: truncate at ${index} below ${this.#offset}`);
    const keep = this.#head + index - this.#offset;
    for (let at = keep; at < this.#entries.length; at++) {
      this.#bytes -= entryBytes(this.#entries[at] as Entry);
    }
    this.#entries.length = Math.min(keep, this.#entries.length);
  }

  /** Drops entries up to `index`, oldest first, until no more than `bytesKept` are held. */
  drop(index: number, bytesKept: number): void {
    while (this.#offset <= index && this.#bytes > bytesKept) {
      const entry = this.at(this.#offset);
      this.#bytes -= entryBytes(entry);
      this.#termBefore = entry.term;
      this.#entries[this.#head] = DROPPED;
      this.#offset++;
      this.#head++;
    }
    if (this.#head >= CUT_MIN && this.#head * 2 >= this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
  }
}
