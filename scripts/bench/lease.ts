/**
 * `npm run bench -- lease`: leases and locks of three members, a process each, over one session, beside
 * three members of etcd over gRPC. `--only WORD` picks parts: keepalive, grant, lock, lateness, mass,
 * sleep, memory.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Lessor } from '../../src/lease/lessor.ts';
import type { RowStore } from '../../src/lib/row-store.ts';
import { type Caller, each, grpcCaller, leaderCaller, sessionCaller } from '../lib/callers.ts';
import { startCluster } from '../lib/cluster.ts';
import { startEtcd } from '../lib/etcd.ts';
import { httpLoad, httpRequest } from '../lib/http-load.ts';
import {
  grant,
  handOvers,
  put,
  rateOf,
  renewOverStream,
  revoke,
  watchDeletions,
} from '../lib/lease-load.ts';
import { readOptions, wholeNumber } from '../lib/usage.ts';
import { type Bar, inTurn, median, percentile, printBars } from './lib.ts';

export const summary = 'leases and locks beside etcd: keepalives, grants, expiry, hand-over';

const ROUND_MS = 3_000;
const LEASES = 1_000;
const IN_FLIGHT = 256;
const HTTP_CONNECTIONS = 64;
const WAITERS = 100;
/** Ids of the many leases begin here. */
const MANY_FROM = 1_000_000;
const PROBES = 500;
const PROBES_FROM = 500_000;
const ETCD_CONNECTIONS = 8;
const LONG_TTL_SECONDS = 3_600;
/** Objects sleep after ten seconds without work, and the cluster comes to rest after one. */
const SLEEP_TTL_SECONDS = 16;

interface Setting {
  readonly ours: Caller;
  readonly theirs: Caller;
  readonly rounds: number;
  readonly many: number;
}

type Part = (setting: Setting) => Promise<Bar[]>;

export async function run(args: string[]): Promise<number> {
  const { values } = readOptions({
    args,
    options: {
      rounds: { type: 'string', default: '5' },
      leases: { type: 'string', default: '100000' },
      only: { type: 'string', default: '' },
    },
  });
  const rounds = wholeNumber('rounds', values.rounds, { min: 1, max: 100 });
  const many = wholeNumber('leases', values.leases, { min: 1_000, max: 200_000 });
  const wanted = (name: string): boolean => values.only === '' || values.only === name;
  const bars: Bar[] = [];
  if (Object.keys(PARTS).some(wanted)) {
    await withBoth(async (both) => {
      const setting = { ...both, rounds, many };
      for (const [name, part] of Object.entries(PARTS)) {
        if (wanted(name)) bars.push(...(await part(setting)));
      }
    });
  }
  if (wanted('sleep')) bars.push(await latenessFromSleep(rounds));
  if (wanted('memory')) bars.push(memory(many));
  printBars('lease', bars);
  return 0;
}

const PARTS: Readonly<Record<string, Part>> = {
  keepalive: keepAlives,
  grant: grantsAndRevokes,
  lock: lockHandOver,
  lateness: latenessAwake,
  mass: massExpiry,
};

async function withBoth(
  body: (both: Pick<Setting, 'ours' | 'theirs'>) => Promise<void>,
): Promise<void> {
  const etcd = await startEtcd({ members: 3 });
  const cluster = await startCluster({ members: 3, mode: 'process-per-member' });
  try {
    await cluster.ready();
    const ours = await leaderCaller(cluster.endpoints);
    const theirs = await grpcCaller(etcd.leader, ETCD_CONNECTIONS);
    await body({ ours, theirs });
    ours.close();
    theirs.close();
  } finally {
    await cluster.stop();
    await etcd.stop();
  }
}

async function keepAlives({ ours, theirs, rounds }: Setting): Promise<Bar[]> {
  for (const caller of [ours, theirs]) {
    await each(LEASES, IN_FLIGHT, (index) => grant(caller, index + 1, LONG_TTL_SECONDS));
    await renewOverStream(caller, LEASES, IN_FLIGHT, ROUND_MS / 2);
  }
  const stream = await bothInTurn(rounds, ours, theirs, (caller) =>
    renewOverStream(caller, LEASES, IN_FLIGHT, ROUND_MS),
  );
  let next = 0;
  const requests = Array.from({ length: LEASES }, (_, index) =>
    httpRequest('POST', '/v3/lease/keepalive', JSON.stringify({ ID: index + 1 })),
  );
  const overHttp = async ({ endpoint }: Caller): Promise<number> =>
    (
      await httpLoad({
        endpoints: [endpoint],
        connections: HTTP_CONNECTIONS,
        durationMs: ROUND_MS,
        next: () => requests[next++ % LEASES] ?? Buffer.alloc(0),
      })
    ).perSecond;
  const http = await inTurn(rounds, [
    { name: 'edgetcd', run: () => overHttp(ours) },
    { name: 'etcd', run: () => overHttp(theirs) },
  ]);
  for (const caller of [ours, theirs]) {
    await each(LEASES, IN_FLIGHT, (index) => revoke(caller, index + 1));
  }
  return [
    beside(`keepalives over one stream, ${IN_FLIGHT} in flight`, '/s', stream, { atLeast: 1 }),
    beside(`keepalives over HTTP, ${HTTP_CONNECTIONS} connections`, '/s', http, { atLeast: 1 }),
  ];
}

