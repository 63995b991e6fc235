/** Goal: any history goes into etcd's file and comes back as it was: hashes at all revisions, leases, sizes. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { StateMachine } from '../../src/apply/state-machine.ts';
import { EtcdDatabase } from '../../src/backend/database.ts';
import { StateFromDatabase } from '../../src/backend/restore.ts';
import { EtcdSnapshot } from '../../src/backend/snapshot.ts';
import { BboltFile } from '../../src/bbolt/reader.ts';
import { byteString, bytesOf, concatBytes } from '../../src/lib/bytes.ts';
import { Prng } from '../../src/lib/prng.ts';
import { ReplicatedLeases } from '../../src/lease/replicated-leases.ts';
import { type MvccStore, openMvcc } from '../../src/mvcc/store.ts';
import { sourceOf } from '../bbolt/support.ts';
import { settle, TINY } from '../mvcc/support/world.ts';
import { MemoryRowStore } from '../support/memory-row-store.ts';

const HASH_BYTES = 32;
const CONF_STATE = {
  voters: ['fedcba9876543210'],
  learners: [],
  votersOutgoing: [],
  learnersNext: [],
  autoLeave: false,
};

interface World {
  readonly store: MvccStore;
  readonly leases: ReplicatedLeases;
  readonly state: StateMachine;
}

function makeWorld(): World {
  const rows = new MemoryRowStore();
  const store = openMvcc(rows, TINY);
  const leases = new ReplicatedLeases(rows);
  return { store, leases, state: StateMachine.open(rows, { mvcc: store, leases }) };
}

/** Transactions of several changes, deletions, compactions, with background work in between. */
function live({ store, leases }: World, prng: Prng, steps: number): void {
  for (let step = 0; step < steps; step++) {
    const dice = prng.below(20);
    if (dice === 0 && store.revision > store.compactRevision + 1) {
      store.compact(store.compactRevision + 1 + prng.below(store.revision - store.compactRevision));
    } else if (dice === 1) {
      store.flush();
      if (prng.bool()) settle(store);
    } else if (dice === 2) {
      const id = BigInt.asIntN(64, BigInt(1 + prng.below(1_000)) * 0x9e3779b97f4a7c15n);
      if (!leases.has(id)) leases.grant(id, 5 + prng.below(100));
      if (prng.bool()) leases.checkpoint(id, prng.below(4));
    } else {
      change(store, prng);
    }
  }
}

function change(store: MvccStore, prng: Prng): void {
  const txn = store.begin();
  const used = new Set<string>();
  for (let left = 1 + prng.below(prng.pick([1, 1, 4, 40])); left > 0; left--) {
    const key = `${'long'.repeat(prng.below(3))}${prng.below(60)}`;
    if (used.has(key)) continue;
    used.add(key);
    if (prng.below(4) === 0) txn.deleteRange({ start: key, end: `${key}\0` });
    else txn.put(key, prng.bytes(prng.below(prng.pick([5, 300, 9_000]))), 0n);
  }
  if (txn.changed) txn.commit();
  else txn.abort();
}

function streamed(world: World, between: () => void): Uint8Array {
  world.store.flush();
  const pages = world.store.exportPages();
  const snapshot = new EtcdSnapshot(pages, world.state.exportState(CONF_STATE));
  const blobs: Uint8Array[] = [];
  for (;;) {
    const part = snapshot.step();
    between();
    if (part === undefined) continue;
    blobs.push(part.blob);
    if (part.last) break;
  }
  pages.close();
  const bytes = concatBytes(blobs);
  assert.equal(bytes.length, snapshot.sizeBytes);
  return bytes;
}

function databaseIn(bytes: Uint8Array): EtcdDatabase {
  return new EtcdDatabase(BboltFile.open(sourceOf(bytes.subarray(0, -HASH_BYTES))));
}

