/**
 * Migration in both directions beside real etcd: data with a history goes from edgetcd to etcd and from
 * etcd to edgetcd, and both must then answer alike: hashes, reads at several revisions, leases.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Prng } from '../../src/lib/prng.ts';
import { run as restore } from '../restore.ts';
import { startCluster } from './cluster.ts';
import { endWithUs } from './guard.ts';
import { freePorts } from './ports.ts';
import { saveSnapshot } from './snapshot-save.ts';

const TXN_KEYS = 100;
const LEASES = 20;
const PAGE_KEYS = 1_000;
const START_TIMEOUT_MS = 30_000;

export interface RoundTripOptions {
  readonly keys: number;
  readonly seed: number;
  /** Of the clusters. */
  readonly members: number;
  readonly say: (line: string) => void;
}

interface Hash {
  readonly hash: number;
  readonly compactRevision: number;
}

/** Etcd's JSON gateway, which both sides have. */
class Gateway {
  readonly endpoint: string;

  constructor(endpoint: string) {
    this.endpoint = endpoint;
  }

  async post(path: string, body: unknown): Promise<Record<string, unknown>> {
    const init = { method: 'POST', body: JSON.stringify(body) };
    const response = await fetch(`${this.endpoint}${path}`, init);
    const text = await response.text();
    if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as Record<string, unknown>;
  }

  async revision(): Promise<number> {
    const { header } = await this.post('/v3/maintenance/status', {});
    return Number((header as { revision: string }).revision);
  }
}

