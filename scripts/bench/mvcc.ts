/**
 * `npm run bench -- mvcc`: the multi-version store inside one Durable Object under workerd, beside a
 * row per version in plain tables. First puts as a member takes them (log row per batch, apply, pages);
 * then a million keys, point reads and cold starts with the page cache held at 32 MB.
 *
 * Times are taken outside, for the clock stands still inside an object while it runs. What else the
 * machine does counts in them; the processor time of workerd is printed beside.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { bundleWorker } from '../lib/bundle.ts';
import { compatibility } from '../lib/deployment.ts';
import { freePorts } from '../lib/ports.ts';
import { readOptions, wholeNumber } from '../lib/usage.ts';
import { Workerd } from '../lib/workerd.ts';
import { workerdConfig } from '../lib/workerd-config.ts';
import { type Bar, inTurn, median, printBars } from './lib.ts';

export const summary = 'pages beside plain rows: puts, rows written, a million keys, cold start';

const CACHE_BYTES = 32 * 1024 * 1024;
const WORKER = resolve(import.meta.dirname, '../lib/mvcc-bench-worker.ts');
/** Puts in one turn of the event loop: what 256 clients make. */
const BATCH_PUTS = 256;
/** Keys written by one request while a large store is filled. */
const FILL_REQUEST_KEYS = 50_000;
/** Reads in one request, so that the request itself is a small part of what is measured. */
const READS_PER_REQUEST = 20;
const READ_REQUESTS = 200;

/** What the worker answers, as far as it is used here. */
interface Answer {
  readonly rowsWritten: number;
  readonly count: number;
  readonly size: number;
}

export async function run(args: string[]): Promise<number> {
  const { values } = readOptions({
    args,
    options: {
      rounds: { type: 'string', default: '3' },
      puts: { type: 'string', default: '100000' },
      keys: { type: 'string', default: '1000000' },
    },
  });
  const rounds = wholeNumber('rounds', values.rounds, { min: 1, max: 100 });
  const puts = wholeNumber('puts', values.puts, { min: 1_000, max: 10_000_000 });
  const keys = wholeNumber('keys', values.keys, { min: 1_000, max: 10_000_000 });
  const bench = await Bench.start();
  try {
    const bars = [
      ...(await loadBars(bench, rounds, puts)),
      ...(await largeBars(bench, rounds, keys)),
    ];
    printBars('mvcc', bars);
  } finally {
    await bench.stop();
  }
  return 0;
}

async function loadBars(bench: Bench, rounds: number, puts: number): Promise<Bar[]> {
  let objects = 0;
  const rows = { pages: 0, plain: 0 };
  const cpu: number[] = [];
  const load = (path: 'member' | 'plain', count: number) => async (): Promise<number> => {
    const object = `load-${++objects}`;
    const before = bench.cpuMs();
    const { ms, answer } = await bench.ask(path, {
      object,
      count,
      batch: BATCH_PUTS,
      seed: objects,
    });
    if (path === 'member') cpu.push((1000 * count) / (bench.cpuMs() - before));
    rows[path === 'member' ? 'pages' : 'plain'] = answer.rowsWritten / count;
    return (1000 * count) / ms;
  };
  const [pages = 0, plain = 0] = await inTurn(rounds, [
    { name: 'pages', run: load('member', puts) },
    { name: 'plain rows', run: load('plain', puts) },
  ]);
  console.log(`puts per second of workerd's processor time, pages: ${Math.round(median(cpu))}`);
  const what = `${puts} puts, log and apply included`;
  return [
    { what, figure: pages, unit: '/s', goal: { atLeast: 30_000 } },
    {
      what: `${what}, beside plain rows`,
      figure: pages,
      unit: '/s',
      rival: { name: 'plain rows', figure: plain },
      goal: { atLeast: 2 },
    },
    {
      what: 'rows written per put',
      figure: rows.pages,
      unit: 'rows',
      rival: { name: 'plain rows', figure: rows.plain },
      goal: { atMost: 0.05 },
    },
  ];
}

