/** Goal: leases over the gateway, good and bad requests alike, answer as etcd's do, which is asked too. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Answer,
  base64,
  type Gateway,
  type Served,
  startBoth,
  text,
} from '../support/gateway.ts';

let servers: readonly Served[] = [];
before(async () => {
  servers = await startBoth();
});
after(() => Promise.all(servers.map((server) => server.stop())));

/** One test for all servers: what is expected is what etcd does. */
function same(name: string, run: (server: Gateway) => Promise<void>): void {
  it(name, async (context) => {
    for (const server of servers) {
      await context.test(server.name, () => run(server));
    }
  });
}

async function refused(
  server: Gateway,
  path: string,
  body: object,
  status: number,
  code: number,
  message: string,
): Promise<void> {
  const answer = await server.post(path, body);
  assert.deepEqual(
    [statusOf(answer), answer.json.code, answer.json.message],
    [status, code, message],
    `${path} ${JSON.stringify(body)}`,
  );
}

/** Releases of etcd differ on a failed precondition: 412 in 3.4, 400 in later ones. */
function statusOf({ status }: Answer): number {
  return status === 412 ? 400 : status;
}

const NOT_FOUND = [404, 5, 'etcdserver: requested lease not found'] as const;

describe('a grant', () => {
  same('takes the id that is asked for, or chooses a positive one', async (server) => {
    assert.deepEqual(await idAndTtl(server, { ID: 101, TTL: 60 }), ['101', '60']);
    const [chosen, ttl] = await idAndTtl(server, { TTL: 60 });
    assert.ok(BigInt(chosen) > 0n);
    assert.equal(ttl, '60');
    assert.deepEqual(await idAndTtl(server, { ID: -5, TTL: '60' }), ['-5', '60']);
    await server.ok('lease/revoke', { ID: -5 });
  });

  same('raises a TTL that is too small', async (server) => {
    for (const [index, TTL] of [0, 1, -7].entries()) {
      assert.deepEqual(await idAndTtl(server, { ID: 110 + index, TTL }), [`${110 + index}`, '2']);
    }
  });

  same('refuses a TTL that is too large, and an id in use', async (server) => {
    const TTL = 9_000_000_001;
    const tooLarge = 'etcdserver: too large lease TTL';
    await refused(server, 'lease/grant', { ID: 120, TTL }, 400, 11, tooLarge);
    await server.grant(121, 60);
    const exists = 'etcdserver: lease already exists';
    await refused(server, 'lease/grant', { ID: 121, TTL: 60 }, 400, 9, exists);
    await server.grant(122, 9_000_000_000);
  });
});

describe('a revocation', () => {
  same('takes all keys away at one revision, by both paths', async (server) => {
    for (const [index, path] of ['lease/revoke', 'kv/lease/revoke'].entries()) {
      const ID = 130 + index;
      await server.grant(ID, 60);
      for (const key of ['a', 'b', 'c']) await server.put(`revoked/${key}`, key, ID);
      const before = await server.put('other', 'x');
      const { header } = await server.ok(path, { ID });
      assert.equal(Number(header?.revision), Number(before.header?.revision) + 1);
      assert.deepEqual(await server.keys('revoked/'), []);
      await refused(server, path, { ID }, ...NOT_FOUND);
    }
  });

  same('of nothing does not move the revision', async (server) => {
    await server.grant(140, 60);
    const before = await server.put('other', 'x');
    const { header } = await server.ok('lease/revoke', { ID: 140 });
    assert.equal(header?.revision, before.header?.revision);
  });
});

describe('keepalive', () => {
  same('answers one request with the whole TTL, and 0 for a lease that is not', async (server) => {
    await server.grant(150, 60);
    const lines = await renewals(server, JSON.stringify({ ID: 150 }));
    assert.deepEqual(lines, ['150 60']);
    assert.deepEqual(await renewals(server, JSON.stringify({ ID: 151 })), ['151 0']);
  });

  same('answers many in one body in their order', async (server) => {
    await server.grant(152, 60);
    await server.grant(153, 70);
    const body = [152, 151, 153, 152].map((ID) => JSON.stringify({ ID })).join('\n');
    assert.deepEqual(await renewals(server, body), ['152 60', '151 0', '153 70', '152 60']);
  });

  it('answers a stream as it comes, where etcd needs HTTP/2', async () => {
    const [server] = servers as [Served];
    await server.grant(154, 60);
    const call = request(`${server.endpoint}/v3/lease/keepalive`, { method: 'POST' });
    call.write(JSON.stringify({ ID: 154 }));
    const [response] = (await once(call, 'response')) as [NodeJS.ReadableStream];
    const lines = createInterface({ input: response })[Symbol.asyncIterator]();
    const next = async (): Promise<string> => renewalOf(String((await lines.next()).value));
    assert.equal(await next(), '154 60');
    for (const ID of [154, 155]) {
      call.write(JSON.stringify({ ID }));
      assert.equal(await next(), ID === 154 ? '154 60' : '155 0');
    }
    call.end();
    assert.equal((await lines.next()).done, true);
  });

  same(
    'keeps a lease that would have ended, and does not bring back one that has',
    async (server) => {
      await server.grant(156, 2);
      await server.grant(157, 2);
      await server.put('kept', 'x', 156);
      await server.put('ended', 'x', 157);
      for (let round = 0; round < 5; round++) {
        await sleep(1_000);
        assert.deepEqual(await renewals(server, JSON.stringify({ ID: 156 })), ['156 2']);
      }
      assert.ok(await server.get('kept'));
      assert.equal(await server.get('ended'), undefined);
      assert.deepEqual(await renewals(server, JSON.stringify({ ID: 157 })), ['157 0']);
      await refused(server, 'lease/revoke', { ID: 157 }, ...NOT_FOUND);
    },
  );
});

