/** Single promises of the store, each with the one thing that could break it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOf } from '../../src/lib/bytes.ts';
import { Prng } from '../../src/lib/prng.ts';
import type { MvccStore } from '../../src/mvcc/store.ts';
import { openMvcc } from '../../src/mvcc/store.ts';
import { MemoryRowStore } from '../support/memory-row-store.ts';
import { NaiveStore } from './naive-store.ts';
import { TINY, plain, settle, single } from './support/world.ts';

const EVERYTHING = { start: '', end: undefined };
const ALL = { revision: 0, limit: 0, keysOnly: false, countOnly: false };

function put(store: MvccStore | NaiveStore, key: string, value: string): void {
  const txn = store.begin();
  txn.put(key, bytesOf(value), 0n);
  txn.commit();
}

function keyOf(index: number): string {
  return `key/${String(index).padStart(6, '0')}`;
}

test('transactions: one at a time, each ends once', () => {
  const store = openMvcc(new MemoryRowStore());
  const txn = store.begin();
  assert.throws(() => store.begin(), /another transaction is open/);
  txn.put('a', bytesOf('1'), 0n);
  txn.commit();
  assert.throws(() => txn.commit(), /has ended/);
  assert.throws(() => txn.abort(), /has ended/);
  assert.throws(() => txn.put('a', bytesOf('2'), 0n), /has ended/);
  assert.equal(store.revision, 2);
});

test('an open transaction is invisible to the store, counts included', () => {
  const store = openMvcc(new MemoryRowStore(), TINY);
  for (let index = 0; index < 30; index++) put(store, keyOf(index), 'x');
  store.flush();
  settle(store);
  const txn = store.begin();
  txn.deleteRange({ start: keyOf(5), end: keyOf(9) });
  txn.put('new', bytesOf('y'), 0n);
  const counted = { revision: 0, limit: 1, keysOnly: true, countOnly: false };
  assert.equal(store.range(EVERYTHING, counted).count, 30);
  assert.equal(txn.range(EVERYTHING, counted).count, 27);
  assert.equal(store.get('new'), undefined);
  assert.equal(txn.get('new')?.modRevision, store.revision + 1);
  assert.equal(txn.range(EVERYTHING, { ...ALL, revision: store.revision }).count, 30);
  assert.throws(() => txn.range(EVERYTHING, { ...ALL, revision: store.revision + 1 }), {
    name: 'FutureRevisionError',
  });
  txn.abort();
  assert.equal(store.range(EVERYTHING, ALL).count, 30);
});

test('flush: nothing is written when nothing has changed', () => {
  const rows = new MemoryRowStore();
  const store = openMvcc(rows);
  put(store, 'a', '1');
  assert.ok(store.unflushedBytes > 0);
  store.flush();
  assert.equal(store.unflushedBytes, 0);
  const { rowsWritten } = rows;
  store.flush();
  assert.equal(rows.rowsWritten, rowsWritten);
  store.compact(2);
  store.flush();
  assert.equal(rows.rowsWritten, rowsWritten + 1);
});

test('flush: rows written are a small part of the puts', () => {
  const rows = new MemoryRowStore();
  const store = openMvcc(rows);
  const prng = new Prng(1);
  const puts = 50_000;
  for (let index = 0; index < puts; index++) {
    put(store, `${prng.below(1e9)}`, 'v'.repeat(100));
    if (store.unflushedBytes > 1024 * 1024) store.flush();
    if (index % 500 === 0 && store.hasWork) store.work();
  }
  store.flush();
  assert.ok(rows.rowsWritten < puts / 30, `${rows.rowsWritten} rows for ${puts} puts`);
});

test('memory: whoever flushes without ever working keeps a bounded memtable', () => {
  const store = openMvcc(new MemoryRowStore(), { memtableEntriesMax: 100 });
  for (let index = 0; index < 5_000; index++) {
    put(store, keyOf((index * 7919) % 5_000), 'x');
    if (index % 50 === 0) store.flush();
    assert.ok(store.stats.memtableEntries <= 400, `${store.stats.memtableEntries} entries`);
  }
});

test('memory: a start reads a bounded part of the log again', () => {
  const rows = new MemoryRowStore();
  let store = openMvcc(rows, { logPageBytes: 1024, replayBytesMax: 8 * 1024 });
  for (let index = 0; index < 2_000; index++) {
    put(store, keyOf(index), 'v'.repeat(100));
    if (index % 10 === 0) store.flush();
    if (store.hasWork) store.work();
  }
  store.flush();
  store = openMvcc(rows, { logPageBytes: 1024, replayBytesMax: 8 * 1024 });
  assert.ok(store.stats.replayBytes <= 16 * 1024, `${store.stats.replayBytes} bytes`);
  assert.equal(store.range(EVERYTHING, ALL).count, 2_000);
});

test('count: a page of a large range reads few rows, at old revisions too', () => {
  const rows = new MemoryRowStore();
  let store = openMvcc(rows);
  for (let index = 0; index < 20_000; index++) put(store, keyOf(index), '');
  const old = store.revision;
  store.flush();
  settle(store);
  for (let index = 0; index < 50; index++) put(store, `other/${index}`, '');
  store.flush();
  store = openMvcc(rows, { memtableEntriesMax: 10 });
  settle(store);
  store = openMvcc(rows);
  for (const [revision, count] of [
    [0, 20_050],
    [old, 20_000],
  ] as const) {
    const before = rows.rowsRead;
    const options = { revision, limit: 100, keysOnly: true, countOnly: false };
    assert.equal(store.range(EVERYTHING, options).count, count);
    assert.ok(rows.rowsRead - before <= 6, `${rows.rowsRead - before} rows read`);
  }
});

test('range: each page of the log is read once in a call', () => {
  const rows = new MemoryRowStore();
  let store = openMvcc(rows);
  for (let index = 0; index < 2_000; index++)
    put(store, keyOf((index * 7) % 2_000), 'v'.repeat(100));
  store.flush();
  store = openMvcc(rows, { cacheBytes: 0 });
  const before = rows.rowsRead;
  assert.equal(store.range(EVERYTHING, ALL).kvs.length, 2_000);
  assert.ok(rows.rowsRead - before <= store.stats.logPages, `${rows.rowsRead - before} rows read`);
});

test('open: a cold start reads heads, not leaves', () => {
  const rows = new MemoryRowStore();
  const store = openMvcc(rows, { memtableEntriesMax: 1_000 });
  for (let index = 0; index < 20_000; index++) {
    put(store, keyOf(index), 'v'.repeat(50));
    if (index % 1_000 === 0) store.flush();
  }
  store.flush();
  settle(store);
  const reads: string[] = [];
  const cold = rows.fork({
    beforeStatement: (statement, table) => reads.push(`${statement} ${table}`),
  });
  const opened = openMvcc(cold);
  assert.ok(opened.stats.leaves > 10);
  assert.ok(opened.stats.logPages > 30);
  assert.ok(!reads.includes('get mvcc_index_1'));
  const logReads = reads.filter((read) => read.endsWith('mvcc_log_1')).length;
  assert.ok(
    logReads < opened.stats.logPages / 3,
    `${logReads} of ${opened.stats.logPages} log pages`,
  );
});

test('compaction: overwritten values free their pages, what lives stays', () => {
  const rows = new MemoryRowStore();
  const store = openMvcc(rows, { logPageBytes: 2048, leafPageBytes: 512, leafPageBytesMax: 700 });
  const naive = new NaiveStore();
  for (let round = 0; round < 20; round++) {
    for (let index = 0; index < 50; index++) {
      for (const one of [store, naive]) put(one, keyOf(index), `${round}`.repeat(50));
    }
    store.flush();
  }
  const full = rows.sizeBytes();
  store.compact(store.revision);
  naive.compact(naive.revision);
  store.flush();
  settle(store);
  assert.ok(rows.sizeBytes() < full / 8, `${rows.sizeBytes()} of ${full} bytes`);
  assert.deepEqual(plain(store.range(EVERYTHING, ALL)), plain(naive.range(EVERYTHING, ALL)));
  assert.deepEqual(store.hash(0), naive.hash(0));
});

test('compaction: a few survivors do not keep a page each', () => {
  const rows = new MemoryRowStore();
  const store = openMvcc(rows, { logPageBytes: 2048 });
  for (let index = 0; index < 2_000; index++) {
    put(store, index % 40 === 0 ? keyOf(index) : 'hot', 'v'.repeat(50));
  }
  store.compact(store.revision);
  store.flush();
  settle(store);
  const { logPages } = store.stats;
  assert.ok(logPages <= 5, `${logPages} pages for 50 keys of 60 bytes`);
  assert.equal(store.range(EVERYTHING, ALL).count, 51);
});

test('compaction: deleting everything leaves next to nothing', () => {
  const rows = new MemoryRowStore();
  const store = openMvcc(rows, TINY);
  for (let index = 0; index < 200; index++) put(store, keyOf(index), 'v'.repeat(20));
  const txn = store.begin();
  assert.equal(txn.deleteRange(EVERYTHING).length, 200);
  txn.commit();
  put(store, 'last', '');
  put(store, 'last', '');
  store.compact(store.revision);
  store.flush();
  settle(store);
  assert.equal(store.stats.leaves, 1);
  assert.ok(store.stats.logPages <= 2, `${store.stats.logPages} pages`);
  assert.equal(store.range(EVERYTHING, ALL).count, 1);
});

test('keys of a megabyte that differ only at their end', () => {
  const rows = new MemoryRowStore();
  let store = openMvcc(rows);
  const long = 'k'.repeat(1_200_000);
  const keys = ['a', `${long}1`, `${long}2`, `${long}3`, 'z'];
  for (let round = 0; round < 3; round++) for (const key of keys) put(store, key, `${round}`);
  store.flush();
  store = openMvcc(rows, { memtableEntriesMax: 1 });
  settle(store);
  assert.equal(store.stats.memtableEntries, 0);
  store = openMvcc(rows);
  for (const key of keys) assert.equal(store.get(key)?.version, 3);
  assert.equal(store.getAt(`${long}2`, 4)?.version, 1);
  assert.equal(store.range({ start: `${long}2`, end: undefined }, ALL).count, 3);
  store.compact(store.revision);
  store.flush();
  settle(store);
  assert.deepEqual(
    openMvcc(rows)
      .range(EVERYTHING, ALL)
      .kvs.map((pair) => pair.version),
    [3, 3, 3, 3, 3],
  );
});

test('export: waits with compaction, closes once, resumes at any position', () => {
  const rows = new MemoryRowStore();
  const store = openMvcc(rows, TINY);
  for (let index = 0; index < 60; index++) put(store, keyOf(index % 10), 'v'.repeat(20));
  store.flush();
  const sending = store.exportPages();
  const expected = sending.read(0, Infinity).pages;
  store.compact(store.revision);
  store.flush();
  settle(store);
  // Asked for although there is nothing to do: the pages stay all the same.
  for (let slice = 0; slice < 20; slice++) store.work();
  const { logPages } = store.stats;
  const whole = sending.read(0, Infinity);
  assert.equal(whole.next, undefined);
  assert.deepEqual(whole.pages, expected);
  const parts: Uint8Array[] = [];
  let next: number | undefined = 0;
  while (next !== undefined) {
    const part: ReturnType<typeof sending.read> = sending.read(next, 300);
    assert.deepEqual(sending.read(next, 300), part);
    parts.push(...part.pages);
    next = part.next;
  }
  assert.deepEqual(parts, whole.pages);
  assert.ok(!store.hasWork);
  sending.close();
  sending.close();
  assert.ok(store.hasWork);
  settle(store);
  assert.ok(store.stats.logPages < logPages);
});

/** A store with some keys, and its snapshot. */
function snapshotOf(keys: number): { pages: readonly Uint8Array[]; revision: number } {
  const store = openMvcc(new MemoryRowStore(), TINY);
  for (let index = 0; index < keys; index++) put(store, keyOf(index), 'v'.repeat(20));
  store.flush();
  const sending = store.exportPages();
  return { pages: sending.read(0, Infinity).pages, revision: sending.revision };
}

