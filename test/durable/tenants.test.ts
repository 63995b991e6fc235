/** Goal: clusters of one deployment never meet, whichever way they are reached. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startCluster } from '../../scripts/lib/cluster.ts';
import { GrpcClient, GrpcError } from '../../scripts/lib/grpc-client.ts';
import { readProxy } from '../../scripts/proxy.ts';
import { run as restore } from '../../scripts/restore.ts';
import { run as snapshot } from '../../scripts/snapshot.ts';
import { Code } from '../../src/api/errors.ts';
import { PutRequest, RangeRequest, RangeResponse, toNumber } from '../../src/api/messages.ts';
import { methodByPath } from '../../src/api/schema.ts';
import { nodeSocket } from '../../src/client/node-socket.ts';
import { Session } from '../../src/client/session.ts';
import { PEER_PROTOCOL_VERSION } from '../../src/constants.ts';
import { PEER_FRAME_PATH, PEER_HEADERS } from '../../src/member/peer-protocol.ts';
import { startProxy } from '../../src/proxy/proxy.ts';
import { callOnce } from '../support/session-client.ts';
import {
  base64,
  createRequest,
  EventClient,
  LineClient,
  SocketClient,
} from '../support/watch-client.ts';
import { type Caller, grpcCaller, grpcWebCaller, jsonCaller, sessionCaller } from './transports.ts';

const KEY = Buffer.from('k');
const SECRET = 'shared by members';
/** Two named ones and the default one. */
const CLUSTERS = ['default', 'a', 'b'];

const stops: (() => unknown)[] = [];
after(async () => {
  for (const stop of stops.reverse()) await stop();
});

async function start(options: Parameters<typeof startCluster>[0] = {}): Promise<readonly string[]> {
  const cluster = await startCluster(options);
  stops.push(() => cluster.stop());
  await cluster.ready();
  return cluster.endpoints;
}

async function call(caller: Caller, path: string, request: Uint8Array): Promise<Uint8Array> {
  const method = methodByPath(path);
  assert.ok(method);
  const { code, message, first } = await caller.call(method, request);
  assert.equal(code, 0, `${caller.name}: ${message}`);
  return first ?? new Uint8Array(0);
}

const put = (caller: Caller, value: string): Promise<Uint8Array> => {
  const request = PutRequest.encode({ key: KEY, value: Buffer.from(value) }).finish();
  return call(caller, 'etcdserverpb.KV/Put', request);
};

async function get(caller: Caller): Promise<{ value: string; cluster: string; version: number }> {
  const body = await call(
    caller,
    'etcdserverpb.KV/Range',
    RangeRequest.encode({ key: KEY }).finish(),
  );
  const { kvs, header } = RangeResponse.decode(body);
  return {
    value: Buffer.from(kvs[0]?.value ?? []).toString(),
    cluster: String(header?.cluster_id),
    version: toNumber(kvs[0]?.version ?? 0),
  };
}

async function post(
  endpoint: string,
  path: string,
  headers: Record<string, string> = {},
  body: object = {},
): Promise<{ status: number; text: string }> {
  const init = { method: 'POST', headers, body: JSON.stringify(body) };
  const response = await fetch(endpoint + path, init);
  return { status: response.status, text: await response.text() };
}

/** Every way into a cluster that an endpoint stands for. */
async function callersOf(endpoint: string): Promise<readonly Caller[]> {
  const session = new Session(endpoint, { socket: nodeSocket });
  // As `npx edgetcd proxy --endpoints https://host/c/NAME` does.
  const options = readProxy(['--endpoints', endpoint, '--listen', '127.0.0.1:0']);
  const proxy = await startProxy(options);
  const grpc = await GrpcClient.open(`http://127.0.0.1:${proxy.port}`);
  stops.push(() => {
    session.close();
    grpc.close();
    return proxy.stop(0);
  });
  return [
    jsonCaller(endpoint),
    grpcWebCaller(endpoint, 'binary'),
    grpcWebCaller(endpoint, 'text'),
    sessionCaller(session),
    grpcCaller(grpc),
  ];
}

