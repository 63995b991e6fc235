/** The first call to a cluster that sleeps, with the distances between its members. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  PutRequest,
  RangeRequest,
  StatusRequest,
  StatusResponse,
} from '../../../src/api/messages.ts';
import type { Region } from '../../../src/member/cluster-config.ts';
import { type Contestant, startEdgetcdWan } from '../wan/contestants.ts';
import { layoutOf } from '../wan/layout.ts';
import type { Rpc } from '../wan/rpc.ts';
import { SLEEP_MS } from './metered-cluster.ts';

const REGIONS: readonly Region[] = ['enam', 'weur', 'apac'];
const AWAKE_CALLS = 11;

interface Latency {
  readonly awakeMs: number;
  /** Median of the rounds. */
  readonly asleepMs: number;
}

export interface Waking {
  readonly client: Region;
  readonly put: Latency;
  readonly read: Latency;
  readonly leaderChanges: number;
}

const KEY = Buffer.from('key');
const CALLS = {
  put: {
    method: 'etcdserverpb.KV/Put',
    body: PutRequest.encode({ key: KEY, value: KEY }).finish(),
  },
  read: { method: 'etcdserverpb.KV/Range', body: RangeRequest.encode({ key: KEY }).finish() },
};

/** A client beside the leader: a put and a linearizable read awake, and each the first after every sleep. */
export async function firstAfterSleep(rounds: number): Promise<Waking> {
  const contestant = await startEdgetcdWan(layoutOf(REGIONS), { jitter: 0, loss: 0 });
  try {
    const { rpc, client } = await clientOfLeader(contestant);
    const leader = await leaderOf(rpc);
    let leaderChanges = 0;
    const latencies: Record<keyof typeof CALLS, Latency> = {
      put: { awakeMs: 0, asleepMs: 0 },
      read: { awakeMs: 0, asleepMs: 0 },
    };
    for (const name of ['put', 'read'] as const) {
      const { method, body } = CALLS[name];
      const call = (): Promise<unknown> => rpc.unary(method, body);
      const awake: number[] = [];
      for (let count = 0; count < AWAKE_CALLS; count++) awake.push(await timed(call));
      const asleep: number[] = [];
      for (let round = 0; round < rounds; round++) {
        await sleep(SLEEP_MS);
        asleep.push(await timed(call));
        if ((await leaderOf(rpc)) !== leader) leaderChanges++;
      }
      latencies[name] = { awakeMs: middle(awake), asleepMs: middle(asleep) };
    }
    rpc.close();
    return { client, ...latencies, leaderChanges };
  } finally {
    await contestant.stop();
  }
}

async function clientOfLeader(
  contestant: Contestant,
): Promise<{ readonly rpc: Rpc; readonly client: Region }> {
  for (const [index, { id, region }] of contestant.members.entries()) {
    const rpc = await contestant.connect(region, index);
    if ((await leaderOf(rpc)) === id) return { rpc, client: region };
    rpc.close();
  }
  throw new Error('find the leader: none of the members says that it leads');
}

/** In hex. */
async function leaderOf(rpc: Rpc): Promise<string> {
  const body = await rpc.unary(
    'etcdserverpb.Maintenance/Status',
    StatusRequest.encode({}).finish(),
  );
  const { leader } = StatusResponse.decode(body);
  return leader.toString(16);
}

async function timed(call: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await call();
  return performance.now() - startMs;
}

function middle(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? NaN;
}
