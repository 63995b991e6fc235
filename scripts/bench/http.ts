/**
 * Puts over HTTP through three members in one workerd, beside the floor: a request that a Worker passes to
 * an object, which does nothing, in the same workerd.
 */
import { randomBytes } from 'node:crypto';
import { startCluster } from '../lib/cluster.ts';
import { httpLoad, httpRequest } from '../lib/http-load.ts';
import { inTurn, NOOP_COMPANION, printBars, readRounds } from './lib.ts';

export const summary = 'HTTP puts at 64 connections beside requests to an object that does nothing';

const CONNECTIONS = 64;
const ROUND_MS = 4_000;
const WARM_UP_MS = 2_000;
const RATIO_MIN = 0.6;

export async function run(args: string[]): Promise<number> {
  const rounds = readRounds(args);
  const cluster = await startCluster({ companion: NOOP_COMPANION });
  try {
    await cluster.ready();
    const puts = load(cluster.endpoints, putRequest);
    const floorEndpoint = cluster.processes[0]?.companionEndpoint ?? '';
    const noop = httpRequest('GET', '/');
    const requests = load([floorEndpoint], () => noop);
    await puts(WARM_UP_MS);
    await requests(WARM_UP_MS);
    const [put = 0, floor = 0] = await inTurn(rounds, [
      { name: 'put', run: () => puts(ROUND_MS) },
      { name: 'no-op', run: () => requests(ROUND_MS) },
    ]);
    printBars('http', [
      {
        what: `HTTP put, 3 members, ${CONNECTIONS} connections`,
        figure: put,
        unit: '/s',
        rival: { name: 'no-op request to an object', figure: floor },
        goal: { atLeast: RATIO_MIN },
      },
    ]);
  } finally {
    await cluster.stop();
  }
  return 0;
}

function load(
  endpoints: readonly string[],
  next: () => Buffer,
): (durationMs: number) => Promise<number> {
  return async (durationMs) =>
    (await httpLoad({ endpoints, connections: CONNECTIONS, durationMs, next })).perSecond;
}

/** A new key of 16 bytes with a value of 256. */
export function putRequest(): Buffer {
  const key = randomBytes(16).toString('base64');
  return httpRequest('POST', '/v3/kv/put', JSON.stringify({ key, value: VALUE }));
}

const VALUE = randomBytes(256).toString('base64');
