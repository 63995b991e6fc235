/** Goal: sleep, restarts and deaths of members cost a session's watches no event, and repeat no write. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { startCluster } from '../../scripts/lib/cluster.ts';
import { KvHttp } from '../../scripts/lib/kv-http.ts';
import {
  LeaderRequest,
  LeaderResponse,
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponse,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
} from '../../src/api/messages.ts';
import { Connection } from '../../src/client/connection.ts';
import { nodeSocket } from '../../src/client/node-socket.ts';
import { Session } from '../../src/client/session.ts';
import { callOnce, Stream, unary, WatchLines } from '../support/session-client.ts';
import { WatchCluster } from './watch-cluster.ts';

const PUT = 'etcdserverpb.KV/Put';

const stops: (() => Promise<void> | void)[] = [];
after(async () => {
  for (const stop of stops.reverse()) await stop();
});

async function start(members?: number): Promise<WatchCluster> {
  const cluster = await WatchCluster.start(members);
  stops.push(() => cluster.stop());
  return cluster;
}

function openSession(endpoint: string): Session {
  const session = new Session(endpoint, { socket: nodeSocket });
  stops.push(() => session.close());
  return session;
}

function connect(endpoints: readonly string[]): Connection {
  const connection = new Connection(endpoints, { socket: nodeSocket, resumeWatches: true });
  stops.push(() => connection.close());
  return connection;
}

/** More watch calls than fit into a socket's attachment. */
const MANY = 600;

describe('a session whose member sleeps', () => {
  it('finds its watches, renewals and observations as they were', async () => {
    const cluster = await start();
    const session = openSession(cluster.endpoint);
    const first = await cluster.put('k', '0');
    const watch = new WatchLines(session);
    watch.create('k');
    assert.equal(await watch.next(), `0@${first} created`);
    const crowd = openSession(cluster.endpoint);
    const many = Array.from({ length: MANY }, () => new WatchLines(crowd));
    many.forEach((each, index) => each.create(`many/${index}`));
    for (const each of many) await each.next();
    const renewals = new Stream(session, 'etcdserverpb.Lease/LeaseKeepAlive');
    const observe = new Stream(session, 'v3electionpb.Election/Observe');
    observe.call.send(LeaderRequest.encode({ name: Buffer.from('e') }).finish());
    renewals.call.send(LeaseKeepAliveRequest.encode({ ID: 7 }).finish());
    await renewals.next();

    const built = cluster.timesBuilt();
    // Any request would keep it awake: only time passes.
    await new Promise((resolve) => setTimeout(resolve, 17_000));
    await cluster.put('k', '1');
    assert.equal(cluster.timesBuilt(), built + 1, 'the member did not sleep');
    assert.equal(await watch.next(), `0@${first + 1} put k=1`);
    await cluster.put(`many/${MANY - 1}`, 'x');
    assert.equal(await many[MANY - 1]?.next(), `0@${first + 2} put many/${MANY - 1}=x`);
    renewals.call.send(LeaseKeepAliveRequest.encode({ ID: 7 }).finish());
    const answer = LeaseKeepAliveResponse.decode((await renewals.next()) ?? new Uint8Array(0));
    assert.equal(Number(answer.TTL), 0);
    await cluster.put('e/1', 'leader');
    const { kv } = LeaderResponse.decode((await observe.next()) ?? new Uint8Array(0));
    assert.equal(Buffer.from(kv?.value ?? []).toString(), 'leader');
    watch.cancel(0);
    assert.equal(await watch.next(), `0@${first + 3} canceled`);
    assert.equal(watch.stream.waiting, 0);
    session.close();
    crowd.close();
    await cluster.until(async () => (await cluster.gauges()).streams === 0);
    assert.equal((await cluster.gauges()).streams, 0);
  });
});

