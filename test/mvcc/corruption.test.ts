/**
 * Goal: nothing is ever served from a damaged row (bar 3.5, 55). Method: flip bits of every row of a
 * store with pages of all kinds, then open it and read all of it: each time either the error names that
 * row, or, where the damaged row was not needed, every answer is right.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOf } from '../../src/lib/bytes.ts';
import { checksum32 } from '../../src/lib/checksum.ts';
import { CorruptPageError, openMvcc, wipeMvcc } from '../../src/mvcc/store.ts';
import { MemoryRowStore } from '../support/memory-row-store.ts';
import { TINY, plain, settle } from './support/world.ts';

const EVERYTHING = { start: '', end: undefined };
const ALL = { revision: 0, limit: 0, keysOnly: false, countOnly: false };

/** A store with several pages of each kind, some of them partly dead, and unmerged changes. */
function makeRows(): MemoryRowStore {
  const rows = new MemoryRowStore();
  const store = openMvcc(rows, TINY);
  for (let round = 0; round < 40; round++) {
    const txn = store.begin();
    txn.put(`key ${(round * 7) % 23}`, bytesOf('v'.repeat(10 + round)), BigInt(round % 3));
    txn.commit();
    if (round === 30) store.compact(20);
    if (round % 10 === 0) store.flush();
    if (round < 35 && store.hasWork) store.work();
  }
  store.flush();
  return rows;
}

/** Every answer the store has, and all its background work. */
function readAll(rows: MemoryRowStore): unknown {
  const store = openMvcc(rows, { ...TINY, cacheBytes: 1 });
  const before = [
    plain(store.range(EVERYTHING, ALL)),
    plain(store.changes(Math.max(0, store.compactRevision), Infinity)),
    store.hash(0),
  ];
  settle(store);
  return [before, plain(store.range(EVERYTHING, ALL)), store.hash(0)];
}

test('corruption: a flipped bit in any row is found, and the row named', () => {
  const expected = readAll(makeRows());
  const rows = makeRows();
  const found = new Map<string, number>();
  let harmless = 0;
  for (const table of rows.tables()) {
    for (const row of rows.rows(table, 0, Number.MAX_SAFE_INTEGER, Infinity)) {
      const bits = 8 * (row.head.length + row.data.length);
      for (let bit = 0; bit < bits; bit += 37) {
        const damaged = rows.fork();
        damaged.flipBit(table, row.id, bit);
        try {
          assert.deepEqual(readAll(damaged), expected);
          harmless++;
        } catch (error) {
          if (!(error instanceof CorruptPageError)) throw error;
          assert.equal(error.table, table);
          assert.equal(error.row, row.id);
          found.set(table, (found.get(table) ?? 0) + 1);
        }
      }
    }
  }
  assert.equal(harmless, 0, 'readAll reads every row');
  assert.deepEqual([...found.keys()].sort(), rows.tables());
});

test('corruption: a lost page is found when it is needed', () => {
  for (const table of ['mvcc_log_1', 'mvcc_index_1']) {
    const rows = makeRows();
    const store = openMvcc(rows, { ...TINY, cacheBytes: 1 });
    const [lost] = rows.heads(table, 0, Number.MAX_SAFE_INTEGER, 1);
    assert.ok(lost !== undefined);
    rows.delete(table, lost.id);
    const read = table === 'mvcc_log_1' ? () => store.hash(0) : () => store.range(EVERYTHING, ALL);
    assert.throws(read, { name: 'CorruptPageError', table, row: lost.id });
  }
});

test('corruption: a row in the place of another is found', () => {
  for (const table of makeRows()
    .tables()
    .filter((name) => name !== 'mvcc_meta')) {
    const rows = makeRows();
    const [one, other] = rows.rows(table, 0, Number.MAX_SAFE_INTEGER, 2);
    assert.ok(one !== undefined && other !== undefined);
    rows.put(table, other.id, one.head, one.data);
    assert.throws(() => readAll(rows), { name: 'CorruptPageError', table, row: other.id });
  }
});

test('corruption: a damaged store is wiped and filled from a snapshot of another', () => {
  const sound = openMvcc(makeRows(), TINY);
  const rows = makeRows();
  rows.flipBit('mvcc_meta', 0, 20);
  assert.throws(() => openMvcc(rows, TINY), { name: 'CorruptPageError', table: 'mvcc_meta' });
  wipeMvcc(rows);
  assert.deepEqual(rows.tables(), []);
  const store = openMvcc(rows, TINY);
  const receiving = store.importPages();
  const sending = sound.exportPages();
  receiving.add(sending.read(0, Infinity).pages);
  receiving.install(sending.revision, sending.compactRevision);
  sending.close();
  assert.deepEqual(store.hash(0), sound.hash(0));
});

test('corruption: work that meets a damaged page leaves the store as it was', () => {
  const rows = makeRows();
  const [first] = rows.heads('mvcc_index_1', 0, Number.MAX_SAFE_INTEGER, 1);
  assert.ok(first !== undefined);
  const store = openMvcc(rows, { ...TINY, cacheBytes: 1 });
  rows.flipBit('mvcc_index_1', first.id, 200);
  const before = store.stats;
  assert.throws(() => settle(store), { name: 'CorruptPageError', row: first.id });
  assert.throws(() => settle(store), { name: 'CorruptPageError', row: first.id });
  assert.ok(store.stats.memtableEntries <= before.memtableEntries);
  rows.flipBit('mvcc_index_1', first.id, 200);
  settle(store);
  assert.deepEqual(
    plain(store.range(EVERYTHING, ALL)),
    plain(openMvcc(makeRows()).range(EVERYTHING, ALL)),
  );
});

test('corruption: another format version is refused as such', () => {
  const rows = makeRows();
  const row = rows.get('mvcc_meta', 0);
  assert.ok(row !== undefined);
  const [version = 0] = row.head;
  assert.equal(version, 1);
  const head = row.head.slice(0, -4);
  head[0] = 2;
  rows.put('mvcc_meta', 0, withChecksum(head), row.data);
  assert.throws(() => openMvcc(rows), { name: 'UnknownFormatError' });
});

function withChecksum(head: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(head.length + 4);
  sealed.set(head);
  new DataView(sealed.buffer).setUint32(head.length, checksum32(head, 0), true);
  return sealed;
}
