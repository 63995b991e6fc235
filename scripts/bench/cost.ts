/**
 * `npm run bench -- cost`: what 1, 3 and 5 members are billed for at rest, for a put that wakes them, with
 * 10,000 quiet watchers and at work, and what three workloads cost a month. Counts are the members' own
 * (/metrics); time asleep is not billed, and nothing is waited for longer than it takes to see that.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { PutRequest } from '../../src/api/messages.ts';
import { CHECKPOINT_AT_REST_ROWS } from '../../src/constants.ts';
import { PRICES } from '../../src/member/usage.ts';
import { sessionCaller } from '../lib/callers.ts';
import {
  cells,
  difference,
  MeteredCluster,
  plus,
  PUT,
  rangeRequest,
  SLEEP_MS,
  type Spent,
  times,
} from '../lib/cost/metered-cluster.ts';
import { firstAfterSleep } from '../lib/cost/waking.ts';
import { dollars, type Figures, monthOf, WORKLOADS } from '../lib/cost/workloads.ts';
import { httpRequest } from '../lib/http-load.ts';
import { readOptions, wholeNumber } from '../lib/usage.ts';
import { createFrame, WatchSocket } from '../lib/watch-load.ts';
import { type Bar, printBars, printTable } from './lib.ts';

export const summary = 'what members are billed for, and what a month costs';

const SIZES = [1, 3, 5] as const;
const CALLS = 1_000;
const BATCH = 100;
const WATCHERS = 10_000;
const WATCHERS_PER_SOCKET = 100;
/** How long a cluster that sleeps is looked at. */
const REST_MS = 20_000;
const IDLE_MS = 10_000;
const IDLE_PAUSE_MS = 500;
const SECONDS_PER_HOUR = 3_600;
const HEAD = ['members', 'requests', 'rows read', 'rows written', 's awake'];

/** Of a cluster that nobody asks for anything. */
interface AtRest {
  readonly wakes: number;
  readonly watchedWakes: number;
}

interface Measured extends Figures, AtRest {
  /** Of CALLS each. */
  readonly work: ReadonlyMap<string, Spent>;
}

export async function run(args: string[]): Promise<number> {
  const { values } = readOptions({ args, options: { rounds: { type: 'string', default: '3' } } });
  const rounds = wholeNumber('rounds', values.rounds, { min: 1, max: 20 });
  const startMs = performance.now();
  const [waking, ...measured] = await Promise.all([
    firstAfterSleep(rounds),
    ...SIZES.map((members) => measure(members, rounds)),
  ]);
  printSpent(measured);
  printMonths(measured);
  console.log(
    `first call after sleep, members in enam, weur and apac with their distances, client in ${waking.client}: ` +
      `put ${waking.put.asleepMs.toFixed(0)} ms (awake ${waking.put.awakeMs.toFixed(0)}), ` +
      `linearizable read ${waking.read.asleepMs.toFixed(0)} ms (awake ${waking.read.awakeMs.toFixed(0)}); ` +
      `leader changed ${waking.leaderChanges} times in ${2 * rounds} wakes`,
  );
  printBars('cost', bars(measured, waking));
  console.log(`took ${((performance.now() - startMs) / 1000).toFixed(0)} s`);
  return 0;
}

/** Counts, not times: the clusters of all sizes run side by side. */
async function measure(members: number, rounds: number): Promise<Measured> {
  const cluster = await MeteredCluster.start(members);
  try {
    const connection = await cluster.connect();
    await connection.send(PUT);
    connection.close();
    const first = await cluster.rested();
    const wakes = await wakesAtRest(cluster);
    const wakingPut = await wakingPuts(cluster, rounds, first);
    const sockets = await openWatchers(cluster);
    const watched = await cluster.rested();
    const watchedWakes = await wakesAtRest(cluster);
    const wakingPutWatched = await wakingPuts(cluster, 1, watched);
    for (const socket of sockets) socket.close();
    const { work, awakeSecond, each } = await atWork(cluster);
    console.log(`${members} members: measured`);
    return {
      members,
      wakes,
      watchedWakes,
      wakingPut,
      wakingPutWatched,
      awakeSecond,
      work,
      ...each,
    };
  } finally {
    await cluster.stop();
  }
}

