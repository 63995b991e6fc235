import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { startCluster } from '../../scripts/lib/cluster.ts';
import { KvHttp } from '../../scripts/lib/kv-http.ts';
import {
  createRequest,
  EventClient,
  LineClient,
  PROGRESS_REQUEST,
  SocketClient,
} from '../support/watch-client.ts';
import { WatchCluster } from './watch-cluster.ts';

/** Goal: a member that sleeps, is replaced or dies costs its watchers no event and gives none twice. */
const clusters: WatchCluster[] = [];
after(() => Promise.all(clusters.map((cluster) => cluster.stop())));

async function start(members?: number): Promise<WatchCluster> {
  const cluster = await WatchCluster.start(members);
  clusters.push(cluster);
  return cluster;
}

/** More watchers than fit into a socket's attachment. */
const MANY = 1_000;

describe('watchers of a member that sleeps', () => {
  it('are reached by the event that wakes it, each once and in order', async () => {
    const cluster = await start();
    const { endpoint } = cluster;
    const first = await cluster.put('k', '0');
    const lines = await LineClient.open(endpoint, createRequest({ key: 'k' }));
    const frames = await SocketClient.open(endpoint, createRequest({ key: 'k' }));
    const events = await EventClient.open(endpoint, 'prefix=k');
    const many = await SocketClient.open(endpoint);
    for (let id = 1; id <= MANY; id++) {
      many.send(createRequest({ key: `many/${id}`, watch_id: id }));
    }
    for (const client of [lines, frames, events]) {
      assert.equal(await client.next(), `0@${first} created`);
    }
    for (let id = 1; id <= MANY; id++) await many.next();
    await cluster.put('k', '1');
    for (const client of [lines, frames, events]) {
      assert.equal(await client.next(), `0@${first + 1} put k=1`);
    }

    const built = cluster.timesBuilt();
    // Any request would keep it awake: only time passes.
    await new Promise((resolve) => setTimeout(resolve, 14_000));
    await cluster.put('k', '2');
    assert.equal(cluster.timesBuilt(), built + 1, 'the member did not sleep');
    await cluster.put(`many/${MANY}`, 'x');
    for (const client of [lines, frames, events]) {
      assert.equal(await client.next(), `0@${first + 2} put k=2`);
    }
    assert.equal(await many.next(), `${MANY}@${first + 3} put many/${MANY}=x`);
    assert.equal((await cluster.gauges()).watchers, MANY + 3);

    many.send(PROGRESS_REQUEST);
    assert.equal(await many.next(), `-1@${first + 3}`);
    many.send(createRequest({ key: 'k' }));
    assert.equal(await many.next(), `0@${first + 3} created`);
    for (const client of [lines, frames, events, many]) {
      assert.equal(client.waiting, 0);
      client.close();
    }
    await cluster.allGone('k');
  });
});

