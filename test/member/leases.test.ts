/** Goal: leases at real members over a network that can be cut: on time, never early, through any member. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  LeaseGrantRequest,
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponse,
  LeaseLeasesRequest,
  LeaseLeasesResponse,
  LeaseTimeToLiveRequest,
  LeaseTimeToLiveResponse,
  LockRequest,
  LockResponse,
  PutRequest,
  UnlockRequest,
} from '../../src/api/messages.ts';
import { byteString, bytesOf } from '../../src/lib/bytes.ts';
import type { CallResult } from '../../src/member/rpc.ts';
import { type Host, World } from './support/world.ts';

const LEASE = 'etcdserverpb.Lease';

/** Time passes, and whoever set an alarm is called when it is due; early calls are nothing to a member. */
async function pass(world: World, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 50) {
    await world.clock.advance(Math.min(left, 50));
    for (const { member, name } of world.hosts.values()) if (!world.cut.has(name)) member.alarm();
  }
}

function call(world: World, at: Host, method: string, body: Uint8Array): Promise<CallResult> {
  return world.settled(at.service.call(method, body));
}

async function grant(world: World, at: Host, ID: number, TTL: number): Promise<void> {
  const body = LeaseGrantRequest.encode({ ID, TTL }).finish();
  assert.equal((await call(world, at, `${LEASE}/LeaseGrant`, body)).code, 0);
}

async function put(world: World, at: Host, key: string, lease: number): Promise<void> {
  const body = PutRequest.encode({ key: bytesOf(key), lease }).finish();
  assert.equal((await call(world, at, 'etcdserverpb.KV/Put', body)).code, 0);
}

async function renew(world: World, at: Host, ID: number): Promise<number> {
  const body = LeaseKeepAliveRequest.encode({ ID }).finish();
  const result = await call(world, at, `${LEASE}/LeaseKeepAlive`, body);
  assert.equal(result.message, '');
  return LeaseKeepAliveResponse.decode(result.body).TTL.toNumber();
}

async function timeToLive(world: World, at: Host, ID: number): Promise<LeaseTimeToLiveResponse> {
  const body = LeaseTimeToLiveRequest.encode({ ID, keys: true }).finish();
  const result = await call(world, at, `${LEASE}/LeaseTimeToLive`, body);
  return LeaseTimeToLiveResponse.decode(result.body);
}

function holds({ member }: Host, key: string): boolean {
  return member.state.mvcc.get(key) !== undefined;
}

async function start(): Promise<{ world: World; leader: Host; followers: Host[] }> {
  const world = new World('a,b,c');
  const leader = await world.elect();
  const followers = [...world.hosts.values()].filter((host) => host !== leader);
  return { world, leader, followers };
}

