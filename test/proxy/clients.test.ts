/** What others have written for etcd, unchanged, against the proxy and a cluster under workerd. */
import KeyvEtcd from '@keyv/etcd';
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Etcd3, type SoftwareTransaction, type Watcher } from 'etcd3';
import { startCluster, type LocalCluster } from '../../scripts/lib/cluster.ts';
import { startProxy, type Proxy, type ProxyOptions } from '../../src/proxy/proxy.ts';

const MODES = [
  { name: 'as it is', options: {} },
  {
    name: 'coalescing and under a prefix',
    options: { coalesce: true, namespace: Buffer.from('app/') },
  },
] as const satisfies readonly { name: string; options: Partial<ProxyOptions> }[];

let cluster: LocalCluster | undefined;
before(async () => {
  cluster = await startCluster({ mode: 'process-per-member' });
  await cluster.ready();
});
after(() => cluster?.stop());

async function proxyTo(
  endpoints: readonly string[],
  options: Partial<ProxyOptions> = {},
): Promise<{ proxy: Proxy; url: string }> {
  const proxy = await startProxy({
    endpoints,
    listen: { host: '127.0.0.1', port: 0 },
    keepAlive: { intervalMs: 60_000, timeoutMs: 60_000 },
    namespace: Buffer.alloc(0),
    coalesce: false,
    ...options,
  });
  return { proxy, url: `127.0.0.1:${proxy.port}` };
}

for (const { name, options } of MODES) {
  describe(`etcd3 and @keyv/etcd, the proxy ${name}`, () => {
    let running: { proxy: Proxy; url: string } | undefined;
    let client: Etcd3 | undefined;
    before(async () => {
      running = await proxyTo(cluster?.endpoints ?? [], options);
      client = new Etcd3({ hosts: running.url });
    });
    after(async () => {
      client?.close();
      await running?.proxy.stop(0);
    });
    const etcd = (): Etcd3 => {
      assert.ok(client !== undefined);
      return client;
    };

    it('puts, gets, deletes, and reads by prefix', async () => {
      await etcd().delete().all();
      for (const [key, value] of [
        ['a/1', 'one'],
        ['a/2', 'two'],
        ['b/1', 'three'],
      ] as const) {
        await etcd().put(key).value(value);
      }
      assert.equal(await etcd().get('a/1').string(), 'one');
      assert.equal(await etcd().get('none').string(), null);
      assert.deepEqual(await etcd().getAll().prefix('a/').strings(), {
        'a/1': 'one',
        'a/2': 'two',
      });
      assert.deepEqual(await etcd().getAll().keys(), ['a/1', 'a/2', 'b/1']);
      assert.equal(await etcd().getAll().prefix('a/').count(), 2);
      const deleted = await etcd().delete().prefix('a/').exec();
      assert.equal(deleted.deleted, '2');
      assert.deepEqual(await etcd().getAll().strings(), { 'b/1': 'three' });
    });

    it('decides in transactions', async () => {
      await etcd().put('balance').value('10');
      const run = (expected: string): Promise<{ succeeded: boolean }> =>
        etcd()
          .if('balance', 'Value', '==', expected)
          .then(etcd().put('balance').value('20'))
          .else(etcd().get('balance'))
          .commit();
      assert.equal((await run('10')).succeeded, true);
      assert.equal((await run('10')).succeeded, false);
      assert.equal(await etcd().get('balance').number(), 20);
    });

    it('watches keys, prefixes and the past', async () => {
      const first = await etcd().put('w/0').value('before');
      const watcher = await etcd().watch().prefix('w/').create();
      const past = await etcd().watch().prefix('w/').startRevision(first.header.revision).create();
      const seen = collect(watcher);
      const seenOfPast = collect(past);
      await etcd().put('w/1').value('x');
      await etcd().put('other').value('y');
      await etcd().delete().key('w/1');
      await until(() => seen.length === 2 && seenOfPast.length === 3);
      assert.deepEqual(seen, ['put w/1=x', 'delete w/1']);
      assert.deepEqual(seenOfPast, ['put w/0=before', 'put w/1=x', 'delete w/1']);
      await watcher.cancel();
      await past.cancel();
    });

    it('keeps leases alive and lets keys go with them', async () => {
      const lease = etcd().lease(10);
      await lease.put('leased').value('here');
      assert.equal((await lease.keepaliveOnce()).TTL, '10');
      assert.equal(await etcd().get('leased').string(), 'here');
      await lease.revoke();
      assert.equal(await etcd().get('leased').string(), null);
    });

    it('locks', async () => {
      let inside = 0;
      const order: number[] = [];
      const one = (index: number): Promise<void> =>
        etcd()
          .lock('the/lock')
          .do(async () => {
            inside++;
            assert.equal(inside, 1);
            await sleep(1);
            order.push(index);
            inside--;
          });
      const holder = etcd().lock('the/lock');
      await holder.acquire();
      await assert.rejects(one(0), /Failed to acquire a lock/);
      await holder.release();
      await one(1);
      assert.deepEqual(order, [1]);
    });

    it('elects', async () => {
      const election = etcd().election('chair', 10);
      const first = election.campaign('anna');
      await new Promise((resolve) => first.once('elected', resolve));
      assert.equal(await election.leader(), 'anna');
      const second = etcd().election('chair', 10).campaign('bert');
      const elected = new Promise((resolve) => second.once('elected', resolve));
      await first.resign();
      await elected;
      assert.equal(await election.leader(), 'bert');
      await second.resign();
    });

    it('counts right in software transactions that collide', async () => {
      await etcd().put('counter').value(0);
      const increment = (): Promise<unknown> =>
        etcd()
          .stm({ retries: 50 })
          .transact(async (transaction: SoftwareTransaction) => {
            const value = await transaction.get('counter').number();
            await transaction.put('counter').value((value ?? 0) + 1);
          });
      await Promise.all(Array.from({ length: 8 }, increment));
      assert.equal(await etcd().get('counter').number(), 8);
    });

    it('keeps namespaces apart', async () => {
      const mine = etcd().namespace('mine/');
      await mine.put('key').value('m');
      await etcd().put('key').value('top');
      assert.equal(await mine.get('key').string(), 'm');
      assert.equal(await etcd().get('mine/key').string(), 'm');
      await mine.delete().all();
      assert.equal(await etcd().get('key').string(), 'top');
    });

    it('carries Keyv', async () => {
      const keyv = new KeyvEtcd(running?.url ?? '', { url: running?.url ?? '' });
      await keyv.set('city', 'Bern');
      assert.equal(await keyv.get('city'), 'Bern');
      assert.equal(await keyv.has('city'), true);
      assert.equal(await keyv.delete('city'), true);
      assert.equal((await keyv.get('city')) ?? undefined, undefined);
      await keyv.disconnect();
    });
  });
}

