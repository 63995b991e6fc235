/**
 * `npm run bench -- proxy`: native gRPC through `edgetcd proxy` and to etcd 3.4, by the same client. Both
 * have three members, a process each, and are spoken to at their leader.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { resolve } from 'node:path';
import { PutRequest, RangeRequest } from '../../src/api/messages.ts';
import { startCluster, type LocalCluster } from '../lib/cluster.ts';
import { startEtcd } from '../lib/etcd.ts';
import { memberInRole } from '../lib/fault-scenarios.ts';
import { grpcLoad, type GrpcLoadResult } from '../lib/grpc-load.ts';
import { endWithUs } from '../lib/guard.ts';
import { inTurn, percentile, printBars, readRounds, type Bar } from './lib.ts';

export const summary = 'gRPC through the proxy beside etcd: puts, gets, latency';

const VALUE_BYTES = 256;
const KEYS = 10_000;
const MANY_CLIENTS = 256;
/** As many as the Go client of etcd's own benchmark is told to open for 256 clients. */
const CONNECTIONS = 16;
const DURATION_MS = 4_000;
const WARM_UP_MS = 1_500;
const MAIN = resolve(import.meta.dirname, '../main.ts');

export async function run(args: string[]): Promise<number> {
  const rounds = readRounds(args);
  const etcd = await startEtcd({ members: 3 });
  const cluster = await startCluster({ members: 3, mode: 'process-per-member' });
  let proxy: RunningProxy | undefined;
  try {
    await cluster.ready();
    const leader = await memberInRole(cluster, 'leader');
    proxy = await startProxyProcess(leader.process.endpoint);
    const bars = await measure(rounds, proxy.endpoint, etcd.leader);
    printBars('proxy', bars);
  } finally {
    await proxy?.stop();
    await stopAll(cluster, etcd.stop);
  }
  return 0;
}

async function stopAll(cluster: LocalCluster, stopEtcd: () => Promise<void>): Promise<void> {
  await Promise.all([cluster.stop(), stopEtcd()]);
}

interface Case {
  readonly what: string;
  readonly clients: number;
  readonly method: string;
  readonly next: () => Uint8Array;
  readonly unit: string;
  readonly figure: (result: GrpcLoadResult) => number;
  readonly goal: Bar['goal'];
}

const CASES: readonly Case[] = [
  {
    what: `puts, ${MANY_CLIENTS} clients`,
    clients: MANY_CLIENTS,
    method: 'etcdserverpb.KV/Put',
    next: putBody,
    unit: '/s',
    figure: (result) => result.perSecond,
    goal: { atLeast: 1 },
  },
  {
    what: `linearizable gets, ${MANY_CLIENTS} clients`,
    clients: MANY_CLIENTS,
    method: 'etcdserverpb.KV/Range',
    next: rangeBody,
    unit: '/s',
    figure: (result) => result.perSecond,
    goal: { atLeast: 1 },
  },
  {
    what: 'put, 1 client, p50',
    clients: 1,
    method: 'etcdserverpb.KV/Put',
    next: putBody,
    unit: 'ms',
    figure: (result) => percentile(result.latenciesMs, 50),
    goal: { atMost: 1.5 },
  },
];

async function measure(rounds: number, proxy: string, etcd: string): Promise<Bar[]> {
  const bars: Bar[] = [];
  for (const { what, clients, method, next, unit, figure, goal } of CASES) {
    const contestant = (name: string, endpoint: string) => ({
      name,
      run: async () => {
        const load = { endpoint, clients, connections: CONNECTIONS, method, next };
        await grpcLoad({ ...load, durationMs: WARM_UP_MS });
        return figure(await grpcLoad({ ...load, durationMs: DURATION_MS }));
      },
    });
    console.log(what);
    const [ours = NaN, theirs = NaN] = await inTurn(rounds, [
      contestant('proxy', proxy),
      contestant('etcd', etcd),
    ]);
    bars.push({ what, figure: ours, unit, rival: { name: 'etcd', figure: theirs }, goal });
  }
  return bars;
}

let nextKey = 0;
const VALUE = new Uint8Array(VALUE_BYTES).fill(120);

function key(): Uint8Array {
  nextKey = (nextKey + 1) % KEYS;
  return Buffer.from(`bench/${String(nextKey).padStart(10, '0')}`);
}

function putBody(): Uint8Array {
  return PutRequest.encode({ key: key(), value: VALUE }).finish();
}

function rangeBody(): Uint8Array {
  return RangeRequest.encode({ key: key() }).finish();
}

interface RunningProxy {
  readonly endpoint: string;
  readonly stop: () => Promise<void>;
}

/** A process of its own, as it is run in earnest. */
async function startProxyProcess(endpoint: string): Promise<RunningProxy> {
  const args = ['proxy', '--endpoints', endpoint, '--listen', '127.0.0.1:0'];
  const profile = process.env['EDGETCD_BENCH_NODE_ARGS']?.split(' ') ?? [];
  const child: ChildProcess & { stdout: NonNullable<ChildProcess['stdout']> } = spawn(
    process.execPath,
    [...profile, MAIN, ...args],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = once(child, 'exit');
  if (child.pid !== undefined) endWithUs(child.pid, ended);
  for await (const line of createInterface({ input: child.stdout })) {
    const address = /^edgetcd proxy at (\S+) /.exec(line)?.[1];
    if (address === undefined) continue;
    return {
      endpoint: address,
      stop: async () => {
        child.kill('SIGTERM');
        await ended;
      },
    };
  }
  throw new Error('start the proxy: it ended without an address');
}