describe('clusters of one deployment', () => {
  let endpoint = '';
  const at = (cluster: string): string =>
    cluster === 'default' ? endpoint : `${endpoint}/c/${cluster}`;

  it('keep equal keys apart on every transport', async () => {
    [endpoint = ''] = await start({ members: 3 });
    const ids = new Set<string>();
    const all = await Promise.all(CLUSTERS.map((cluster) => callersOf(at(cluster))));
    for (const [transport] of (all[0] ?? []).entries()) {
      for (const [index, cluster] of CLUSTERS.entries()) {
        const caller = all[index]?.[transport];
        assert.ok(caller);
        await put(caller, `${cluster} by ${caller.name}`);
      }
      for (const [index, cluster] of CLUSTERS.entries()) {
        for (const caller of all[index] ?? []) {
          const found = await get(caller);
          ids.add(found.cluster);
          assert.equal(found.value, `${cluster} by ${all[index]?.[transport]?.name}`, caller.name);
          assert.equal(found.version, transport + 1);
        }
      }
    }
    assert.equal(ids.size, CLUSTERS.length);
    // What it was before there were others.
    assert.ok(ids.has('17464247029631936621'));
  });

  it('tell watchers of their own changes only, in every form', async () => {
    for (const cluster of CLUSTERS) {
      const create = createRequest({ key: 'watched' });
      const watches = [
        await LineClient.open(at(cluster), create),
        await SocketClient.open(at(cluster), create),
        await EventClient.open(at(cluster), 'prefix=watched'),
      ];
      for (const watch of watches) assert.match(await watch.next(), / created$/);
      for (const other of CLUSTERS.filter((each) => each !== cluster)) {
        await post(at(other), '/v3/kv/put', {}, { key: base64('watched'), value: base64(other) });
      }
      await post(at(cluster), '/v3/kv/put', {}, { key: base64('watched'), value: base64('own') });
      for (const watch of watches) {
        assert.match(await watch.next(), / put watched=own$/);
        watch.close();
      }
    }
  });

  it('are named by a header or by the metadata of a call as well', async () => {
    const header = { 'edgetcd-cluster': 'b' };
    await post(at('b'), '/v3/kv/put', {}, { key: base64('k'), value: base64('of b') });
    const { text } = await post(endpoint, '/v3/kv/range', header, { key: base64('k') });
    assert.match(text, new RegExp(base64('of b')));
    // Through a proxy for the whole deployment.
    const proxy = await startProxy(readProxy(['--endpoints', endpoint, '--listen', '127.0.0.1:0']));
    const grpc = await GrpcClient.open(`http://127.0.0.1:${proxy.port}`);
    stops.push(() => {
      grpc.close();
      return proxy.stop(0);
    });
    const range = RangeRequest.encode({ key: KEY }).finish();
    const method = 'etcdserverpb.KV/Range';
    const body = await grpc.unary(method, range, { metadata: header });
    assert.equal(Buffer.from(RangeResponse.decode(body).kvs[0]?.value ?? []).toString(), 'of b');
    await assert.rejects(
      grpc.unary(method, range, { metadata: { 'edgetcd-cluster': 'a/m1' } }),
      (error) => error instanceof GrpcError && error.code === Code.InvalidArgument,
    );
    // A session is with one cluster.
    const session = new Session(at('a'), { socket: nodeSocket });
    const named = (cluster: string) =>
      callOnce(session, method, range, { metadata: [['edgetcd-cluster', cluster]] });
    assert.equal((await named('a')).status.code, 0);
    const refused = await named('b');
    assert.equal(refused.status.code, Code.InvalidArgument);
    assert.match(refused.status.message, /names cluster "b", and its session is with "a"/);
    session.close();
  });

  it('have pages of their own', async () => {
    for (const path of ['/health', '/readyz', '/version', '/metrics']) {
      assert.equal((await fetch(at('a') + path)).status, 200, path);
    }
    const idIn = async (cluster: string): Promise<string | undefined> => {
      const text = await (await fetch(`${at(cluster)}/metrics`)).text();
      return /etcd_server_id\{server_id="(\w+)"\}/.exec(text)?.[1];
    };
    assert.notEqual(await idIn('a'), await idIn('b'));
  });

  it('are refused under names that are none, and no object comes to be', async () => {
    for (const [path, header] of [
      ['/c/a.b/v3/kv/range', ''],
      ['/c/a%2Fm1/v3/kv/range', ''],
      [`/c/${'n'.repeat(65)}/version`, ''],
      ['/v3/kv/range', 'a/m1'],
      ['/c/a/v3/kv/range', 'b'],
    ] as const) {
      const { status, text } = await post(
        endpoint,
        path,
        header === '' ? {} : { 'edgetcd-cluster': header },
      );
      assert.equal(status, 400, path);
      assert.match(text, /edgetcd: choose /);
    }
  });

  it('go over from one to the other as a snapshot, by commands', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'edgetcd-tenants-'));
    stops.push(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'a.db');
    await post(at('a'), '/v3/kv/put', {}, { key: base64('k'), value: base64('from a') });
    assert.equal(await snapshot([file, '--endpoint', at('a')]), 0);
    assert.equal(await restore([file, '--endpoint', at('new')]), 0);
    const { text } = await post(at('new'), '/v3/kv/range', {}, { key: base64('k') });
    assert.match(text, new RegExp(base64('from a')));
  });
});

