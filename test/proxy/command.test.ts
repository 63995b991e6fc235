/** Goal: `npx edgetcd proxy` does what its options say, for clients that are not ours. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { get, type RequestOptions } from 'node:https';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Etcd3, type IOptions } from 'etcd3';
import { startCluster, type LocalCluster } from '../../scripts/lib/cluster.ts';
import { GrpcClient, GrpcError } from '../../scripts/lib/grpc-client.ts';
import { freePorts } from '../../scripts/lib/ports.ts';
import { RangeRequest } from '../../src/api/messages.ts';

const PROGRAM = resolve(import.meta.dirname, '../../bin/edgetcd.js');
const TOKEN = 'the token of the deployment';
const RANGE = 'etcdserverpb.KV/Range';

/** Made with openssl: an authority, who was certified by it, and who certified himself. */
const pathOf = (name: string): string => resolve(import.meta.dirname, 'testdata', name);
const pem = (name: string): Buffer => readFileSync(pathOf(name));
const TLS = ['--cert', pathOf('server.pem'), '--key', pathOf('server.key')];
const CLIENT_AUTH = ['--trusted-ca', pathOf('ca.pem'), '--client-cert-auth'];

interface RunningProxy {
  /** host:port */
  readonly address: string;
  readonly errors: readonly string[];
  /** Returns the exit status. */
  readonly stop: () => Promise<number | null>;
}

const children = new Set<ChildProcess>();
const clients: Etcd3[] = [];
let cluster: LocalCluster | undefined;
const endpoint = (): string => cluster?.endpoints[0] ?? '';
before(async () => {
  cluster = await startCluster({
    members: 1,
    variables: { EDGETCD_ALLOW_ANONYMOUS: 'false', EDGETCD_TOKEN: TOKEN },
  });
  while ((await asked('/health')).status !== 200) await sleep(20);
});
after(async () => {
  for (const client of clients) client.close();
  for (const child of children) child.kill('SIGKILL');
  await cluster?.stop();
});

async function asked(path: string): Promise<Response> {
  return await fetch(`${endpoint()}${path}`, { headers: { Authorization: `Bearer ${TOKEN}` } });
}

function spawnProxy(args: readonly string[], token = TOKEN): ChildProcess {
  const child = spawn(process.execPath, [PROGRAM, 'proxy', ...args], {
    env: { ...process.env, EDGETCD_TOKEN: token },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.add(child);
  child.on('exit', () => children.delete(child));
  return child;
}

async function run(args: readonly string[], token = TOKEN): Promise<RunningProxy> {
  const all = ['--endpoints', endpoint(), '--listen', '127.0.0.1:0', ...args];
  const child = spawnProxy(all, token);
  const ended = once(child, 'exit');
  const errors = linesOf(child.stderr);
  const lines = linesOf(child.stdout);
  while (lines.length === 0) await Promise.race([sleep(10), ended]);
  const address = /^edgetcd proxy at https?:\/\/(\S+) for /.exec(lines[0] ?? '')?.[1];
  assert.ok(address !== undefined, `${lines.join()} ${errors.join()}`);
  return {
    address,
    errors,
    stop: async () => {
      child.kill('SIGTERM');
      const [status] = (await ended) as [number | null];
      return status;
    },
  };
}

function linesOf(stream: NodeJS.ReadableStream | null): string[] {
  const lines: string[] = [];
  if (stream !== null) createInterface(stream).on('line', (line) => lines.push(line));
  return lines;
}

function clientOf(address: string, options: Partial<IOptions> = {}): Etcd3 {
  const named = address.replace('127.0.0.1', 'localhost');
  const hosts = options.credentials === undefined ? address : `https://${named}`;
  const client = new Etcd3({ hosts, ...options });
  clients.push(client);
  return client;
}

/** A page over TLS. */
function page(address: string, path: string, options: RequestOptions): Promise<string> {
  return new Promise((done, failed) => {
    get(
      `https://${address}${path}`,
      { ca: pem('ca.pem'), agent: false, ...options },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => done(text));
      },
    ).on('error', failed);
  });
}

const CERTIFIED = { cert: pem('client.pem'), key: pem('client.key') };
const STRANGER = { cert: pem('stranger.pem'), key: pem('stranger.key') };

