/**
 * How long one put takes when nothing else runs: three members in one workerd, and in one workerd each,
 * beside three members of etcd, all asked by the same HTTP client. etcd is asked at its leader.
 */
import { startCluster } from '../lib/cluster.ts';
import { startEtcd } from '../lib/etcd.ts';
import { httpLoad } from '../lib/http-load.ts';
import { putRequest } from './http.ts';
import { inTurn, percentile, printBars, readRounds } from './lib.ts';

export const summary = 'the median time of a single put beside three members of etcd';

const ROUND_MS = 2_000;
const WARM_UP_MS = 1_000;
const RATIO_MAX = 1.3;

export async function run(args: string[]): Promise<number> {
  const rounds = readRounds(args, 7);
  const stops: (() => Promise<void>)[] = [];
  try {
    const etcd = await startEtcd({ members: 3 });
    stops.push(etcd.stop);
    const together = await startCluster();
    stops.push(together.stop);
    const apart = await startCluster({ mode: 'process-per-member' });
    stops.push(apart.stop);
    await Promise.all([together.ready(), apart.ready()]);
    const contestants = [
      { name: 'one process', endpoint: together.endpoints[0] ?? '' },
      { name: 'process per member', endpoint: apart.endpoints[0] ?? '' },
      { name: 'etcd', endpoint: etcd.leader },
    ];
    for (const { endpoint } of contestants) await medianMs(endpoint, WARM_UP_MS);
    const [one = 0, each = 0, rival = 0] = await inTurn(
      rounds,
      contestants.map(({ name, endpoint }) => ({ name, run: () => medianMs(endpoint, ROUND_MS) })),
    );
    const common = {
      unit: 'ms',
      rival: { name: 'etcd, 3 members', figure: rival },
      goal: { atMost: RATIO_MAX },
    };
    printBars('latency', [
      { what: 'one put, p50, 3 members in one process', figure: one, ...common },
      { what: 'one put, p50, a process per member', figure: each, ...common },
    ]);
  } finally {
    for (const stop of stops) await stop();
  }
  return 0;
}

async function medianMs(endpoint: string, durationMs: number): Promise<number> {
  const { latenciesMs } = await httpLoad({
    endpoints: [endpoint],
    connections: 1,
    durationMs,
    next: putRequest,
  });
  return percentile(latenciesMs, 50);
}
