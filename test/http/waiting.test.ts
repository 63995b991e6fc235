/** Goal: calls that wait, as the Worker holds them: real members at the other end of its sockets. */
import assert from 'node:assert/strict';
import { after, before, describe, it, mock } from 'node:test';
import {
  LeaseGrantRequest,
  LockRequest,
  LockResponse,
  UnlockRequest,
} from '../../src/api/messages.ts';
import { WAIT_BLANK_MS, WAIT_HEAD_AFTER_MS } from '../../src/constants.ts';
import { SessionHost } from '../../src/member/session-host.ts';
import type { CallResult, MemberRpc } from '../../src/member/rpc.ts';
import { settle } from '../member/support/manual-clock.ts';
import { type Host, World } from '../member/support/world.ts';
import { FakeSocket } from './support/fake-socket.ts';
import { patientAnswer, waitingCall } from './support/surface.ts';

const LOCK = 'v3lockpb.Lock/Lock';

interface Setting {
  readonly world: World;
  readonly leader: Host;
  readonly sockets: FakeSocket[];
  /** Where sessions are opened; the leader at first. */
  at: Host;
  readonly lock: (lease: number) => Promise<Waiting>;
  readonly unlock: (lease: number) => Promise<void>;
}

interface Waiting {
  readonly cancel: () => void;
  readonly answer: Promise<CallResult>;
}

async function setting(): Promise<Setting> {
  const world = new World('m1,m2,m3');
  const leader = await world.elect();
  for (const ID of [1, 2, 3]) {
    const body = LeaseGrantRequest.encode({ ID, TTL: 600 }).finish();
    await world.settled(leader.service.call('etcdserverpb.Lease/LeaseGrant', body));
  }
  const sockets: FakeSocket[] = [];
  const sessions = new Map(
    [...world.hosts].map(([name, host]) => [
      name,
      new SessionHost(host.member, host.service, world.clock),
    ]),
  );
  const router = {
    atLeader: (run: (member: MemberRpc) => Promise<CallResult>) => run(leader.service),
    write: (run: (member: MemberRpc) => Promise<CallResult>) => run(leader.service),
    connectAtLeader: async () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      // The HELLO of the member comes when the socket was accepted.
      setImmediate(() => {
        const session = sessions.get(all.at.name)?.open({
          bufferedBytes: 0,
          send: (data) => typeof data !== 'string' && socket.receive(data),
          close: ({ code }) => socket.lose(code),
          attach: () => undefined,
        });
        socket.listen((bytes) => session?.frame(bytes));
        socket.onClose = () => session?.closed();
      });
      return { socket, member: all.at.name };
    },
  };
  const all: Setting = {
    world,
    leader,
    sockets,
    at: leader,
    lock: async (lease) => {
      const body = LockRequest.encode({ name: Buffer.from('l'), lease }).finish();
      const call = await world.settled(waitingCall(router, LOCK, body));
      return { cancel: () => call.cancel(), answer: call.run() };
    },
    unlock: async (lease) => {
      const body = UnlockRequest.encode({ key: Buffer.from(`l/${lease}`) }).finish();
      await world.settled(leader.service.call('v3lockpb.Lock/Unlock', body));
    },
  };
  return all;
}

async function pass(world: World, ms = 300): Promise<void> {
  for (let step = 0; step < ms / 10; step++) {
    await world.clock.advance(10);
    await settle();
  }
}

function keyOf({ code, message, body }: CallResult): string {
  assert.deepEqual([code, message], [0, '']);
  return Buffer.from(LockResponse.decode(body).key).toString();
}

const holds = ({ member }: Host, key: string): boolean => member.state.mvcc.get(key) !== undefined;

