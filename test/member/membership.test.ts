/** Goal: members come and go at run time by etcd's rules, and nothing that was written is lost by it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Code, StatusError } from '../../src/api/errors.ts';
import {
  idOf,
  idToLong,
  MemberAddRequest,
  MemberAddResponse,
  MemberListRequest,
  MemberListResponse,
  MemberPromoteRequest,
  MemberRemoveRequest,
  MemberUpdateRequest,
  MoveLeaderRequest,
  PutRequest,
  RangeRequest,
  RangeResponse,
} from '../../src/api/messages.ts';
import type { ErrorName } from '../../src/api/errors.ts';
import { bytesOf } from '../../src/lib/bytes.ts';
import { encodeCommand, REPLACE_METHOD } from '../../src/member/membership-messages.ts';
import type { CallResult } from '../../src/member/rpc.ts';
import { type Host, World } from './support/world.ts';

const CLUSTER = 'etcdserverpb.Cluster';

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
const add = (host: Host, url: string, isLearner = false): Promise<CallResult> =>
  host.service.call(
    `${CLUSTER}/MemberAdd`,
    MemberAddRequest.encode({ peerURLs: [url], isLearner }).finish(),
  );
const remove = (host: Host, id: string): Promise<CallResult> =>
  host.service.call(
    `${CLUSTER}/MemberRemove`,
    MemberRemoveRequest.encode({ ID: idToLong(id) }).finish(),
  );
const promote = (host: Host, id: string): Promise<CallResult> =>
  host.service.call(
    `${CLUSTER}/MemberPromote`,
    MemberPromoteRequest.encode({ ID: idToLong(id) }).finish(),
  );
const update = (host: Host, id: string, url: string): Promise<CallResult> =>
  host.service.call(
    `${CLUSTER}/MemberUpdate`,
    MemberUpdateRequest.encode({ ID: idToLong(id), peerURLs: [url] }).finish(),
  );

async function list(world: World, host: Host) {
  const request = MemberListRequest.encode({ linearizable: true }).finish();
  const answer = await world.settled(host.service.call(`${CLUSTER}/MemberList`, request));
  assert.equal(answer.message, '');
  return MemberListResponse.decode(answer.body).members;
}

async function ok(world: World, pending: Promise<CallResult>): Promise<CallResult> {
  const answer = await world.settled(pending);
  assert.deepEqual([answer.code, answer.message], [Code.OK, '']);
  return answer;
}

async function refused(world: World, pending: Promise<CallResult>, name: ErrorName): Promise<void> {
  const answer = await world.settled(pending);
  const { code, message } = StatusError.of(name);
  assert.deepEqual([answer.code, answer.message], [code, message]);
}

const idIn = ({ body }: CallResult): string => {
  const { member } = MemberAddResponse.decode(body);
  assert.ok(member !== null);
  return idOf(member.ID);
};

/** Lets the new member's object come to life, catch up and say its name. */
async function joined(world: World, name: string): Promise<Host> {
  for (let tries = 0; tries < 100; tries++) {
    await world.clock.advance(100);
    const host = world.hosts.get(name);
    const self = host?.member.state.membership.get(host.member.self.id);
    if (host !== undefined && self?.name === name) return host;
  }
  throw new Error(`${name} did not join within 10 s`);
}

const follower = (world: World, leader: Host): Host => {
  const [found] = [...world.hosts.values()].filter((host) => host !== leader);
  assert.ok(found !== undefined);
  return found;
};

