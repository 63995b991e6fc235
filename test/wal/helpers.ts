/** Short ways to entries, hard states and snapshot points. */
import { type Entry, EntryKind, type HardState, type SnapshotMeta } from '../../src/raft/types.ts';

export const A = '000000000000000a';
export const B = '000000000000000b';

export function entry(index: number, term: number, bytes: number = 3): Entry {
  const data = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at++) data[at] = (index * 31 + term * 7 + at) & 0xff;
  return { index, term, kind: index % 5 === 0 ? EntryKind.confChange : EntryKind.normal, data };
}

/** Entries `from` to `to`, all of one term. */
export function run(from: number, to: number, term: number, bytes?: number): Entry[] {
  return Array.from({ length: to - from + 1 }, (_, at) => entry(from + at, term, bytes));
}

export function hardState(term: number, commit: number = 0, vote: string = A): HardState {
  return { term, vote, commit, leader: false };
}

export function snapshotAt(index: number, term: number): SnapshotMeta {
  return {
    index,
    term,
    confState: {
      voters: [A, B],
      learners: [],
      votersOutgoing: [],
      learnersNext: [],
      autoLeave: false,
    },
  };
}