describe('npx edgetcd proxy', () => {
  it('serves, sends the token along, and ends with status 0 when told to', async () => {
    const proxy = await run([]);
    const client = clientOf(proxy.address);
    await client.put('city').value('Bern');
    assert.equal(await client.get('city').string(), 'Bern');
    assert.deepEqual(proxy.errors, [`session with ${endpoint()}`]);
    client.close();
    assert.equal(await proxy.stop(), 0);
  });

  it('without the right token refuses calls as Unavailable, and says why', async () => {
    const proxy = await run([], 'another');
    const client = await GrpcClient.open(`http://${proxy.address}`);
    const call = client.unary(RANGE, RangeRequest.encode({ key: Buffer.from('a') }).finish());
    await assert.rejects(call, (error) => error instanceof GrpcError && error.code === 14);
    assert.match(proxy.errors.join(), /401/);
    client.close();
    await proxy.stop();
  });

  it('over TLS serves gRPC and its pages', async () => {
    const proxy = await run(TLS);
    const client = clientOf(proxy.address, { credentials: { rootCertificate: pem('ca.pem') } });
    await client.put('over').value('TLS');
    assert.equal(await client.get('over').string(), 'TLS');
    const health: unknown = JSON.parse(await page(proxy.address, '/health', {}));
    assert.deepEqual(health, { health: 'true', reason: '' });
    const plain = clientOf(proxy.address);
    await assert.rejects(async () => plain.get('over').string());
    await proxy.stop();
  });

  it('asked to, serves nobody without a certificate of the authority', async () => {
    const proxy = await run([...TLS, ...CLIENT_AUTH]);
    const rootCertificate = pem('ca.pem');
    const certified = clientOf(proxy.address, {
      credentials: { rootCertificate, privateKey: CERTIFIED.key, certChain: CERTIFIED.cert },
    });
    await certified.put('who').value('a client');
    assert.equal(await certified.get('who').string(), 'a client');
    const stranger = clientOf(proxy.address, {
      credentials: { rootCertificate, privateKey: STRANGER.key, certChain: STRANGER.cert },
    });
    await assert.rejects(async () => stranger.get('who').string());
    const nobody = clientOf(proxy.address, { credentials: { rootCertificate } });
    await assert.rejects(async () => nobody.get('who').string());
    assert.match(await page(proxy.address, '/health', CERTIFIED), /"true"/);
    await assert.rejects(page(proxy.address, '/health', {}));
    await assert.rejects(page(proxy.address, '/metrics', STRANGER));
    await proxy.stop();
  });

  it('puts every key under --namespace, and tells with --coalesce how many watches share one', async () => {
    const proxy = await run(['--namespace', 'tenant/', '--coalesce']);
    const client = clientOf(proxy.address);
    const seen: string[] = [];
    const watchers = [];
    for (let count = 0; count < 3; count++) {
      const other = clientOf(proxy.address);
      const watcher = await other.watch().key('k').create();
      watcher.on('put', ({ key, value }) => seen.push(`${String(key)}=${String(value)}`));
      watchers.push(watcher);
    }
    await client.put('k').value('v');
    while (seen.length < 3) await sleep(5);
    assert.deepEqual(seen, ['k=v', 'k=v', 'k=v']);
    const outside = await run([]);
    const all = clientOf(outside.address);
    assert.equal(await all.get('tenant/k').string(), 'v');
    assert.equal(await all.get('k').string(), null);
    await outside.stop();
    const metrics = await (await fetch(`http://${proxy.address}/metrics`)).text();
    assert.match(metrics, /^etcd_grpc_proxy_watchers_coalescing_total 2$/m);
    assert.match(metrics, /^grpc_server_handled_total\{[^}]*grpc_method="Put"[^}]*\} 1$/m);
    for (const watcher of watchers) await watcher.cancel();
    await proxy.stop();
  });

  it('serves pages at an address of their own as well, and health tells of the cluster', async () => {
    const [port = 0] = await freePorts(1);
    const proxy = await run(['--metrics-listen', `127.0.0.1:${port}`]);
    const healthy = await fetch(`http://127.0.0.1:${port}/health`);
    assert.deepEqual(await healthy.json(), { health: 'true', reason: '' });
    const missing = await fetch(`http://127.0.0.1:${port}/elsewhere`);
    assert.equal(missing.status, 404);
    await proxy.stop();
    const lost = await run(['--endpoints', 'http://127.0.0.1:9']);
    const sick = await fetch(`http://${lost.address}/health`);
    assert.equal(sick.status, 503);
    assert.match(await sick.text(), /"health":"false","reason":"RANGE ERROR:/);
    await lost.stop();
  });

  for (const [args, what] of [
    [[], /--endpoints is missing/],
    [['--endpoints', 'ftp://a'], /--endpoints has "ftp:\/\/a"/],
    [['--endpoints', 'http://a', '--listen', 'nowhere'], /--listen is "nowhere"/],
    [['--endpoints', 'http://a', '--cert', pathOf('ca.pem')], /--cert and --key go together/],
    [['--endpoints', 'http://a', '--client-cert-auth'], /need --cert and --key/],
    [['--endpoints', 'http://a', ...TLS, '--client-cert-auth'], /needs --trusted-ca/],
    [['--endpoints', 'http://a', '--cert', '/none', '--key', '/none'], /--cert \/none: ENOENT/],
    [
      ['--endpoints', 'http://a', '--cert', pathOf('server.pem'), '--key', pathOf('client.key')],
      /key values mismatch/,
    ],
  ] as const) {
    it(`refuses ${args.join(' ').replaceAll(/\/\S+\//g, '')} in one line`, async () => {
      const child = spawnProxy(args);
      const errors = linesOf(child.stderr);
      const [status] = (await once(child, 'close')) as [number | null];
      assert.equal(status, 2);
      assert.equal(errors.length, 1, errors.join('\n'));
      assert.match(errors[0] ?? '', what);
    });
  }
});