async function grantsAndRevokes({ ours, theirs, rounds }: Setting): Promise<Bar[]> {
  const revokes = new Map<string, number[]>();
  let id = 1;
  const grants = await bothInTurn(rounds, ours, theirs, async (caller) => {
    const first = id;
    const granted = await rateOf(IN_FLIGHT, ROUND_MS, () => grant(caller, id++, LONG_TTL_SECONDS));
    const startMs = performance.now();
    const count = id - first;
    await each(count, IN_FLIGHT, (index) => revoke(caller, first + index));
    note(revokes, caller, (count * 1000) / (performance.now() - startMs));
    return granted;
  });
  return [
    beside(`grants, ${IN_FLIGHT} in flight`, '/s', grants, { atLeast: 1 }),
    beside(`revokes, ${IN_FLIGHT} in flight`, '/s', medians(revokes, ours, theirs), {
      atLeast: 1,
    }),
  ];
}

async function lockHandOver({ ours, theirs, rounds }: Setting): Promise<Bar[]> {
  const tails = new Map<string, number[]>();
  const halves = await bothInTurn(rounds, ours, theirs, async (caller) => {
    const delays = await handOvers(caller, 'bench/lock', WAITERS);
    note(tails, caller, percentile(delays, 99));
    return percentile(delays, 50);
  });
  const what = `lock passed on, ${WAITERS} waiting`;
  return [
    beside(`${what}, p50`, 'ms', halves, { atMost: 1 }),
    beside(`${what}, p99`, 'ms', medians(tails, ours, theirs), { atMost: 1 }),
  ];
}

/** A few leases end while many others live. */
async function latenessAwake({ ours, theirs, many }: Setting): Promise<Bar[]> {
  const late: Float64Array[] = [];
  for (const caller of [ours, theirs]) {
    await holdMany(caller, many, () => LONG_TTL_SECONDS);
    late.push(await latenesses(caller));
    await each(many, IN_FLIGHT, (index) => revoke(caller, MANY_FROM + index));
  }
  const at = (percent: number): number[] => late.map((each) => percentile(each, percent));
  const what = `${PROBES} leases of ${many.toLocaleString('en-US')} end, awake: late by`;
  const [own = 0] = at(99);
  return [
    beside(`${what}, p50`, 'ms', at(50), { atMost: 1 }),
    { what: `${what}, p99`, figure: own, unit: 'ms', goal: { atMost: 500 } },
  ];
}

/** Milliseconds from the end that a lease should have to its key's deletion, ascending. */
async function latenesses(caller: Caller): Promise<Float64Array> {
  const dueMs = new Map<string, number>();
  const late: number[] = [];
  const watch = await watchDeletions(caller, 'probe', (key) => {
    late.push(performance.now() - (dueMs.get(key) ?? 0));
  });
  await each(PROBES, 4, async (index) => {
    const ttl = 2 + (index % 5);
    const key = `probe/${index}`;
    // From before the request, which the lease is younger than: what is early here is early.
    dueMs.set(key, performance.now() + ttl * 1000);
    await grant(caller, PROBES_FROM + index, ttl);
    await put(caller, key, PROBES_FROM + index);
  });
  while (late.length < PROBES) await sleep(50);
  watch.close();
  const ascending = Float64Array.from(late).sort();
  if ((ascending[0] ?? 0) < 0) throw new Error(`a lease ended ${ascending[0]} ms early`);
  return ascending;
}

/** Puts before and while very many leases end within a second. */
async function massExpiry({ ours, theirs, many }: Setting): Promise<Bar[]> {
  const shares: number[] = [];
  const tails: number[] = [];
  for (const caller of [ours, theirs]) {
    let gone = 0;
    const watch = await watchDeletions(caller, 'many', () => gone++);
    const putRate = (): Promise<Puts> => pacedPuts(caller);
    await putRate();
    const before = await putRate();
    const endMs = await holdManyUntilOneSecond(caller, many);
    await sleep(endMs - performance.now() + 500);
    const during = await putRate();
    console.log(
      `${caller.name}: puts ${before.perSecond.toFixed(0)}/s, p99 ${before.p99Ms.toFixed(1)} ms ` +
        `before; ${during.perSecond.toFixed(0)}/s, p99 ${during.p99Ms.toFixed(1)} ms while ` +
        `${gone.toLocaleString('en-US')} of ${many.toLocaleString('en-US')} leases ended`,
    );
    if (gone === 0) throw new Error('no lease ended while it was measured');
    shares.push(during.perSecond / before.perSecond);
    tails.push(during.p99Ms);
    while (gone < many) await sleep(200);
    watch.close();
  }
  const [share = 0] = shares;
  const what = `${many.toLocaleString('en-US')} leases end in one second`;
  return [
    { what: `${what}: puts, of their rate before`, figure: share, unit: 'x', goal: SHARE },
    beside(`${what}: a put, p99`, 'ms', tails, { atMost: 1 }),
  ];
}

