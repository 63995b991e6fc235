import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Code, StatusError } from '../../src/api/errors.ts';
import { CANNOT_START } from '../../src/member/rpc.ts';
import { FakeMember } from './support/fake-member.ts';
import { type LeaderHints, Router } from './support/surface.ts';

function setUp(leader?: string) {
  const members = ['m1', 'm2', 'm3'].map((name) => new FakeMember(name)) as [
    FakeMember,
    FakeMember,
    FakeMember,
  ];
  const hints: LeaderHints = { leader };
  const router = new Router(
    members.map((member) => member.routed),
    hints,
  );
  const counts = (): number[] => members.map(({ calls }) => calls.length);
  const read = () => router.read((member) => member.call('read', new Uint8Array(0)));
  const write = () => router.write((member) => member.call('write', new Uint8Array(0)));
  const atLeader = () => router.atLeader((member) => member.call('lease', new Uint8Array(0)));
  return { members, hints, router, counts, read, write, atLeader };
}

describe('a read', () => {
  it('goes to the nearest member, whoever leads', async () => {
    const { counts, read } = setUp('m3');
    assert.equal((await read()).served.member, 'm1');
    assert.deepEqual(counts(), [1, 0, 0]);
  });

  it('goes on to the next member past one that is broken or unavailable', async () => {
    const { members, counts, read } = setUp();
    members[0].failure = new Error('object is gone');
    members[1].code = Code.Unavailable;
    assert.equal((await read()).served.member, 'm3');
    assert.deepEqual(counts(), [1, 1, 1]);
  });

  it('is answered by the first, when that is a refusal that all would give', async () => {
    const { members, counts, read } = setUp();
    members[0].code = Code.OutOfRange;
    assert.equal((await read()).code, Code.OutOfRange);
    assert.deepEqual(counts(), [1, 0, 0]);
  });

  it('tells what the nearest said when nobody can answer', async () => {
    const { members, read } = setUp();
    for (const member of members) {
      member.code = Code.Unavailable;
      member.message = `${member.name} has no leader`;
    }
    assert.equal((await read()).message, 'm1 has no leader');
    for (const member of members) member.failure = new Error(`${member.name} is gone`);
    await assert.rejects(read(), {
      code: Code.Unavailable,
      message: 'no member answers: Error: m1 is gone',
    });
  });
});

describe('a write', () => {
  it('goes to the leader when it is known, and to the nearest when not', async () => {
    const known = setUp('m3');
    await known.write();
    assert.deepEqual(known.counts(), [0, 0, 1]);
    for (const leader of [undefined, 'm9']) {
      const { counts, write } = setUp(leader);
      await write();
      assert.deepEqual(counts(), [1, 0, 0]);
    }
  });

  it('learns the leader from any answer', async () => {
    const { members, counts, read, write } = setUp();
    members[0].leader = 'm2';
    await read();
    await write();
    assert.deepEqual(counts(), [1, 1, 0]);
    members[1].leader = 'm3';
    await write();
    await write();
    assert.deepEqual(counts(), [1, 2, 1]);
  });

  it('is sent once, whatever becomes of it, and forgets a leader that broke', async () => {
    const { members, hints, counts, write } = setUp('m2');
    members[1].failure = new Error('connection lost');
    const { code, message } = StatusError.of('timeoutDueToConnectionLost');
    await assert.rejects(write(), { code, message });
    assert.deepEqual(counts(), [0, 1, 0]);
    assert.equal(hints.leader, undefined);
    members[0].code = Code.Unavailable;
    assert.equal((await write()).code, Code.Unavailable);
    assert.deepEqual(counts(), [1, 1, 0]);
  });

  it('goes past a member that does not start: it ran nothing', async () => {
    const { members, counts, write } = setUp('m2');
    members[1].failure = new Error(`Error: ${CANNOT_START} m2: it was removed from the cluster`);
    assert.equal((await write()).served.member, 'm1');
    assert.deepEqual(counts(), [1, 1, 0]);
  });

  it('goes to members that nobody knew of when the known ones have left', async () => {
    const { members, hints } = setUp();
    for (const member of members)
      member.failure = new Error(`${CANNOT_START} ${member.name}: gone`);
    const m4 = new FakeMember('m4');
    const others = () => Promise.resolve([...members, m4].map(({ routed }) => routed));
    const router = new Router(
      members.map(({ routed }) => routed),
      hints,
      others,
    );
    assert.equal(
      (await router.write((member) => member.call('write', new Uint8Array(0)))).served.member,
      'm4',
    );
    assert.equal(
      (await router.read((member) => member.call('read', new Uint8Array(0)))).served.member,
      'm4',
    );
    assert.deepEqual(
      members.map(({ calls }) => calls.length),
      [2, 2, 2],
    );
  });

  it('says why when no member starts: then its fate is known', async () => {
    const { members, write } = setUp();
    for (const [at, member] of members.entries()) {
      member.failure = new Error(`Error: ${CANNOT_START} m${at + 1}: row 3 of wal`);
    }
    await assert.rejects(write(), {
      code: Code.Unavailable,
      message: `${CANNOT_START} m1: row 3 of wal`,
    });
  });
});

describe('a call for the leader that may be repeated', () => {
  it('is asked again elsewhere when the leader does not answer', async () => {
    const { members, counts, atLeader } = setUp('m3');
    members[2].failure = new Error('gone');
    assert.equal((await atLeader()).served.member, 'm1');
    assert.deepEqual(counts(), [1, 0, 1]);
  });
});

it('every call opens a fresh stub, since one that failed may stay failed', async () => {
  const { members, read, write } = setUp();
  await read();
  await write();
  assert.equal(members[0].opened, 2);
});
