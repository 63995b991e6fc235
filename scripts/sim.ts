/**
 * `npm run sim -- [--seed S] [--runs N] [--seconds T] [--members M] [--trace]`: whole clusters in simulated
 * time, one seed a run. Ends at the first failing seed, with the command that replays it.
 */
import { installPatches } from '../test/sim/patches.ts';
import { readOptions, wholeNumber } from './lib/usage.ts';

export const summary = 'simulate clusters under faults, from seeds';

const SEEDS = 2 ** 32;
/** Between two lines of progress. */
const PROGRESS_MS = 10_000;

export async function run(args: string[]): Promise<number> {
  const { values } = readOptions({
    args,
    options: {
      seed: { type: 'string' },
      runs: { type: 'string' },
      seconds: { type: 'string' },
      minutes: { type: 'string' },
      members: { type: 'string' },
      trace: { type: 'boolean', default: false },
    },
  });
  const whole = (
    name: 'seed' | 'runs' | 'seconds' | 'minutes' | 'members',
    max: number,
  ): number | undefined =>
    values[name] === undefined ? undefined : wholeNumber(name, values[name], { min: 0, max });
  const first = whole('seed', SEEDS - 1) ?? Math.floor(Math.random() * SEEDS);
  const minutes = whole('minutes', 100_000);
  const runs = whole('runs', 1_000_000) ?? (minutes === undefined ? 1 : 1_000_000);
  const seconds = whole('seconds', 100_000);
  installPatches([]);
  return await simulateSeeds({
    first,
    runs,
    untilMs: minutes === undefined ? Infinity : Date.now() + minutes * 60_000,
    bounds: {
      safetyMs: seconds === undefined ? undefined : seconds * 1_000,
      voters: whole('members', 7),
    },
    trace: values.trace,
  });
}

interface Job {
  readonly first: number;
  readonly runs: number;
  readonly untilMs: number;
  readonly bounds: { readonly safetyMs: number | undefined; readonly voters: number | undefined };
  readonly trace: boolean;
}

async function simulateSeeds(job: Job): Promise<number> {
  // Loaded after the patches are installed.
  const { addResult, newTotals, runSeed } = await import('../test/sim/run.ts');
  const { describeOptions } = await import('../test/sim/options.ts');
  const totals = newTotals();
  const startMs = Date.now();
  let saidMs = startMs;
  const trace = job.trace ? printTrace : undefined;
  console.log(`sim: seed ${job.first}, up to ${job.runs} runs`);
  for (let at = 0; at < job.runs && Date.now() < job.untilMs; at++) {
    const seed = (job.first + at) % SEEDS;
    const result = await runSeed(seed, job.bounds, trace);
    addResult(totals, result);
    if (job.runs === 1) console.log(describeOptions(result.options));
    if (result.failure !== undefined) {
      console.log(`\nseed ${seed} FAILED: ${result.failure.message}\n`);
      console.log(describeOptions(result.options));
      console.log(`\nreplay: npm run sim -- --seed ${seed}${boundsAsArguments(job)} --trace`);
      printTotals(totals, startMs);
      return 1;
    }
    if (Date.now() - saidMs > PROGRESS_MS) {
      saidMs = Date.now();
      console.log(`${totals.runs} runs clean, ${hours(totals.simulatedMs)} simulated`);
    }
  }
  printTotals(totals, startMs);
  return 0;
}

function boundsAsArguments({ bounds }: Job): string {
  const { safetyMs, voters } = bounds;
  return (
    (safetyMs === undefined ? '' : ` --seconds ${safetyMs / 1_000}`) +
    (voters === undefined ? '' : ` --members ${voters}`)
  );
}

function printTrace(atMs: number, who: string, what: string): void {
  console.log(`${(atMs / 1_000).toFixed(4).padStart(10)}  ${who.padEnd(10)}  ${what}`);
}

function printTotals(
  totals: {
    runs: number;
    simulatedMs: number;
    calls: number;
    acknowledged: number;
    unknown: number;
    counts: ReadonlyMap<string, number>;
  },
  startMs: number,
): void {
  const wallMs = Date.now() - startMs;
  const counts = [...totals.counts].map(([name, count]) => `${name} ${count}`).join(', ');
  console.log(
    `\n${totals.runs} runs, ${hours(totals.simulatedMs)} simulated in ${(wallMs / 1_000).toFixed(1)} s`,
  );
  console.log(`${(totals.simulatedMs / wallMs).toFixed(0)} simulated seconds per wall second`);
  console.log(
    `calls ${totals.calls}, acknowledged ${totals.acknowledged}, of unknown fate ${totals.unknown}`,
  );
  console.log(counts);
}

function hours(ms: number): string {
  return `${(ms / 3_600_000).toFixed(2)} h`;
}
