import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Counter, createFrame, WatchSocket } from '../../scripts/lib/watch-load.ts';
import {
  base64,
  cancelRequest,
  createRequest,
  EventClient,
  LineClient,
  type MessageJson,
  PROGRESS_REQUEST,
  SocketClient,
  type WatchClient,
} from '../support/watch-client.ts';
import { WatchCluster } from './watch-cluster.ts';

let cluster: WatchCluster;
before(async () => {
  cluster = await WatchCluster.start();
});
after(() => cluster.stop());

const FORMS: Readonly<Record<string, (...requests: string[]) => Promise<WatchClient>>> = {
  'lines over HTTP': (...requests) => LineClient.open(cluster.endpoint, ...requests),
  'frames over WebSocket': (...requests) => SocketClient.open(cluster.endpoint, ...requests),
};

for (const [form, open] of Object.entries(FORMS)) {
  describe(`a watch by ${form}`, () => {
    it('reports puts and deletes with the revision of each', async () => {
      const start = await cluster.put('other', '');
      const client = await open(createRequest({ key: 'k', prev_kv: true }));
      assert.equal(await client.next(), `0@${start} created`);
      await cluster.put('k', 'one');
      await cluster.put('other', '');
      await cluster.put('k', 'two');
      await cluster.delete('k');
      assert.equal(await client.next(), `0@${start + 1} put k=one`);
      assert.equal(await client.next(), `0@${start + 3} put k=two was one`);
      assert.equal(await client.next(), `0@${start + 4} delete k was two`);
      client.close();
    });

    it('carries several watchers, told apart by their ids, each canceled by itself', async () => {
      const start = await cluster.put('other', '');
      const client = await open(
        createRequest({ key: 'a', range_end: 'c' }),
        createRequest({ key: 'b', watch_id: 7, filters: ['NODELETE'] }),
        createRequest({ key: 'b', watch_id: 7 }),
        createRequest({ key: 'z', range_end: 'a' }),
        createRequest({ key: 'b' }),
      );
      assert.equal(await client.next(), `0@${start} created`);
      assert.equal(await client.next(), `7@${start} created`);
      const twice = 'mvcc: duplicate watch ID provided on the WatchStream';
      assert.equal(await client.next(), `-1@${start} created canceled (${twice})`);
      const empty = 'mvcc: watcher range is empty';
      assert.equal(await client.next(), `-1@${start} created canceled (${empty})`);
      assert.equal(await client.next(), `1@${start} created`);
      await cluster.put('b', 'x');
      const first = [await client.next(), await client.next(), await client.next()];
      assert.deepEqual(
        first.sort(),
        [0, 1, 7].map((id) => `${id}@${start + 1} put b=x`),
      );
      client.send(cancelRequest(1));
      assert.equal(await client.next(), `1@${start + 1} canceled`);
      client.send(cancelRequest(99));
      await cluster.delete('b');
      assert.equal(await client.next(), `0@${start + 2} delete b`);
      client.send(PROGRESS_REQUEST);
      assert.equal(await client.next(), `-1@${start + 2}`);
      client.close();
    });

    it('begins in the past, and is canceled when that is compacted', async () => {
      const revision = await cluster.put('old', '1');
      await cluster.put('old', '2');
      const client = await open(createRequest({ key: 'old', start_revision: revision }));
      assert.equal(await client.next(), `0@${revision + 1} created`);
      assert.equal(await client.next(), `0@${revision + 1} put old=1 put old=2`);
      await cluster.kv.compact(revision + 1);
      client.send(createRequest({ key: 'old', start_revision: revision }));
      assert.equal(await client.next(), `1@${revision + 1} created`);
      assert.equal(await client.next(), `1@0 canceled compact=${revision + 1}`);
      client.send(createRequest({ key: 'old', start_revision: -1 }));
      const refused = 'etcdserver: mvcc: required revision has been compacted';
      assert.equal(await client.next(), `-1@${revision + 1} created canceled (${refused})`);
      await cluster.put('old', '3');
      assert.equal(await client.next(), `0@${revision + 2} put old=3`);
      client.close();
    });

    it('leaves nothing behind, whether it is closed or lost', async () => {
      const clients = await Promise.all(
        Array.from({ length: 20 }, () => open(createRequest({ key: 'k' }))),
      );
      for (const client of clients) await client.next();
      assert.equal((await cluster.gauges()).streams, 20);
      for (const client of clients) client.close();
      await cluster.allGone();
    });

    it('takes 10,000 creations and cancels in a row', async () => {
      const client = await open(createRequest({ key: 'k' }));
      await client.next();
      for (let id = 1; id <= 10_000; id++) {
        client.send(createRequest({ key: `k${id % 10}`, watch_id: id }));
        client.send(cancelRequest(id));
      }
      for (let id = 1; id <= 10_000; id++) {
        assert.match(await client.next(), new RegExp(`^${id}@\\d+ created$`));
        assert.match(await client.next(), new RegExp(`^${id}@\\d+ canceled$`));
      }
      assert.equal((await cluster.gauges()).watchers, 1);
      client.close();
      await cluster.allGone();
    });
  });
}

