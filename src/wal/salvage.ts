/** What can be saved of a damaged log: the promises of its member, which are kept in two places. */
import type { RowStore } from '../lib/row-store.ts';
import type { HardState } from '../raft/types.ts';
import { LOG_TABLE } from './batch-rows.ts';
import { readStampedHardState, type StampedHardState, writeStampedHardState } from './meta.ts';
import { CorruptWalError, isBatch, readHead } from './row.ts';

/** Heads read at once. */
const HEADS_PER_READ = 4096;

/**
 * The newest hard state that any sound row holds. Term and vote are also in a row of their own, so
 * they are known unless that row is damaged as well.
 * @throws CorruptWalError when that row is damaged: the member may have voted and not know for whom
 */
export function salvageHardState(store: RowStore): StampedHardState {
  let newest = readStampedHardState(store);
  for (let from = 0; ;) {
    const rows = store.heads(LOG_TABLE, from, Number.MAX_SAFE_INTEGER, HEADS_PER_READ);
    for (const row of rows) newest = newer(newest, stampedIn(row));
    const last = rows.at(-1);
    if (last === undefined || rows.length < HEADS_PER_READ) return newest;
    from = last.id + 1;
  }
}

/** Begins an empty log that keeps the promises of a lost one. Belongs into the caller's transaction. */
export function beginLogAnew(store: RowStore, { sequence, hardState }: StampedHardState): void {
  const { term, vote } = hardState;
  const promises: HardState = { term, vote, commit: 0, leader: false };
  writeStampedHardState(store, { sequence: sequence + 1, hardState: promises });
}

function stampedIn(row: { readonly id: number; readonly head: Uint8Array }): StampedHardState {
  try {
    const head = readHead(LOG_TABLE, row);
    if (isBatch(head)) return { sequence: head.sequence, hardState: head.hardState };
  } catch (error) {
    if (!(error instanceof CorruptWalError)) throw error;
  }
  return NOTHING_FOUND;
}

const NOTHING_FOUND: StampedHardState = {
  sequence: -1,
  hardState: { term: 0, vote: '', commit: 0, leader: false },
};

function newer(left: StampedHardState, right: StampedHardState): StampedHardState {
  return right.sequence > left.sequence ? right : left;
}
