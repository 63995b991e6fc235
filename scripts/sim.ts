/**
 * `npm run sim -- [--seed S] [--runs N] [--seconds T] [--members M] [--jobs J] [--all] [--trace]`: whole clusters
 * in simulated time, one seed a run, on all cores. Ends at the first failing seed (with --all: goes on),
 * with the command that replays it. With --speed it tells how fast three members run instead.
 */
import { availableParallelism } from 'node:os';
import { installPatches } from '../test/sim/patches.ts';
import { serveSeeds, simulateInWorkers, type WorkerResult } from './lib/sim-workers.ts';
import { measureSpeed } from './lib/sim-speed.ts';
import { readOptions, wholeNumber } from './lib/usage.ts';

export const summary = 'simulate clusters under faults, from seeds';

const SEEDS = 2 ** 32;
/** Between two lines of progress. */
const PROGRESS_MS = 10_000;

interface Bounds {
  readonly safetyMs: number | undefined;
  readonly voters: number | undefined;
}

interface Job {
  readonly first: number;
  readonly runs: number;
  readonly untilMs: number;
  readonly bounds: Bounds;
  readonly jobs: number;
  /** Goes on after a failure. */
  readonly all: boolean;
}

interface Totals {
  runs: number;
  simulatedMs: number;
  cpuMs: number;
  calls: number;
  acknowledged: number;
  unknown: number;
  readonly counts: Map<string, number>;
}

export async function run(args: string[]): Promise<number> {
  const { values } = readOptions({
    args,
    options: {
      seed: { type: 'string' },
      runs: { type: 'string' },
      seconds: { type: 'string' },
      minutes: { type: 'string' },
      members: { type: 'string' },
      jobs: { type: 'string', default: String(availableParallelism()) },
      all: { type: 'boolean', default: false },
      trace: { type: 'boolean', default: false },
      /** Measures instead: simulated seconds a second. */
      speed: { type: 'boolean', default: false },
      /** Internal: this process runs what its parent sends. */
      child: { type: 'boolean', default: false },
    },
  });
  type Whole = 'seed' | 'runs' | 'seconds' | 'minutes' | 'members' | 'jobs';
  const whole = (name: Whole, max: number): number | undefined =>
    values[name] === undefined ? undefined : wholeNumber(name, values[name], { min: 0, max });
  if (values.speed) return await measureSpeed();
  if (values.child) {
    installPatches([]);
    await serveSeeds((seed, bounds) => runOne(seed, bounds));
    return 0;
  }
  const first = whole('seed', SEEDS - 1) ?? Math.floor(Math.random() * SEEDS);
  const minutes = whole('minutes', 100_000);
  const runs = whole('runs', 1_000_000) ?? (minutes === undefined ? 1 : 1_000_000);
  const seconds = whole('seconds', 100_000);
  const job: Job = {
    first,
    runs,
    untilMs: minutes === undefined ? Infinity : Date.now() + minutes * 60_000,
    bounds: {
      safetyMs: seconds === undefined ? undefined : seconds * 1_000,
      voters: whole('members', 7),
    },
    jobs: Math.max(1, whole('jobs', 64) ?? 1),
    all: values.all,
  };
  return runs === 1 ? await simulateOne(job, values.trace) : await simulateMany(job);
}

/** One seed in this process, described, with its timeline if asked for. */
async function simulateOne(job: Job, trace: boolean): Promise<number> {
  installPatches([]);
  console.log(`sim: seed ${job.first}`);
  const totals = newTotals();
  const startMs = Date.now();
  const result = await runOne(job.first, job.bounds, trace ? printTrace : undefined, true);
  add(totals, result);
  console.log(result.options);
  if (result.failure !== undefined) printFailure(result, job.bounds);
  printTotals(totals, startMs);
  return result.failure === undefined ? 0 : 1;
}