test('import: a piece that is missing, doubled or damaged is refused', () => {
  const { pages, revision } = snapshotOf(20);
  const receive = (list: readonly Uint8Array[]): void => {
    const receiving = openMvcc(new MemoryRowStore(), TINY).importPages();
    receiving.add(list);
    receiving.install(revision, -1);
  };
  receive(pages);
  assert.throws(() => receive(pages.slice(1)), { name: 'SnapshotError' });
  assert.throws(() => receive(pages.slice(0, -1)), { name: 'SnapshotError' });
  assert.throws(() => receive(pages.toSpliced(3, 1)), { name: 'SnapshotError' });
  assert.throws(() => receive(pages.toSpliced(3, 0, pages[3] as Uint8Array)), {
    name: 'SnapshotError',
  });
  const damaged = (pages[2] as Uint8Array).slice();
  damaged[20] = (damaged[20] ?? 0) ^ 1;
  assert.throws(() => receive(pages.toSpliced(2, 1, damaged)), { name: 'SnapshotError' });
});

test('import: nothing is visible before the install, and what was there goes in slices after it', () => {
  const rows = new MemoryRowStore();
  const store = openMvcc(rows, TINY);
  for (let index = 0; index < 100; index++) put(store, `old ${index}`, 'v'.repeat(20));
  store.flush();
  settle(store);
  const expected = store.hash(0);
  const { pages, revision } = snapshotOf(50);
  const receiving = store.importPages();
  receiving.add(pages);
  assert.deepEqual(store.hash(0), expected);
  assert.throws(() => receiving.install(revision + 1, -1), { name: 'SnapshotError' });
  receiving.install(revision, -1);
  assert.equal(store.revision, revision);
  assert.equal(store.range(EVERYTHING, ALL).count, 50);
  const before = rows.rowsWritten;
  store.work();
  assert.ok(rows.rowsWritten - before <= 3, 'one slice deletes few rows');
  settle(store);
  assert.deepEqual(rows.tables(), ['mvcc_directory_2', 'mvcc_index_2', 'mvcc_log_2', 'mvcc_meta']);
  assert.deepEqual(openMvcc(rows, TINY).hash(0), store.hash(0));
});

