import { RAFT_TAIL_BYTES } from '../constants.ts';
import { assert } from '../lib/assert.ts';
import { entryBytes, limitEntries } from './entry.ts';
import { LogTail } from './log-tail.ts';
import { type Entry, EntryKind, type LogStorage, type SnapshotMeta } from './types.ts';

/** An index and the term of the entry there: by log matching (paper 5.3) it names a whole prefix. */
export interface LogPoint {
  readonly index: number;
  readonly term: number;
}

/** The log as this member sees it: the stored part and, in memory, the tail with what is not stored yet. */
export class RaftLog {
  readonly #storage: LogStorage;
  #tail: LogTail;
  /** A snapshot handed to the host or about to be; until it is installed it hides the stored log. */
  #snapshot: SnapshotMeta | undefined;
  /** Highest index given to the host for writing. Invariant: stable <= #handed <= lastIndex. */
  #handed: number;
  /** Highest index whose write was issued (advance). Only these count as this member's own voice. */
  stable: number;
  /** Highest committed index. Invariant: applied <= #applying <= commit <= lastIndex. */
  commit: number;
  #applying: number;
  /** Highest index the host has applied. */
  applied: number;
  /** The last slice made: appends to several members mostly start at the same entry. */
  #sliceCache: { lo: number; hi: number; bytesMax: number; entries: readonly Entry[] } | undefined;

  constructor(storage: LogStorage, applied: number, commit: number) {
    const first = storage.firstIndex();
    const last = storage.lastIndex();
    assert(
      first <= applied + 1 && applied <= last && commit <= last,
      `stored log ${first}..${last} does not hold applied index ${applied} and commit ${commit}`,
    );
    this.#storage = storage;
    this.#tail = new LogTail(last + 1, storage.term(last));
    this.#handed = last;
    this.stable = last;
    this.commit = Math.max(commit, applied);
    this.#applying = applied;
    this.applied = applied;
  }

  get firstIndex(): number {
    return this.#snapshot === undefined ? this.#storage.firstIndex() : this.#snapshot.index + 1;
  }

  get lastIndex(): number {
    return this.#tail.lastIndex;
  }

  get last(): LogPoint {
    return { index: this.lastIndex, term: this.mustTerm(this.lastIndex) };
  }

  get pendingSnapshot(): SnapshotMeta | undefined {
    return this.#snapshot;
  }