async function simulateMany(job: Job): Promise<number> {
  const totals = newTotals();
  const startMs = Date.now();
  const failed: number[] = [];
  let saidMs = startMs;
  let at = 0;
  console.log(`sim: seed ${job.first}, up to ${job.runs} runs in ${job.jobs} processes`);
  await simulateInWorkers({
    jobs: job.jobs,
    bounds: job.bounds,
    nextSeed: () =>
      at < job.runs && Date.now() < job.untilMs ? (job.first + at++) % SEEDS : undefined,
    onResult: (result) => {
      add(totals, result);
      if (result.failure !== undefined) {
        failed.push(result.seed);
        printFailure(result, job.bounds);
        if (!job.all) return 'stop';
      }
      if (Date.now() - saidMs > PROGRESS_MS) {
        saidMs = Date.now();
        console.log(
          `${totals.runs} runs, ${failed.length} failed, ${hours(totals.simulatedMs)} simulated`,
        );
      }
      return 'go on';
    },
  });
  printTotals(totals, startMs);
  if (failed.length > 0) console.log(`failed: ${failed.join(', ')}`);
  return failed.length === 0 ? 0 : 1;
}

async function runOne(
  seed: number,
  bounds: Parameters<Parameters<typeof serveSeeds>[0]>[1],
  trace?: typeof printTrace,
  describe = false,
): Promise<WorkerResult> {
  // Loaded after the patches are installed.
  const { runSeed } = await import('../test/sim/run.ts');
  const { describeOptions } = await import('../test/sim/options.ts');
  const before = process.cpuUsage();
  const { failure, options, ...rest } = await runSeed(seed, bounds, trace);
  const { user, system } = process.cpuUsage(before);
  return {
    ...rest,
    seed,
    failure: failure?.message,
    options: failure === undefined && !describe ? undefined : describeOptions(options),
    cpuMs: (user + system) / 1_000,
  };
}

function newTotals(): Totals {
  const counts = new Map<string, number>();
  return { runs: 0, simulatedMs: 0, cpuMs: 0, calls: 0, acknowledged: 0, unknown: 0, counts };
}

function add(totals: Totals, result: WorkerResult): void {
  totals.runs++;
  for (const name of ['simulatedMs', 'cpuMs', 'calls', 'acknowledged', 'unknown'] as const) {
    totals[name] += result[name];
  }
  for (const [name, count] of Object.entries(result.counts)) {
    totals.counts.set(name, (totals.counts.get(name) ?? 0) + count);
  }
}

function printFailure({ seed, failure, options }: WorkerResult, bounds: Bounds): void {
  console.log(`\nseed ${seed} FAILED: ${failure}\n\n${options}\n`);
  console.log(`replay: npm run sim -- --seed ${seed}${boundsAsArguments(bounds)} --trace\n`);
}

function boundsAsArguments({ safetyMs, voters }: Bounds): string {
  return (
    (safetyMs === undefined ? '' : ` --seconds ${safetyMs / 1_000}`) +
    (voters === undefined ? '' : ` --members ${voters}`)
  );
}

function printTrace(atMs: number, who: string, what: string): void {
  console.log(`${(atMs / 1_000).toFixed(4).padStart(10)}  ${who.padEnd(10)}  ${what}`);
}

function printTotals(totals: Totals, startMs: number): void {
  const wallMs = Date.now() - startMs;
  const { runs, simulatedMs, cpuMs, calls, acknowledged, unknown } = totals;
  const rate = (ms: number): string => (simulatedMs / ms).toFixed(0);
  console.log(
    `\n${runs} runs, ${hours(simulatedMs)} simulated in ${(wallMs / 1_000).toFixed(1)} s`,
  );
  console.log(
    `${rate(wallMs)} simulated seconds per wall second, ${rate(cpuMs)} per second of processor time`,
  );
  console.log(`calls ${calls}, acknowledged ${acknowledged}, of unknown fate ${unknown}`);
  console.log([...totals.counts].map(([name, count]) => `${name} ${count}`).join(', '));
}

function hours(ms: number): string {
  return `${(ms / 3_600_000).toFixed(2)} h`;
}
