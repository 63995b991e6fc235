/** Goal: whole members, in one process and without a clock of their own, do what the parts promise. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Code, StatusError } from '../../src/api/errors.ts';
import {
  HashKVRequest,
  HashKVResponse,
  InternalRequest,
  PutRequest,
  RangeRequest,
  RangeResponse,
} from '../../src/api/messages.ts';
import { CHECKPOINT_AT_REST_ROWS } from '../../src/constants.ts';
import { UnknownRequestError } from '../../src/apply/unknown-request.ts';
import { bytesOf } from '../../src/lib/bytes.ts';
import { CANNOT_START, type CallResult } from '../../src/member/rpc.ts';
import { encodeMessages } from '../../src/raft/codec.ts';
import { messageOf } from '../../src/raft/message.ts';
import { MessageType } from '../../src/raft/types.ts';
import { LOG_TABLE } from '../../src/wal/batch-rows.ts';
import { type Host, World } from './support/world.ts';

const put = (host: Host, key: string): Promise<CallResult> =>
  host.service.call(
    'etcdserverpb.KV/Put',
    PutRequest.encode({ key: bytesOf(key), value: bytesOf('value') }).finish(),
  );
const get = (host: Host, key: string, serializable = false): Promise<CallResult> =>
  host.service.call(
    'etcdserverpb.KV/Range',
    RangeRequest.encode({ key: bytesOf(key), serializable }).finish(),
  );
const countIn = ({ body }: CallResult): number => RangeResponse.decode(body).kvs.length;

async function hashOf(host: Host): Promise<number> {
  const request = HashKVRequest.encode({}).finish();
  const { code, body } = await host.service.call('etcdserverpb.Maintenance/HashKV', request);
  assert.equal(code, Code.OK);
  return HashKVResponse.decode(body).hash;
}

describe('three members', () => {
  it('answer writes and linearizable reads wherever they are asked, and hold the same', async () => {
    const world = new World('m1,m2,m3');
    const leader = await world.elect();
    for (const [at, name] of ['m1', 'm2', 'm3'].entries()) {
      const answer = await world.settled(put(world.host(name), `key ${at}`));
      assert.deepEqual([answer.code, answer.message], [Code.OK, '']);
      const { roster, ...served } = answer.served;
      const { revision } = leader.member.state.mvcc;
      assert.deepEqual(served, {
        member: name,
        region: '',
        leader: leader.name,
        revision,
        stalenessMs: undefined,
      });
      assert.equal(roster, leader.member.roster.mark);
    }
    for (const host of world.hosts.values()) {
      for (const at of [0, 1, 2]) {
        assert.equal(countIn(await world.settled(get(host, `key ${at}`))), 1);
      }
    }
    const hashes = await Promise.all([...world.hosts.values()].map(hashOf));
    assert.equal(new Set(hashes).size, 1);
  });

  it('keep few rows of log over their rests, since every wake reads them', async () => {
    const world = new World('m1,m2,m3');
    const leader = await world.elect();
    for (let count = 1; count <= 4 * CHECKPOINT_AT_REST_ROWS; count++) {
      await world.settled(put(leader, `key ${count}`));
      if (count % 128 === 0) await world.clock.advance(5_000);
    }
    for (const { rows, name } of world.hosts.values()) {
      const kept = rows.heads(LOG_TABLE, 0, Number.MAX_SAFE_INTEGER, Infinity).length;
      assert.ok(kept < 2 * CHECKPOINT_AT_REST_ROWS, `${name} keeps ${kept}`);
    }
    const again = world.start(leader.name, leader.rows);
    assert.equal(countIn(await world.settled(get(again, 'key 1'))), 1);
  });

  it('close their streams when they come to rest, the leader too', async () => {
    const world = new World('m1,m2,m3');
    const leader = await world.elect();
    await world.settled(put(leader, 'key'));
    assert.equal(world.streaming.size, 3);
    for (let ms = 0; ms < 5_000 && !leader.member.status.resting; ms += 100) {
      await world.clock.advance(100);
    }
    await world.clock.advance(100);
    assert.deepEqual([...world.streaming], []);
    // What an old candidate asks is answered without waking, and nothing stays open for it.
    const [other] = [...world.hosts.values()].filter((host) => host !== leader);
    assert.ok(other?.member.status.resting);
    const fields = { term: leader.member.term - 1 };
    const late = messageOf(MessageType.vote, leader.member.self.id, other.member.self.id, fields);
    other.member.receive(encodeMessages([late]));
    await world.clock.advance(100);
    assert.deepEqual([...world.streaming], []);
  });

  it('time out without a majority, and read serializably all the same', async () => {
    const world = new World('m1,m2,m3');
    const leader = await world.elect();
    await world.settled(put(leader, 'key'));
    for (const host of world.hosts.values()) if (host !== leader) world.cut.add(host.name);
    const [write, read] = [put(leader, 'lost'), get(leader, 'key')];
    const timeout = StatusError.of('timeout');
    assert.equal((await world.settled(write)).message, timeout.message);
    assert.equal((await world.settled(read)).message, timeout.message);
    assert.equal(countIn(await get(leader, 'key', true)), 1);
  });

  it('read serializably what they know to be committed, asleep or restarted in between', async () => {
    const world = new World('m1,m2,m3');
    const leader = await world.elect();
    await world.settled(put(leader, 'key'));
    await world.clock.advance(5_000);
    for (const { name, rows, member } of [...world.hosts.values()]) {
      const { applied, resting } = member.status;
      assert.ok(resting);
      member.stop();
      const again = world.start(name, rows);
      assert.ok(again.member.status.applied < applied);
      assert.equal(countIn(await get(again, 'key', true)), 1);
      assert.equal(again.member.status.applied, applied);
      assert.ok(again.member.status.resting);
    }
  });

  it('go on under a new leader when the old one is cut off, and lose nothing', async () => {
    const world = new World('m1,m2,m3');
    const old = await world.elect();
    await world.settled(put(old, 'before'));
    world.cut.add(old.name);
    const [other] = [...world.hosts.values()].filter((host) => host !== old);
    assert.ok(other !== undefined);
    let answer = await world.settled(put(other, 'after'));
    if (answer.code !== Code.OK) answer = await world.settled(put(other, 'after'));
    assert.equal(answer.code, Code.OK);
    assert.notEqual(answer.served.leader, old.name);
    world.cut.clear();
    for (const key of ['before', 'after']) {
      assert.equal(countIn(await world.settled(get(old, key))), 1, key);
    }
  });

  it('end everything that waits when one is stopped', async () => {
    const world = new World('m1,m2,m3');
    const leader = await world.elect();
    world.cut.add(leader.name);
    const waiting = [put(leader, 'key'), get(leader, 'key')];
    leader.member.stop();
    const { code, message } = StatusError.of('stopped');
    for (const answer of await Promise.all(waiting)) {
      assert.deepEqual([answer.code, answer.message], [code, message]);
    }
    assert.equal((await put(leader, 'key')).code, code);
    assert.equal((await get(leader, 'key', true)).code, code);
  });
});

describe('a member of one', () => {
  it('refuses to start on damaged storage, names the row, and changes nothing', async () => {
    const world = new World('m1');
    const host = await world.elect();
    await world.settled(put(host, 'key'));
    host.member.stop();
    const [last] = host.rows.rows('wal', 0, Number.MAX_SAFE_INTEGER, 1_000).slice(-1);
    assert.ok(last !== undefined);
    const data = last.data.slice();
    data[data.length >> 1] = (data[data.length >> 1] ?? 0) ^ 1;
    host.rows.put('wal', last.id, last.head, data);
    const before = host.rows.tables();
    for (let start = 0; start < 2; start++) {
      assert.throws(
        () => world.start('m1', host.rows),
        new RegExp(`${CANNOT_START} m1: .*row ${last.id} of wal:`),
      );
    }
    assert.deepEqual(host.rows.tables(), before);
  });

  it('refuses the storage of another member, saying so', async () => {
    const world = new World('m1,m2');
    const host = await world.elect();
    for (const { member } of world.hosts.values()) member.stop();
    const other = host.name === 'm1' ? 'm2' : 'm1';
    for (const [members, name] of [
      ['n1,n2,n3', 'n1'],
      ['m1,m2', other],
    ] as const) {
      assert.throws(() => new World(members).start(name, host.rows), {
        name: 'ForeignStorageError',
        message: `${CANNOT_START} ${name}: its storage is that of member ${host.name} of cluster ${world.config.id}`,
      });
    }
  });

  it('keeps its id and its cluster when the list of first members is changed later', async () => {
    const world = new World('m1');
    const host = await world.elect();
    await world.settled(put(host, 'key'));
    host.member.stop();
    const changed = new World('m1,m2,m3');
    assert.notEqual(changed.config.id, world.config.id);
    const again = changed.start('m1', host.rows);
    assert.equal(again.member.config.id, world.config.id);
    assert.equal(countIn(await changed.settled(get(again, 'key'))), 1);
    assert.equal(again.member.state.membership.members.length, 1);
  });
});

describe('an entry of a newer version', () => {
  async function meet(): Promise<{ world: World; host: Host }> {
    const world = new World('m1');
    const host = await world.elect();
    await world.settled(put(host, 'key'));
    // A request of no kind that this version knows: proposer and sequence, and nothing else.
    const unknown = host.member.propose({});
    await assert.rejects(world.settled(unknown), {
      code: Code.Unavailable,
      message: /^edgetcd: member m1 waits for a newer version: /,
    });
    return { world, host };
  }

  it('is what this test takes it for', () => {
    const encoded = InternalRequest.encode({ proposer: new Uint8Array(8), sequence: 1 }).finish();
    const { host } = { host: new World('m1').host('m1') };
    const index = host.member.state.applied.index + 1;
    assert.throws(
      () => host.member.state.applyEntry({ index, term: 1, kind: 0, data: encoded }),
      UnknownRequestError,
    );
  });

  it('ends the member before it, once and for good, with the reason in every answer', async () => {
    const { world, host } = await meet();
    const applied = host.member.state.applied.index;
    for (let call = 0; call < 3; call++) {
      for (const answer of [await put(host, 'more'), await get(host, 'key', true)]) {
        assert.equal(answer.code, Code.Unavailable);
        assert.match(answer.message, /waits for a newer version/);
      }
      await world.clock.advance(10_000);
    }
    assert.equal(host.member.state.applied.index, applied);
    assert.equal(host.lines.filter((line) => line.startsWith('member stops')).length, 1);
    assert.deepEqual(host.abandoned, [], 'a new instance would only meet the entry again');
    assert.equal(world.clock.pendingTimers, 0);
  });

  it('is met again after a restart of the same version, and nothing before it is lost', async () => {
    const { world, host } = await meet();
    const again = world.start('m1', host.rows);
    const answer = await world.settled(get(again, 'key'));
    assert.equal(answer.code, Code.Unavailable);
    assert.match(answer.message, /waits for a newer version/);
    assert.equal(again.member.state.mvcc.revision, 2);
  });
});
