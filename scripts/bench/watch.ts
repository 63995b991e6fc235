/**
 * `npm run bench -- watch`: watches over WebSocket at one member, beside one member of etcd, whose gateway
 * speaks the same. Both are driven by the same client in this process, in turn.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LocalCluster, startCluster } from '../lib/cluster.ts';
import { startEtcd } from '../lib/etcd.ts';
import { HttpConnection, httpLoad, httpRequest } from '../lib/http-load.ts';
import { readOptions, wholeNumber } from '../lib/usage.ts';
import { Counter, createFrame, WatchSocket, type WatchTarget } from '../lib/watch-load.ts';
import { type Bar, inTurn, median, percentile, printBars } from './lib.ts';

export const summary = 'watches beside etcd: delay, fan-out, many keys, catch-up, idle memory';

const SINGLE_PUTS = 500;
const FAN_OUT_PUTS = 20;
/** Paced puts, each delivered to all before the next. */
const FAN_OUT_PACED_PUTS = 20;
const KEYS = 10_000;
const STREAMS = 100;
const KEY_PUTS_MS = 3_000;
const CONNECTIONS = 16;
const CATCH_UP_WATCHERS = 100;
const CATCH_UP_REVISIONS = 10_000;
const CATCH_UP_WRITES_MS = 3_000;
const IDLE = 50_000;
const VALUE = randomBytes(100).toString('base64');
const MARK = Buffer.from('"mod_revision"');

interface Server {
  readonly name: string;
  readonly endpoint: string;
}

export async function run(args: string[]): Promise<number> {
  const { values } = readOptions({
    args,
    options: {
      rounds: { type: 'string', default: '3' },
      watchers: { type: 'string', default: '5000' },
    },
  });
  const rounds = wholeNumber('rounds', values.rounds, { min: 1, max: 100 });
  const watchers = wholeNumber('watchers', values.watchers, { min: 1, max: 30_000 });
  const etcd = await startEtcd();
  const cluster = await startCluster({ members: 1 });
  try {
    await cluster.ready();
    const servers: readonly [Server, Server] = [
      { name: 'edgetcd', endpoint: cluster.endpoints[0] ?? '' },
      { name: 'etcd', endpoint: etcd.leader },
    ];
    // First, while the process is fresh: memory that was used once is not given back.
    const memory = await idleMemory(cluster);
    printBars('watch', [
      ...(await single(servers, rounds)),
      ...(await fanOut(servers, rounds, watchers)),
      await distinctKeys(servers, rounds),
      ...(await catchUp(servers, rounds)),
      memory,
    ]);
  } finally {
    await cluster.stop();
    await etcd.stop();
  }
  return 0;
}

/** From sending a put to its event at one watcher. The put itself is most of it, so it stands beside. */
async function single(servers: readonly Server[], rounds: number): Promise<Bar[]> {
  const tails = new Map<string, number[]>();
  const puts = new Map<string, number[]>();
  const figures = await inTurn(
    rounds,
    servers.map(({ name, endpoint }) => ({
      name,
      run: async () => {
        const delays = await delaysOf(endpoint, 1, SINGLE_PUTS, (answersMs) =>
          note(puts, name, percentile(answersMs, 50)),
        );
        note(tails, name, percentile(delays, 99));
        return percentile(delays, 50);
      },
    })),
  );
  return [
    against('put to its answer, p50', 'ms', medians(servers, puts), { atMost: 1 }),
    against('put to event, 1 watcher, p50', 'ms', figures, { atMost: 1 }),
    against('put to event, 1 watcher, p99', 'ms', medians(servers, tails), { atMost: 1 }),
  ];
}

/** One key, many watchers, each with a socket of its own. */
async function fanOut(
  servers: readonly Server[],
  rounds: number,
  watchers: number,
): Promise<Bar[]> {
  const tails = new Map<string, number[]>();
  const figures = await inTurn(
    rounds,
    servers.map(({ name, endpoint }) => ({
      name,
      run: async () => {
        note(tails, name, percentile(await delaysOf(endpoint, watchers, FAN_OUT_PACED_PUTS), 99));
        return fanOutRate(endpoint, watchers);
      },
    })),
  );
  const what = `1 key, ${watchers} watchers`;
  return [
    against(`${what}, events delivered`, '/s', figures, { atLeast: 2 }),
    against(`${what}, put to event, p99`, 'ms', medians(servers, tails), { atMost: 1 }),
  ];
}

