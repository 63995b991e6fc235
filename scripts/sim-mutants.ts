/**
 * `npm run sim:mutants [-- --runs N] [--seed S] [--only NAME,NAME]`: switches deliberate bugs on one by one and
 * requires the simulator to find each within N runs. Ends with a table of who caught what.
 */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { MUTANTS, RARE_MUTANTS } from '../test/sim/mutants/all.ts';
import type { Mutant } from '../test/sim/mutants/mutant.ts';
import { assertPatched, installPatches } from '../test/sim/patches.ts';
import { readOptions, UsageError, wholeNumber } from './lib/usage.ts';

export const summary = 'require the simulator to find every deliberate bug';

/** A child prints its verdict on a line that starts with this. */
const VERDICT = 'verdict: ';

/** No bug at all: what fails without one proves nothing about mutants. */
const CONTROL: Mutant = { name: 'none', bug: 'none', patches: [] };

interface Verdict {
  readonly name: string;
  /** Runs until it was caught; undefined: it was not. */
  readonly runs: number | undefined;
  readonly seed: number;
  readonly property: string;
  readonly message: string;
}

export async function run(args: string[]): Promise<number> {
  const { values } = readOptions({
    args,
    options: {
      runs: { type: 'string', default: '200' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string' },
      jobs: { type: 'string', default: String(availableParallelism()) },
      /** Internal: this process is the one that runs the mutant. */
      child: { type: 'boolean', default: false },
    },
  });
  const runs = wholeNumber('runs', values.runs, { min: 1, max: 100_000 });
  const seed = wholeNumber('seed', values.seed, { min: 0, max: 2 ** 32 - 1 });
  const jobs = wholeNumber('jobs', values.jobs, { min: 1, max: 64 });
  const only = values.only?.split(',');
  const known = [CONTROL, ...MUTANTS, ...RARE_MUTANTS];
  const chosen = only === undefined ? MUTANTS : known.filter(({ name }) => only.includes(name));
  const [first] = chosen;
  if (first === undefined) {
    const names = MUTANTS.map(({ name }) => name).join(', ');
    throw new UsageError(`no mutant ${JSON.stringify(values.only)}: there are ${names}`);
  }
  if (values.child) {
    console.log(VERDICT + JSON.stringify(await hunt(first, seed, runs)));
    return 0;
  }
  return await huntAll(chosen, { seed, runs, jobs });
}

/** Runs seeds with the mutant in place until one fails. */
async function hunt(mutant: Mutant, firstSeed: number, runs: number): Promise<Verdict> {
  installPatches(mutant.patches);
  const { runSeed } = await import('../test/sim/run.ts');
  assertPatched(mutant.patches);
  for (let at = 0; at < runs; at++) {
    const { failure } = await runSeed(firstSeed + at);
    if (failure === undefined) continue;
    const { property, message } = failure;
    return { name: mutant.name, runs: at + 1, seed: firstSeed + at, property, message };
  }
  return { name: mutant.name, runs: undefined, seed: firstSeed, property: '', message: '' };
}

async function huntAll(
  mutants: readonly Mutant[],
  options: { readonly seed: number; readonly runs: number; readonly jobs: number },
): Promise<number> {
  const control = await inChild(CONTROL, options);
  if (control.runs !== undefined) {
    console.log(`without any mutant, seed ${control.seed} fails: ${control.message}`);
    return 1;
  }
  console.log(`without any mutant, ${options.runs} runs are clean`);
  const queue = [...mutants];
  const verdicts: Verdict[] = [];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const verdict = await inChild(next, options);
      verdicts.push(verdict);
      console.log(lineOf(verdict));
    }
  };
  await Promise.all(Array.from({ length: options.jobs }, worker));
  const missed = verdicts.filter((verdict) => verdict.runs === undefined);
  console.log(`\n${verdicts.length - missed.length} of ${verdicts.length} mutants caught`);
  for (const { name } of missed) console.log(`not caught: ${name}`);
  return missed.length === 0 ? 0 : 1;
}

function lineOf({ name, runs, seed, property }: Verdict): string {
  const found = runs === undefined ? 'NOT CAUGHT' : `run ${runs}, seed ${seed}: ${property}`;
  return `${name.padEnd(34)} ${found}`;
}

/** A process of its own for each mutant: the patched code must be the first that is loaded. */
function inChild(
  mutant: Mutant,
  options: { readonly seed: number; readonly runs: number },
): Promise<Verdict> {
  const { seed, runs } = options;
  const args = ['scripts/main.ts', 'sim:mutants', '--child', '--only', mutant.name];
  args.push('--seed', String(seed), '--runs', String(runs));
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      cwd: new URL('..', import.meta.url),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.on('close', (code) => {
      const line = output.split('\n').find((each) => each.startsWith(VERDICT));
      const broken = {
        name: mutant.name,
        runs: undefined,
        seed,
        property: '',
        message: `status ${code}`,
      };
      resolve(line === undefined ? broken : (JSON.parse(line.slice(VERDICT.length)) as Verdict));
    });
  });
}
