/** Goal: HashKV as etcd computes it. The figures are etcd 3.4.23's answers to the same commands. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOf } from '../../src/lib/bytes.ts';
import { openMvcc } from '../../src/mvcc/store.ts';
import type { Mvcc } from '../../src/mvcc/types.ts';
import { MemoryRowStore } from '../support/memory-row-store.ts';
import { NaiveStore } from './naive-store.ts';
import { TINY, settle, single } from './support/world.ts';

const LEASE = 0x7ecea1fd2491fe06n;

function put(store: Mvcc, ...pairs: readonly (readonly [string, string, bigint?])[]): void {
  const txn = store.begin();
  for (const [key, value, lease] of pairs) txn.put(key, bytesOf(value), lease ?? 0n);
  txn.commit();
}

function remove(store: Mvcc, key: string): void {
  const txn = store.begin();
  txn.deleteRange(single(key));
  txn.commit();
}

/** etcd's own answers: [compacted at, revision asked for, hash]. */
const ANSWERS: readonly (readonly [number, number, number])[] = [
  [-1, 2, 2587454935],
  [-1, 3, 2368723445],
  [-1, 4, 3139852561],
  [-1, 5, 2598045226],
  [-1, 6, 2039380523],
  [-1, 7, 2420348897],
  [-1, 0, 2420348897],
  [3, 4, 243051422],
  [3, 5, 2863772706],
  [3, 6, 2497527531],
  [3, 7, 291493802],
  [3, 0, 291493802],
  [4, 5, 879608214],
  [4, 6, 457544027],
  [4, 7, 4215114623],
  [5, 6, 457544027],
  [5, 7, 2732072775],
  [6, 7, 2732072775],
  [6, 0, 2732072775],
  [7, 0, 3320088258],
];

const STORES: readonly (readonly [string, () => Mvcc])[] = [
  ['page store', () => openMvcc(new MemoryRowStore(), TINY)],
  ['naive store', () => new NaiveStore()],
];

for (const [name, open] of STORES) {
  test(`hash, ${name}: etcd 3.4.23 gives the same`, () => {
    const store = open();
    assert.equal(store.hash(0).hash, 1084519789);
    put(store, ['a', '1']);
    put(store, ['b', '2', LEASE]);
    remove(store, 'a');
    put(store, ['a', '3'], ['c', '']);
    put(store, ['b', 'x'.repeat(300)]);
    remove(store, 'c');
    for (const [compacted, revision, hash] of ANSWERS) {
      if (compacted > store.compactRevision) store.compact(compacted);
      const expected = { hash, revision: revision || 7, compactRevision: compacted };
      assert.deepEqual(store.hash(revision), expected);
      store.flush();
      if ('hashInSteps' in store) settle(store as ReturnType<typeof openMvcc>);
      assert.deepEqual(store.hash(revision), expected);
    }
  });
}

for (const [name, open] of STORES) {
  test(`hash, ${name}: once no pair stands, all that compaction left counts again, as in etcd`, () => {
    const store = open();
    put(store, ['a', '1']);
    put(store, ['b', '2']);
    put(store, ['a', '3']);
    store.compact(3);
    const txn = store.begin();
    txn.deleteRange({ start: '', end: undefined });
    txn.commit();
    assert.equal(store.hash(4).hash, 1107643163);
    assert.equal(store.hash(5).hash, 1223078702);
  });
}

test('hash: compacted and future revisions are refused', () => {
  const store = openMvcc(new MemoryRowStore());
  put(store, ['a', '1']);
  put(store, ['a', '2']);
  store.compact(3);
  assert.throws(() => store.hash(2), { name: 'CompactedError' });
  assert.throws(() => store.hash(4), { name: 'FutureRevisionError' });
});

test('hash in steps: writes and compactions between the steps do not change it', () => {
  const store = openMvcc(new MemoryRowStore(), TINY);
  for (let round = 0; round < 30; round++) put(store, [`key ${round % 7}`, 'value'.repeat(5)]);
  store.compact(20);
  store.flush();
  const expected = store.hash(0);
  const job = store.hashInSteps(0);
  let steps = 0;
  for (let result = job.step(); ; result = job.step()) {
    if (result !== undefined) {
      assert.deepEqual(result, expected);
      break;
    }
    put(store, [`key ${steps % 7}`, 'another']);
    store.compact(store.revision);
    store.flush();
    while (store.hasWork) store.work();
    steps++;
  }
  assert.ok(steps > 3, `${steps} steps`);
  assert.ok(store.hasWork, 'compaction goes on when the hash is taken');
  settle(store);
});
