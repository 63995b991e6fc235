/**
 * The rows beside the log: the hard state when it changed without entries, and the two points that a
 * checkpoint moves. All are replaced in place.
 */
import type { RowStore } from '../lib/row-store.ts';
import {
  readHardState,
  readSnapshotMeta,
  writeHardState,
  writeSnapshotMeta,
} from '../raft/codec.ts';
import { type HardState, NO_NODE, type SnapshotMeta } from '../raft/types.ts';
import { readChecked, sealed } from './row.ts';

export const META_TABLE = 'wal_meta';
const HARD_STATE_ROW = 0;
const POINTS_ROW = 1;

const NOTHING = new Uint8Array(0);

export const EMPTY_HARD_STATE: HardState = { term: 0, vote: NO_NODE, commit: 0, leader: false };

const EMPTY_SNAPSHOT: SnapshotMeta = {
  index: 0,
  term: 0,
  confState: {
    voters: [],
    learners: [],
    votersOutgoing: [],
    learnersNext: [],
    autoLeave: false,
  },
};

/** A hard state and when it was written, in the count of all writes of hard states. */
export interface StampedHardState {
  readonly sequence: number;
  readonly hardState: HardState;
}

/** Invariant: compacted.index <= snapshot.index. */
export interface LogPoints {
  /** What the state machine has saved. */
  readonly snapshot: SnapshotMeta;
  /** The last entry no longer in the log, whatever rows still hold of it; index 0: none. */
  readonly compacted: { readonly index: number; readonly term: number };
}

export function writeStampedHardState(store: RowStore, stamped: StampedHardState): void {
  const head = sealed(HARD_STATE_ROW, (writer) => {
    writer.varint(stamped.sequence);
    writeHardState(writer, stamped.hardState);
  });
  store.put(META_TABLE, HARD_STATE_ROW, head, NOTHING);
}

/** @throws CorruptWalError */
export function readStampedHardState(store: RowStore): StampedHardState {
  const row = store.get(META_TABLE, HARD_STATE_ROW);
  if (row === undefined) return { sequence: 0, hardState: EMPTY_HARD_STATE };
  return readChecked(META_TABLE, HARD_STATE_ROW, row.head, (reader) => ({
    sequence: reader.varint(),
    hardState: readHardState(reader),
  }));
}

export function writeLogPoints(store: RowStore, points: LogPoints): void {
  const head = sealed(POINTS_ROW, (writer) => {
    writeSnapshotMeta(writer, points.snapshot);
    writer.varint(points.compacted.index);
    writer.varint(points.compacted.term);
  });
  store.put(META_TABLE, POINTS_ROW, head, NOTHING);
}

/** @throws CorruptWalError */
export function readLogPoints(store: RowStore): LogPoints {
  const row = store.get(META_TABLE, POINTS_ROW);
  if (row === undefined) return { snapshot: EMPTY_SNAPSHOT, compacted: { index: 0, term: 0 } };
  return readChecked(META_TABLE, POINTS_ROW, row.head, (reader) => ({
    snapshot: readSnapshotMeta(reader),
    compacted: { index: reader.varint(), term: reader.varint() },
  }));
}
