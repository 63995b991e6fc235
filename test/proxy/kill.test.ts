/** Goal: watches outlive kill -9 of the member they hang on, while clients write: no event lost, none told twice. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Etcd3, type Watcher } from 'etcd3';
import { startCluster, type LocalCluster } from '../../scripts/lib/cluster.ts';
import { KvHttp } from '../../scripts/lib/kv-http.ts';
import { WatchRequest, WatchResponse, type Event } from '../../src/api/messages.ts';
import { Connection } from '../../src/client/connection.ts';
import { nodeSocket } from '../../src/client/node-socket.ts';
import { startProxy } from '../../src/proxy/proxy.ts';
import { Stream } from '../support/session-client.ts';

const PREFIX = 'k/';
const RANGE = { key: Buffer.from(PREFIX), range_end: Buffer.from('k0') };
const LAST = 'the last';
const WRITERS = 4;

/** Somebody who watches, and where the watch hangs. */
interface Audience {
  readonly name: string;
  readonly seen: string[];
  readonly endpoint: () => string | undefined;
}

let cluster: LocalCluster | undefined;
const stops: (() => unknown)[] = [];
before(async () => {
  cluster = await startCluster({ mode: 'process-per-member' });
  await cluster.ready();
});
after(async () => {
  for (const stop of stops.reverse()) await stop();
  await cluster?.stop();
});

describe('a watch whose member is killed while clients write', () => {
  it('goes on at the next member, whatever carries it, and once more when that is killed', async () => {
    assert.ok(cluster !== undefined);
    const { endpoints, processes } = cluster;
    const survivor = new KvHttp(endpoints[2] ?? '');
    const first = 1 + (await survivor.put({ key: Buffer.from('begin'), value: Buffer.from('') }));
    const audiences = [
      await sessionAudience(endpoints, 'a session', {}),
      await sessionAudience(endpoints, 'a session, in fragments', {
        fragment: true,
        prev_kv: true,
      }),
      ...(await proxyAudiences(endpoints, 'the proxy', false)),
      ...(await proxyAudiences(endpoints, 'the proxy that shares watches', true)),
    ];
    let isOver = false;
    const writers = Array.from({ length: WRITERS }, async (_, writer) => {
      for (let count = 0; !isOver; count++) await write(survivor, `${PREFIX}${writer}`, count);
    });
    for (const killed of [0, 1]) {
      await until(() => audiences.every(({ seen }) => seen.length > 50 * (killed + 1)));
      for (const { name, endpoint } of audiences) {
        assert.equal(endpoint(), endpoints[killed], `${name} hangs on the member to be killed`);
      }
      await processes[killed]?.kill();
      await until(() => audiences.every(({ endpoint }) => endpoint() === endpoints[killed + 1]));
      await processes[killed]?.restart();
      await cluster.ready();
    }
    isOver = true;
    await Promise.all(writers);
    await untilWritten(survivor, `${PREFIX}end`, LAST);
    const truth = await history(endpoints[2] ?? '', first);
    assert.ok(truth.length > 100, `${truth.length} events`);
    await until(() => audiences.every(({ seen }) => seen.at(-1)?.endsWith(LAST) === true));
    for (const { name, seen } of audiences) assert.deepEqual(seen, truth, name);
  });
});

async function sessionAudience(
  endpoints: readonly string[],
  name: string,
  fields: { readonly fragment?: boolean; readonly prev_kv?: boolean },
): Promise<Audience> {
  const connection = new Connection(endpoints, { socket: nodeSocket, resumeWatches: true });
  stops.push(() => connection.close());
  const stream = new Stream(connection, 'etcdserverpb.Watch/Watch');
  stream.call.send(WatchRequest.encode({ create_request: { ...RANGE, ...fields } }).finish());
  assert.ok(await stream.next(), 'created');
  const seen: string[] = [];
  void collect(stream, seen);
  return { name, seen, endpoint: () => connection.endpoint };
}

/** Two equal watchers of a client of etcd's. */
async function proxyAudiences(
  endpoints: readonly string[],
  name: string,
  coalesce: boolean,
): Promise<Audience[]> {
  let endpoint: string | undefined;
  const proxy = await startProxy({
    endpoints,
    listen: { host: '127.0.0.1', port: 0 },
    keepAlive: { intervalMs: 60_000, timeoutMs: 60_000 },
    namespace: Buffer.alloc(0),
    coalesce,
    onLine: (line) => (endpoint = /^session with (.*)$/.exec(line)?.[1]),
  });
  const client = new Etcd3({ hosts: `127.0.0.1:${proxy.port}` });
  const watchers: Watcher[] = [];
  stops.push(async () => {
    for (const watcher of watchers) await watcher.cancel();
    client.close();
    await proxy.stop(0);
  });
  for (let count = 0; count < 2; count++) {
    watchers.push(await client.watch().prefix(PREFIX).create());
  }
  return watchers.map((watcher, index) => {
    const seen: string[] = [];
    watcher.on('data', ({ events }) => {
      for (const { type, kv } of events) {
        seen.push(line(type === 'Delete', kv.mod_revision, kv.key, kv.value));
      }
    });
    return { name: `${name}, watcher ${index}`, seen, endpoint: () => endpoint };
  });
}

async function collect(stream: Stream, seen: string[]): Promise<void> {
  for (;;) {
    const body = await stream.next();
    if (body === undefined) return;
    for (const event of WatchResponse.decode(body).events) seen.push(lineOf(event));
  }
}

/** What really happened, from the store. */
async function history(endpoint: string, start_revision: number): Promise<string[]> {
  const connection = new Connection([endpoint], { socket: nodeSocket });
  const stream = new Stream(connection, 'etcdserverpb.Watch/Watch');
  const create_request = { ...RANGE, start_revision };
  stream.call.send(WatchRequest.encode({ create_request }).finish());
  const seen: string[] = [];
  const done = collect(stream, seen);
  await until(() => seen.at(-1)?.endsWith(LAST) === true);
  connection.close();
  await done;
  return seen;
}

function lineOf({ type, kv }: Event): string {
  return kv === null ? '' : line(type === 1, kv.mod_revision, kv.key, kv.value);
}

function line(isDelete: boolean, revision: unknown, key: Uint8Array, value: Uint8Array): string {
  const what = isDelete ? 'delete' : 'put';
  return `${String(revision)} ${what} ${Buffer.from(key).toString()} ${Buffer.from(value).toString()}`;
}

/** While a leader is elected a write fails, or its fate is unknown: the store knows what became of it. */
async function write(kv: KvHttp, name: string, count: number): Promise<void> {
  const key = Buffer.from(name);
  const done =
    count % 5 === 4 ? kv.deleteKey(key) : kv.put({ key, value: Buffer.from(String(count)) });
  await done.catch(() => sleep(20));
}

async function untilWritten(kv: KvHttp, key: string, value: string): Promise<void> {
  for (;;) {
    const done = kv.put({ key: Buffer.from(key), value: Buffer.from(value) });
    if (await done.then(Boolean, () => false)) return;
    await sleep(20);
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5);
}
