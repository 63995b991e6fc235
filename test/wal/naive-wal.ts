/** The log as a plain array: what Wal must be equal to. */
import { entryBytes } from '../../src/raft/entry.ts';
import type { Entry, HardState, SnapshotMeta } from '../../src/raft/types.ts';

export class NaiveWal {
  entries: Entry[] = [];
  hardState: HardState;
  snapshot: SnapshotMeta;
  compacted: { index: number; term: number };

  constructor(hardState: HardState, snapshot: SnapshotMeta) {
    this.hardState = hardState;
    this.snapshot = snapshot;
    this.compacted = { index: snapshot.index, term: snapshot.term };
  }

  get lastIndex(): number {
    return this.compacted.index + this.entries.length;
  }

  get lastTerm(): number {
    return this.term(this.lastIndex) ?? 0;
  }

  term(index: number): number | undefined {
    if (index === this.compacted.index) return this.compacted.term;
    return this.entries.find((entry) => entry.index === index)?.term;
  }

  read(lo: number, hi: number, bytesMax: number): Entry[] {
    const found: Entry[] = [];
    let bytes = 0;
    for (const entry of this.entries.filter(({ index }) => index >= lo && index < hi)) {
      bytes += entryBytes(entry);
      if (bytes > bytesMax && found.length > 0) break;
      found.push(entry);
    }
    return found;
  }

  append(entries: readonly Entry[], hardState: HardState | undefined): void {
    const [first] = entries;
    if (first !== undefined) {
      this.entries = [...this.entries.filter(({ index }) => index < first.index), ...entries];
    }
    if (hardState !== undefined) this.hardState = hardState;
  }

  compact(index: number): void {
    if (index <= this.compacted.index) return;
    this.compacted = { index, term: this.term(index) ?? 0 };
    this.entries = this.entries.filter((entry) => entry.index > index);
  }

  install(meta: SnapshotMeta): void {
    this.snapshot = meta;
    this.compacted = { index: meta.index, term: meta.term };
    this.entries = [];
  }

  clone(): NaiveWal {
    const copy = new NaiveWal(this.hardState, this.snapshot);
    copy.entries = this.entries;
    copy.compacted = this.compacted;
    return copy;
  }
}