  /** Undefined where the log has no entry or has dropped it. */
  term(index: number): number | undefined {
    if (index > this.lastIndex) return undefined;
    const inTail = this.#tail.term(index);
    if (inTail !== undefined) return inTail;
    if (this.#snapshot !== undefined || index < this.#storage.firstIndex() - 1) return undefined;
    return this.#storage.term(index);
  }

  mustTerm(index: number): number {
    const term = this.term(index);
    assert(term !== undefined, `log ${this.firstIndex}..${this.lastIndex}: no term of ${index}`);
    return term;
  }

  matches(point: LogPoint): boolean {
    return this.term(point.index) === point.term;
  }

  /** A candidate whose log ends at `point` may get this member's vote (paper 5.4.1). */
  isUpToDate(point: LogPoint): boolean {
    const { index, term } = this.last;
    return point.term > term || (point.term === term && point.index >= index);
  }

  /** Entries lo <= index < hi within `bytesMax`, at least one. Not to be kept: may be shared. */
  slice(lo: number, hi: number, bytesMax: number): readonly Entry[] {
    const cached = this.#sliceCache;
    if (cached?.lo === lo && cached.hi === hi && cached.bytesMax === bytesMax) {
      return cached.entries;
    }
    const entries = this.#slice(lo, hi, bytesMax);
    this.#sliceCache = { lo, hi, bytesMax, entries };
    return entries;
  }

  #slice(lo: number, hi: number, bytesMax: number): readonly Entry[] {
    assert(
      lo >= this.firstIndex && lo < hi && hi <= this.lastIndex + 1,
      `slice ${lo}..${hi} of log ${this.firstIndex}..${this.lastIndex}`,
    );
    const { offset } = this.#tail;
    if (lo >= offset) return this.#tailSlice(lo, hi, bytesMax);
    const storedEnd = Math.min(hi, offset);
    const stored = this.#storage.entries(lo, storedEnd, bytesMax);
    assert(
      stored[0]?.index === lo,
      `storage gave entry ${stored[0]?.index ?? 'none'} instead of ${lo}`,
    );
    if (stored.length < storedEnd - lo || hi <= offset) return stored;
    let left = bytesMax;
    for (const entry of stored) left -= entryBytes(entry);
    if (left < entryBytes(this.#tail.at(offset))) return stored;
    return [...stored, ...this.#tailSlice(offset, hi, left)];
  }

  #tailSlice(lo: number, hi: number, bytesMax: number): readonly Entry[] {
    const entries = this.#tail.slice(lo, hi);
    return this.#tail.bytes <= bytesMax ? entries : limitEntries(entries, bytesMax);
  }

  /** Appends entries made by this member as leader. */
  append(entry: Entry): void {
    this.#tail.push(entry);
  }

  /**
   * A follower's append (paper, figure 2, AppendEntries 2 to 4): false when `previous` is not in the
   * log. Entries that are there already stay; the first that conflicts takes all after it away.
   */
  maybeAppend(previous: LogPoint, entries: readonly Entry[]): boolean {
    if (!this.matches(previous)) return false;
    const fresh = entries.findIndex((entry) => this.term(entry.index) !== entry.term);
    if (fresh >= 0) this.#replaceFrom(entries, fresh);
    return true;
  }

  #replaceFrom(entries: readonly Entry[], from: number): void {
    const first = (entries[from] as Entry).index;
    if (first <= this.lastIndex) this.#truncate(first);
    for (let at = from; at < entries.length; at++) this.#tail.push(entries[at] as Entry);
  }

  #truncate(index: number): void {
    assert(index > this.commit, `truncation at ${index} of a log committed up to ${this.commit}`);
    this.#sliceCache = undefined;
    if (index >= this.#tail.offset) this.#tail.truncate(index);
    else this.#tail = new LogTail(index, this.mustTerm(index - 1));
    this.stable = Math.min(this.stable, index - 1);
    this.#handed = Math.min(this.#handed, index - 1);
  }

  /**
   * The highest point at or below `index` whose term is at most `term`: where two logs may still
   * agree. Terms never fall along a log, so the search is binary.
   */
  agreement(index: number, term: number): LogPoint {
    const floor = this.firstIndex - 1;
    if (index < floor) return { index, term: 0 };
    let low = floor;
    let high = Math.min(index, this.lastIndex);
    while (low < high) {
      const middle = low + Math.ceil((high - low) / 2);
      if (this.mustTerm(middle) <= term) low = middle;
      else high = middle - 1;
    }
    return { index: low, term: this.term(low) ?? 0 };
  }

  /** Index of the first entry of `term`, as far as the log reaches down; lastIndex + 1 if none. */
  firstIndexOf(term: number): number {
    const before = this.agreement(this.lastIndex, term - 1);
    return before.term >= term ? this.firstIndex : before.index + 1;
  }

  /** False: nothing new. */
  commitTo(index: number): boolean {
    if (index <= this.commit) return false;
    assert(index <= this.lastIndex, `commit ${index} beyond the log's end at ${this.lastIndex}`);
    this.commit = index;
    return true;
  }

  /** The log is replaced by a snapshot that goes beyond what is committed here. */
  restore(meta: SnapshotMeta): void {
    assert(
      meta.index > this.commit,
      `snapshot ${meta.index} at or below the commit ${this.commit}`,
    );
    this.#snapshot = meta;
    this.#sliceCache = undefined;
    this.#tail = new LogTail(meta.index + 1, meta.term);
    this.#handed = meta.index;
    this.stable = meta.index;
    this.commit = meta.index;
  }

  get hasUnwritten(): boolean {
    return this.#handed < this.lastIndex;
  }

  /** Entries the host has not been given to write; they count as given now. */
  takeUnwritten(): readonly Entry[] {
    if (!this.hasUnwritten) return [];
    const entries = this.#tail.slice(this.#handed + 1, this.lastIndex + 1);
    this.#handed = this.lastIndex;
    return entries;
  }

  get hasCommitted(): boolean {
    return this.commit > this.#applying && this.#snapshot === undefined;
  }

  /** Committed entries the host has not been given to apply; they count as given now. */
  takeCommitted(bytesMax: number): readonly Entry[] {
    if (!this.hasCommitted) return [];
    const entries = this.#slice(this.#applying + 1, this.commit + 1, bytesMax);
    this.#applying += entries.length;
    return entries;
  }

  /** The host wrote the log up to `written`, unless that was truncated meanwhile. */
  stableTo(written: LogPoint): void {
    if (written.index > this.stable && this.matches(written)) this.stable = written.index;
  }

  snapshotInstalled(meta: SnapshotMeta): void {
    this.applied = meta.index;
    this.#applying = Math.max(this.#applying, meta.index);
    if (this.#snapshot === meta) this.#snapshot = undefined;
  }

  /** The host applied everything handed out up to `index`. */
  appliedTo(index: number): void {
    assert(
      index >= this.applied && index <= this.#applying,
      `applied ${index} outside ${this.applied}..${this.#applying}`,
    );
    this.applied = index;
    this.#tail.drop(Math.min(this.applied, this.stable), RAFT_TAIL_BYTES);
  }

  /** Index of the last conf change that is committed and not applied; 0: none. */
  lastUnappliedConfChange(bytesPerPage: number): number {
    let found = 0;
    let at = this.applied + 1;
    while (at <= this.commit) {
      const page = this.#slice(at, this.commit + 1, bytesPerPage);
      for (const entry of page) if (entry.kind === EntryKind.confChange) found = entry.index;
      at += page.length;
    }
    return found;
  }
}