/** @throws Error naming the first difference */
export async function roundTrip(options: RoundTripOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'edgetcd-round-trip-'));
  const { say } = options;
  try {
    const ours = await startCluster({ members: options.members });
    try {
      await ours.ready();
      const source = new Gateway(ours.endpoints[0] ?? '');
      const prng = new Prng(options.seed);
      const compacted = await load(source, prng, options.keys);
      say(`edgetcd holds ${options.keys} keys at revision ${await source.revision()}`);
      const file = join(folder, 'from-edgetcd.db');
      say(`snapshot of edgetcd: ${await saveSnapshot(file, { endpoint: source.endpoint })} bytes`);
      say(`etcdctl snapshot status: ${etcdctl(['snapshot', 'status', file, '-w', 'json'])}`);
      const data = join(folder, 'etcd');
      etcdctl(['snapshot', 'restore', file, '--data-dir', data]);
      const etcd = await Etcd.start(data);
      try {
        await sameState(source, etcd.gateway, compacted, say);
        say('etcd holds what edgetcd held');
        await load(etcd.gateway, prng, Math.ceil(options.keys / 4));
        const back = join(folder, 'from-etcd.db');
        etcdctl([`--endpoints=${etcd.gateway.endpoint}`, 'snapshot', 'save', back]);
        await restored(back, [], etcd.gateway, options);
        await etcd.end();
        copyFileSync(join(data, 'member', 'snap', 'db'), join(folder, 'db'));
        const again = await Etcd.start(data);
        const flags = ['--skip-hash-check'];
        await restored(join(folder, 'db'), flags, again.gateway, options).finally(() =>
          again.end(),
        );
      } finally {
        await etcd.end();
      }
    } finally {
      await ours.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Loads `file` into a cluster of our own and compares it with `original`. */
async function restored(
  file: string,
  flags: readonly string[],
  original: Gateway,
  { members, say }: RoundTripOptions,
): Promise<void> {
  const cluster = await startCluster({ members, mode: 'process-per-member' });
  try {
    await cluster.ready();
    const startMs = performance.now();
    await restore([file, '--endpoint', cluster.endpoints.join(), ...flags]);
    say(`restored in ${((performance.now() - startMs) / 1000).toFixed(1)} s`);
    const compacted = (await hashOf(original)).compactRevision;
    const gateways = cluster.endpoints.map((endpoint) => new Gateway(endpoint));
    const [first] = gateways;
    if (first !== undefined) await sameState(original, first, compacted, say);
    const hash = await hashOf(original);
    for (const gateway of gateways) same('HashKV', hash, await hashOf(gateway));
    for (const process of cluster.processes) await process.restart();
    await cluster.ready();
    for (const gateway of gateways) same('HashKV', hash, await hashOf(gateway));
    say('edgetcd holds what etcd held');
  } finally {
    await cluster.stop();
  }
}

/**
 * Keys with several versions, deleted and created again, some on leases, one lease revoked, and a
 * compaction in the middle. Returns the revision compacted to.
 */
async function load(gateway: Gateway, prng: Prng, keys: number): Promise<number> {
  const base = await gateway.revision();
  for (let lease = 1; lease <= LEASES; lease++) {
    const ID = String(base * 1_000 + lease);
    await gateway.post('/v3/lease/grant', { ID, TTL: String(3_600 + lease) });
  }
  const leaseOf = (index: number): string | undefined =>
    index % 10 === 0 ? String(base * 1_000 + 1 + (index % LEASES)) : undefined;
  await putAll(gateway, prng, keys, leaseOf);
  await putSome(gateway, prng, keys, 0.5, leaseOf);
  await removeSome(gateway, prng, keys);
  const compacted = await gateway.revision();
  await putSome(gateway, prng, keys, 0.3, () => undefined);
  await gateway.post('/v3/kv/compaction', { revision: String(compacted), physical: true });
  await removeSome(gateway, prng, keys);
  await putSome(gateway, prng, keys, 0.2, leaseOf);
  await gateway.post('/v3/lease/revoke', { ID: String(base * 1_000 + 1) });
  return compacted;
}

async function putAll(
  gateway: Gateway,
  prng: Prng,
  keys: number,
  leaseOf: (index: number) => string | undefined,
): Promise<void> {
  for (let from = 0; from < keys; from += TXN_KEYS) {
    const indices = Array.from({ length: Math.min(TXN_KEYS, keys - from) }, (_, at) => from + at);
    await putKeys(gateway, prng, indices, leaseOf);
  }
}

async function putSome(
  gateway: Gateway,
  prng: Prng,
  keys: number,
  share: number,
  leaseOf: (index: number) => string | undefined,
): Promise<void> {
  for (let left = Math.ceil((keys * share) / TXN_KEYS); left > 0; left--) {
    const indices = new Set<number>();
    for (let more = 0; more < TXN_KEYS; more++) indices.add(prng.below(keys));
    await putKeys(gateway, prng, [...indices], leaseOf);
  }
}

async function putKeys(
  gateway: Gateway,
  prng: Prng,
  indices: readonly number[],
  leaseOf: (index: number) => string | undefined,
): Promise<void> {
  const success = indices.map((index) => ({
    request_put: {
      key: keyOf(index),
      value: Buffer.from(prng.bytes(prng.below(200))).toString('base64'),
      lease: leaseOf(index),
    },
  }));
  await gateway.post('/v3/kv/txn', { success });
}

/** Single keys and ranges of them. */
async function removeSome(gateway: Gateway, prng: Prng, keys: number): Promise<void> {
  for (let left = Math.ceil(keys / 500); left > 0; left--) {
    const index = prng.below(keys);
    // Three keys with the same first byte.
    const end = prng.bool() ? {} : { range_end: keyOf(index + 3 * 256) };
    await gateway.post('/v3/kv/deleterange', { key: keyOf(index), ...end });
  }
}

/** Keys are bytes: these begin with any of them. */
function keyOf(index: number): string {
  const name = Buffer.from(` key ${String(index).padStart(8, '0')}`);
  name[0] = index % 256;
  return name.toString('base64');
}

async function sameState(
  left: Gateway,
  right: Gateway,
  compacted: number,
  say: (line: string) => void,
): Promise<void> {
  const [leftHash, rightHash] = [await hashOf(left), await hashOf(right)];
  same('HashKV', leftHash, rightHash);
  const newest = await left.revision();
  same('revision', newest, await right.revision());
  const middle = Math.floor((compacted + newest) / 2);
  for (const revision of [newest, middle, compacted]) await sameKeys(left, right, revision);
  await sameLeases(left, right);
  say(`same hash ${leftHash.hash}, keys at ${newest}, ${middle} and ${compacted}, leases`);
}

async function sameKeys(left: Gateway, right: Gateway, revision: number): Promise<void> {
  let key = Buffer.from([0]).toString('base64');
  for (;;) {
    const range = { key, range_end: 'AA==', revision: String(revision), limit: String(PAGE_KEYS) };
    const [page, other] = await Promise.all([
      left.post('/v3/kv/range', range),
      right.post('/v3/kv/range', range),
    ]);
    const kvs = (page['kvs'] ?? []) as readonly { readonly key: string }[];
    same(`keys from ${key} at ${revision}`, kvs, other['kvs'] ?? []);
    same(`count from ${key} at ${revision}`, page['count'], other['count']);
    const last = kvs[kvs.length - 1];
    if (page['more'] !== true || last === undefined) return;
    key = Buffer.concat([Buffer.from(last.key, 'base64'), Buffer.from([0])]).toString('base64');
  }
}

async function sameLeases(left: Gateway, right: Gateway): Promise<void> {
  const [leases, others] = [await leasesOf(left), await leasesOf(right)];
  same('leases', leases, others);
}

async function leasesOf(gateway: Gateway): Promise<unknown> {
  const { leases = [] } = await gateway.post('/v3/lease/leases', {});
  const found = [];
  for (const { ID } of leases as readonly { readonly ID: string }[]) {
    const body = { ID, keys: true };
    const { grantedTTL, keys = [] } = await gateway.post('/v3/lease/timetolive', body);
    found.push({ ID, grantedTTL, keys: [...(keys as readonly string[])].sort() });
  }
  return found.sort((left, right) => (BigInt(left.ID) < BigInt(right.ID) ? -1 : 1));
}

/** etcd 3.4 has no path of its own for it in its gateway. */
async function hashOf(gateway: Gateway): Promise<Hash> {
  const version = await (await fetch(`${gateway.endpoint}/version`)).json();
  if ((version as { etcdserver: string }).etcdserver.startsWith('3.4.')) {
    const text = etcdctl([`--endpoints=${gateway.endpoint}`, 'endpoint', 'hashkv', '-w', 'json']);
    const [answer] = JSON.parse(text) as readonly {
      readonly HashKV: { readonly hash: number; readonly compact_revision?: number };
    }[];
    return {
      hash: answer?.HashKV.hash ?? 0,
      compactRevision: answer?.HashKV.compact_revision ?? 0,
    };
  }
  const answer = await gateway.post('/v3/maintenance/hashkv', {});
  return {
    hash: Number(answer['hash'] ?? 0),
    compactRevision: Number(answer['compact_revision'] ?? 0),
  };
}

function same(what: string, left: unknown, right: unknown): void {
  const [one, other] = [JSON.stringify(left), JSON.stringify(right)];
  if (one === other) return;
  throw new Error(`${what} differ: ${one.slice(0, 2_000)} and ${other.slice(0, 2_000)}`);
}

function etcdctl(args: readonly string[]): string {
  return execFileSync('etcdctl', args, {
    encoding: 'utf8',
    env: { ...process.env, ETCDCTL_API: '3' },
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
}

/** One etcd over a data directory. */
class Etcd {
  readonly gateway: Gateway;
  readonly #child: ChildProcess;

  private constructor(endpoint: string, child: ChildProcess) {
    this.gateway = new Gateway(endpoint);
    this.#child = child;
  }

  static async start(dataDir: string): Promise<Etcd> {
    const [client = 0, peer = 0] = await freePorts(2);
    const endpoint = `http://127.0.0.1:${client}`;
    const child = spawn(
      'etcd',
      [
        `--data-dir=${dataDir}`,
        `--listen-client-urls=${endpoint}`,
        `--advertise-client-urls=${endpoint}`,
        `--listen-peer-urls=http://127.0.0.1:${peer}`,
        '--log-level=error',
      ],
      { stdio: 'ignore', detached: true },
    );
    if (child.pid !== undefined) endWithUs(child.pid, once(child, 'exit'));
    const etcd = new Etcd(endpoint, child);
    const deadlineMs = performance.now() + START_TIMEOUT_MS;
    for (;;) {
      const health = await fetch(`${endpoint}/health`).catch(() => undefined);
      if (health?.ok === true) return etcd;
      if (performance.now() > deadlineMs)
        throw new Error(`start etcd over ${dataDir}: not healthy`);
      await sleep(50);
    }
  }

  /** In good order, so that its database is complete. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
  }
}