describe('MemberAdd', () => {
  it('brings in a learner, which catches up, says its name, reads and is promoted', async () => {
    const world = new World('m1,m2,m3');
    const leader = await world.elect();
    await ok(world, put(leader, 'before'));
    world.objects.add('m4');
    // At a follower: it passes the command on.
    const answer = await ok(world, add(follower(world, leader), 'do://test/m4?region=apac', true));
    const { member, members } = MemberAddResponse.decode(answer.body);
    assert.deepEqual(
      [member?.name, member?.peerURLs, member?.isLearner],
      ['', ['do://test/m4'], true],
    );
    assert.equal(members.length, 4);
    const host = await joined(world, 'm4');
    assert.equal(idIn(answer), host.member.self.id);
    assert.equal(host.member.config.id, leader.member.config.id);
    assert.equal(host.member.state.membership.get(host.member.self.id)?.region, 'apac');
    assert.equal(RangeResponse.decode((await ok(world, get(host, 'before'))).body).kvs.length, 1);
    await ok(world, put(host, 'through the learner'));

    await ok(world, promote(leader, host.member.self.id));
    const promoted = (await list(world, leader)).find((each) => each.name === 'm4');
    assert.equal(promoted?.isLearner, false);
    await refused(world, promote(leader, host.member.self.id), 'memberNotLearner');
    // Its vote counts: two of four are not enough, with it they are.
    const others = [...world.hosts.values()].filter((each) => each !== leader && each !== host);
    world.cut.add(others[0]?.name ?? '');
    await ok(world, put(leader, 'three of four'));
    world.cut.add(others[1]?.name ?? '');
    await refused(world, put(leader, 'two of four'), 'timeout');
  });

  it('makes two of one, and the second holds what the first had', async () => {
    const world = new World('m1');
    const first = await world.elect();
    await ok(world, put(first, 'before'));
    world.objects.add('m2');
    const adding = add(first, 'http://m2.weur.edgetcd.internal:1');
    await ok(world, adding);
    const second = await joined(world, 'm2');
    assert.equal(RangeResponse.decode((await ok(world, get(second, 'before'))).body).kvs.length, 1);
    assert.deepEqual(
      (await list(world, second)).map(({ name, peerURLs }) => [name, peerURLs]).sort(),
      [
        ['m1', ['do://test/m1']],
        ['m2', ['do://test/m2']],
      ],
    );
    // A restart keeps id and place.
    second.member.stop();
    const again = world.start('m2', second.rows, {
      clusterId: '0'.repeat(16),
      id: 'f'.repeat(16),
      name: 'm2',
    });
    assert.equal(again.member.self.id, second.member.self.id);
    await ok(world, get(again, 'before'));
  });

  it("refuses by etcd's rules", async () => {
    const world = new World('m1,m2,m3');
    const leader = await world.elect();
    for (const url of ['', 'm4', 'http://m4', 'http://m4:1/path', 'ftp://m4:1', 'do://other/m4']) {
      await refused(world, add(leader, url), 'memberBadURLs');
    }
    await refused(world, add(leader, 'do://test/m4?region=mars'), 'memberBadURLs');
    await refused(world, add(leader, 'do://test/m2'), 'peerURLExist');
    const [m3] = [...world.hosts.values()].filter((host) => host !== leader);
    world.cut.add(m3?.name ?? '');
    await refused(world, add(leader, 'do://test/m4'), 'unhealthy');
    world.cut.clear();
    // Three that have started are a quorum of five voters, and none of six.
    await ok(world, add(leader, 'http://127.0.0.1:4'));
    await ok(world, add(leader, 'http://127.0.0.1:5'));
    await refused(world, add(leader, 'http://127.0.0.1:6'), 'memberNotEnoughStarted');
    await refused(world, promote(leader, 'f'.repeat(16)), 'memberNotFound');
  });

  it('takes a learner while one of three is down (etcd pull request 21667)', async () => {
    const world = new World('m1,m2,m3');
    const leader = await world.elect();
    world.cut.add(follower(world, leader).name);
    world.objects.add('m4');
    await ok(world, put(leader, 'with two of three'));
    await ok(world, add(leader, 'do://test/m4', true));
    const host = await joined(world, 'm4');
    await ok(world, put(host, 'through the learner'));
  });

  it('refuses a promotion of a learner that has not caught up, and too many learners', async () => {
    const world = new World('m1');
    const leader = await world.elect();
    for (let each = 0; each < 20; each++) await ok(world, put(leader, `key ${each}`));
    const learner = idIn(await ok(world, add(leader, 'http://127.0.0.1:2', true)));
    await refused(world, promote(leader, learner), 'learnerNotReady');
    for (let each = 1; each < 16; each++) {
      await ok(world, add(leader, `http://127.0.0.1:${100 + each}`, true));
    }
    await refused(world, add(leader, 'http://127.0.0.1:3', true), 'tooManyLearners');
  });
});

