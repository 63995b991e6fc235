/** Goal: a received state can wait over restarts, and is the store's state from one flush to the next, or not at all. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOf } from '../../src/lib/bytes.ts';
import { type MvccStore, openMvcc } from '../../src/mvcc/store.ts';
import { MemoryRowStore } from '../support/memory-row-store.ts';
import { settle, TINY } from './support/world.ts';

function fill(store: MvccStore, name: string, keys: number): void {
  for (let index = 0; index < keys; index++) {
    const txn = store.begin();
    txn.put(`${name} ${index}`, bytesOf('v'.repeat(index % 50)), 0n);
    txn.commit();
  }
}

/** A store in `rows` with ten keys of its own, and sixty more put aside. */
function withStaged(rows: MemoryRowStore): { readonly store: MvccStore; readonly hash: number } {
  const sender = openMvcc(new MemoryRowStore(), TINY);
  fill(sender, 'new', 60);
  sender.compact(30);
  sender.flush();
  const store = openMvcc(rows, TINY);
  fill(store, 'old', 10);
  store.flush();
  const receiving = store.importPages();
  receiving.add(sender.exportPages().read(0, Infinity).pages);
  receiving.stage();
  return { store, hash: sender.hash(0).hash };
}

test('a state put aside serves nothing, outlives a restart, and is installed whole', () => {
  const rows = new MemoryRowStore();
  const { store, hash } = withStaged(rows);
  const before = store.hash(0);
  settle(store);
  const reopened = openMvcc(rows, TINY);
  settle(reopened);
  assert.deepEqual(reopened.hash(0), before);
  assert.deepEqual(reopened.staged, { revision: 61, compactRevision: 30 });
  reopened.installStaged();
  assert.deepEqual(reopened.hash(0), { hash, revision: 61, compactRevision: 30 });
  reopened.flush();
  settle(reopened);
  assert.deepEqual(rows.tables(), ['mvcc_directory_2', 'mvcc_index_2', 'mvcc_log_2', 'mvcc_meta']);
  const last = openMvcc(rows, TINY);
  assert.equal(last.hash(0).hash, hash);
  assert.equal(last.staged, undefined);
});

test('until a flush an install is undone by a restart, and can be repeated with the writes after it', () => {
  const rows = new MemoryRowStore();
  const { store } = withStaged(rows);
  const before = store.hash(0);
  rows.sync();
  store.installStaged();
  fill(store, 'later', 40);
  settle(store);
  const expected = store.hash(0);
  const restarted = openMvcc(rows, TINY);
  assert.deepEqual(restarted.hash(0), before);
  restarted.installStaged();
  fill(restarted, 'later', 40);
  assert.deepEqual(restarted.hash(0), expected);
  restarted.flush();
  settle(restarted);
  assert.deepEqual(openMvcc(rows, TINY).hash(0), expected);
});

test('a state put aside can be dropped, and one that comes later takes its place', () => {
  const rows = new MemoryRowStore();
  const { store } = withStaged(rows);
  const sender = openMvcc(new MemoryRowStore(), TINY);
  fill(sender, 'third', 5);
  sender.flush();
  const receiving = store.importPages();
  receiving.add(sender.exportPages().read(0, Infinity).pages);
  receiving.stage();
  assert.deepEqual(store.staged, { revision: 6, compactRevision: -1 });
  store.dropStaged();
  settle(store);
  assert.equal(store.staged, undefined);
  assert.equal(openMvcc(rows, TINY).staged, undefined);
  assert.deepEqual(rows.tables(), ['mvcc_directory_1', 'mvcc_index_1', 'mvcc_log_1', 'mvcc_meta']);
});

test('what is not complete cannot be put aside', () => {
  const store = openMvcc(new MemoryRowStore(), TINY);
  const receiving = store.importPages();
  assert.throws(() => receiving.stage(), { name: 'SnapshotError' });
});