describe('a watch by server-sent events', () => {
  it('resumes after the last event that was seen, without repetition', async () => {
    const start = await cluster.put('sse/a', '1');
    const client = await EventClient.open(cluster.endpoint, 'prefix=sse/');
    assert.equal(await client.next(), `0@${start} created`);
    await cluster.put('sse/b', '2');
    assert.equal(await client.next(), `0@${start + 1} put sse/b=2`);
    assert.equal(client.lastId, String(start + 1));
    client.close();
    await cluster.put('sse/c', '3');
    const again = await EventClient.open(cluster.endpoint, 'prefix=sse/', {
      'Last-Event-ID': client.lastId,
    });
    assert.equal(await again.next(), `0@${start + 2} created`);
    assert.equal(await again.next(), `0@${start + 2} put sse/c=3`);
    again.close();
  });

  it('has an id before the first event, so that nothing is lost if none came', async () => {
    const start = await cluster.put('other', '');
    const client = await EventClient.open(cluster.endpoint, `key=${base64('sse/id')}`);
    await client.next();
    assert.equal(client.lastId, String(start));
    client.close();
  });

  it('takes back the id of a watcher that is canceled', async () => {
    const revision = await cluster.put('other', '');
    await cluster.put('other', '');
    await cluster.kv.compact(revision);
    const client = await EventClient.open(
      cluster.endpoint,
      `key=${base64('k')}&start_revision=${revision - 1}`,
    );
    await client.next();
    assert.equal(await client.next(), `0@0 canceled compact=${revision}`);
    assert.equal(client.lastId, '');
    client.close();
  });

  it('says what is wrong with the query', async () => {
    await assert.rejects(EventClient.open(cluster.endpoint, 'prev_kv=true'), /400.*neither key=/);
    await assert.rejects(EventClient.open(cluster.endpoint, 'key=***'), /400.*base64/);
  });
});