describe('a voter replaced by a learner', () => {
  const replace = (host: Host, voter: string, id: string): Promise<CallResult> =>
    host.service.call(REPLACE_METHOD, encodeCommand({ kind: 'replace', id, voter }));
  const refusedWith = async (world: World, pending: Promise<CallResult>, text: RegExp) => {
    const { code, message } = await world.settled(pending);
    assert.equal(code, Code.FailedPrecondition);
    assert.match(message, text);
  };

  it('goes in one change while clients write, and the newcomer votes', async () => {
    const world = new World('m1,m2,m3');
    const leader = await world.elect();
    world.objects.add('m4');
    const learner = idIn(await ok(world, add(leader, 'do://test/m4?region=oc', true)));
    const host = await joined(world, 'm4');
    const gone = follower(world, leader);
    await ok(world, put(leader, 'before'));
    // At any member.
    await ok(world, replace(host, gone.member.self.id, learner));
    await world.clock.advance(1_000);
    assert.deepEqual(
      (await list(world, leader)).map(({ ID, isLearner }) => [idOf(ID), isLearner]),
      [...world.hosts.values()]
        .filter((each) => each !== gone)
        .map((each) => [each.member.self.id, false])
        .toSorted(([left], [right]) => (String(left) < String(right) ? -1 : 1)),
    );
    const { confState } = leader.member.status;
    assert.deepEqual(confState.votersOutgoing, []);
    assert.deepEqual(new Set(confState.voters).has(learner), true);
    const [other] = [...world.hosts.values()].filter(
      (each) => ![leader, gone, host].includes(each),
    );
    world.cut.add(other?.name ?? '');
    await ok(world, put(leader, 'by two of three, the newcomer among them'));
  });

  it('waits for news of a learner far away when leadership has just been handed over', async () => {
    const world = new World('m1,m2,m3');
    const before = await world.elect();
    world.objects.add('m4');
    const learner = idIn(await ok(world, add(before, 'do://test/m4?region=oc', true)));
    await joined(world, 'm4');
    world.delayMs = (from, to) => ([from, to].includes('m4') ? 150 : 1);
    const leader = follower(world, before);
    const targetID = idToLong(leader.member.self.id);
    const body = MoveLeaderRequest.encode({ targetID }).finish();
    await ok(world, before.service.call('etcdserverpb.Maintenance/MoveLeader', body));
    await ok(world, replace(leader, before.member.self.id, learner));
  });

  it('is refused where the others would be no quorum, and to whoever leads or is no voter', async () => {
    const world = new World('m1,m2,l1:learner,l2:learner');
    const leader = await world.elect();
    await ok(world, put(leader, 'key'));
    const idOfMember = (name: string): string => world.host(name).member.self.id;
    const [l1, l2] = [idOfMember('l1'), idOfMember('l2')];
    const other = follower(world, leader).member.self.id;
    await refusedWith(world, replace(leader, other, l1), /the other voters are no quorum/);
    await refusedWith(world, replace(leader, l2, l1), /l2: it is no voter/);
    await refusedWith(world, replace(leader, leader.member.self.id, l1), /it leads/);
    await refused(world, replace(leader, 'f'.repeat(16), l1), 'memberNotFound');
    await refused(world, replace(leader, other, leader.member.self.id), 'memberNotLearner');
    await ok(world, promote(leader, l1));
    world.cut.add('l2');
    await world.clock.advance(3_000);
    await ok(world, put(leader, 'awake'));
    await refused(world, replace(leader, other, l2), 'learnerNotReady');
  });
});