describe('a deployment that lists its clusters', () => {
  it('has no others, with members of their own, and tells nobody without the token', async () => {
    const cluster = await startCluster({
      members: 3,
      variables: {
        EDGETCD_CLUSTERS: 'small m1; standard',
        EDGETCD_TOKEN: 'token',
        EDGETCD_ALLOW_ANONYMOUS: 'false',
        EDGETCD_CLIENT_URLS: 'https://host',
      },
    });
    stops.push(() => cluster.stop());
    const [endpoint = ''] = cluster.endpoints;
    const Authorization = 'Bearer token';
    for (const name of ['small', 'unknown', 'not.a.name']) {
      const path = `/c/${name}/v3/cluster/member/list`;
      assert.equal((await post(endpoint, path)).status, 401, name);
    }
    const unknown = await post(endpoint, '/c/unknown/v3/kv/range', { Authorization });
    assert.equal(unknown.status, 404);
    assert.match(unknown.text, /unknown\\": this deployment has none of that name/);
    const listed = async (path: string, name: string): Promise<void> => {
      const { status, text } = await post(endpoint, path, { Authorization });
      assert.equal(status, 200, text);
      const { members } = JSON.parse(text) as { members: readonly { peerURLs: string[] }[] };
      assert.deepEqual(members.flatMap(({ peerURLs }) => peerURLs).sort(), [
        ...(name === 'small' ? ['m1'] : ['m1', 'm2', 'm3']).map((each) => `do://${name}/${each}`),
      ]);
    };
    await listed('/c/small/v3/cluster/member/list', 'small');
    await listed('/c/standard/v3/cluster/member/list', 'standard');
    await listed('/v3/cluster/member/list', 'default');
    // Clients that ask a cluster for its members are not sent to another one.
    // What a member publishes of itself comes a moment after its first answer.
    let text = '';
    for (let tries = 0; tries < 100 && !text.includes('clientURLs'); tries++) {
      await sleep(50);
      const path = '/c/small/v3/cluster/member/list';
      ({ text } = await post(endpoint, path, { Authorization }, { linearizable: true }));
    }
    assert.match(text, /"clientURLs":\["https:\/\/host\/c\/small"\]/);
  });
});

describe('clusters with a process per member', () => {
  const members = async (endpoint: string): Promise<readonly Record<string, string>[]> => {
    const { text } = await post(endpoint, '/v3/cluster/member/list');
    const { header, members: listed } = JSON.parse(text) as {
      header: Record<string, string>;
      members: readonly Record<string, string>[];
    };
    return [header, ...listed];
  };

  it('share their URLs and nothing else, and peers of one never reach another', async () => {
    const endpoints = await start({
      members: 3,
      mode: 'process-per-member',
      variables: { EDGETCD_CLUSTER_SECRET: SECRET },
    });
    const [first = '', second = ''] = endpoints;
    for (const cluster of ['a', 'b']) {
      const body = { key: base64('k'), value: base64(cluster) };
      assert.equal((await post(`${first}/c/${cluster}`, '/v3/kv/put', {}, body)).status, 200);
    }
    for (const cluster of ['a', 'b']) {
      // Linearizable at another process: its members agree with each other.
      const { text } = await post(
        `${second}/c/${cluster}`,
        '/v3/kv/range',
        {},
        { key: base64('k') },
      );
      assert.match(text, new RegExp(`"value":"${base64(cluster)}"`));
    }
    const hex = (id: string | undefined): string =>
      BigInt(id ?? 0)
        .toString(16)
        .padStart(16, '0');
    const [headerA, ...ofA] = await members(`${first}/c/a`);
    const [headerB] = await members(`${first}/c/b`);
    assert.notEqual(headerA?.['cluster_id'], headerB?.['cluster_id']);
    const idOf = (list: readonly Record<string, string>[]) => (name: string) =>
      hex(list.find((each) => each['name'] === name)?.['ID']);
    const peer = async (clusterName: string, ids: typeof ofA, clusterId: string | undefined) => {
      const headers = {
        [PEER_HEADERS.secret]: SECRET,
        [PEER_HEADERS.version]: String(PEER_PROTOCOL_VERSION),
        [PEER_HEADERS.clusterName]: clusterName,
        [PEER_HEADERS.cluster]: hex(clusterId),
        [PEER_HEADERS.from]: idOf(ids)('m2'),
        [PEER_HEADERS.to]: idOf(ids)('m1'),
      };
      const answer = await fetch(first + PEER_FRAME_PATH, { method: 'POST', headers });
      return { status: answer.status, text: await answer.text() };
    };
    assert.notEqual((await peer('a', ofA, headerA?.['cluster_id'])).status, 412);
    const stray = await peer('b', ofA, headerA?.['cluster_id']);
    assert.equal(stray.status, 412);
    assert.match(stray.text, /peer request refused: cluster id/);
    assert.equal((await peer('b/m1', ofA, headerA?.['cluster_id'])).status, 412);
    assert.equal((await peer('', ofA, headerA?.['cluster_id'])).status, 412);
  });
});
