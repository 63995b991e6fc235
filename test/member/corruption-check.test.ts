/** Goal: a member that holds something else than the others is found, named and fenced off, and can be healed. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Code, StatusError } from '../../src/api/errors.ts';
import {
  AlarmAction,
  AlarmRequest,
  AlarmType,
  idToLong,
  PutRequest,
  RangeRequest,
  RangeResponse,
} from '../../src/api/messages.ts';
import { ByteWriter } from '../../src/lib/binary.ts';
import { bytesOf, byteString } from '../../src/lib/bytes.ts';
import { checksum32 } from '../../src/lib/checksum.ts';
import { oddOnesOut } from '../../src/member/corruption-check.ts';
import type { CallResult } from '../../src/member/rpc.ts';
import type { MemoryRowStore } from '../support/memory-row-store.ts';
import { type Host, World } from './support/world.ts';

const INTERVAL_MS = 2_000;
const CHECKSUMS_BYTES = 8;

const call = (host: Host, method: string, body: Uint8Array): Promise<CallResult> =>
  host.service.call(`etcdserverpb.${method}`, body);
const put = (host: Host, key: string, value: string): Promise<CallResult> =>
  call(host, 'KV/Put', PutRequest.encode({ key: bytesOf(key), value: bytesOf(value) }).finish());
const get = (host: Host, key: string): Promise<CallResult> =>
  call(host, 'KV/Range', RangeRequest.encode({ key: bytesOf(key), serializable: true }).finish());

const valueIn = ({ code, message, body }: CallResult): string => {
  assert.deepEqual([code, message], [Code.OK, '']);
  return byteString(RangeResponse.decode(body).kvs[0]?.value ?? bytesOf('nothing'));
};

/** Changes what pages hold, with sound checksums: as a bug would, not a disk. Returns how many rows. */
function alter(rows: MemoryRowStore, from: string, to: string): number {
  let altered = 0;
  for (const table of rows.tables().filter((name) => name.startsWith('mvcc_log'))) {
    for (const row of rows.rows(table, 0, Number.MAX_SAFE_INTEGER, 10_000)) {
      const text = byteString(row.data);
      if (!text.includes(from)) continue;
      const data = bytesOf(text.replace(from, to));
      const head = new ByteWriter();
      head.raw(row.head.subarray(0, row.head.length - CHECKSUMS_BYTES));
      head.u32(checksum32(data));
      head.u32(checksum32(head.view(), row.id));
      rows.put(table, row.id, head.finish(), data);
      altered++;
    }
  }
  return altered;
}

/** Writes now and then, so that the cluster stays awake and has something to compare. */
async function liveOn(world: World, host: Host, ms: number): Promise<CallResult[]> {
  const answers: CallResult[] = [];
  for (let passed = 0; passed < ms; passed += 500) {
    answers.push(await world.settled(put(host, 'pulse', String(passed))));
    await world.clock.advance(500);
  }
  return answers;
}

async function diverged(which: 'follower' | 'leader') {
  const world = new World('m1,m2,m3', { corruptionCheckMs: INTERVAL_MS });
  const first = await world.elect();
  await world.settled(put(first, 'key', 'the right value'));
  await world.clock.advance(5_000);
  const others = [...world.hosts.values()].filter((host) => host !== first);
  const victim = which === 'leader' ? first : others[0];
  assert.ok(victim !== undefined);
  victim.member.checkpoint();
  victim.member.stop();
  assert.equal(alter(victim.rows, 'the right value', 'the wrong value'), 1);
  const odd = world.start(victim.name, victim.rows);
  assert.equal(valueIn(await get(odd, 'key')), 'the wrong value');
  return { world, odd, good: others.find((host) => host !== victim) ?? first };
}

describe('members that hold the same', () => {
  it('are compared without anybody noticing', async () => {
    const world = new World('m1,m2,m3', { corruptionCheckMs: INTERVAL_MS });
    const leader = await world.elect();
    for (const { code } of await liveOn(world, leader, 10_000)) assert.equal(code, Code.OK);
    assert.deepEqual(leader.member.state.alarms.all, []);
    assert.ok(leader.rows.get('hash_check', 0) !== undefined);
  });

  it('are not kept awake by it', async () => {
    const world = new World('m1,m2,m3', { corruptionCheckMs: INTERVAL_MS });
    const leader = await world.elect();
    await world.settled(put(leader, 'key', 'value'));
    await world.clock.advance(20_000);
    assert.equal(world.clock.pendingTimers, 0);
  });
});

describe('a member that holds something else', () => {
  for (const which of ['follower', 'leader'] as const) {
    it(`is named and serves nothing any more: ${which}`, async () => {
      const { world, odd, good } = await diverged(which);
      const answers = await liveOn(world, good, 12_000);
      const corrupt = StatusError.of('corrupt');
      assert.equal(answers.at(-1)?.message, corrupt.message);
      const named = [{ memberId: odd.member.self.id, type: AlarmType.CORRUPT }];
      assert.deepEqual(good.member.state.alarms.all, named);
      assert.equal((await get(odd, 'key')).message, corrupt.message);
      assert.equal(valueIn(await get(good, 'key')), 'the right value');
      assert.notEqual(good.member.leaderName, odd.name);
    });
  }

  it('fetches the state of the others once its alarm is cleared', async () => {
    const { world, odd, good } = await diverged('follower');
    await liveOn(world, good, 12_000);
    const request = AlarmRequest.encode({
      action: AlarmAction.DEACTIVATE,
      alarm: AlarmType.CORRUPT,
      memberID: idToLong(odd.member.self.id),
    }).finish();
    const cleared = await world.settled(call(good, 'Maintenance/Alarm', request));
    assert.equal(cleared.code, Code.OK);
    await world.clock.advance(500);
    assert.equal(odd.abandoned.length, 1);
    const healed = world.start(odd.name, odd.rows);
    const last = (await liveOn(world, good, 20_000)).at(-1);
    assert.equal(last?.message, '');
    assert.equal(valueIn(await get(healed, 'key')), 'the right value');
    assert.deepEqual(good.member.state.alarms.all, []);
  });
});

describe('who differs', () => {
  const own = { hash: 1, revision: 9, compactRevision: 3 };

  it('is a minority, of those that can be compared', () => {
    const other = { ...own, hash: 2 };
    const elsewhere = { ...own, hash: 2, compactRevision: 4 };
    const odd = (answers: Record<string, typeof own | undefined>) =>
      oddOnesOut(new Map(Object.entries(answers)), own);
    assert.deepEqual(odd({ a: own, b: own, c: own }), []);
    assert.deepEqual(odd({ a: own, b: own, c: other }), ['c']);
    assert.deepEqual(odd({ a: own, b: other, c: other }), ['a']);
    assert.deepEqual(odd({ a: own, b: own, c: elsewhere, d: undefined }), []);
    assert.deepEqual(odd({ a: own, b: other, c: undefined }), [''], 'nobody knows who is right');
  });
});