test('import: aborted or forgotten in a crash, it leaves nothing behind', () => {
  const rows = new MemoryRowStore();
  let store = openMvcc(rows, TINY);
  put(store, 'a', '1');
  store.flush();
  const { pages } = snapshotOf(30);
  const first = store.importPages();
  first.add(pages.slice(0, 5));
  first.abort();
  first.abort();
  assert.throws(() => first.add(pages.slice(5)), /has ended/);
  const second = store.importPages();
  second.add(pages.slice(0, 5));
  rows.sync();
  store = openMvcc(rows.crash(), TINY);
  settle(store);
  assert.equal(store.get('a')?.version, 1);
  const third = store.importPages();
  third.add(pages);
  third.install(31, -1);
  settle(store);
  assert.equal(store.range(EVERYTHING, ALL).count, 30);
});

test('install: an export of the state before goes on to its end', () => {
  const rows = new MemoryRowStore();
  const store = openMvcc(rows, TINY);
  for (let index = 0; index < 40; index++) put(store, `old ${index}`, 'v'.repeat(20));
  store.flush();
  const sending = store.exportPages();
  const expected = sending.read(0, Infinity).pages;
  const { pages, revision } = snapshotOf(10);
  const receiving = store.importPages();
  receiving.add(pages);
  receiving.install(revision, -1);
  settle(store);
  assert.deepEqual(sending.read(0, Infinity).pages, expected);
  sending.close();
  settle(store);
  assert.ok(!rows.tables().includes('mvcc_log_1'));
});

