/**
 * `npm run check`: everything about the source that a machine can judge without running it.
 * One line and one time per step; the output of a step is shown when it fails. `--only NAME,NAME` picks steps.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { tidy } from './check/tidy.ts';
import { generate } from './generate.ts';
import { readOptions, UsageError } from './lib/usage.ts';

export const summary = 'format, lint, types, import direction, generated code, tidiness';

interface Outcome {
  ok: boolean;
  text: string;
}

interface Step {
  readonly name: string;
  run(): Promise<Outcome>;
}

const CACHE = 'node_modules/.cache/edgetcd';

/** The slow ones first, so that the cores are used to the end. */
const STEPS: readonly Step[] = [
  tool('lint', 'eslint', ['-c', 'scripts/check/eslint.config.js', '--max-warnings', '0', '.']),
  types('types', 'tsconfig.json'),
  types('types-pure', 'tsconfig.pure.json'),
  types('types-workers', 'tsconfig.workers.json'),
  tool('imports', 'depcruise', [
    '--config',
    'scripts/check/dependency-cruiser.config.js',
    ...['src', 'durable', 'scripts', 'test'].filter((folder) => existsSync(folder)),
  ]),
  tool('format', 'prettier', [
    '--check',
    '--log-level=warn',
    '--cache',
    `--cache-location=${CACHE}/prettier`,
    '.',
  ]),
  { name: 'tidy', run: async () => report(tidy()) },
  { name: 'generated', run: generatedUpToDate },
];

export async function run(args: string[]): Promise<number> {
  const { values } = readOptions({ args, options: { only: { type: 'string' } } });
  const steps = chosen(values.only);
  const queue = [...steps];
  const failures: string[] = [];
  const worker = async (): Promise<void> => {
    for (let step = queue.shift(); step !== undefined; step = queue.shift()) {
      if (!(await runStep(step))) failures.push(step.name);
    }
  };
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, worker));
  console.log(
    failures.length === 0 ? 'check: all well' : `check: ${failures.sort().join(', ')} failed`,
  );
  return failures.length === 0 ? 0 : 1;
}

function chosen(only: string | undefined): readonly Step[] {
  if (only === undefined) return STEPS;
  const names = only.split(',');
  const unknown = names.filter((name) => !STEPS.some((step) => step.name === name));
  if (unknown.length > 0) {
    throw new UsageError(
      `--only names ${unknown.join(', ')}; the steps are ${STEPS.map((step) => step.name).join(', ')}`,
    );
  }
  return STEPS.filter((step) => names.includes(step.name));
}

async function runStep(step: Step): Promise<boolean> {
  const startMs = performance.now();
  const { ok, text } = await step.run();
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${step.name.padEnd(14)} ${seconds.padStart(5)} s`);
  if (!ok) console.log(text.trimEnd());
  return ok;
}

function types(name: string, project: string): Step {
  return tool(name, 'tsc', [
    '--project',
    project,
    '--incremental',
    '--tsBuildInfoFile',
    `${CACHE}/${name}.tsbuildinfo`,
  ]);
}

/** A program from node_modules/.bin; its exit status is the outcome. */
function tool(name: string, program: string, args: readonly string[]): Step {
  return {
    name,
    run: () =>
      new Promise((resolve, reject) => {
        const child = spawn(`node_modules/.bin/${program}`, args, {
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        let text = '';
        child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
        child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
        child.on('error', reject);
        child.on('close', (code) => resolve({ ok: code === 0, text }));
      }),
  };
}

function report(problems: readonly string[]): Outcome {
  return { ok: problems.length === 0, text: problems.join('\n') };
}

/** The files made from the .proto files are checked in; this proves that they were made from these. */
async function generatedUpToDate(): Promise<Outcome> {
  return report(await generate({ check: true }));
}