/** Instances that came to be in REST_MS, once all should sleep. */
async function wakesAtRest(cluster: MeteredCluster): Promise<number> {
  await sleep(SLEEP_MS);
  const before = cluster.built;
  await sleep(REST_MS);
  return cluster.built - before;
}

/** @param rested what was billed when the cluster came to rest the last time; it may sleep by now */
async function wakingPuts(cluster: MeteredCluster, rounds: number, rested: Spent): Promise<Spent> {
  const puts: Spent[] = [];
  let before = rested;
  for (let round = 0; round < rounds; round++) {
    await sleep(SLEEP_MS);
    // Instances that are built for this question alone tell what was saved; what was counted later is lost.
    const saved = await cluster.spent();
    await sleep(SLEEP_MS);
    const built = cluster.built;
    const connection = await cluster.connect();
    await connection.send(PUT);
    connection.close();
    const after = await cluster.rested();
    if (cluster.built - built !== cluster.members) {
      throw new Error(
        `a put after sleep: ${cluster.built - built} of ${cluster.members} members were built anew`,
      );
    }
    // The question has read rows of its own. What a wake reads grows with the log, from nothing up to this.
    const longest = cluster.members * CHECKPOINT_AT_REST_ROWS;
    const rowsRead = difference(after, before).rowsRead + longest;
    puts.push({ ...difference(after, saved), rowsRead });
    before = after;
  }
  return times(1 / rounds, puts.reduce(plus));
}

async function openWatchers(cluster: MeteredCluster): Promise<readonly WatchSocket[]> {
  const sockets: WatchSocket[] = [];
  let created = 0;
  for (let from = 0; from < WATCHERS; from += WATCHERS_PER_SOCKET) {
    const socket = await WatchSocket.open(cluster.endpoint, () => created++);
    sockets.push(socket);
    for (let index = 0; index < WATCHERS_PER_SOCKET; index++) {
      const key = index === 0 ? 'bench/key' : `quiet/${from + index}`;
      socket.send(createFrame({ key }));
    }
  }
  while (created < WATCHERS) await sleep(20);
  // What was counted is saved when the cluster comes to rest after work, which creating watchers is not.
  const connection = await cluster.connect();
  await connection.send(PUT);
  connection.close();
  return sockets;
}

interface AtWork extends Pick<Measured, 'work' | 'awakeSecond'> {
  /** Of one call, without the time awake and the heartbeats in it. */
  readonly each: Pick<Figures, 'put' | 'renewal' | 'serializableRead' | 'batchedPut'>;
}