describe('a lease at a cluster', () => {
  it('ends when its time is over, not before, and its keys go everywhere', async () => {
    const { world, leader } = await start();
    await grant(world, leader, 7, 5);
    const grantedMs = world.clock.nowMs();
    await put(world, leader, 'k', 7);
    // The cluster comes to rest meanwhile.
    await pass(world, 4_900 - (world.clock.nowMs() - grantedMs));
    assert.ok(leader.member.status.resting);
    assert.ok(holds(leader, 'k'));
    await pass(world, 1_000);
    for (const host of world.hosts.values()) {
      assert.equal(holds(host, 'k'), false);
      assert.equal(host.member.leases.lessor.has(7n), false);
    }
    assert.equal(await renew(world, leader, 7), 0);
  });

  it('is renewed and asked after through any member', async () => {
    const { world, followers } = await start();
    for (const [index, host] of followers.entries()) {
      await grant(world, host, index + 1, 5);
      await put(world, host, `k${index}`, index + 1);
      await pass(world, 3_000);
      assert.equal(await renew(world, host, index + 1), 5);
      await pass(world, 3_000);
      assert.ok(holds(host, `k${index}`));
      const { TTL, grantedTTL, keys } = await timeToLive(world, host, index + 1);
      assert.deepEqual([TTL.toNumber(), grantedTTL.toNumber()], [1, 5]);
      assert.deepEqual(keys.map(byteString), [`k${index}`]);
      const none = await timeToLive(world, host, 99);
      assert.deepEqual([none.TTL.toNumber(), none.grantedTTL.toNumber()], [-1, 0]);
      assert.equal(await renew(world, host, 99), 0);
    }
    const listed = await call(
      world,
      followers[0] as Host,
      `${LEASE}/LeaseLeases`,
      LeaseLeasesRequest.encode({}).finish(),
    );
    const { leases } = LeaseLeasesResponse.decode(listed.body);
    assert.deepEqual(
      leases.map(({ ID }) => ID.toNumber()),
      [2],
    );
  });

  it('survives the leader that granted it, by one election at most', async () => {
    const { world, leader, followers } = await start();
    await grant(world, leader, 7, 10);
    await put(world, leader, 'k', 7);
    world.cut.add(leader.name);
    const [other] = followers as [Host, Host];
    assert.equal(await renew(world, other, 7), 10);
    const renewedMs = world.clock.nowMs();
    const lost = LeaseKeepAliveRequest.encode({ ID: 7 }).finish();
    const late = await call(world, leader, `${LEASE}/LeaseKeepAlive`, lost);
    assert.notEqual(late.code, 0, 'a leader without a quorum renewed a lease');
    await pass(world, 9_900 - (world.clock.nowMs() - renewedMs));
    assert.ok(holds(other, 'k'));
    await pass(world, 2_500);
    assert.equal(holds(other, 'k'), false);
  });

  it('ends though the leader that rested with it never wakes', async () => {
    const { world, leader, followers } = await start();
    await grant(world, leader, 7, 5);
    await put(world, leader, 'k', 7);
    await pass(world, 3_000);
    assert.ok(followers.every(({ member }) => member.status.resting));
    world.cut.add(leader.name);
    await pass(world, 25_000);
    assert.deepEqual(
      followers.map((host) => holds(host, 'k')),
      [false, false],
    );
  });
});

describe('a lock', () => {
  const lock = (lease: number): Uint8Array =>
    LockRequest.encode({ name: bytesOf('m'), lease }).finish();

  it('passes on when its key goes, and is never had without a lease', async () => {
    const { world, leader, followers } = await start();
    const [near, far] = followers as [Host, Host];
    for (const id of [1, 2, 3]) await grant(world, leader, id, id === 2 ? 5 : 60);
    const held = await call(world, near, 'v3lockpb.Lock/Lock', lock(1));
    const { key } = LockResponse.decode(held.body);
    assert.equal(byteString(key), 'm/1');
    const second = far.service.call('v3lockpb.Lock/Lock', lock(2));
    const third = near.service.call('v3lockpb.Lock/Lock', lock(3));
    await pass(world, 8_000);
    // The second one's lease has ended while it waited.
    assert.equal((await second).message, 'mutex: session is expired');
    assert.equal(near.member.watch.keyWaits.size, 1);
    await call(world, leader, 'v3lockpb.Lock/Unlock', UnlockRequest.encode({ key }).finish());
    const passed = await world.settled(third);
    assert.equal(byteString(LockResponse.decode(passed.body).key), 'm/3');
    const dead = await call(world, near, 'v3lockpb.Lock/Lock', lock(99));
    assert.deepEqual([dead.code, dead.message], [2, 'etcdserver: requested lease not found']);
  });

  it('is not waited for by a client that has gone', async () => {
    const { world, leader } = await start();
    for (const id of [1, 2]) await grant(world, leader, id, 60);
    await call(world, leader, 'v3lockpb.Lock/Lock', lock(1));
    const waiting = leader.service.call('v3lockpb.Lock/Lock', lock(2), {}, 'call');
    await pass(world, 500);
    assert.ok(holds(leader, 'm/2'));
    await leader.service.cancel('call');
    assert.equal((await world.settled(waiting)).message, 'context canceled');
    assert.equal(holds(leader, 'm/2'), false);
    assert.equal(leader.member.watch.keyWaits.size, 0);
  });
});
