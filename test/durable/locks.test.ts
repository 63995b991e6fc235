/**
 * Goal: locks and elections over the gateway answer as etcd's do, which is asked too, and exclude clients
 * that take locks by themselves.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { lockByKeys } from '../support/client-lock.ts';
import {
  base64,
  type Gateway,
  type LeaderJson,
  type Served,
  startBoth,
  text,
} from '../support/gateway.ts';

let servers: readonly Served[] = [];
before(async () => {
  servers = await startBoth();
  for (const server of servers) {
    for (let ID = 1; ID <= LEASES; ID++) await server.grant(ID, 600);
  }
});
after(() => Promise.all(servers.map((server) => server.stop())));

const LEASES = 40;

/** One test for all servers: what is expected is what etcd does. */
function same(name: string, run: (server: Gateway) => Promise<void>): void {
  it(name, async (context) => {
    for (const server of servers) {
      await context.test(server.name, () => run(server));
    }
  });
}

/** etcd's services pass on errors without their codes. */
async function unknown(
  server: Gateway,
  path: string,
  body: object,
  message: string,
): Promise<void> {
  const { status, json } = await server.post(path, body);
  assert.deepEqual([status, json.code, json.message], [500, 2, message]);
}

async function lock(server: Gateway, name: string, lease: number): Promise<string> {
  return text((await server.ok('lock/lock', { name: base64(name), lease })).key);
}

function unlock(server: Gateway, key: string): Promise<object> {
  return server.ok('lock/unlock', { key: base64(key) });
}

async function campaign(server: Gateway, name: string, lease: number, value: string) {
  const body = { name: base64(name), lease, value: base64(value) };
  const { leader } = await server.ok('election/campaign', body);
  assert.ok(leader);
  return leader;
}

async function leads(server: Gateway, name: string): Promise<string> {
  const { kv } = await server.ok('election/leader', { name: base64(name) });
  return `${text(kv?.key)}=${text(kv?.value)}`;
}

describe('a lock', () => {
  same('is the key of its lease, and the same again for the same lease', async (server) => {
    assert.equal(await lock(server, 'one', 26), 'one/1a');
    const first = await server.get('one/1a');
    assert.deepEqual([first?.lease, first?.value], ['26', undefined]);
    assert.equal(await lock(server, 'one', 26), 'one/1a');
    assert.equal((await server.get('one/1a'))?.create_revision, first?.create_revision);
    await unlock(server, 'one/1a');
    assert.equal(await server.get('one/1a'), undefined);
  });

  same('gets a lease of a minute when none is named', async (server) => {
    const key = await lock(server, 'leaseless', 0);
    const ID = BigInt(`0x${key.slice('leaseless/'.length)}`).toString();
    const { grantedTTL } = await server.ok('lease/timetolive', { ID });
    assert.equal(grantedTTL, '60');
    await unlock(server, key);
  });

  same('is not had with a lease that is not', async (server) => {
    const body = { name: base64('dead'), lease: 999 };
    await unknown(server, 'lock/lock', body, 'etcdserver: requested lease not found');
    assert.deepEqual(await server.keys('dead/'), []);
  });

  same('is passed on in the order of arrival', async (server) => {
    const held = await lock(server, 'queue', 1);
    const order: string[] = [];
    const waiting: Promise<void>[] = [];
    for (const lease of [4, 2, 3]) {
      waiting.push(
        lock(server, 'queue', lease).then(async (key) => {
          order.push(key);
          await unlock(server, key);
        }),
      );
      while ((await server.keys('queue/')).length <= waiting.length) await sleep(20);
    }
    assert.deepEqual(order, []);
    await unlock(server, held);
    await Promise.all(waiting);
    assert.deepEqual(order, ['queue/4', 'queue/2', 'queue/3']);
  });

  same('is passed on when the lease of its holder is revoked', async (server) => {
    await server.grant(50, 600);
    await lock(server, 'revoked', 50);
    const next = lock(server, 'revoked', 5);
    while ((await server.keys('revoked/')).length < 2) await sleep(20);
    await server.ok('lease/revoke', { ID: 50 });
    assert.equal(await next, 'revoked/5');
    await unlock(server, 'revoked/5');
  });

  same('is not touched by an unlock of another key', async (server) => {
    await lock(server, 'other', 6);
    await unlock(server, 'other/7');
    assert.deepEqual(await server.keys('other/'), ['other/6']);
    await unlock(server, 'other/6');
  });

  it('is refused at once to a waiting call whose lease ends', async () => {
    const [server] = servers as [Served];
    await lock(server, 'expired', 8);
    await server.grant(51, 2);
    const body = { name: base64('expired'), lease: 51 };
    await unknown(server, 'lock/lock', body, 'mutex: session is expired');
    assert.deepEqual(await server.keys('expired/'), ['expired/8']);
  });
});