async function atWork(cluster: MeteredCluster): Promise<AtWork> {
  const connection = await cluster.connect();
  const session = sessionCaller(cluster.endpoint);
  const put = PutRequest.encode({
    key: Buffer.from('bench/key'),
    value: Buffer.alloc(256),
  }).finish();
  const lease = { ID: '77', TTL: '3600' };
  await connection.send(httpRequest('POST', '/v3/lease/grant', JSON.stringify(lease)));
  const renewal = httpRequest('POST', '/v3/lease/keepalive', JSON.stringify({ ID: lease.ID }));
  const alone = (request: Buffer) => async (): Promise<void> => {
    for (let call = 0; call < CALLS; call++) await connection.send(request);
  };
  const batches = async (): Promise<void> => {
    for (let sent = 0; sent < CALLS; sent += BATCH) {
      await Promise.all(
        Array.from({ length: BATCH }, () => session.call('etcdserverpb.KV/Put', put)),
      );
    }
  };
  const work = new Map<string, Spent>();
  const runs = {
    // First: beside them a cluster comes to rest, and saves what was written before.
    'serializable reads, one at a time': alone(rangeRequest(true)),
    'puts, one at a time': alone(PUT),
    [`puts, ${BATCH} at once in a session`]: batches,
    'linearizable reads, one at a time': alone(rangeRequest(false)),
    'lease renewals, one at a time': alone(renewal),
  };
  for (const [name, load] of Object.entries(runs)) work.set(name, await spentBy(cluster, load));
  let puts = 0;
  const idle = await spentBy(cluster, async () => {
    const endMs = performance.now() + IDLE_MS;
    for (; performance.now() < endMs; puts++) {
      await connection.send(PUT);
      await sleep(IDLE_PAUSE_MS);
    }
  });
  // A lease would keep an alarm, and the report is about a cluster that has none.
  await connection.send(httpRequest('POST', '/v3/lease/revoke', JSON.stringify({ ID: lease.ID })));
  connection.close();
  session.close();
  const of = (name: string): Spent => work.get(name) ?? idle;
  const alonePut = times(1 / CALLS, of('puts, one at a time'));
  const awakeSecond = secondOf(idle, puts, alonePut, cluster.members);
  const marginal = (name: string): Spent => beyondTime(of(name), awakeSecond, cluster.members);
  return {
    work,
    awakeSecond,
    each: {
      put: marginal('puts, one at a time'),
      batchedPut: marginal(`puts, ${BATCH} at once in a session`),
      serializableRead: marginal('serializable reads, one at a time'),
      renewal: marginal('lease renewals, one at a time'),
    },
  };
}

/** A second of the whole cluster awake: what was spent beside the puts that kept it so. */
function secondOf(idle: Spent, puts: number, put: Spent, members: number): Spent {
  const seconds = idle.awakeSeconds / members;
  const rest = difference(idle, times(puts, { ...put, awakeSeconds: 0 }));
  const positive = (value: number): number => Math.max(0, value / seconds);
  return {
    requests: positive(rest.requests),
    messages: positive(rest.messages),
    rowsRead: positive(rest.rowsRead),
    rowsWritten: positive(rest.rowsWritten),
    awakeSeconds: members,
  };
}

/** One of CALLS, without what the time in which they ran costs anyway. */
function beyondTime(work: Spent, awakeSecond: Spent, members: number): Spent {
  const seconds = work.awakeSeconds / members;
  const rest = difference(work, times(seconds, awakeSecond));
  return times(1 / CALLS, {
    requests: Math.max(0, rest.requests),
    messages: Math.max(0, rest.messages),
    rowsRead: Math.max(0, rest.rowsRead),
    rowsWritten: Math.max(0, rest.rowsWritten),
    awakeSeconds: 0,
  });
}

async function spentBy(cluster: MeteredCluster, load: () => Promise<void>): Promise<Spent> {
  const connection = await cluster.connect();
  for (let warm = 0; warm < 10; warm++) await connection.send(PUT);
  connection.close();
  const before = await cluster.spent();
  await load();
  const { requests, ...rest } = difference(await cluster.spent(), before);
  // The first question is among the requests; nobody slept since.
  return { requests: requests - cluster.members, ...rest };
}

function printSpent(measured: readonly Measured[]): void {
  const table = (title: string, rows: readonly (readonly string[])[]): void => {
    console.log(`\n${title}`);
    printTable(HEAD, rows);
  };
  table(
    `at rest, an hour; wakes counted for ${REST_MS / 1000} s once all sleep`,
    measured.map(({ members, wakes }) => [String(members), ...hour(wakes)]),
  );
  table(
    `at rest with ${WATCHERS.toLocaleString('en-US')} quiet watchers on ${WATCHERS / WATCHERS_PER_SOCKET} sockets, an hour`,
    measured.map(({ members, watchedWakes }) => [String(members), ...hour(watchedWakes)]),
  );
  table(
    `one put a minute to a cluster that sleeps, an hour: 60 wakes of every member, with the longest log (${CHECKPOINT_AT_REST_ROWS} rows)`,
    measured.map(({ members, wakingPut }) => [String(members), ...cells(times(60, wakingPut))]),
  );
  table(
    `the same with those watchers, ${WATCHERS / WATCHERS_PER_SOCKET} of whom are told`,
    measured.map(({ members, wakingPutWatched }) => [
      String(members),
      ...cells(times(60, wakingPutWatched)),
    ]),
  );
  for (const name of measured[0]?.work.keys() ?? []) {
    table(
      `${CALLS.toLocaleString('en-US')} ${name}`,
      measured.map(({ members, work }) => {
        const spent = work.get(name);
        return [String(members), ...(spent === undefined ? [] : cells(spent))];
      }),
    );
  }
  table(
    'a second awake without work',
    measured.map(({ members, awakeSecond }) => [String(members), ...cells(awakeSecond)]),
  );
}

