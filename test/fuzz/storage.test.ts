/**
 * Goal: whatever happens to a stored row, opening the log, the store and the state, and reading all of
 * them, either works on what was written or names a damaged row. Method: real rows, one broken at a time.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CorruptStateError } from '../../src/apply/state-rows.ts';
import { bytesOf, EMPTY_BYTES } from '../../src/lib/bytes.ts';
import { Prng } from '../../src/lib/prng.ts';
import type { Row, RowStore } from '../../src/lib/row-store.ts';
import { CorruptPageError, openMvcc, UnknownFormatError } from '../../src/mvcc/store.ts';
import { EntryKind } from '../../src/raft/types.ts';
import { CorruptWalError } from '../../src/wal/row.ts';
import { Wal } from '../../src/wal/wal.ts';
import { MemoryRowStore } from '../support/memory-row-store.ts';
import { mutated } from './mutate.ts';

const ROUNDS = 1_500;
const SMALL = {
  logPageBytes: 300,
  leafPageBytes: 300,
  leafPageBytesMax: 400,
  leafPageBytesMin: 75,
};

interface Place {
  readonly table: string;
  readonly row: Row;
}

function placesOf(rows: RowStore): Place[] {
  return rows
    .tables()
    .flatMap((table) =>
      rows.rows(table, 0, Number.MAX_SAFE_INTEGER, 10_000).map((row) => ({ table, row })),
    );
}

/** Breaks one row, runs, and puts it back. */
function withBrokenRow(
  rows: RowStore,
  places: readonly Place[],
  prng: Prng,
  run: (where: string) => void,
): void {
  const { table, row } = prng.pick(places);
  const others = places.map((place) => place.row.data);
  const inHead = prng.bool(0.3);
  const head = inHead ? mutated(prng, row.head, others) : row.head;
  const data = inHead ? row.data : mutated(prng, row.data, others);
  rows.put(table, row.id, head, data);
  run(`${table}/${row.id}`);
  rows.put(table, row.id, row.head, row.data);
}

function refusesClearly(where: string, run: () => void): void {
  try {
    run();
  } catch (error) {
    const clear =
      error instanceof CorruptWalError ||
      error instanceof CorruptPageError ||
      error instanceof CorruptStateError ||
      error instanceof UnknownFormatError;
    if (!clear) throw new Error(`row ${where} was broken`, { cause: error });
  }
}

test('log rows', () => {
  const rows = new MemoryRowStore();
  const wal = Wal.open(rows);
  const hardState = { term: 2, vote: '00000000000000ab', commit: 0, leader: false };
  for (let index = 1; index <= 40; index += 2) {
    const entry = { term: 2, kind: EntryKind.normal, data: bytesOf(`entry ${index}`) };
    wal.append(
      [
        { ...entry, index },
        { ...entry, index: index + 1 },
      ],
      { ...hardState, commit: index },
    );
  }
  const prng = new Prng(11);
  const places = placesOf(rows);
  for (let round = 0; round < ROUNDS; round++) {
    withBrokenRow(rows, places, prng, (where) => {
      refusesClearly(where, () => {
        const opened = Wal.open(rows);
        const { hardState: found } = opened.initialState();
        assert.ok(found.term >= 0);
        const last = opened.lastIndex();
        for (const entry of last >= opened.firstIndex()
          ? opened.entries(opened.firstIndex(), last + 1, 1e9)
          : []) {
          assert.equal(entry.term, 2);
          assert.deepEqual(
            entry.data,
            bytesOf(`entry ${entry.index % 2 === 1 ? entry.index : entry.index - 1}`),
          );
        }
      });
    });
  }
});

test('store rows', () => {
  const rows = new MemoryRowStore();
  const store = openMvcc(rows, SMALL);
  for (let at = 0; at < 200; at++) {
    const txn = store.begin();
    txn.put(`key ${at % 30}`, bytesOf(`value ${at}`), 0n);
    txn.commit();
    if (at % 10 === 0) store.flush();
    while (store.hasWork && at % 7 === 0) store.work();
  }
  store.flush();
  while (store.hasWork) store.work();
  const everything = { start: '', end: undefined };
  const options = { revision: 0, limit: 0, keysOnly: false, countOnly: false };
  const expected = store.range(everything, options);
  const prng = new Prng(13);
  const places = placesOf(rows);
  for (let round = 0; round < ROUNDS; round++) {
    withBrokenRow(rows, places, prng, (where) => {
      refusesClearly(where, () => {
        const opened = openMvcc(rows, SMALL);
        const found = opened.range(everything, options);
        // A damaged row must not be taken for a good one.
        if (opened.revision === store.revision) assert.deepEqual(found, expected);
        opened.hash(0);
      });
    });
  }
});

test('nothing stored is an empty log and an empty store', () => {
  const rows = new MemoryRowStore();
  assert.equal(Wal.open(rows).lastIndex(), 0);
  assert.equal(openMvcc(rows).revision, 1);
  rows.put('unrelated', 1, EMPTY_BYTES, EMPTY_BYTES);
  assert.equal(openMvcc(rows).revision, 1);
});