describe('a connection whose member is replaced', () => {
  it('goes on with its watches, and nothing is lost or told twice', async () => {
    const cluster = await start();
    const connection = connect([cluster.endpoint]);
    const first = await cluster.put('k', '0');
    const watch = new WatchLines(connection);
    watch.create('k');
    watch.create('quiet', { watch_id: 5 });
    watch.create('later', { start_revision: first + 4 });
    assert.equal(await watch.next(), `0@${first} created`);
    assert.equal(await watch.next(), `5@${first} created`);
    assert.equal(await watch.next(), `1@${first} created`);
    await cluster.put('k', '1');
    assert.equal(await watch.next(), `0@${first + 1} put k=1`);

    await cluster.crash();
    await cluster.put('later', 'too early');
    await cluster.put('k', '2');
    assert.equal(await watch.next(), `0@${first + 3} put k=2`);
    await cluster.put('later', 'in time');
    assert.equal(await watch.next(), `1@${first + 4} put later=in time`);
    watch.create('k');
    assert.equal(await watch.next(), `2@${first + 4} created`);
    await cluster.put('quiet', 'no more');
    assert.equal(await watch.next(), `5@${first + 5} put quiet=no more`);
    assert.equal(watch.stream.waiting, 0);
  });

  it('does not miss what a compaction has taken when nothing of it concerned the watch', async () => {
    const cluster = await start();
    const watch = new WatchLines(connect([cluster.endpoint]));
    watch.create('quiet');
    await watch.next();
    await cluster.put('k', '1');
    const last = await cluster.put('k', '2');
    await cluster.kv.compact(last);
    // Its position is told after the compaction.
    await new Promise((resolve) => setTimeout(resolve, 200));
    await cluster.crash();
    await cluster.put('quiet', 'x');
    assert.equal(await watch.next(), `0@${last + 1} put quiet=x`);
  });

  it('loses nothing under a stream of writes', async () => {
    const cluster = await start();
    const watch = new WatchLines(connect([cluster.endpoint]));
    watch.create('k');
    await watch.next();
    for (let count = 0; count < 200; count++) {
      if (count % 50 === 25) await cluster.crash();
      // A put may fail with its fate unknown; what counts is what watchers see.
      await cluster.put('k', String(count)).catch(() => undefined);
    }
    const last = await cluster.put('k', 'last');
    let events = 0;
    for (let line = await watch.next(); line !== undefined; line = await watch.next()) {
      // A catch-up tells of several revisions at once.
      events += line.match(/ put k=/g)?.length ?? 0;
      if (line.endsWith('k=last')) break;
    }
    // Revision 1 is the empty store's, and every later one wrote k.
    assert.equal(events, last - 1);
  });
});

describe('a connection whose endpoint dies in the middle of calls', () => {
  it('repeats reads elsewhere, and no write', async () => {
    const cluster = await startCluster({ members: 3, mode: 'process-per-member' });
    stops.push(() => cluster.stop());
    await cluster.ready();
    const [first = '', second = ''] = cluster.endpoints;
    const connection = connect([first, second]);
    const kv = new KvHttp(second);
    const before = await unary(
      connection,
      PUT,
      [PutRequest, { key: Buffer.from('x'), value: Buffer.from('0') }],
      PutResponse,
    );
    assert.equal(connection.endpoint, first);
    const watch = new WatchLines(connection);
    watch.create('x');
    await watch.next();

    const puts = Array.from({ length: 200 }, (_, index) =>
      callOnce(
        connection,
        PUT,
        PutRequest.encode({ key: Buffer.from('x'), value: Buffer.from(String(index)) }).finish(),
      ),
    );
    const gets = Array.from({ length: 50 }, () =>
      callOnce(
        connection,
        'etcdserverpb.KV/Range',
        RangeRequest.encode({ key: Buffer.from('x') }).finish(),
      ),
    );
    await new Promise((resolve) => setTimeout(resolve, 1));
    await cluster.processes[0]?.kill();

    const acknowledged = (await Promise.all(puts)).filter(({ status }) => status.code === 0).length;
    for (const { status } of await Promise.all(puts)) {
      if (status.code === 0) continue;
      assert.equal(status.code, 14);
      assert.equal(
        status.message,
        'etcdserver: request timed out, possibly due to connection lost',
      );
      assert.equal(status.lost, 'unknown');
    }
    for (const { status } of await Promise.all(gets)) assert.equal(status.code, 0);
    assert.equal(connection.endpoint, second);
    const { header } = await unary(
      connection,
      'etcdserverpb.KV/Range',
      [RangeRequest, { key: Buffer.from('x') }],
      RangeResponse,
    );
    const written = Number(header?.revision) - Number(before.header?.revision);
    assert.ok(written >= acknowledged && written <= puts.length, `${written} of ${acknowledged}`);
    const last = await kv.put({ key: Buffer.from('x'), value: Buffer.from('last') });
    let events = 0;
    for (let line = await watch.next(); line !== undefined; line = await watch.next()) {
      events += line.match(/ put x=/g)?.length ?? 0;
      if (line.endsWith('x=last')) break;
    }
    assert.equal(events, last - Number(before.header?.revision));
  });

  it('tells a call that no endpoint answers', async () => {
    const connection = connect(['http://127.0.0.1:9']);
    const { status } = await callOnce(connection, PUT, new Uint8Array(0));
    assert.equal(status.code, 14);
    assert.match(status.message, /no session with http:\/\/127\.0\.0\.1:9/);
  });
});