/** Of their rate before, puts keep at least this while leases end by the thousand. */
const SHARE = { atLeast: 0.8 };

interface Puts {
  readonly perSecond: number;
  readonly p99Ms: number;
}

async function pacedPuts(caller: Caller): Promise<Puts> {
  const latencies: number[] = [];
  let next = 0;
  const perSecond = await rateOf(32, 2 * ROUND_MS, async () => {
    const sentMs = performance.now();
    await put(caller, `put/${next++ % 1_000}`);
    latencies.push(performance.now() - sentMs);
  });
  return { perSecond, p99Ms: percentile(Float64Array.from(latencies).sort(), 99) };
}

async function holdMany(caller: Caller, many: number, ttlSeconds: () => number): Promise<void> {
  await each(many, IN_FLIGHT, async (index) => {
    await grant(caller, MANY_FROM + index, ttlSeconds());
    await put(caller, `many/${index}`, MANY_FROM + index);
  });
}

/** All end in the second after the time that is returned. */
async function holdManyUntilOneSecond(caller: Caller, many: number): Promise<number> {
  const startMs = performance.now();
  const sample = Math.min(many, 5_000);
  await holdMany(caller, sample, () => LONG_TTL_SECONDS);
  const neededMs = ((performance.now() - startMs) * many) / sample;
  await each(sample, IN_FLIGHT, (index) => revoke(caller, MANY_FROM + index));
  const endMs = performance.now() + 1.5 * neededMs + 5_000;
  await holdMany(caller, many, () => Math.ceil((endMs - performance.now()) / 1000));
  if (performance.now() > endMs) throw new Error(`grant ${many} leases: took longer than meant`);
  return endMs;
}

/** The whole cluster, in one process, sleeps until a lease ends. */
async function latenessFromSleep(rounds: number): Promise<Bar> {
  const late: number[] = [];
  const cluster = await startCluster({ members: 3 });
  try {
    await cluster.ready();
    const caller = sessionCaller(cluster.endpoints[0] ?? '');
    for (let round = 1; round <= rounds; round++) {
      let gone: ((lateMs: number) => void) | undefined;
      const ended = new Promise<number>((resolve) => (gone = resolve));
      const watch = await watchDeletions(caller, 'asleep', () => gone?.(performance.now() - dueMs));
      const dueMs = performance.now() + SLEEP_TTL_SECONDS * 1000;
      await grant(caller, round, SLEEP_TTL_SECONDS);
      await put(caller, 'asleep/key', round);
      const lateMs = await ended;
      if (lateMs < 0) throw new Error(`a lease ended ${-lateMs} ms early`);
      console.log(`round ${round} of ${rounds}: from sleep ${lateMs.toFixed(0)} ms late`);
      late.push(lateMs);
      watch.close();
    }
    caller.close();
  } finally {
    await cluster.stop();
  }
  const what = `a lease ends while all sleep: late by, the worst of ${rounds}`;
  return { what, figure: Math.max(...late), unit: 'ms', goal: { atMost: 1_000 } };
}

/** What a lease and its key take in the lessor, of which every member has one. */
function memory(many: number): Bar {
  const before = usedBytes();
  const lessor = Lessor.open(NO_ROWS as RowStore, { nowMs: () => 0 });
  lessor.promote(1, 0);
  for (let id = 1; id <= many; id++) {
    lessor.grant(BigInt(id), LONG_TTL_SECONDS);
    lessor.attach(BigInt(id), `services/s${id}`);
  }
  const bytes = (usedBytes() - before) / lessor.size;
  const what = `memory of a lease with its key, of ${many.toLocaleString('en-US')}`;
  return { what, figure: bytes, unit: 'bytes', goal: { atMost: 200 } };
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function usedBytes(): number {
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** A lessor that is never flushed writes none. */
const NO_ROWS: Pick<RowStore, 'get' | 'heads' | 'rows' | 'put'> = {
  get: () => undefined,
  heads: () => [],
  rows: () => [],
  put: () => undefined,
};

function bothInTurn(
  rounds: number,
  ours: Caller,
  theirs: Caller,
  measure: (caller: Caller) => Promise<number>,
): Promise<number[]> {
  const contestants = [ours, theirs].map((caller) => ({
    name: caller.name,
    run: () => measure(caller),
  }));
  return inTurn(rounds, contestants);
}

function note(figures: Map<string, number[]>, { name }: Caller, figure: number): void {
  figures.set(name, [...(figures.get(name) ?? []), figure]);
}

function medians(figures: Map<string, number[]>, ...callers: readonly Caller[]): number[] {
  return callers.map(({ name }) => median(figures.get(name) ?? []));
}

function beside(
  what: string,
  unit: string,
  [figure = 0, rival = 0]: readonly number[],
  goal: Bar['goal'],
): Bar {
  return { what, figure, unit, rival: { name: 'etcd', figure: rival }, goal };
}
