/** Goal: the Maintenance service of a member does what etcd's does, with etcd's errors. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Code, type ErrorName, StatusError } from '../../src/api/errors.ts';
import {
  AlarmAction,
  AlarmRequest,
  AlarmResponse,
  AlarmType,
  CompactionRequest,
  DefragmentRequest,
  DefragmentResponse,
  DeleteRangeRequest,
  DowngradeAction,
  DowngradeRequest,
  DowngradeResponse,
  HashKVRequest,
  HashKVResponse,
  HashRequest,
  HashResponse,
  idOf,
  idToLong,
  LeaseGrantRequest,
  MoveLeaderRequest,
  MoveLeaderResponse,
  PutRequest,
  RangeRequest,
  StatusRequest,
  StatusResponse,
  TxnRequest,
} from '../../src/api/messages.ts';
import { bytesOf } from '../../src/lib/bytes.ts';
import type { CallResult } from '../../src/member/rpc.ts';
import { type Host, World } from './support/world.ts';

const EMPTY = new Uint8Array(0);

const call = (host: Host, method: string, body: Uint8Array = EMPTY): Promise<CallResult> =>
  host.service.call(`etcdserverpb.${method}`, body);
const put = (host: Host, key: string, value = 'value'): Promise<CallResult> =>
  call(host, 'KV/Put', PutRequest.encode({ key: bytesOf(key), value: bytesOf(value) }).finish());

async function ok(world: World, pending: Promise<CallResult>): Promise<Uint8Array> {
  const { code, message, body } = await world.settled(pending);
  assert.deepEqual([code, message], [Code.OK, '']);
  return body;
}

async function refused(world: World, pending: Promise<CallResult>, name: ErrorName): Promise<void> {
  const answer = await world.settled(pending);
  const { code, message } = StatusError.of(name);
  assert.deepEqual([answer.code, answer.message], [code, message]);
}

async function status(world: World, host: Host): Promise<StatusResponse> {
  return StatusResponse.decode(
    await ok(world, call(host, 'Maintenance/Status', StatusRequest.encode({}).finish())),
  );
}

const alarm = (host: Host, action: AlarmAction, type: AlarmType, id = '0'.repeat(16)) =>
  call(
    host,
    'Maintenance/Alarm',
    AlarmRequest.encode({ action, alarm: type, memberID: idToLong(id) }).finish(),
  );

async function alarms(world: World, host: Host): Promise<string[]> {
  const body = await ok(world, alarm(host, AlarmAction.GET, AlarmType.NONE));
  return AlarmResponse.decode(body).alarms.map(
    ({ memberID, alarm: type }) => `${idOf(memberID)} ${type}`,
  );
}

describe('a quota', () => {
  const QUOTA_BYTES = 300_000;

  async function fill(world: World, host: Host): Promise<void> {
    for (let key = 0; key < 200; key++) {
      const { code } = await world.settled(put(host, `key ${key}`, 'x'.repeat(5_000)));
      if (code !== Code.OK) return;
    }
    throw new Error('a megabyte fits into the quota');
  }

  it('once passed stops all that makes the store larger, at all members, and nothing else', async () => {
    const world = new World('m1,m2,m3', { quotaBytes: QUOTA_BYTES });
    const leader = await world.elect();
    await fill(world, leader);
    await world.clock.advance(3_000);
    const value = { key: bytesOf('k'), value: bytesOf('v') };
    for (const host of world.hosts.values()) {
      assert.ok((await status(world, host)).errors.some((text) => text.endsWith('alarm:NOSPACE')));
      await refused(world, put(host, 'k'), 'noSpace');
      const txn = TxnRequest.encode({ success: [{ request_put: value }] }).finish();
      await refused(world, call(host, 'KV/Txn', txn), 'noSpace');
      const grant = LeaseGrantRequest.encode({ ID: 1, TTL: 60 }).finish();
      await refused(world, call(host, 'Lease/LeaseGrant', grant), 'noSpace');
      await ok(world, call(host, 'KV/Range', RangeRequest.encode({ key: bytesOf('k') }).finish()));
      const deletion = DeleteRangeRequest.encode({ key: bytesOf(`key ${host.name}`) }).finish();
      await ok(world, call(host, 'KV/DeleteRange', deletion));
    }
    assert.ok(
      (await alarms(world, leader)).includes(`${leader.member.self.id} ${AlarmType.NOSPACE}`),
    );
    assert.equal(Number((await status(world, leader)).dbSizeQuota), QUOTA_BYTES);
  });

  it("is the whole cluster's as soon as one member's storage is full", async () => {
    const world = new World('m1,m2,m3', { quotaBytes: QUOTA_BYTES });
    const leader = await world.elect();
    await ok(world, put(leader, 'k'));
    const [follower] = [...world.hosts.values()].filter((host) => host !== leader);
    assert.ok(follower !== undefined);
    follower.rows.put('ballast', 0, EMPTY, new Uint8Array(QUOTA_BYTES));
    // At rest nobody looks.
    for (let second = 0; second < 3; second++) {
      await world.settled(put(leader, 'k'));
      await world.clock.advance(1_000);
    }
    await refused(world, put(leader, 'k'), 'noSpace');
    follower.rows.drop('ballast');
    await ok(
      world,
      alarm(leader, AlarmAction.DEACTIVATE, AlarmType.NOSPACE, follower.member.self.id),
    );
    assert.deepEqual(await alarms(world, leader), []);
    await ok(world, put(leader, 'k'));
  });
});

describe('alarms', () => {
  it('are raised, listed and cleared at any member', async () => {
    const world = new World('m1,m2');
    const leader = await world.elect();
    const [other] = [...world.hosts.values()].filter((host) => host !== leader);
    assert.ok(other !== undefined);
    const { id } = leader.member.self;
    assert.deepEqual(await alarms(world, other), []);
    await ok(world, alarm(other, AlarmAction.ACTIVATE, AlarmType.NOSPACE, id));
    for (const host of [leader, other]) {
      assert.deepEqual(await alarms(world, host), [`${id} ${AlarmType.NOSPACE}`]);
      await refused(world, put(host, 'k'), 'noSpace');
    }
    await ok(world, alarm(other, AlarmAction.DEACTIVATE, AlarmType.NOSPACE, id));
    await ok(world, put(leader, 'k'));
    await ok(world, alarm(leader, AlarmAction.ACTIVATE, AlarmType.CORRUPT, 'f'.repeat(16)));
    await refused(world, put(leader, 'k'), 'corrupt');
  });
});

describe('hashes', () => {
  const hashKv = (host: Host, revision = 0) =>
    call(host, 'Maintenance/HashKV', HashKVRequest.encode({ revision }).finish());

  it('are equal at all members, at each revision, before and after a compaction', async () => {
    const world = new World('m1,m2,m3');
    const leader = await world.elect();
    for (let count = 0; count < 30; count++) await ok(world, put(leader, `key ${count % 7}`));
    for (const compacted of [0, 20]) {
      if (compacted > 0) {
        const body = CompactionRequest.encode({ revision: compacted, physical: true }).finish();
        await ok(world, call(leader, 'KV/Compact', body));
      }
      await world.clock.advance(1_000);
      for (const revision of [0, 20, 25]) {
        const found = new Set<string>();
        for (const host of world.hosts.values()) {
          const answer = HashKVResponse.decode(await ok(world, hashKv(host, revision)));
          const at = Number(answer.hash_revision);
          assert.equal(at, revision === 0 ? 31 : revision);
          found.add(`${answer.hash} ${Number(answer.compact_revision)}`);
        }
        assert.equal(found.size, 1);
      }
    }
    await refused(world, hashKv(leader, 19), 'compacted');
    await refused(world, hashKv(leader, 32), 'futureRev');
    const whole = new Set<number>();
    for (const host of world.hosts.values()) {
      const body = await ok(world, call(host, 'Maintenance/Hash', HashRequest.encode({}).finish()));
      whole.add(HashResponse.decode(body).hash);
    }
    assert.equal(whole.size, 1);
  });
});

describe('a physical compaction', () => {
  it('is answered when it is cleaned up, and not before', async () => {
    const world = new World('m1');
    const host = await world.elect();
    for (let count = 0; count < 200; count++) await ok(world, put(host, 'key', 'x'.repeat(1_000)));
    const body = CompactionRequest.encode({ revision: 200, physical: true }).finish();
    await ok(world, call(host, 'KV/Compact', body));
    const left = host.rows
      .tables()
      .filter((table) => table.startsWith('mvcc_log'))
      .flatMap((table) => host.rows.rows(table, 0, Number.MAX_SAFE_INTEGER, 1_000))
      .reduce((sum, { data }) => sum + data.length, 0);
    // Two of 200 versions are left, in a page that may hold some of the dead.
    assert.ok(left < 100_000, `${left} bytes of history`);
    const { dbSize, dbSizeInUse } = await status(world, host);
    assert.ok(Number(dbSizeInUse) <= Number(dbSize));
    assert.equal(Number(dbSize), host.member.storageBytes);
  });
});

describe('MoveLeader', () => {
  const move = (host: Host, id: string) =>
    call(
      host,
      'Maintenance/MoveLeader',
      MoveLeaderRequest.encode({ targetID: idToLong(id) }).finish(),
    );

  it('hands leadership to the member named, at the leader alone', async () => {
    const world = new World('m1,m2,m3,m4:learner');
    const leader = await world.elect();
    const others = [...world.hosts.values()].filter((host) => host !== leader);
    const target = others.find(({ name }) => name !== 'm4');
    assert.ok(target !== undefined);
    await refused(world, move(target, target.member.self.id), 'notLeader');
    await refused(world, move(leader, 'f'.repeat(16)), 'badLeaderTransferee');
    await refused(world, move(leader, world.host('m4').member.self.id), 'badLeaderTransferee');
    const body = await ok(world, move(leader, target.member.self.id));
    assert.equal(MoveLeaderResponse.decode(body).header, null);
    assert.equal(leader.member.leaderName, target.name);
    await ok(world, put(target, 'key'));
    // To itself: it leads already.
    await ok(world, move(target, target.member.self.id));
  });

  it('says so when the member does not take it', async () => {
    const world = new World('m1,m2,m3');
    const leader = await world.elect();
    const [target] = [...world.hosts.values()].filter((host) => host !== leader);
    assert.ok(target !== undefined);
    world.cut.add(target.name);
    await refused(world, move(leader, target.member.self.id), 'timeoutLeaderTransfer');
    await ok(world, put(leader, 'key'));
  });
});

describe('Downgrade', () => {
  const downgrade = (host: Host, action: DowngradeAction, version: string) =>
    call(host, 'Maintenance/Downgrade', DowngradeRequest.encode({ action, version }).finish());

  it('takes the release before this one, and has nothing to do', async () => {
    const world = new World('m1');
    const host = await world.elect();
    for (const action of [DowngradeAction.VALIDATE, DowngradeAction.ENABLE]) {
      for (const version of ['3.6', '3.6.0', '3.6.9']) {
        const body = await ok(world, downgrade(host, action, version));
        assert.equal(DowngradeResponse.decode(body).version, '3.7.0');
      }
      for (const version of ['', '3', 'v3.6', '3.6.x']) {
        await refused(world, downgrade(host, action, version), 'wrongDowngradeVersionFormat');
      }
      for (const version of ['3.7', '3.5', '2.6', '3.8.0']) {
        await refused(world, downgrade(host, action, version), 'invalidDowngradeTargetVersion');
      }
    }
    await ok(world, downgrade(host, DowngradeAction.CANCEL, ''));
    assert.equal((await status(world, host)).downgradeInfo?.enabled, false);
  });
});

describe('Defragment', () => {
  it('answers at once, without a header', async () => {
    const world = new World('m1');
    const host = await world.elect();
    const body = await call(host, 'Maintenance/Defragment', DefragmentRequest.encode({}).finish());
    assert.equal(body.code, Code.OK);
    assert.equal(DefragmentResponse.decode(body.body).header, null);
  });
});