describe('a call of Lock at the Worker', () => {
  it('opens no session when there is nothing to wait for', async () => {
    const { world, lock, sockets } = await setting();
    const { answer } = await lock(1);
    assert.equal(keyOf(await world.settled(answer)), 'l/1');
    assert.equal(sockets.length, 0);
  });

  it('gets a lease when it names none', async () => {
    const { world, lock } = await setting();
    const key = keyOf(await world.settled((await lock(0)).answer));
    assert.match(key, /^l\/[0-9a-f]+$/);
    assert.notEqual(key, 'l/0');
  });

  it('waits over a session, which it ends with the answer', async () => {
    const { world, lock, unlock, sockets } = await setting();
    await world.settled((await lock(1)).answer);
    const { answer } = await lock(2);
    await pass(world);
    assert.equal(sockets.length, 1);
    await unlock(1);
    assert.equal(keyOf(await world.settled(answer)), 'l/2');
    assert.deepEqual(
      sockets.map(({ isClosed }) => isClosed),
      [true],
    );
  });

  it('is taken out of the queue when it is cancelled while it waits', async () => {
    const { world, leader, lock } = await setting();
    await world.settled((await lock(1)).answer);
    const { answer, cancel } = await lock(2);
    await pass(world);
    assert.ok(holds(leader, 'l/2'));
    cancel();
    assert.equal((await world.settled(answer)).message, 'context canceled');
    await pass(world);
    assert.equal(holds(leader, 'l/2'), false);
  });

  it('is taken out of the queue when it is cancelled before it waits', async () => {
    const { world, leader, lock } = await setting();
    await world.settled((await lock(1)).answer);
    const { answer, cancel } = await lock(2);
    cancel();
    await world.settled(answer);
    await pass(world);
    assert.equal(holds(leader, 'l/2'), false);
  });

  it('goes on at another member when its own is lost', async () => {
    const all = await setting();
    const { world, leader, lock, unlock, sockets } = all;
    await world.settled((await lock(1)).answer);
    const { answer } = await lock(2);
    await pass(world);
    all.at = [...world.hosts.values()].find((host) => host !== leader) ?? leader;
    // The connection breaks, and the member does not know it yet.
    const [lost] = sockets;
    if (lost !== undefined) lost.onClose = () => undefined;
    lost?.lose();
    while (sockets.length < 2) await settle();
    await pass(world);
    await unlock(1);
    const result = await world.settled(answer);
    assert.equal(keyOf(result), 'l/2');
    assert.equal(result.served.member, all.at.name);
  });
});

describe('an answer that is long in coming', () => {
  before(() => mock.timers.enable({ apis: ['setTimeout'] }));
  after(() => mock.timers.reset());

  it('keeps its status when it comes in time', async () => {
    const answer = Promise.resolve(new Response('{}', { status: 500 }));
    assert.equal((await patientAnswer(answer, () => undefined)).status, 500);
  });

  it('begins with blanks otherwise', async () => {
    const { promise, resolve } = Promise.withResolvers<Response>();
    const response = await begun(promise);
    assert.equal(response.status, 200);
    const text = response.text();
    for (let blanks = 0; blanks < 2; blanks++) {
      await settle();
      mock.timers.tick(WAIT_BLANK_MS);
    }
    resolve(new Response('{"key":"k"}'));
    assert.equal(await text, '   {"key":"k"}');
  });

  it('breaks off behind an error', async () => {
    const { promise, resolve } = Promise.withResolvers<Response>();
    const response = await begun(promise);
    resolve(new Response('{"error":"lost"}', { status: 500 }));
    await assert.rejects(response.text(), /answer after a long wait: \{"error":"lost"\}/);
  });

  it('tells when the client is gone', async () => {
    const gone = mock.fn();
    const response = await begun(new Promise(() => undefined), gone);
    await response.body?.cancel();
    assert.equal(gone.mock.callCount(), 1);
  });
});

/** The response that is there before its answer. */
async function begun(answer: Promise<Response>, gone = (): void => undefined): Promise<Response> {
  const pending = patientAnswer(answer, gone);
  await settle();
  mock.timers.tick(WAIT_HEAD_AFTER_MS);
  return pending;
}
