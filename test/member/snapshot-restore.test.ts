/** Goal: Maintenance/Snapshot is one revision in etcd's form, and what is loaded into a cluster is loaded whole or not at all. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { Code } from '../../src/api/errors.ts';
import { SnapshotResponse, toNumber } from '../../src/api/messages.ts';
import { EtcdDatabase } from '../../src/backend/database.ts';
import { StateFromDatabase } from '../../src/backend/restore.ts';
import { BboltFile } from '../../src/bbolt/reader.ts';
import { SNAPSHOT_IDLE_TIMEOUT_MS, SNAPSHOTS_OPEN_MAX } from '../../src/constants.ts';
import { bytesOf, concatBytes, EMPTY_BYTES } from '../../src/lib/bytes.ts';
import {
  encodeRestoreBody,
  encodeRestoreChunk,
  encodeRestoreFinish,
  encodeUpload,
  RESTORE_METHODS,
} from '../../src/member/restore-messages.ts';
import type { CallResult } from '../../src/member/rpc.ts';
import { sourceOf } from '../bbolt/support.ts';
import { type Host, World } from './support/world.ts';

const SNAPSHOT = 'etcdserverpb.Maintenance/Snapshot';
const HASH_BYTES = 32;
const LEASE = 77n;

async function put(world: World, host: Host, key: string, value: string): Promise<void> {
  const lease = key.endsWith('7') ? Number(LEASE) : 0;
  const request = { put: { key: bytesOf(key), value: bytesOf(value), lease } };
  await world.settled(host.member.propose(request));
}

/** Keys with versions, some on a lease, some deleted, compacted in the middle. */
async function history(world: World, host: Host): Promise<void> {
  await world.settled(host.member.propose({ lease_grant: { ID: Number(LEASE), TTL: 500 } }));
  for (let index = 0; index < 30; index++) await put(world, host, `key ${index % 20}`, 'v');
  const deletion = { key: bytesOf('key 3'), range_end: bytesOf('key 5') };
  await world.settled(host.member.propose({ delete_range: deletion }));
  await world.settled(host.member.propose({ compaction: { revision: 25 } }));
  await put(world, host, 'large', 'x'.repeat(700_000));
}

function page(world: World, host: Host, cursor?: Uint8Array): Promise<CallResult> {
  return world.settled(host.service.page(SNAPSHOT, EMPTY_BYTES, cursor));
}

/** The whole stream; `between` runs before each pull but the first. */
async function snapshot(
  world: World,
  host: Host,
  between: () => Promise<void> = () => Promise.resolve(),
): Promise<Uint8Array> {
  const blobs: Uint8Array[] = [];
  let result = await page(world, host);
  for (;;) {
    assert.equal(result.code, Code.OK, result.message);
    blobs.push(SnapshotResponse.decode(result.body).blob);
    if (result.cursor === undefined) return concatBytes(blobs);
    await between();
    result = await page(world, host, result.cursor);
  }
}

function stateIn(bytes: Uint8Array): StateFromDatabase {
  return new StateFromDatabase(
    new EtcdDatabase(BboltFile.open(sourceOf(bytes.subarray(0, -HASH_BYTES)))),
  );
}

describe('Maintenance/Snapshot', () => {
  it('is the state of one revision, while writes go on and history is compacted', async () => {
    const world = new World('m1');
    const host = await world.elect();
    await history(world, host);
    const before = host.member.state.hashKV(0);
    let turn = 0;
    const bytes = await snapshot(world, host, async () => {
      await put(world, host, `key ${turn++ % 20}`, 'later');
      if (turn === 2) {
        const revision = host.member.state.mvcc.revision;
        await world.settled(host.member.propose({ compaction: { revision } }));
      }
    });
    assert.ok(turn >= 3, 'it came in parts');
    const sum = createHash('sha256').update(bytes.subarray(0, -HASH_BYTES)).digest();
    assert.deepEqual(bytes.slice(-HASH_BYTES), new Uint8Array(sum));
    const { summary } = stateIn(bytes);
    assert.equal(summary.revision, before.revision);
    assert.equal(summary.compactRevision, 25);
    assert.equal(summary.hash, before.hash);
    assert.equal(summary.leases, 1);
  });

  it('tells how many bytes are still to come', async () => {
    const world = new World('m1');
    const host = await world.elect();
    await history(world, host);
    const total = (await snapshot(world, host)).length - HASH_BYTES;
    let sent = 0;
    let result = await page(world, host);
    for (; result.cursor !== undefined; result = await page(world, host, result.cursor)) {
      const { blob, remaining_bytes } = SnapshotResponse.decode(result.body);
      sent += blob.length;
      assert.equal(toNumber(remaining_bytes), total - sent);
    }
    assert.equal(sent, total);
    assert.equal(SnapshotResponse.decode(result.body).blob.length, HASH_BYTES);
  });

  it('gives the part that was sent last again, and none out of order', async () => {
    const world = new World('m1');
    const host = await world.elect();
    await history(world, host);
    const first = await page(world, host);
    const second = await page(world, host, first.cursor);
    assert.deepEqual(await page(world, host, first.cursor), second);
    await page(world, host, second.cursor);
    assert.equal((await page(world, host, first.cursor)).code, Code.InvalidArgument);
    assert.equal((await page(world, host, Uint8Array.of(9, 9))).code, Code.InvalidArgument);
  });

  it('ends when nobody pulls it, and compaction goes on', async () => {
    const world = new World('m1');
    const host = await world.elect();
    await history(world, host);
    const { cursor } = await page(world, host);
    await world.clock.advance(SNAPSHOT_IDLE_TIMEOUT_MS + 1_000);
    const late = await page(world, host, cursor);
    assert.equal(late.code, Code.Unavailable);
    assert.match(late.message, /not under way/);
    await put(world, host, 'wakes', 'v');
    await world.clock.advance(100);
    assert.equal(host.member.state.mvcc.hasWork, false);
  });

  it('is taken by a few clients at once at most', async () => {
    const world = new World('m1');
    const host = await world.elect();
    await history(world, host);
    for (let open = 0; open < SNAPSHOTS_OPEN_MAX; open++) {
      assert.equal((await page(world, host)).code, Code.OK);
    }
    assert.match((await page(world, host)).message, /too many requests/);
    // Those before go on.
    await world.clock.advance(SNAPSHOT_IDLE_TIMEOUT_MS + 1_000);
    assert.equal((await page(world, host)).code, Code.OK);
  });
});

