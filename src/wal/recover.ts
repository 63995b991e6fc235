/**
 * Opening the log: the heads of all rows tell which batches are live, and everything is checked that
 * the member will build on. Nothing is written.
 */
import type { RowStore } from '../lib/row-store.ts';
import type { Batch } from './batch-list.ts';
import { LOG_TABLE } from './batch-rows.ts';
import { type LogPoints, readLogPoints, readStampedHardState } from './meta.ts';
import type { StampedHardState } from './meta.ts';
import { type BatchHead, CorruptWalError, isBatch, readHead } from './row.ts';

/** Heads read at once. */
const HEADS_PER_READ = 4096;

export interface Recovered {
  readonly points: LogPoints;
  readonly newest: StampedHardState;
  /** Batches with entries after the compaction point, in order and without gaps. */
  readonly live: readonly Batch[];
  /** Batches wholly at or before the compaction point. */
  readonly dead: readonly Batch[];
}

/** @throws CorruptWalError naming the row that is not what was written, or what is missing. */
export function recover(store: RowStore): Recovered {
  const points = readLogPoints(store);
  let newest = readStampedHardState(store);
  const live: Batch[] = [];
  const dead: Batch[] = [];
  for (const { head, batch } of readBatches(store)) {
    if (head.sequence > newest.sequence) {
      newest = { sequence: head.sequence, hardState: head.hardState };
    }
    (batch.lastIndex > points.compacted.index ? live : dead).push(batch);
  }
  live.sort((left, right) => left.firstIndex - right.firstIndex);
  checkContinuity(points, live);
  checkHardState(points, newest, live);
  return { points, newest, live, dead };
}

/** All batches, in the order of their rows. */
function* readBatches(store: RowStore): Generator<{ head: BatchHead; batch: Batch }> {
  let from = 0;
  let open: { head: BatchHead; batch: Batch; partsLeft: number } | undefined;
  for (;;) {
    const rows = store.heads(LOG_TABLE, from, Number.MAX_SAFE_INTEGER, HEADS_PER_READ);
    for (const row of rows) {
      const head = readHead(LOG_TABLE, row);
      const bytes = row.head.length + head.dataBytes;
      if (open !== undefined) {
        const part = open.batch.parts - open.partsLeft;
        const { row: first } = open.batch;
        if (
          isBatch(head) ||
          head.sequence !== open.head.sequence ||
          head.part !== part ||
          row.id !== first + part
        ) {
          throw new CorruptWalError(LOG_TABLE, row.id, `not part ${part} of row ${first}`);
        }
        open.batch = { ...open.batch, bytes: open.batch.bytes + bytes };
        open.partsLeft--;
      } else if (isBatch(head)) {
        open = { head, batch: batchOf(row.id, head, bytes), partsLeft: head.parts - 1 };
      } else {
        throw new CorruptWalError(
          LOG_TABLE,
          row.id,
          `part ${head.part} of a batch that is missing`,
        );
      }
      if (open.partsLeft === 0) {
        yield open;
        open = undefined;
      }
    }
    const last = rows[rows.length - 1];
    if (last === undefined || rows.length < HEADS_PER_READ) break;
    from = last.id + 1;
  }
  if (open !== undefined) {
    const { row, parts } = open.batch;
    throw new CorruptWalError(LOG_TABLE, row + parts - open.partsLeft, 'the row is missing');
  }
}

function batchOf(row: number, head: BatchHead, bytes: number): Batch {
  const { firstIndex, runs, parts } = head;
  let lastIndex = firstIndex - 1;
  for (const run of runs) lastIndex += run.count;
  return { row, parts, firstIndex, lastIndex, runs, bytes };
}

function checkContinuity(points: LogPoints, live: readonly Batch[]): void {
  const { compacted, snapshot } = points;
  let expected = compacted.index + 1;
  let term = compacted.term;
  for (const batch of live) {
    // The first batch may begin before the compaction point: it is dropped once all of it is compacted.
    const overlaps = batch === live[0] && batch.firstIndex < expected;
    if (batch.firstIndex !== expected && !overlaps) {
      throw new CorruptWalError(
        LOG_TABLE,
        batch.row,
        `first index is ${batch.firstIndex}, expected ${expected}`,
      );
    }
    const first = batch.runs[0]?.term ?? 0;
    if (first < term && !overlaps) {
      throw new CorruptWalError(
        LOG_TABLE,
        batch.row,
        `first term is ${first}, expected ${term} or higher`,
      );
    }
    term = batch.runs[batch.runs.length - 1]?.term ?? 0;
    expected = batch.lastIndex + 1;
  }
  if (snapshot.index >= expected || snapshot.index < compacted.index) {
    throw new CorruptWalError(
      LOG_TABLE,
      undefined,
      `the log holds ${compacted.index + 1} to ${expected - 1}, but the state was saved at ${snapshot.index}`,
    );
  }
}

function checkHardState(
  points: LogPoints,
  { hardState }: StampedHardState,
  live: readonly Batch[],
): void {
  const last = live[live.length - 1];
  const lastIndex = last?.lastIndex ?? points.compacted.index;
  if (hardState.commit > lastIndex) {
    throw new CorruptWalError(
      LOG_TABLE,
      undefined,
      `the log ends at ${lastIndex}, but ${hardState.commit} was committed`,
    );
  }
  const lastTerm = last?.runs[last.runs.length - 1]?.term ?? points.compacted.term;
  if (hardState.term < lastTerm) {
    throw new CorruptWalError(
      LOG_TABLE,
      undefined,
      `the hard state has term ${hardState.term}, but the last entry term ${lastTerm}`,
    );
  }
}