/** Events a second while puts follow each other without waiting for delivery. */
async function fanOutRate(endpoint: string, watchers: number): Promise<number> {
  const events = new Counter();
  const key = freshKey();
  const sockets = await openAll(endpoint, watchers, () => [{ key }], countInto(events));
  const connection = await HttpConnection.open(endpoint);
  const startMs = performance.now();
  for (let put = 0; put < FAN_OUT_PUTS; put++) await connection.send(putRequest(key));
  await events.reach(watchers * FAN_OUT_PUTS);
  const seconds = (performance.now() - startMs) / 1000;
  connection.close();
  await closeAll(sockets);
  return events.count / seconds;
}

/**
 * Milliseconds from sending a put to its event, over all watchers and puts, ascending; `onAnswers` is
 * told the same for the answers.
 */
async function delaysOf(
  endpoint: string,
  watchers: number,
  puts: number,
  onAnswers?: (answersMs: Float64Array) => void,
): Promise<Float64Array> {
  const answers = new Float64Array(puts);
  const delays = new Float64Array(watchers * puts);
  const events = new Counter();
  let sentMs = 0;
  const key = freshKey();
  const sockets = await openAll(
    endpoint,
    watchers,
    () => [{ key }],
    (text) => {
      if (!text.includes(MARK)) return;
      delays[events.count] = performance.now() - sentMs;
      events.add();
    },
  );
  const connection = await HttpConnection.open(endpoint);
  for (let put = 1; put <= puts; put++) {
    sentMs = performance.now();
    await connection.send(putRequest(key));
    answers[put - 1] = performance.now() - sentMs;
    await events.reach(put * watchers);
  }
  onAnswers?.(answers.sort());
  connection.close();
  await closeAll(sockets);
  return delays.sort();
}

/** Each event finds its one watcher among many. */
async function distinctKeys(servers: readonly Server[], rounds: number): Promise<Bar> {
  const figures = await inTurn(
    rounds,
    servers.map(({ name, endpoint }) => ({
      name,
      run: async () => {
        const events = new Counter();
        const prefix = freshKey();
        const sockets = await openAll(
          endpoint,
          STREAMS,
          (stream) =>
            Array.from({ length: KEYS / STREAMS }, (_, index) => ({
              key: `${prefix}/${stream * (KEYS / STREAMS) + index}`,
            })),
          countInto(events),
        );
        let count = 0;
        const next = (): Buffer => putRequest(`${prefix}/${(count++ * 7919) % KEYS}`);
        const startMs = performance.now();
        const { requests } = await httpLoad({
          endpoints: [endpoint],
          connections: CONNECTIONS,
          durationMs: KEY_PUTS_MS,
          next,
        });
        await events.reach(requests);
        const seconds = (performance.now() - startMs) / 1000;
        await closeAll(sockets);
        return events.count / seconds;
      },
    })),
  );
  return against(`${KEYS} watchers on distinct keys, puts delivered`, '/s', figures, {
    atLeast: 1,
  });
}

/** Watchers that read all of history while writes go on. */
async function catchUp(servers: readonly [Server, Server], rounds: number): Promise<Bar[]> {
  const prefixes = new Map<string, string>();
  for (const { name, endpoint } of servers) {
    const prefix = freshKey();
    prefixes.set(name, prefix);
    await writeHistory(endpoint, prefix);
  }
  const kept = new Map<string, number[]>();
  const figures = await inTurn(
    rounds,
    servers.map(({ name, endpoint }) => ({
      name,
      run: async () => {
        const writes = async (durationMs: number): Promise<number> => {
          const next = (): Buffer => putRequest('elsewhere');
          const options = { endpoints: [endpoint], connections: CONNECTIONS, durationMs, next };
          return (await httpLoad(options)).perSecond;
        };
        const alone = await writes(CATCH_UP_WRITES_MS);
        const events = new Counter();
        const prefix = prefixes.get(name) ?? '';
        const target = { key: `${prefix}/`, rangeEnd: `${prefix}0`, startRevision: 1 };
        const sockets = await openAll(endpoint, CATCH_UP_WATCHERS, () => [], countInto(events));
        const startMs = performance.now();
        for (const socket of sockets) socket.send(createFrame(target));
        const beside = writes(CATCH_UP_WRITES_MS);
        await events.reach(CATCH_UP_WATCHERS * CATCH_UP_REVISIONS);
        const seconds = (performance.now() - startMs) / 1000;
        note(kept, name, (await beside) / alone);
        await closeAll(sockets);
        return events.count / seconds;
      },
    })),
  );
  const what = `${CATCH_UP_WATCHERS} watchers catch up ${CATCH_UP_REVISIONS} revisions`;
  const [ratio = 0, theirs = 0] = medians(servers, kept);
  return [
    against(`${what}, events delivered`, '/s', figures, { atLeast: 1 }),
    {
      what: `${what}: writes beside it, as a part of writes alone (etcd: ${theirs.toFixed(2)})`,
      figure: ratio,
      unit: '',
      goal: { atLeast: 0.8 },
    },
  ];
}