test('changes: whole revisions, never none, and the place to go on from', () => {
  const store = openMvcc(new MemoryRowStore(), TINY);
  for (let index = 0; index < 10; index++) {
    const txn = store.begin();
    txn.put('a', bytesOf('v'.repeat(50)), 0n);
    txn.deleteRange(single('a'));
    txn.put('b', bytesOf('v'), 0n);
    txn.commit();
  }
  const seen: number[] = [];
  for (let from = 0; from <= store.revision;) {
    const { changes, next } = store.changes(from, 1);
    assert.equal(changes.length, 3);
    assert.deepEqual(
      changes.map((change) => change.sub),
      [0, 1, 2],
    );
    seen.push(...changes.map((change) => change.kv.modRevision));
    from = next;
  }
  assert.equal(seen.length, 30);
  assert.deepEqual(store.changes(store.revision + 1, 100), {
    changes: [],
    next: store.revision + 1,
  });
  store.compact(5);
  assert.throws(() => store.changes(4, 100), { name: 'CompactedError' });
  assert.equal(store.changes(5, 1).changes[0]?.kv.modRevision, 5);
});

test('compaction sweeps leaves though merging has left fewer of them', () => {
  // Leaves that are small once their dead are dropped, so that merging joins them.
  const joining = {
    ...TINY,
    leafPageBytes: 200,
    leafPageBytesMax: 300,
    leafPageBytesMin: 100,
    memtableEntriesMax: 1,
  };
  for (let slices = 0; slices < 30; slices++) {
    const store = openMvcc(new MemoryRowStore(), joining);
    const naive = new NaiveStore();
    const write = (key: string): void => {
      put(store, key, 'x');
      put(naive, key, 'x');
    };
    for (let round = 0; round < 90; round++) write(keyOf(round % 3));
    store.flush();
    settle(store);
    store.compact(store.revision);
    naive.compact(store.revision);
    store.flush();
    for (let slice = 0; slice < slices && store.hasWork; slice++) store.work();
    for (let round = 0; round < 12; round++) {
      write(keyOf(0));
      write(keyOf(1));
      store.flush();
      store.work();
      store.work();
    }
    settle(store);
    assert.deepEqual(store.range(EVERYTHING, ALL), naive.range(EVERYTHING, ALL));
  }
});