describe('a question after a lease', () => {
  same('is answered with its keys when these are asked for, by both paths', async (server) => {
    await server.grant(160, 600);
    await server.put('asked/b', 'x', 160);
    await server.put('asked/a', 'x', 160);
    for (const path of ['lease/timetolive', 'kv/lease/timetolive']) {
      const { TTL, grantedTTL, keys } = await server.ok(path, { ID: 160, keys: true });
      assert.equal(grantedTTL, '600');
      assert.ok(Number(TTL) <= 600 && Number(TTL) >= 590);
      assert.deepEqual(keys?.map(text).sort(), ['asked/a', 'asked/b']);
      assert.equal((await server.ok(path, { ID: 160 })).keys, undefined);
      const none = await server.ok(path, { ID: 161 });
      assert.deepEqual([none.ID, none.TTL, none.grantedTTL], ['161', '-1', undefined]);
    }
  });

  same('after all of them lists those that live, by both paths', async (server) => {
    await server.grant(162, 600);
    await server.grant(163, 600);
    await server.ok('lease/revoke', { ID: 163 });
    for (const path of ['lease/leases', 'kv/lease/leases']) {
      const ids = (await server.ok(path, {})).leases?.map(({ ID }) => ID) ?? [];
      assert.ok(ids.includes('162') && !ids.includes('163'));
    }
  });
});

describe('a key with a lease', () => {
  same('is refused for a lease that is not', async (server) => {
    await refused(server, 'kv/put', { key: base64('k'), lease: 99 }, ...NOT_FOUND);
    const txn = { success: [{ request_put: { key: base64('k'), lease: 99 } }] };
    await refused(server, 'kv/txn', txn, ...NOT_FOUND);
    assert.equal(await server.get('k'), undefined);
  });

  same('moves to another lease, and leaves all of them', async (server) => {
    await server.grant(170, 600);
    await server.grant(171, 600);
    for (const key of ['moves', 'leaves', 'stays']) await server.put(key, 'x', 170);
    await server.put('moves', 'x', 171);
    await server.put('leaves', 'x');
    await server.ok('kv/put', { key: base64('stays'), value: base64('y'), ignore_lease: true });
    await server.ok('lease/revoke', { ID: 170 });
    assert.equal((await server.get('moves'))?.lease, '171');
    assert.equal((await server.get('leaves'))?.lease, undefined);
    assert.equal(await server.get('stays'), undefined);
    await server.ok('kv/deleterange', { key: base64('moves') });
    const { keys } = await server.ok('lease/timetolive', { ID: 171, keys: true });
    assert.equal(keys, undefined);
    // It is nobody's now.
    await server.put('moves', 'x');
    await server.ok('lease/revoke', { ID: 171 });
    assert.ok(await server.get('moves'));
  });

  same('keeps its lease only if it has one', async (server) => {
    const key = base64('nothing here');
    const missing = 'etcdserver: key not found';
    await refused(server, 'kv/put', { key, ignore_lease: true }, 400, 3, missing);
    const provided = 'etcdserver: lease is provided';
    await refused(server, 'kv/put', { key, lease: 5, ignore_lease: true }, 400, 3, provided);
  });
});

async function idAndTtl(server: Gateway, body: object): Promise<[string, string]> {
  const { ID = '', TTL = '' } = await server.ok('lease/grant', body);
  return [ID, TTL];
}

/** What comes back for a body of keepalives, as `id ttl`. */
async function renewals(server: Gateway, body: string): Promise<string[]> {
  const response = await fetch(`${server.endpoint}/v3/lease/keepalive`, { method: 'POST', body });
  assert.equal(response.status, 200);
  const lines = (await response.text()).trimEnd().split('\n');
  return lines.map((line) => renewalOf(line));
}

function renewalOf(line: string): string {
  const { result } = JSON.parse(line) as { result: { ID: string; TTL?: string } };
  return `${result.ID} ${result.TTL ?? '0'}`;
}