/** Without a wake there is nothing that anybody could be billed for. */
function hour(wakes: number): string[] {
  if (wakes === 0) return ['0', '0', '0', '0'];
  const anHour = (wakes * SECONDS_PER_HOUR * 1000) / REST_MS;
  return [`${anHour} wakes`, '?', '?', '?'];
}

function printMonths(measured: readonly Measured[]): void {
  console.log(
    `a month of 30 days by Cloudflare's prices of ${PRICES.asOf}; "beyond the plan" is what comes on top of ` +
      `$${PRICES.planPerMonth} when nothing else is in the account`,
  );
  const rows: string[][] = [];
  for (const workload of WORKLOADS) {
    for (const figures of measured) {
      const { gross, beyondPlan, arithmetic } = monthOf(workload, figures);
      rows.push([workload.name, String(figures.members), dollars(gross), dollars(beyondPlan)]);
      console.log(`\n${workload.name}, ${figures.members} members: ${workload.what}`);
      for (const line of arithmetic) console.log(`  ${line}`);
    }
  }
  printTable(['workload', 'members', 'in all', 'beyond the plan'], rows);
}

const PUT_A_MINUTE = {
  name: 'a put a minute',
  what: '',
  parts: [
    {
      times: 30 * 24 * 60,
      what: 'waking puts',
      each: ({ wakingPut }: Figures) => wakingPut,
      overHttp: true,
    },
  ],
};

function bars(
  measured: readonly Measured[],
  waking: Awaited<ReturnType<typeof firstAfterSleep>>,
): Bar[] {
  const three = measured.find(({ members }) => members === 3);
  if (three === undefined) throw new Error('judge: nothing was measured for three members');
  const rowsPerPut = (name: string): number =>
    Math.max(
      ...measured.map(({ work, members }) => (work.get(name)?.rowsWritten ?? 0) / CALLS / members),
    );
  const wakes = measured.map((each) => each.wakes + each.watchedWakes);
  const { put, read } = waking;
  return [
    {
      what: 'wakes of clusters at rest, watchers included',
      figure: Math.max(...wakes),
      unit: '',
      goal: { atMost: 0 },
    },
    {
      what: `rows written a put and member, ${BATCH} at once`,
      figure: rowsPerPut(`puts, ${BATCH} at once in a session`),
      unit: '',
      goal: { atMost: 0.5 },
    },
    {
      what: 'rows written a put and member, one at a time',
      figure: rowsPerPut('puts, one at a time'),
      unit: '',
      goal: { atMost: 3 },
    },
    {
      what: 'a put a minute for a month, three members, nothing included',
      figure: monthOf(PUT_A_MINUTE, three).gross,
      unit: 'dollars',
      goal: { atMost: 1 },
    },
    {
      what: 'first put after sleep, members far apart',
      figure: put.asleepMs,
      unit: 'ms',
      rival: { name: 'awake', figure: put.awakeMs },
      goal: { atMost: 2 },
    },
    {
      what: 'first linearizable read after sleep, members far apart',
      figure: read.asleepMs,
      unit: 'ms',
      rival: { name: 'awake', figure: read.awakeMs },
      goal: { atMost: 2 },
    },
    {
      what: 'changes of leader by sleep',
      figure: waking.leaderChanges,
      unit: '',
      goal: { atMost: 0 },
    },
  ];
}