describe('an election', () => {
  same('is led by its first candidate, then by the next', async (server) => {
    const none = 'election: no leader';
    await unknown(server, 'election/leader', { name: base64('seat') }, none);
    const first = await campaign(server, 'seat', 11, 'ann');
    assert.deepEqual([text(first.name), text(first.key), first.lease], ['seat', 'seat/b', '11']);
    assert.equal(first.rev, (await server.get('seat/b'))?.create_revision);
    const second = campaign(server, 'seat', 12, 'bob');
    while ((await server.keys('seat/')).length < 2) await sleep(20);
    assert.equal(await leads(server, 'seat'), 'seat/b=ann');
    await server.ok('election/proclaim', { leader: first, value: base64('anna') });
    assert.equal(await leads(server, 'seat'), 'seat/b=anna');
    await server.ok('election/resign', { leader: first });
    const leader = await second;
    assert.equal(await leads(server, 'seat'), 'seat/c=bob');
    // Who has resigned cannot speak any more, and may resign again.
    const lost = { leader: first, value: base64('late') };
    await unknown(server, 'election/proclaim', lost, 'election: not leader');
    await server.ok('election/resign', { leader: first });
    await server.ok('election/resign', { leader });
    await unknown(server, 'election/leader', { name: base64('seat') }, none);
  });

  same('takes a second campaign of its leader for a proclamation', async (server) => {
    const leader = await campaign(server, 'again', 13, 'one');
    assert.deepEqual(await campaign(server, 'again', 13, 'two'), leader);
    assert.equal(await leads(server, 'again'), 'again/d=two');
    await server.ok('election/resign', { leader });
  });

  same(
    'takes no candidate with a lease that is not, and no call without a leader',
    async (server) => {
      const body = { name: base64('dead'), lease: 999, value: base64('x') };
      await unknown(server, 'election/campaign', body, 'etcdserver: requested lease not found');
      const missing = '"leader" field must be provided';
      await unknown(server, 'election/proclaim', { value: base64('x') }, missing);
      await unknown(server, 'election/resign', {}, missing);
    },
  );

  it('shows its leaders one after the other', async () => {
    const [server] = servers as [Served];
    const first = await campaign(server, 'shown', 14, 'a');
    const seen = await observed(server, 'shown');
    assert.equal(await seen.next(), 'shown/e=a');
    await server.ok('election/proclaim', { leader: first, value: base64('b') });
    assert.equal(await seen.next(), 'shown/e=b');
    const second = campaign(server, 'shown', 15, 'c');
    while ((await server.keys('shown/')).length < 2) await sleep(20);
    await server.ok('election/resign', { leader: first });
    assert.equal(await seen.next(), 'shown/f=c');
    await server.ok('election/resign', { leader: await second });
    const third = await campaign(server, 'shown', 16, 'd');
    assert.equal(await seen.next(), 'shown/10=d');
    seen.close();
    await server.ok('election/resign', { leader: third });
  });
});

const ROUNDS = 3;

describe('clients that take locks by themselves', () => {
  same('and those who ask the service exclude each other', async (server) => {
    let holders = 0;
    let token = 0;
    const held = async (key: string): Promise<void> => {
      assert.equal(++holders, 1, `${key} is not the only holder`);
      const revision = Number((await server.get(key))?.create_revision);
      assert.ok(revision > token, `token ${revision} after ${token}`);
      token = revision;
      await sleep(5);
      holders--;
      await server.ok('kv/deleterange', { key: base64(key) });
    };
    const byService = async (lease: number): Promise<void> => {
      for (let round = 0; round < ROUNDS; round++) await held(await lock(server, 'mixed', lease));
    };
    const byKeys = async (lease: number): Promise<void> => {
      for (let round = 0; round < ROUNDS; round++) {
        await held((await lockByKeys(server, 'mixed', lease)).key);
      }
    };
    const clients = [21, 22, 23, 24, 25, 27].map((lease, index) =>
      index % 2 === 0 ? byService(lease) : byKeys(lease),
    );
    await Promise.all(clients);
    assert.deepEqual(await server.keys('mixed/'), []);
  });

  same('and those who campaign at the service lead in turn', async (server) => {
    const leader = await campaign(server, 'ballot', 31, 'service');
    const own = lockByKeys(server, 'ballot', 32, 'keys');
    while ((await server.keys('ballot/')).length < 2) await sleep(20);
    const last = campaign(server, 'ballot', 33, 'service again');
    while ((await server.keys('ballot/')).length < 3) await sleep(20);
    await server.ok('election/resign', { leader });
    const { key } = await own;
    assert.equal(await leads(server, 'ballot'), `${key}=keys`);
    await server.ok('kv/deleterange', { key: base64(key) });
    await server.ok('election/resign', { leader: await last });
  });
});

interface Observed {
  /** The next leader, as `key=value`. */
  next(): Promise<string>;
  close(): void;
}

async function observed(server: Gateway, name: string): Promise<Observed> {
  const stopping = new AbortController();
  const response = await fetch(`${server.endpoint}/v3/election/observe`, {
    method: 'POST',
    body: JSON.stringify({ name: base64(name) }),
    signal: stopping.signal,
  });
  assert.ok(response.body);
  const chunks = response.body.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
  let rest = '';
  const next = async (): Promise<string> => {
    while (!rest.includes('\n')) rest += String((await chunks.next()).value);
    const end = rest.indexOf('\n');
    const { result } = JSON.parse(rest.slice(0, end)) as { result: { kv: LeaderKv } };
    rest = rest.slice(end + 1);
    return `${text(result.kv.key)}=${text(result.kv.value)}`;
  };
  return { next, close: () => stopping.abort() };
}

type LeaderKv = Pick<LeaderJson, 'key'> & { readonly value?: string };