describe('what does not belong into a watch', () => {
  it('fails the HTTP call when it comes first', async () => {
    for (const body of ['hello', '[1]', '{"create_request":{"key":"***"}}']) {
      const response = await fetch(`${cluster.endpoint}/v3/watch`, { method: 'POST', body });
      assert.equal(response.status, 400);
      assert.match(await response.text(), /"code":3/);
    }
  });

  it('ends the HTTP stream with an error when it comes later', async () => {
    const client = await LineClient.open(cluster.endpoint, createRequest({ key: 'k' }));
    await client.next();
    client.send('hello\n');
    assert.match(await client.next(), /^error 3: invalid character 'h'/);
    assert.equal(await client.next(), 'end');
  });

  it('closes a WebSocket with 1007, after a frame that says what is wrong', async () => {
    const client = await SocketClient.open(cluster.endpoint, 'hello');
    assert.match(await client.next(), /^error 3: invalid character 'h'/);
    assert.equal((await client.closed).code, 1007);
  });

  it('closes a WebSocket with 1009 for a frame over the limit', async () => {
    const client = await SocketClient.open(cluster.endpoint, ' '.repeat(4 * 1024 * 1024 + 1));
    assert.equal((await client.closed).code, 1009);
  });

  it('is passed over when it is a request of an unknown kind', async () => {
    const client = await SocketClient.open(cluster.endpoint, '{"what":{}}', '{}', 'null');
    client.send(createRequest({ key: 'k' }));
    assert.match(await client.next(), /created$/);
    client.close();
  });

  it('is none of it when a frame is binary, or holds two requests, or half of one', async () => {
    const client = await SocketClient.open(cluster.endpoint);
    const request = createRequest({ key: 'k' });
    client.send(new TextEncoder().encode(request + request));
    assert.match(await client.next(), /^0@\d+ created$/);
    assert.match(await client.next(), /^1@\d+ created$/);
    const half = '{"create_request":'.length;
    client.send(request.slice(0, half));
    client.send(request.slice(half));
    assert.match(await client.next(), /^2@\d+ created$/);
    client.close();
    await cluster.allGone('k', 'sse/id', 'sse/c');
  });
});

describe('a client that does not read', () => {
  const VALUE = 'v'.repeat(100_000);
  const PUTS = 100;

  /** Writes 13 MB of events, of which a quick client gets each at once. Returns the first revision. */
  async function overfill(key: string): Promise<number> {
    const quick = await LineClient.open(cluster.endpoint, createRequest({ key }));
    await quick.next();
    let pendingBytesMax = 0;
    let waitedOnce = false;
    const last = await cluster.put('other', '');
    for (let count = 0; count < PUTS; count++) {
      await cluster.put(key, VALUE);
      assert.match(await quick.next(), /v$/);
      const { pendingBytes, waitingWatchers } = await cluster.gauges();
      pendingBytesMax = Math.max(pendingBytesMax, pendingBytes);
      waitedOnce ||= waitingWatchers === 1;
    }
    quick.close();
    // Some of it waits in buffers of the network; the limit is one MiB and one message for each client.
    assert.ok(pendingBytesMax < 3 * 1024 * 1024, `${pendingBytesMax} bytes were pending`);
    assert.ok(waitedOnce, 'the slow client was never waited for');
    return last + 1;
  }

  function revisionsFrom(first: number): string[] {
    return Array.from({ length: PUTS }, (_, index) => String(first + index));
  }

  it('over HTTP holds up nobody, costs a bounded amount of memory, and misses nothing', async () => {
    const slow = await LineClient.open(cluster.endpoint, createRequest({ key: 'big' }));
    await slow.next();
    slow.pause();
    const first = await overfill('big');
    slow.resume();
    const seen: string[] = [];
    while (seen.length < PUTS) {
      const { result } = await slow.nextJson();
      for (const { kv } of result?.events ?? []) seen.push(kv?.mod_revision ?? '');
    }
    assert.deepEqual(seen, revisionsFrom(first));
    slow.close();
    await cluster.allGone('big');
  });

  it('over WebSocket likewise', async () => {
    const seen: string[] = [];
    const created = new Counter();
    const events = new Counter();
    const slow = await WatchSocket.open(cluster.endpoint, (text) => {
      const { result } = JSON.parse(text.toString()) as MessageJson;
      if (result?.created === true) created.add();
      for (const { kv } of result?.events ?? []) {
        seen.push(kv?.mod_revision ?? '');
        events.add();
      }
    });
    slow.send(createFrame({ key: 'large' }));
    await created.reach(1);
    slow.pause();
    const first = await overfill('large');
    slow.resume();
    await events.reach(PUTS);
    assert.deepEqual(seen, revisionsFrom(first));
    slow.close();
    await cluster.allGone('large');
  });
});