/** What the process grows by for each of many idle watchers on a few sockets. */
async function idleMemory({ processes: [process], endpoints }: LocalCluster): Promise<Bar> {
  const endpoint = endpoints[0] ?? '';
  const perStream = IDLE / STREAMS;
  const open = async (): Promise<WatchSocket[]> => {
    const prefix = freshKey();
    const targetsOf = (stream: number): WatchTarget[] =>
      Array.from({ length: perStream }, (_, index) => ({ key: `${prefix}/${stream}/${index}` }));
    const sockets = await openAll(endpoint, STREAMS, targetsOf, () => undefined);
    // State is saved after a quiet second.
    await sleep(2_500);
    return sockets;
  };
  // The first ones also pay for what creating them leaves to be collected, which the next ones reuse.
  const first = await open();
  const before = residentBytes(process?.pid ?? 0);
  const second = await open();
  const grown = residentBytes(process?.pid ?? 0) - before;
  await closeAll([...first, ...second]);
  return {
    what: `memory of an idle watcher, of ${IDLE} on ${STREAMS} sockets`,
    figure: grown / IDLE,
    unit: 'bytes',
    goal: { atMost: 1024 },
  };
}

/** Opens sockets and waits until all their watchers exist. */
async function openAll(
  endpoint: string,
  sockets: number,
  targetsOf: (socket: number) => readonly WatchTarget[],
  onMessage: (text: Buffer) => void,
): Promise<WatchSocket[]> {
  const opened: WatchSocket[] = [];
  const created = new Counter();
  let asked = 0;
  for (let index = 0; index < sockets; index++) {
    const socket = await WatchSocket.open(endpoint, (text) => {
      if (text.includes('"created":true')) created.add();
      onMessage(text);
    });
    opened.push(socket);
    for (const target of targetsOf(index)) {
      socket.send(createFrame(target));
      asked++;
    }
    // Neither server is to be asked for more than it can hold.
    if (index % 50 === 49) await created.reach(asked);
  }
  await created.reach(asked);
  return opened;
}

async function closeAll(sockets: readonly WatchSocket[]): Promise<void> {
  for (const socket of sockets) socket.close();
  await sleep(500);
}

async function writeHistory(endpoint: string, prefix: string): Promise<void> {
  const connections = await Promise.all(
    Array.from({ length: CONNECTIONS }, () => HttpConnection.open(endpoint)),
  );
  let written = 0;
  await Promise.all(
    connections.map(async (connection) => {
      while (written++ < CATCH_UP_REVISIONS) {
        await connection.send(putRequest(`${prefix}/${written % 100}`));
      }
      connection.close();
    }),
  );
}

function countInto(events: Counter): (text: Buffer) => void {
  return (text) => {
    let found = 0;
    for (let at = text.indexOf(MARK); at >= 0; at = text.indexOf(MARK, at + MARK.length)) found++;
    if (found > 0) events.add(found);
  };
}

function putRequest(key: string): Buffer {
  const body = JSON.stringify({ key: Buffer.from(key).toString('base64'), value: VALUE });
  return httpRequest('POST', '/v3/kv/put', body);
}

function freshKey(): string {
  return randomBytes(6).toString('hex');
}

function against(what: string, unit: string, figures: readonly number[], goal: Bar['goal']): Bar {
  const [figure = 0, rival = 0] = figures;
  return { what, figure, unit, rival: { name: 'etcd', figure: rival }, goal };
}

function note(notes: Map<string, number[]>, name: string, figure: number): void {
  const list = notes.get(name);
  if (list === undefined) notes.set(name, [figure]);
  else list.push(figure);
}

function medians(servers: readonly Server[], notes: Map<string, number[]>): number[] {
  return servers.map(({ name }) => median(notes.get(name) ?? []));
}

/** Resident memory of a process, as Linux tells it. */
function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? NaN) * 1024;
}