/** The file of a member with a history, and its hash. */
async function sample(): Promise<StateFromDatabase> {
  const world = new World('m1');
  const host = await world.elect();
  await history(world, host);
  return stateIn(await snapshot(world, host));
}

class Upload {
  readonly world: World;
  readonly id: string;
  readonly bodies: readonly Uint8Array[];
  readonly digest: Uint8Array;

  constructor(world: World, id: string, state: StateFromDatabase) {
    this.world = world;
    this.id = id;
    const pages = [...state.pages()].flat();
    const half = Math.ceil(pages.length / 2);
    this.bodies = [
      encodeRestoreBody({ pages: pages.slice(0, half), leases: EMPTY_BYTES }),
      encodeRestoreBody({ pages: pages.slice(half), leases: state.leases }),
    ];
    const hash = createHash('sha256');
    for (const body of this.bodies) hash.update(body);
    this.digest = new Uint8Array(hash.digest());
  }

  call(name: string, step: keyof typeof RESTORE_METHODS, body: Uint8Array): Promise<CallResult> {
    const { service } = this.world.host(name);
    return this.world.settled(service.call(RESTORE_METHODS[step], body));
  }

  open(name: string): Promise<CallResult> {
    return this.call(name, 'open', encodeUpload(this.id));
  }

  /** Returns the answer to the first step that is refused, or to the last. */
  async fill(name: string, bodies: readonly Uint8Array[] = this.bodies): Promise<CallResult> {
    let result = await this.call(name, 'begin', encodeUpload(this.id));
    for (const [number, body] of bodies.entries()) {
      if (result.code !== 0) return result;
      result = await this.call(
        name,
        'chunk',
        encodeRestoreChunk({ upload: this.id, number, body }),
      );
    }
    return result.code === 0 ? this.call(name, 'finish', this.whole) : result;
  }

  commit(name: string): Promise<CallResult> {
    return this.call(name, 'commit', this.whole);
  }

  get whole(): Uint8Array {
    return encodeRestoreFinish({
      upload: this.id,
      chunks: this.bodies.length,
      digest: this.digest,
    });
  }
}

const MEMBERS = ['m1', 'm2', 'm3'] as const;

/** A new cluster, and an upload that waits at every member. */
async function ready(state: StateFromDatabase): Promise<{ world: World; upload: Upload }> {
  const world = new World(MEMBERS.join());
  await world.elect();
  const upload = new Upload(world, 'first', state);
  ok(await upload.open('m1'));
  for (const name of MEMBERS) ok(await upload.fill(name));
  return { world, upload };
}

function ok(result: CallResult): void {
  assert.equal(result.code, Code.OK, result.message);
}

function refused(result: CallResult, code: number, text: RegExp): void {
  assert.equal(result.code, code, result.message);
  assert.match(result.message, text);
}

function assertRestored(host: Host, state: StateFromDatabase): void {
  const { revision, compactRevision, hash } = state.summary;
  const found = host.member.state.hashKV(revision);
  assert.deepEqual(found, { hash, revision, compactRevision }, host.name);
  assert.equal(host.member.state.leases.has(LEASE), true, host.name);
  assert.ok(host.member.state.leases.keys(LEASE).includes('key 7'), host.name);
}

function assertFresh(host: Host): void {
  assert.equal(host.member.state.mvcc.revision, 1, host.name);
  assert.equal(host.member.state.leases.size, 0, host.name);
}

