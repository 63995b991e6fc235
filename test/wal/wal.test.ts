import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  WAL_BATCH_TERMS_MAX,
  WAL_CACHE_BYTES,
  WAL_RECYCLED_ROWS_MAX,
} from '../../src/constants.ts';
import { AssertionError } from '../../src/lib/assert.ts';
import type { Entry } from '../../src/raft/types.ts';
import { CorruptWalError } from '../../src/wal/row.ts';
import { salvageHardState } from '../../src/wal/salvage.ts';
import { Wal } from '../../src/wal/wal.ts';
import { MemoryRowStore } from '../support/memory-row-store.ts';
import { A, B, entry, hardState, run, snapshotAt } from './helpers.ts';

/** The whole log, however large. */
const all = (wal: Wal): readonly Entry[] =>
  wal.entries(wal.firstIndex(), wal.lastIndex() + 1, Infinity);

describe('Wal', () => {
  it('is empty before anything was written', () => {
    const wal = Wal.open(new MemoryRowStore());
    const { hardState: state, snapshot } = wal.initialState();
    assert.deepEqual(state, { term: 0, vote: '', commit: 0, leader: false });
    assert.deepEqual([snapshot.index, snapshot.term, snapshot.confState.voters], [0, 0, []]);
    assert.deepEqual([wal.firstIndex(), wal.lastIndex()], [1, 0]);
    assert.equal(wal.term(0), 0);
    assert.equal(wal.term(1), undefined);
  });

  it('writes one row a Ready, whatever the number of its entries', () => {
    const store = new MemoryRowStore();
    const wal = Wal.open(store);
    wal.append([], hardState(1));
    wal.append(run(1, 1, 1), hardState(1));
    wal.append(run(2, 900, 1), hardState(1, 1));
    assert.equal(store.rowsWritten, 3);
    assert.deepEqual(all(Wal.open(store)), run(1, 900, 1));
  });

  it('writes term and vote twice when they change, so that no single row holds them alone', () => {
    const store = new MemoryRowStore();
    Wal.open(store).append(run(1, 3, 2), hardState(2, 0, B));
    const [row] = store.heads('wal', 0, Infinity, 1);
    store.flipBit('wal', row?.id ?? -1, 13);
    assert.throws(() => Wal.open(store), CorruptWalError);
    const { term, vote } = salvageHardState(store).hardState;
    assert.deepEqual([term, vote], [2, B]);
  });

  it('writes nothing for a Ready that changes nothing, and one row for a hard state alone', () => {
    const store = new MemoryRowStore();
    const wal = Wal.open(store);
    wal.append([], hardState(3, 0, B));
    wal.append([], hardState(3, 0, B));
    wal.append([]);
    assert.equal(store.rowsWritten, 1);
    assert.deepEqual(Wal.open(store).initialState().hardState, hardState(3, 0, B));
  });

  it('keeps the newest hard state, wherever it was written last', () => {
    const store = new MemoryRowStore();
    const wal = Wal.open(store);
    wal.append(run(1, 2, 1), hardState(1));
    wal.append([], hardState(2, 1));
    assert.deepEqual(Wal.open(store).initialState().hardState, hardState(2, 1));
    wal.append(run(3, 3, 3), hardState(3, 2));
    assert.deepEqual(Wal.open(store).initialState().hardState, hardState(3, 2));
    wal.append(run(4, 4, 3));
    assert.deepEqual(Wal.open(store).initialState().hardState, hardState(3, 2));
  });

  it('keeps the newest hard state when the row that holds it is compacted away or written over', () => {
    for (const bytes of [3, 100_000]) {
      const store = new MemoryRowStore();
      const wal = Wal.open(store);
      wal.append(run(1, 2, 1, bytes), hardState(1));
      wal.append(run(3, 4, 2, bytes), hardState(2, 4, B));
      wal.setSnapshot(snapshotAt(4, 2), 4);
      assert.deepEqual(Wal.open(store).initialState().hardState, hardState(2, 4, B));
      wal.installSnapshot(snapshotAt(9, 2));
      assert.deepEqual(Wal.open(store).initialState().hardState, hardState(2, 9, B));
      wal.append(run(10, 10, 2), undefined);
      wal.append(run(11, 11, 2), undefined);
      assert.equal(Wal.open(store).initialState().hardState.vote, B);
    }
  });

  it('a fence is one row that changes nothing', () => {
    const store = new MemoryRowStore();
    const wal = Wal.open(store);
    wal.append(run(1, 2, 1), hardState(1, 1));
    const before = store.rowsWritten;
    wal.fence();
    assert.equal(store.rowsWritten, before + 1);
    assert.deepEqual(Wal.open(store).initialState().hardState, hardState(1, 1));
    assert.deepEqual(all(Wal.open(store)), run(1, 2, 1));
  });

  it('replaces a conflicting suffix, at a row boundary and in the middle of a row', () => {
    const store = new MemoryRowStore();
    const wal = Wal.open(store);
    wal.append(run(1, 4, 1), hardState(1));
    wal.append(run(5, 8, 1));
    wal.append(run(5, 6, 2), hardState(2));
    assert.deepEqual(all(wal), [...run(1, 4, 1), ...run(5, 6, 2)]);
    wal.append(run(3, 3, 3), hardState(3));
    const expected = [...run(1, 2, 1), ...run(3, 3, 3)];
    for (const each of [wal, Wal.open(store)]) {
      assert.deepEqual(all(each), expected);
      assert.deepEqual([each.term(2), each.term(3), each.term(4)], [1, 3, undefined]);
      assert.deepEqual(each.initialState().hardState, hardState(3));
    }
  });

  it('never lets a replaced entry come back, however rows are written over', () => {
    const store = new MemoryRowStore();
    const wal = Wal.open(store);
    wal.append(run(1, 10, 1), hardState(1));
    wal.append(run(5, 5, 2), hardState(2));
    wal.append(run(6, 6, 2), hardState(2, 6));
    wal.setSnapshot(snapshotAt(6, 2), 5);
    for (let index = 7; index < 30; index++) {
      wal.append(run(index, index, 2), hardState(2, index - 1));
      const reopened = Wal.open(store);
      assert.deepEqual(all(reopened), run(6, index, 2));
    }
  });

  it('compacts within a row and keeps the term of the last entry compacted', () => {
    const store = new MemoryRowStore();
    const wal = Wal.open(store);
    wal.append([...run(1, 3, 1), ...run(4, 6, 2)], hardState(2, 6));
    wal.setSnapshot(snapshotAt(5, 2));
    wal.compact(4);
    for (const each of [wal, Wal.open(store)]) {
      assert.deepEqual([each.firstIndex(), each.lastIndex()], [5, 6]);
      assert.deepEqual([each.term(3), each.term(4), each.term(5)], [undefined, 2, 2]);
      assert.deepEqual(all(each), run(5, 6, 2));
      assert.equal(each.snapshot().index, 5);
    }
    wal.compact(2);
    assert.equal(wal.firstIndex(), 5);
  });

  it('moves both points in one row', () => {
    const store = new MemoryRowStore();
    const wal = Wal.open(store);
    wal.append(run(1, 9, 1), hardState(1, 9));
    const before = store.rowsWritten;
    wal.setSnapshot(snapshotAt(8, 1), 6);
    assert.equal(store.rowsWritten, before + 1);
    assert.equal(Wal.open(store).firstIndex(), 7);
  });

  it('writes over compacted rows instead of deleting them', () => {
    const store = new MemoryRowStore();
    const wal = Wal.open(store);
    const rounds = 20;
    wal.append([], hardState(1));
    for (let index = 1; index <= 10 * rounds; index++) {
      wal.append(run(index, index, 1), hardState(1, index - 1));
      if (index % 10 === 0) wal.setSnapshot(snapshotAt(index - 1, 1), index - 1);
    }
    assert.equal(store.rowsWritten, 1 + 10 * rounds + rounds);
    assert.ok(store.rows('wal', 0, 1e9, 1e9).length <= 11);
    assert.deepEqual(all(Wal.open(store)), run(10 * rounds, 10 * rounds, 1));
  });

  it('deletes compacted rows that are large, or more than it keeps', () => {
    const store = new MemoryRowStore();
    let wal = Wal.open(store);
    wal.append(run(1, 1, 1, 100_000), hardState(1));
    wal.append(run(2, 2, 1, 100_000), hardState(1, 2));
    wal.setSnapshot(snapshotAt(1, 1), 1);
    assert.deepEqual([wal.sizes.rows, wal.sizes.recycledRows], [1, 0]);
    assert.equal(store.heads('wal', 0, 99, 99).length, 1);
    const rows = WAL_RECYCLED_ROWS_MAX + 50;
    for (let index = 3; index < 3 + rows; index++) wal.append(run(index, index, 1));
    wal.setSnapshot(snapshotAt(2 + rows, 1), 2 + rows);
    wal = Wal.open(store);
    assert.deepEqual([wal.sizes.rows, wal.sizes.recycledRows], [0, WAL_RECYCLED_ROWS_MAX]);
    assert.equal(wal.lastIndex(), 2 + rows);
  });

  it('replaces the log by a snapshot, ahead of its end or within it', () => {
    for (const index of [5, 7, 10, 50]) {
      const store = new MemoryRowStore();
      const wal = Wal.open(store);
      wal.append(run(1, 5, 1), hardState(1, 2));
      wal.append(run(6, 10, 1));
      store.atomically(() => {
        wal.installSnapshot(snapshotAt(index, 2));
        wal.append([], hardState(2, index));
      });
      for (const each of [wal, Wal.open(store)]) {
        assert.deepEqual([each.firstIndex(), each.lastIndex()], [index + 1, index]);
        assert.equal(each.term(index), 2);
        assert.deepEqual(each.initialState().snapshot, snapshotAt(index, 2));
      }
      wal.append(run(index + 1, index + 2, 3), hardState(3, index));
      assert.deepEqual(all(Wal.open(store)), run(index + 1, index + 2, 3));
    }
  });

  it('takes entries larger than a row, and Readies of many rows', () => {
    const store = new MemoryRowStore();
    const wal = Wal.open(store);
    const huge = [entry(1, 1, 5_000_000), entry(2, 1, 10), entry(3, 1, 1_900_000)];
    wal.append(huge, hardState(1));
    wal.append(run(4, 40, 1, 100_000));
    const expected = [...huge, ...run(4, 40, 1, 100_000)];
    for (const each of [wal, Wal.open(store)]) assert.deepEqual(all(each), expected);
    const last = entry(41, 1, 4_000_000);
    Wal.open(store).append([last]);
    const reopened = Wal.open(store);
    reopened.append(run(42, 42, 1));
    assert.deepEqual(all(Wal.open(store)), [...expected, last, ...run(42, 42, 1)]);
    reopened.append([], hardState(1, 41));
    reopened.setSnapshot(snapshotAt(41, 1), 41);
    reopened.append(run(42, 43, 1, 20_000));
    reopened.append([], hardState(1, 43));
    reopened.setSnapshot(snapshotAt(43, 1), 43);
    assert.equal(Wal.open(store).lastIndex(), 43);
    // What is left is the row of the one small entry, to be written over.
    assert.equal(store.heads('wal', 0, 1e9, 1e9).length, 1);
  });

  it('takes a Ready in which every entry is of another term', () => {
    const entries = Array.from({ length: 2 * WAL_BATCH_TERMS_MAX + 5 }, (_, at) =>
      entry(at + 1, at + 1),
    );
    const store = new MemoryRowStore();
    Wal.open(store).append(entries, hardState(entries.length));
    const wal = Wal.open(store);
    assert.deepEqual(all(wal), entries);
    assert.equal(wal.term(WAL_BATCH_TERMS_MAX + 1), WAL_BATCH_TERMS_MAX + 1);
    assert.equal(wal.sizes.rows, 3);
  });

  it('reads older entries back from their rows, newer ones from memory', () => {
    const store = new MemoryRowStore();
    const wal = Wal.open(store);
    const bytes = 100_000;
    const count = Math.ceil((2 * WAL_CACHE_BYTES) / bytes);
    for (let index = 1; index <= count; index++) wal.append(run(index, index, 1, bytes));
    const before = store.rowsRead;
    assert.deepEqual(wal.entries(count - 5, count + 1, Infinity), run(count - 5, count, 1, bytes));
    assert.equal(store.rowsRead, before);
    assert.deepEqual(wal.entries(3, 6, Infinity), run(3, 5, 1, bytes));
    assert.equal(store.rowsRead, before + 3);
    assert.equal(wal.term(1), 1);
    assert.equal(store.rowsRead, before + 3);
  });

  it('stops before the limit of bytes, but gives at least one entry', () => {
    const wal = Wal.open(new MemoryRowStore());
    wal.append(run(1, 10, 1, 100), hardState(1));
    assert.equal(wal.entries(1, 11, 0).length, 1);
    assert.equal(wal.entries(1, 11, 2 * 112).length, 2);
    assert.equal(wal.entries(1, 11, 3 * 112 - 1).length, 2);
    assert.equal(wal.entries(4, 6, Infinity).length, 2);
    assert.equal(wal.entries(4, 4, Infinity).length, 0);
  });

  it('says how far to compact to leave a given number of bytes', () => {
    const wal = Wal.open(new MemoryRowStore());
    for (let index = 1; index <= 10; index++) wal.append(run(index, index, 1, 1000), hardState(1));
    assert.equal(wal.indexLeaving(Infinity), 0);
    assert.equal(wal.indexLeaving(0), 10);
    const index = wal.indexLeaving(3500);
    assert.equal(index, 7);
    wal.append([], hardState(1, 10));
    wal.setSnapshot(snapshotAt(10, 1), index);
    assert.ok(wal.sizes.bytes <= 3500);
  });

  it('counts the rows and bytes it holds, through every change', () => {
    const store = new MemoryRowStore();
    const wal = Wal.open(store);
    for (let index = 1; index <= 9; index += 3) wal.append(run(index, index + 2, 1), hardState(1));
    wal.append(run(5, 5, 2), hardState(2, 2));
    wal.append(run(6, 6, 2));
    wal.setSnapshot(snapshotAt(2, 1), 2);
    const { bytes, rows } = wal.sizes;
    assert.equal(rows, 4);
    assert.deepEqual(Wal.open(store).sizes, { bytes, rows, recycledRows: 0 });
    wal.installSnapshot(snapshotAt(50, 3));
    assert.deepEqual([wal.sizes.bytes, wal.sizes.rows], [0, 0]);
  });

  it('opens only if what has not been saved yet is sound', () => {
    const store = new MemoryRowStore();
    const wal = Wal.open(store);
    for (let index = 1; index <= 3; index++) {
      wal.append(run(index, index, 1), hardState(1, index - 1));
    }
    wal.setSnapshot(snapshotAt(2, 1));
    for (const { id, head } of store.heads('wal', 0, 99, 99)) {
      const damaged = store.fork();
      damaged.flipBit('wal', id, 8 * head.length);
      if (id === 2) {
        assert.throws(() => Wal.open(damaged), { name: 'CorruptWalError', row: 2 });
      } else {
        // Old entries are read only when a slow follower asks for them.
        const opened = Wal.open(damaged);
        assert.throws(() => opened.entries(1, 3, Infinity), { name: 'CorruptWalError', row: id });
        assert.deepEqual(opened.entries(3, 4, Infinity), run(3, 3, 1));
      }
    }
  });

  it('does not open when entries are missing that were committed, saved, or of a later term', () => {
    const build = (): { store: MemoryRowStore; wal: Wal } => {
      const store = new MemoryRowStore();
      const wal = Wal.open(store);
      wal.append([], hardState(1));
      for (let index = 1; index <= 3; index++) wal.append(run(index, index, 1));
      return { store, wal };
    };
    const committed = build();
    committed.wal.append([], hardState(1, 3));
    committed.store.delete('wal', 2);
    assert.throws(() => Wal.open(committed.store), /ends at 2, but 3 was committed/);
    const saved = build();
    saved.wal.append([], hardState(1, 3));
    saved.wal.setSnapshot(snapshotAt(3, 1));
    saved.store.delete('wal', 2);
    assert.throws(() => Wal.open(saved.store), /holds 1 to 2, but the state was saved at 3/);
    const promised = build();
    promised.wal.append(run(4, 4, 5), hardState(1));
    assert.throws(() => Wal.open(promised.store), /has term 1, but the last entry term 5/);
  });

  it('refuses what Raft never asks for', () => {
    const wal = Wal.open(new MemoryRowStore());
    wal.append(run(1, 5, 1), hardState(1, 3));
    const wrong: Record<string, () => unknown> = {
      'a gap': () => wal.append(run(7, 8, 1)),
      'committed entries replaced': () => wal.append(run(3, 4, 2)),
      'entries out of order': () => wal.append([entry(6, 1), entry(8, 1)]),
      'a snapshot point past the log': () => wal.setSnapshot(snapshotAt(6, 1)),
      'a snapshot point of another term': () => wal.setSnapshot(snapshotAt(2, 9)),
      'compaction past what is saved': () => wal.compact(2),
      'reading before the log': () => wal.entries(0, 2, 9),
      'reading past the log': () => wal.entries(1, 7, 9),
    };
    for (const [name, act] of Object.entries(wrong)) assert.throws(act, AssertionError, name);
    wal.setSnapshot(snapshotAt(3, 1));
    assert.throws(() => wal.setSnapshot(snapshotAt(2, 1)), AssertionError);
    assert.throws(() => wal.installSnapshot(snapshotAt(3, 1)), AssertionError);
    assert.deepEqual(wal.entries(1, 6, Infinity), run(1, 5, 1));
    assert.equal(wal.initialState().hardState.vote, A);
  });
});