describe('watchers of a member that is replaced', () => {
  it('go on where they were, over HTTP unnoticed', async () => {
    const cluster = await start(3);
    const { endpoint } = cluster;
    const first = await cluster.put('k', '0');
    const lines = await LineClient.open(
      endpoint,
      createRequest({ key: 'k' }),
      createRequest({ key: 'quiet', watch_id: 5 }),
      createRequest({ key: 'later', start_revision: first + 4 }),
    );
    const events = await EventClient.open(endpoint, 'prefix=k');
    const frames = await SocketClient.open(endpoint, createRequest({ key: 'k' }));
    assert.equal(await lines.next(), `0@${first} created`);
    assert.equal(await lines.next(), `5@${first} created`);
    assert.equal(await lines.next(), `1@${first} created`);
    await events.next();
    await frames.next();
    await cluster.put('k', '1');
    for (const client of [lines, events, frames]) {
      assert.equal(await client.next(), `0@${first + 1} put k=1`);
    }

    await cluster.crash();
    assert.ok([1006, 1012].includes((await frames.closed).code));
    await cluster.put('later', 'too early');
    await cluster.put('k', '2');
    assert.equal(await lines.next(), `0@${first + 3} put k=2`);
    assert.equal(await events.next(), `0@${first + 3} put k=2`);
    await cluster.put('later', 'in time');
    assert.equal(await lines.next(), `1@${first + 4} put later=in time`);
    lines.send(createRequest({ key: 'k' }));
    assert.equal(await lines.next(), `2@${first + 4} created`);
    await cluster.put('quiet', 'no more');
    assert.equal(await lines.next(), `5@${first + 5} put quiet=no more`);
    lines.send(PROGRESS_REQUEST);
    assert.equal(await lines.next(), `-1@${first + 5}`);
    for (const client of [lines, events]) {
      assert.equal(client.waiting, 0);
      client.close();
    }
    await cluster.allGone('k');
  });

  it('are not canceled for a compaction of what did not concern them', async () => {
    const cluster = await start();
    const lines = await LineClient.open(cluster.endpoint, createRequest({ key: 'quiet' }));
    await lines.next();
    await cluster.put('k', '1');
    const last = await cluster.put('k', '2');
    await cluster.kv.compact(last);
    await cluster.crash();
    await cluster.put('quiet', 'x');
    assert.equal(await lines.next(), `0@${last + 1} put quiet=x`);
    lines.close();
  });

  it('lose nothing under a stream of writes', async () => {
    const cluster = await start();
    const lines = await LineClient.open(cluster.endpoint, createRequest({ key: 'k' }));
    await lines.next();
    const revisions: string[] = [];
    let failures = 0;
    for (let count = 0; count < 300; count++) {
      if (count % 60 === 30) await cluster.crash();
      // A put may fail with its fate unknown; what counts is what watchers see.
      await cluster.put('k', String(count)).catch(() => failures++);
    }
    const last = await cluster.put('k', 'last');
    while (revisions.at(-1) !== String(last)) {
      const { result } = await lines.nextJson();
      for (const { kv } of result?.events ?? []) revisions.push(kv?.mod_revision ?? '');
    }
    const from = Number(revisions[0]);
    assert.deepEqual(
      revisions,
      Array.from({ length: last - from + 1 }, (_, index) => String(from + index)),
    );
    assert.ok(revisions.length + failures >= 301);
    lines.close();
  });
});

describe('watchers of a process that is killed', () => {
  it('resume from the revision after the last they saw', async () => {
    const cluster = await start();
    const [process] = cluster.cluster.processes;
    const first = await cluster.put('k', '0');
    const lines = await LineClient.open(cluster.endpoint, createRequest({ key: 'k' }));
    const frames = await SocketClient.open(cluster.endpoint, createRequest({ key: 'k' }));
    await lines.next();
    await frames.next();
    await cluster.put('k', '1');
    assert.equal(await lines.next(), `0@${first + 1} put k=1`);
    assert.equal(await frames.next(), `0@${first + 1} put k=1`);
    await process?.kill('SIGKILL');
    assert.equal(await lines.next(), 'end');
    assert.equal((await frames.closed).code, 1006);
    await process?.restart();
    await cluster.cluster.ready();
    assert.equal((await cluster.gauges()).streams, 0);
    await cluster.put('k', '2');
    const again = await SocketClient.open(
      cluster.endpoint,
      createRequest({ key: 'k', start_revision: first + 2 }),
    );
    assert.equal(await again.next(), `0@${first + 2} created`);
    assert.equal(await again.next(), `0@${first + 2} put k=2`);
    again.close();
  });
});

const KEY = Buffer.from('k');

describe('a watch that needs a leader', () => {
  it('ends when there is none any more', async () => {
    const cluster = await startCluster({ mode: 'process-per-member' });
    try {
      await cluster.ready();
      const response = await fetch(`${cluster.endpoints[0]}/v3/watch`, {
        method: 'POST',
        body: createRequest({ key: 'k' }),
        headers: { 'Grpc-Metadata-hasleader': 'true' },
      });
      assert.equal(response.status, 200);
      for (const process of cluster.processes.slice(1)) await process.kill();
      // A cluster at rest finds out when it is needed.
      const put = new KvHttp(cluster.endpoints[0] ?? '').put({ key: KEY, value: KEY });
      await assert.rejects(put);
      // The stream ends by itself: text() resolves.
      assert.match(await response.text(), /created.*\n.*etcdserver: no leader.*\n$/s);
    } finally {
      await cluster.stop();
    }
  });
});
