/**
 * `npm run coverage`: how much of the consensus, storage and member code the unit tests and the fixed set
 * of simulated seeds reach together, by Node's own coverage. Ends with one line a folder.
 */
import { spawn } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readOptions } from './lib/usage.ts';

export const summary = 'branches that unit tests and simulation reach, by folder';

const FOLDERS = ['raft', 'wal', 'mvcc', 'apply', 'member'] as const;
/** Beside their own tests, those of their neighbours that run them in the same process. */
const NEIGHBOURS = ['backend', 'client', 'fuzz', 'http', 'lease', 'session', 'watch'] as const;

interface Sum {
  found: number;
  hit: number;
}

export async function run(args: string[]): Promise<number> {
  const { values } = readOptions({
    args,
    options: {
      /** Also names each line whose branch was never taken. */
      missed: { type: 'boolean', default: false },
      simulation: { type: 'boolean', default: true },
    },
    allowNegative: true,
  });
  const tests = [...FOLDERS, ...NEIGHBOURS].flatMap((folder) =>
    globSync(`test/${folder}/**/*.test.ts`),
  );
  if (values.simulation) tests.push('test/sim/simulation.test.ts');
  const directory = mkdtempSync(join(tmpdir(), 'edgetcd-coverage-'));
  try {
    const report = join(directory, 'lcov.info');
    const status = await runTests(tests, report);
    printReport(readFileSync(report, 'utf8'), values.missed);
    return status;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function runTests(tests: readonly string[], report: string): Promise<number> {
  const args = ['--test', '--experimental-test-coverage'];
  for (const folder of FOLDERS) args.push(`--test-coverage-include=src/${folder}/**`);
  args.push('--test-reporter=lcov', `--test-reporter-destination=${report}`);
  args.push('--test-reporter=dot', '--test-reporter-destination=stdout');
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...args, ...tests], { stdio: 'inherit' });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

/** The lcov format: a record a file, BRDA lines `line,block,branch,times`. */
function printReport(lcov: string, missed: boolean): void {
  const sums = new Map<string, Sum>(FOLDERS.map((folder) => [folder, { found: 0, hit: 0 }]));
  let file = '';
  for (const line of lcov.split('\n')) {
    if (line.startsWith('SF:')) file = line.slice('SF:'.length);
    if (!line.startsWith('BRDA:')) continue;
    const [at = '', , , times = ''] = line.slice('BRDA:'.length).split(',');
    const sum = sums.get(/src\/(\w+)\//.exec(file)?.[1] ?? '');
    if (sum === undefined) continue;
    sum.found++;
    if (times !== '0' && times !== '-') sum.hit++;
    else if (missed) console.log(`not taken: ${file}:${at}`);
  }
  console.log('\nbranches taken');
  const total: Sum = { found: 0, hit: 0 };
  for (const [folder, { found, hit }] of sums) {
    total.found += found;
    total.hit += hit;
    console.log(lineOf(`src/${folder}`, { found, hit }));
  }
  console.log(lineOf('together', total));
}

function lineOf(name: string, { found, hit }: Sum): string {
  const share = found === 0 ? 100 : (100 * hit) / found;
  return `${name.padEnd(12)} ${share.toFixed(1).padStart(5)} %  ${hit} of ${found}`;
}