for (let seed = 1; seed <= 12; seed++) {
  test(`seed ${seed}: what is restored from a snapshot is what was there`, () => {
    const prng = new Prng(seed);
    const world = makeWorld();
    live(world, prng, 30 + prng.below(400));
    world.store.flush();
    const { revision, compactRevision } = world.store;
    const hashes = new Map<number, number>();
    for (let at = Math.max(1, compactRevision); at <= revision; at += 1 + prng.below(20)) {
      hashes.set(at, world.store.hash(at).hash);
    }
    hashes.set(revision, world.store.hash(revision).hash);
    const leases = world.leases.encode();
    const bytes = streamed(world, () => {
      change(world.store, prng);
      if (prng.bool()) world.store.flush();
      if (world.store.hasWork) world.store.work();
    });
    const sum = createHash('sha256').update(bytes.subarray(0, -HASH_BYTES)).digest();
    assert.deepEqual(bytes.slice(-HASH_BYTES), new Uint8Array(sum));

    const found = new StateFromDatabase(databaseIn(bytes));
    assert.equal(found.summary.revision, revision);
    assert.equal(found.summary.compactRevision, compactRevision);
    assert.equal(found.summary.hash, hashes.get(revision));
    const target = openMvcc(new MemoryRowStore(), TINY);
    const receiving = target.importPages();
    for (const pages of found.pages()) receiving.add(pages);
    receiving.install(revision, compactRevision);
    for (const [at, hash] of hashes) assert.equal(target.hash(at).hash, hash, `hash at ${at}`);
    const restored = new ReplicatedLeases(new MemoryRowStore());
    restored.restore(found.leases);
    // The count of grants begins anew; all else is alike.
    const list = (book: ReplicatedLeases): unknown =>
      [...book.table.slots()]
        .map((slot) => [
          book.table.idOf(slot),
          book.table.ttlOf(slot),
          book.table.remainingOf(slot),
        ])
        .sort();
    const original = new ReplicatedLeases(new MemoryRowStore());
    original.restore(leases);
    assert.deepEqual(list(restored), list(original));
  });
}

test('the file says what etcd looks for beside keys', () => {
  const world = makeWorld();
  world.state.membership.restore(
    [
      {
        id: 'fedcba9876543210',
        name: 'm1',
        peerUrls: ['do://c/m1'],
        clientUrls: [],
        region: 'weur',
        isLearner: true,
      },
    ],
    ['00000000000000ab'],
  );
  change(world.store, new Prng(1));
  world.store.compact(2);
  const file = BboltFile.open(sourceOf(streamed(world, () => undefined).subarray(0, -HASH_BYTES)));
  const text = (bucket: string): Map<string, string> =>
    new Map(
      [...file.entries(bucket)].map(({ key, value }) => [byteString(key), byteString(value)]),
    );
  assert.deepEqual(file.buckets, [
    'alarm',
    'auth',
    'authRoles',
    'authUsers',
    'cluster',
    'key',
    'lease',
    'members',
    'members_removed',
    'meta',
  ]);
  assert.deepEqual(
    text('members'),
    new Map([
      [
        'fedcba9876543210',
        '{"id":18364758544493064720,"peerURLs":["do://c/m1"],"isLearner":true,"name":"m1"}',
      ],
    ]),
  );
  assert.deepEqual(text('members_removed'), new Map([['ab', 'removed']]));
  const meta = text('meta');
  assert.equal(meta.get('confState'), '{"voters":[18364758544493064720],"auto_leave":false}');
  assert.equal(meta.get('storageVersion'), '3.6.0');
  assert.equal(meta.get('finishedCompactRev'), '\0\0\0\0\0\0\0\x02_\0\0\0\0\0\0\0\0');
  assert.deepEqual([...file.entries('lease')], []);
});

test("another program's database is refused by name of what is missing", () => {
  const bytes = streamed(makeWorld(), () => undefined).subarray(0, -HASH_BYTES);
  const renamed = bytes.slice();
  // The names of buckets stand in the root, which is the last page.
  const root = byteString(renamed.subarray(-4096));
  renamed.set(bytesOf('mete'), renamed.length - 4096 + root.lastIndexOf('meta'));
  assert.throws(
    () => databaseIn(concatBytes([renamed, new Uint8Array(HASH_BYTES)])),
    /no bucket "meta"/,
  );
});
