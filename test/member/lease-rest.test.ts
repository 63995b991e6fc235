/** Goal: followers at rest know when to look after their leader, and do not do so for ever without a quorum. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LeaseGrantRequest, PutRequest } from '../../src/api/messages.ts';
import { LEASE_FOLLOWER_GRACE_MS, LEASE_LEADERLESS_ALARM_MS_MAX } from '../../src/constants.ts';
import { ByteReader, ByteWriter } from '../../src/lib/binary.ts';
import { bytesOf } from '../../src/lib/bytes.ts';
import { Alarms } from '../../src/member/alarms.ts';
import { decodeRestNote, encodeRestNote, LeaseAlarm } from '../../src/member/lease-alarm.ts';
import { MemoryRowStore } from '../support/memory-row-store.ts';
import { ManualClock } from './support/manual-clock.ts';
import { type Host, World } from './support/world.ts';

const SECOND = 1_000;
const GRACE = LEASE_FOLLOWER_GRACE_MS;

/** Time passes, and whoever set an alarm is called when it is due; early calls are nothing to a member. */
async function pass(world: World, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 100) {
    await world.clock.advance(Math.min(left, 100));
    for (const { member, name } of world.hosts.values()) if (!world.cut.has(name)) member.alarm();
  }
}

function isAtRest({ member }: Host): boolean {
  return member.status.resting;
}

/** Milliseconds until the member wants to be woken for its leases. */
function alarmIn(world: World, host: Host): number {
  const row = host.rows.get('lease_alarm', 0);
  assert.ok(row !== undefined, `${host.name} wishes for no alarm`);
  return new ByteReader(row.head).varint() - world.clock.nowMs();
}

/** A cluster with one lease of a minute and a key on it, at rest since `agoMs` after the grant. */
async function rested(agoMs: number): Promise<{ world: World; leader: Host; others: Host[] }> {
  const world = new World('a,b,c');
  const leader = await world.elect();
  const others = [...world.hosts.values()].filter((host) => host !== leader);
  const grant = LeaseGrantRequest.encode({ ID: 7, TTL: 60 }).finish();
  await world.settled(leader.service.call('etcdserverpb.Lease/LeaseGrant', grant));
  const grantedMs = world.clock.nowMs();
  await pass(world, agoMs);
  // Work that wakes the cluster says nothing of the lease.
  const put = PutRequest.encode({ key: bytesOf('k'), lease: 7 }).finish();
  await world.settled(leader.service.call('etcdserverpb.KV/Put', put));
  await pass(world, 3 * SECOND);
  assert.ok([...world.hosts.values()].every(isAtRest));
  assert.ok(world.clock.nowMs() - grantedMs < 60 * SECOND);
  return { world, leader, others };
}

describe('a follower at rest', () => {
  it('looks after its leader when the first lease should have ended, and a grace later', async () => {
    const { world, leader, others } = await rested(45 * SECOND);
    const first = alarmIn(world, leader);
    assert.ok(first < 13 * SECOND, `the leader would wake in ${first} ms`);
    for (const host of others) {
      const late = alarmIn(world, host) - first;
      assert.ok(late >= GRACE && late < GRACE + SECOND, `${host.name} would look ${late} ms later`);
    }
  });

  it('replaces a leader that is gone for good soon after the first lease should have ended', async () => {
    const { world, leader, others } = await rested(45 * SECOND);
    world.cut.add(leader.name);
    await pass(world, alarmIn(world, leader) + GRACE + 8 * SECOND);
    assert.ok(others.some(({ member }) => member.status.role === 'leader'));
    // The new leader gives the lease its time anew, and an election's.
    await pass(world, 62 * SECOND);
    for (const { member } of others) assert.equal(member.state.mvcc.get('k'), undefined);
  });

  it('asks less and less often while it finds no leader', async () => {
    const { world, leader, others } = await rested(45 * SECOND);
    const [alone, other] = others as [Host, Host];
    world.cut.add(leader.name).add(other.name);
    const pauses: number[] = [];
    for (let look = 0; look < 4; look++) {
      await pass(world, alarmIn(world, alone) + 100);
      assert.equal(isAtRest(alone), false);
      while (!isAtRest(alone)) await pass(world, SECOND);
      pauses.push(Math.round(alarmIn(world, alone) / SECOND));
    }
    assert.deepEqual(
      pauses.map((pause) => Math.round(pause / 65)),
      [1, 2, 4, 8],
    );
    world.cut.clear();
    alone.member.linearizable().catch(() => undefined);
    await pass(world, 5 * SECOND);
    // The leader wakes, and the lease's time has long been over.
    assert.equal(alone.member.leaderName, leader.name);
    assert.equal(alone.member.state.mvcc.get('k'), undefined);
    assert.equal(alone.rows.get('lease_alarm', 0), undefined);
  });
});

describe('the alarm of leases', () => {
  it('never pauses for longer than its limit, unless no lease can end before', () => {
    const alarm = new LeaseAlarm(new Alarms(new ManualClock()), new MemoryRowStore());
    for (let look = 0; look < 60; look++) alarm.wishToCheck(0, 60 * SECOND, false);
    assert.equal(alarm.atMs, LEASE_LEADERLESS_ALARM_MS_MAX);
    const day = 24 * 60 * 60 * SECOND;
    alarm.wishToCheck(0, day, false);
    assert.equal(alarm.atMs, day + GRACE);
  });

  it('survives its object; one whose row is damaged, or of an earlier version, is set anew', () => {
    const rows = new MemoryRowStore();
    const alarms = new Alarms(new ManualClock());
    for (let look = 0; look < 3; look++) {
      new LeaseAlarm(alarms, rows).wishToCheck(0, 60 * SECOND, false);
    }
    assert.equal(new LeaseAlarm(alarms, rows).atMs, 4 * (60 * SECOND + GRACE));
    const old = new ByteWriter();
    old.varint(77);
    rows.put('lease_alarm', 0, old.finish(), new Uint8Array(0));
    const alarm = new LeaseAlarm(alarms, rows);
    assert.equal(alarm.atMs, undefined);
    alarm.wish(77);
    assert.equal(new LeaseAlarm(alarms, rows).atMs, 77);
    alarm.wish(undefined);
    assert.equal(rows.get('lease_alarm', 0), undefined);
  });

  it('is told of in a note that may say nothing', () => {
    for (const remainingMs of [undefined, 0, 12_345]) {
      assert.equal(decodeRestNote(encodeRestNote(remainingMs)), remainingMs);
    }
    assert.equal(decodeRestNote(encodeRestNote(-5)), 0);
    assert.equal(decodeRestNote(Uint8Array.of(0xff)), undefined);
  });
});