describe('restore', () => {
  it('takes place at every member at once, and outlives a restart', async () => {
    const state = await sample();
    const { world, upload } = await ready(state);
    for (const name of MEMBERS) assertFresh(world.host(name));
    ok(await upload.commit('m2'));
    await world.clock.advance(1_000);
    for (const name of MEMBERS) assertRestored(world.host(name), state);
    await put(world, world.host('m1'), 'after', 'v');
    for (const name of MEMBERS) {
      world.host(name).member.stop();
      world.start(name, world.host(name).rows);
      assertRestored(world.host(name), state);
    }
    await world.elect();
    await put(world, world.host('m3'), 'later', 'v');
    assert.equal(world.host('m3').member.state.mvcc.revision, state.summary.revision + 2);
  });

  it('waits over a restart of all members', async () => {
    const state = await sample();
    const { world, upload } = await ready(state);
    for (const name of MEMBERS) world.host(name).member.stop();
    for (const name of MEMBERS) world.start(name, world.host(name).rows);
    await world.elect();
    ok(await upload.commit('m1'));
    await world.clock.advance(1_000);
    for (const name of MEMBERS) assertRestored(world.host(name), state);
  });

  it('reaches a member that was away, and one that lost what waited there', async () => {
    const state = await sample();
    const { world, upload } = await ready(state);
    const leader = await world.elect();
    const [away = '', lost = ''] = MEMBERS.filter((name) => name !== leader.name);
    world.cut.add(away);
    world.host(lost).member.state.staged.drop();
    ok(await upload.commit(leader.name));
    await world.clock.advance(1_000);
    assertRestored(leader, state);
    assert.match(String(world.host(lost).abandoned[0]), /it is not here/);
    world.start(lost, world.host(lost).rows);
    world.cut.clear();
    await world.clock.advance(30_000);
    for (const name of MEMBERS) assertRestored(world.host(name), state);
  });

  it('refuses a chunk that was altered, and nothing has changed', async () => {
    const state = await sample();
    const world = new World('m1');
    await world.elect();
    const upload = new Upload(world, 'first', state);
    ok(await upload.open('m1'));
    const [first = EMPTY_BYTES, ...others] = upload.bodies;
    for (const at of [0, 5, 40, first.length - 1]) {
      const altered = first.slice();
      altered[at] = (altered[at] ?? 0) ^ 4;
      refused(await upload.fill('m1', [altered, ...others]), Code.InvalidArgument, /refused/);
      refused(await upload.commit('m1'), Code.InvalidArgument, /here waits nothing/);
    }
    refused(await upload.fill('m1', [first]), Code.InvalidArgument, /of 2 chunks 1 came/);
    refused(await upload.fill('m1', [first, first]), Code.InvalidArgument, /refused/);
    assertFresh(world.host('m1'));
    ok(await upload.fill('m1'));
    ok(await upload.commit('m1'));
    assertRestored(world.host('m1'), state);
  });

  it('is refused by a cluster that has data, however it came between', async () => {
    const state = await sample();
    const { world, upload } = await ready(state);
    await put(world, world.host('m1'), 'key', 'v');
    refused(await upload.commit('m1'), Code.FailedPrecondition, /the cluster has data/);
    refused(await upload.open('m1'), Code.FailedPrecondition, /the cluster has data/);
    const { member, rows } = world.host('m1');
    assert.equal(member.state.mvcc.revision, 2);
    assert.notEqual(member.state.staged.digest, undefined);
    member.checkpoint();
    member.stop();
    const restarted = world.start('m1', rows).member.state;
    assert.equal(restarted.staged.digest, undefined, 'what waits in vain goes with a restart');
    assert.equal(restarted.mvcc.revision, 2);
  });

  it('of an upload that has ended is void, wherever it still waits', async () => {
    const state = await sample();
    const { world, upload } = await ready(state);
    const second = new Upload(world, 'second', state);
    ok(await second.open('m1'));
    refused(await upload.commit('m1'), Code.FailedPrecondition, /upload first has ended/);
    refused(await upload.fill('m1'), Code.InvalidArgument, /knows no upload first/);
    for (const name of MEMBERS) assertFresh(world.host(name));
    ok(await upload.call('m1', 'open', encodeUpload('')));
    for (const name of MEMBERS) ok(await upload.call(name, 'abort', encodeUpload('second')));
    for (const name of MEMBERS) {
      assert.equal(world.host(name).member.state.staged.digest, undefined);
    }
  });

  it('answers what is no message with its words', async () => {
    const world = new World('m1');
    const { service } = await world.elect();
    for (const [step, method] of Object.entries(RESTORE_METHODS)) {
      if (step === 'open') continue;
      const result = await world.settled(service.call(method, Uint8Array.of(200, 1, 1)));
      refused(result, Code.InvalidArgument, /restore refused/);
    }
  });
});