describe('MemberRemove', () => {
  it('takes a follower out: it refuses everything, for good, and is not woken any more', async () => {
    const world = new World('m1,m2,m3');
    const leader = await world.elect();
    await ok(world, put(leader, 'key'));
    const gone = follower(world, leader);
    await ok(world, remove(leader, gone.member.self.id));
    assert.equal((await list(world, leader)).length, 2);
    // It is told by its log, or by a peer that it calls.
    gone.member.linearizable().catch(() => undefined);
    await world.clock.advance(10_000);
    const answer = await get(gone, 'key', true);
    assert.match(answer.message, /cannot start member m\d: it was removed from the cluster/);
    const again = world.start(gone.name, gone.rows);
    assert.match((await put(again, 'key')).message, /it was removed from the cluster/);
    world.hosts.delete(gone.name);
    await ok(world, put(leader, 'after'));
    await refused(world, remove(leader, gone.member.self.id), 'memberNotFound');
    await world.clock.advance(10_000);
    assert.equal(world.clock.pendingTimers, 0);
  });

  it('takes the leader out, and another one goes on', async () => {
    const world = new World('m1,m2,m3');
    const leader = await world.elect();
    await ok(world, put(leader, 'before'));
    await ok(world, remove(leader, leader.member.self.id));
    await world.clock.advance(5_000);
    const other = follower(world, leader);
    assert.match((await get(leader, 'before')).message, /it was removed from the cluster/);
    await ok(world, get(other, 'before'));
    assert.notEqual(other.member.leaderName, leader.name);
    assert.equal((await list(world, other)).length, 2);
  });

  it('takes the leader out of two, asleep before the other knows: it still answers for it', async () => {
    const world = new World('m1,m2');
    const leader = await world.elect();
    await ok(world, put(leader, 'before'));
    const other = follower(world, leader);
    remove(leader, leader.member.self.id).catch(() => undefined);
    for (let ms = 0; !leader.member.seat.removed && ms < 1_000; ms++) await world.clock.advance(1);
    const { commit } = leader.member.status;
    world.cut.add(leader.name);
    await world.clock.advance(1_000);
    assert.ok(other.member.status.commit < commit);
    world.start(leader.name, leader.rows);
    world.cut.delete(leader.name);
    await world.clock.advance(5_000);
    assert.equal(other.member.leaderName, other.name);
    await ok(world, put(other, 'after'));
  });

  it('takes one out of two, and tells the other so after both were restarted', async () => {
    const world = new World('m1,m2');
    const leader = await world.elect();
    await ok(world, put(leader, 'before'));
    const gone = follower(world, leader);
    remove(leader, gone.member.self.id).catch(() => undefined);
    for (let ms = 0; !gone.member.seat.removed && ms < 1_000; ms++) await world.clock.advance(1);
    for (const { name, rows, member } of [leader, gone]) {
      member.stop();
      world.start(name, rows);
    }
    const left = world.host(leader.name);
    left.member.linearizable().catch(() => undefined);
    await world.clock.advance(10_000);
    await ok(world, put(left, 'after'));
  });

  it('is refused for the last voter, and where it would end the quorum', async () => {
    const alone = new World('m1');
    const only = await alone.elect();
    await refused(alone, remove(only, only.member.self.id), 'memberNotEnoughStarted');
    await refused(alone, remove(only, 'f'.repeat(16)), 'memberNotFound');

    const world = new World('m1,m2,m3');
    const leader = await world.elect();
    const [dead, living] = [...world.hosts.values()].filter((host) => host !== leader);
    assert.ok(dead !== undefined && living !== undefined);
    world.cut.add(dead.name);
    await refused(world, remove(leader, living.member.self.id), 'unhealthy');
    await ok(world, remove(leader, dead.member.self.id));
    await ok(world, put(leader, 'key'));
  });
});

describe('MemberUpdate', () => {
  it('changes peer URLs of other processes, and of objects nothing', async () => {
    const world = new World('m1');
    const leader = await world.elect();
    const id = idIn(await ok(world, add(leader, 'http://127.0.0.1:2', true)));
    await ok(world, update(leader, id, 'http://127.0.0.1:3'));
    const urls = (await list(world, leader)).flatMap(({ peerURLs }) => peerURLs);
    assert.deepEqual(urls.sort(), ['do://test/m1', 'http://127.0.0.1:3']);
    await refused(world, update(leader, id, 'do://test/m1'), 'memberBadURLs');
    await refused(world, update(leader, leader.member.self.id, 'do://test/m9'), 'memberBadURLs');
    await refused(world, update(leader, 'f'.repeat(16), 'http://127.0.0.1:3'), 'memberNotFound');
  });
});

describe('without a majority', () => {
  it('the membership stays, and the refusal says why', async () => {
    const world = new World('m1,m2,m3');
    const leader = await world.elect();
    for (const host of world.hosts.values()) if (host !== leader) world.cut.add(host.name);
    await refused(world, add(leader, 'do://test/m4'), 'unhealthy');
  });
});