async function largeBars(bench: Bench, rounds: number, keys: number): Promise<Bar[]> {
  const object = 'large';
  const before = { ms: performance.now(), cpu: bench.cpuMs() };
  for (let from = 0; from < keys; from += FILL_REQUEST_KEYS) {
    const count = Math.min(FILL_REQUEST_KEYS, keys - from);
    await bench.ask('fill', { object, from, count, batch: 1000 });
  }
  const wall = (1000 * keys) / (performance.now() - before.ms);
  const busy = (1000 * keys) / (bench.cpuMs() - before.cpu);
  const { answer } = await bench.ask('stats', { object });
  console.log(
    `${keys} keys stored at ${Math.round(wall)}/s, ${Math.round(busy)} per second of processor time: ` +
      `${Math.round(answer.size / 1e6)} MB; workerd holds ${bench.residentMb()} MB`,
  );
  const reads: number[] = [];
  for (let request = 0; request < READ_REQUESTS; request++) {
    const order = { object, count: READS_PER_REQUEST, from: keys, seed: request + 1 };
    reads.push((await bench.ask('get', order)).ms / READS_PER_REQUEST);
  }
  const counts: number[] = [];
  const starts: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await bench.ask('count', { object });
    const counted = await bench.ask('count', { object });
    if (counted.answer.count !== keys)
      throw new Error(`counted ${counted.answer.count} of ${keys} keys`);
    counts.push(counted.ms);
    await bench.restart();
    await bench.ask('noop', { object: 'another' });
    starts.push((await bench.ask('get', { object, count: 1, from: keys })).ms);
  }
  const what = `of ${keys} keys`;
  return [
    { what: `point read ${what}`, figure: median(reads), unit: 'ms', goal: { atMost: 1 } },
    { what: `count ${what}`, figure: median(counts), unit: 'ms', goal: { atMost: 20 } },
    {
      what: `cold start and first read ${what}`,
      figure: median(starts),
      unit: 'ms',
      goal: { atMost: 2_000 },
    },
  ];
}

/** workerd with the benchmark's Worker, over a folder of its own. */
class Bench {
  readonly #folder: string;
  readonly #port: number;
  #workerd: Workerd;

  private constructor(folder: string, port: number, workerd: Workerd) {
    this.#folder = folder;
    this.#port = port;
    this.#workerd = workerd;
  }

  static async start(): Promise<Bench> {
    const folder = mkdtempSync(join(tmpdir(), 'edgetcd-bench-'));
    const [port = 0] = await freePorts(1);
    mkdirSync(join(folder, 'state'));
    await bundleWorker(WORKER, join(folder, 'worker.js'));
    const service = {
      name: 'bench',
      module: 'worker.js',
      variables: {},
      objects: { binding: 'OBJECTS', className: 'MvccBenchObject', uniqueKey: 'mvcc-bench' },
      stateDir: join(folder, 'state'),
      port,
    };
    writeFileSync(join(folder, 'config.capnp'), workerdConfig([service], compatibility()));
    return new Bench(folder, port, await startIn(folder));
  }

  async restart(): Promise<void> {
    await this.#workerd.stop();
    this.#workerd = await startIn(this.#folder);
  }

  async stop(): Promise<void> {
    await this.#workerd.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async ask(
    path: string,
    order: Readonly<Record<string, string | number>>,
  ): Promise<{ ms: number; answer: Answer }> {
    const query = new URLSearchParams({ settings: JSON.stringify({ cacheBytes: CACHE_BYTES }) });
    for (const [name, value] of Object.entries(order)) query.set(name, String(value));
    const begin = performance.now();
    const response = await fetch(`http://127.0.0.1:${this.#port}/${path}?${query.toString()}`);
    const text = await response.text();
    if (!response.ok) throw new Error(`ask the object for ${path}: ${response.status} ${text}`);
    return { ms: performance.now() - begin, answer: JSON.parse(text) as Answer };
  }

  /** Processor time of workerd so far; Linux counts it in hundredths of a second. */
  cpuMs(): number {
    const fields = readFileSync(`/proc/${this.#workerd.pid}/stat`, 'utf8')
      .split(') ')[1]
      ?.split(' ');
    return 10 * (Number(fields?.[11]) + Number(fields?.[12]));
  }

  residentMb(): number {
    const status = readFileSync(`/proc/${this.#workerd.pid}/status`, 'utf8');
    return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
  }
}

async function startIn(folder: string): Promise<Workerd> {
  return await Workerd.start({
    configFile: join(folder, 'config.capnp'),
    sockets: 1,
    onLine: (line) => console.log(line),
  });
}