describe('a proxy whose member is killed', () => {
  it('loses and repeats no event of a watch, keeps leases alive, and goes on with writes', async () => {
    assert.ok(cluster !== undefined);
    const { endpoints, processes } = cluster;
    const { proxy, url } = await proxyTo(endpoints);
    const direct = await proxyTo(endpoints.slice(1));
    const client = new Etcd3({ hosts: url });
    const writer = new Etcd3({ hosts: direct.url });
    try {
      const watcher = await client.watch().prefix('k9/').create();
      const seen = collect(watcher);
      const revisions: number[] = [];
      watcher.on('put', ({ mod_revision }) => revisions.push(Number(mod_revision)));
      const lost: unknown[] = [];
      const lease = client.lease(5);
      lease.on('lost', (error) => lost.push(error));
      await lease.put('k9/leased').value('held');
      const write = (from: number): Promise<unknown> =>
        Array.from({ length: 50 }, (_, at) => from + at).reduce<Promise<unknown>>(
          (before, at) => before.then(async () => writer.put(`k9/${at}`).value(at)),
          Promise.resolve(),
        );
      await write(0);
      await until(() => seen.length === 51);
      await processes[0]?.kill();
      // The member that is gone may have led: its successor is elected meanwhile.
      await retried(() => write(50));
      await retried(async () => client.put('k9/last').value('end'));
      await until(() => seen.at(-1) === 'put k9/last=end');
      const puts = Array.from({ length: 100 }, (_, at) => `put k9/${at}=${at}`);
      assert.deepEqual([...new Set(seen)], ['put k9/leased=held', ...puts, 'put k9/last=end']);
      // A put may have been done twice, and none may have been told twice.
      assert.deepEqual(
        revisions,
        [...new Set(revisions)].sort((a, b) => a - b),
      );
      assert.equal((await lease.keepaliveOnce()).TTL, '5');
      assert.deepEqual(lost, []);
      await watcher.cancel();
      await lease.revoke();
    } finally {
      client.close();
      writer.close();
      await proxy.stop(0);
      await direct.proxy.stop(0);
      await processes[0]?.restart();
      await cluster.ready();
    }
  });
});

function collect(watcher: Watcher): string[] {
  const seen: string[] = [];
  watcher.on('put', ({ key, value }) => seen.push(`put ${String(key)}=${String(value)}`));
  watcher.on('delete', ({ key }) => seen.push(`delete ${String(key)}`));
  return seen;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5);
}

/** Done again until it succeeds; only for what may be done twice. */
async function retried<T>(run: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await run();
    } catch {
      await sleep(100);
    }
  }
}
