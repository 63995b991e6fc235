import { entryBytes } from '../../../src/raft/entry.ts';
import {
  type ConfState,
  type Entry,
  type HardState,
  type LogStorage,
  NO_NODE,
  type NodeId,
  type SnapshotMeta,
} from '../../../src/raft/types.ts';

/** The stored state of one member, in memory; `copy` is what another instance of it would load. */
export class MemoryLog implements LogStorage {
  hardState: HardState = { term: 0, vote: NO_NODE, commit: 0, leader: false };
  /** What the state machine would be loaded from, and what lagging members are sent. */
  checkpoint: SnapshotMeta;
  #first: number;
  /** Term of the entry before the first one. */
  #termBefore: number;
  #entries: Entry[] = [];

  constructor(checkpoint: SnapshotMeta) {
    this.checkpoint = checkpoint;
    this.#first = checkpoint.index + 1;
    this.#termBefore = checkpoint.term;
  }

  copy(): MemoryLog {
    const copy = new MemoryLog(this.checkpoint);
    copy.hardState = this.hardState;
    copy.#first = this.#first;
    copy.#termBefore = this.#termBefore;
    copy.#entries = [...this.#entries];
    return copy;
  }

  initialState(): { hardState: HardState; snapshot: SnapshotMeta } {
    return { hardState: this.hardState, snapshot: this.checkpoint };
  }

  entries(lo: number, hi: number, bytesMax: number): readonly Entry[] {
    const found: Entry[] = [];
    let bytes = 0;
    for (const entry of this.#entries.slice(lo - this.#first, hi - this.#first)) {
      bytes += entryBytes(entry);
      if (found.length > 0 && bytes > bytesMax) break;
      found.push(entry);
    }
    return found;
  }

  all(): readonly Entry[] {
    return this.#entries;
  }

  term(index: number): number | undefined {
    if (index === this.#first - 1) return this.#termBefore;
    return this.#entries[index - this.#first]?.term;
  }

  firstIndex(): number {
    return this.#first;
  }

  lastIndex(): number {
    return this.#first + this.#entries.length - 1;
  }

  snapshot(): SnapshotMeta {
    return this.checkpoint;
  }

  append(entries: readonly Entry[]): void {
    const first = entries[0];
    if (first === undefined) return;
    this.#entries.length = first.index - this.#first;
    this.#entries.push(...entries);
  }

  install(meta: SnapshotMeta): void {
    this.checkpoint = meta;
    this.#first = meta.index + 1;
    this.#termBefore = meta.term;
    this.#entries = [];
  }

  /** Drops entries up to `index`, which the checkpoint must cover. */
  compact(index: number): void {
    const term = this.term(index);
    if (term === undefined || index > this.checkpoint.index) throw new Error(`compact ${index}`);
    this.#entries.splice(0, index + 1 - this.#first);
    this.#first = index + 1;
    this.#termBefore = term;
  }
}

export function voters(...ids: NodeId[]): ConfState {
  return { voters: ids, learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };
}

/** The empty log of a new member of a cluster that starts with `confState`. */
export function emptyLog(confState: ConfState): MemoryLog {
  return new MemoryLog({ index: 0, term: 0, confState });
}

/** Member ids of tests: small numbers as 16 hexadecimal digits. */
export function id(number: number | string): NodeId {
  return String(number).padStart(16, '0');
}
