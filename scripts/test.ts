/**
 * `npm test [-- WORD… --name PATTERN]`: every test/**\/*.test.ts under node:test, or those whose path holds
 * one of the words. Each file runs in a process of its own, as many at a time as there are cores.
 */
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { run as runFiles } from 'node:test';
import { spec } from 'node:test/reporters';
import { readOptions, UsageError, wholeNumber } from './lib/usage.ts';

export const summary = 'run the tests (words choose files, --name chooses tests)';

/** A file that takes longer than this hangs. */
const FILE_TIMEOUT_MS = 5 * 60_000;

interface Counts {
  tests: number;
  passed: number;
  failed: number;
  skipped: number;
}

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readOptions({
    args,
    allowPositionals: true,
    options: {
      name: { type: 'string' },
      concurrency: { type: 'string', default: String(availableParallelism()) },
    },
  });
  const concurrency = wholeNumber('concurrency', values.concurrency, { min: 1, max: 64 });
  const counts = await runAll(chooseFiles(positionals), concurrency, values.name);
  printClosing(counts);
  return counts.failed === 0 && counts.passed > 0 ? 0 : 1;
}

function chooseFiles(words: readonly string[]): string[] {
  const files = globSync('test/**/*.test.ts')
    .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
    .sort();
  if (files.length === 0) {
    throw new UsageError(`no test file under test/ has ${words.join(' or ')} in its path`);
  }
  return files;
}

async function runAll(files: string[], concurrency: number, name?: string): Promise<Counts> {
  const counts: Counts = { tests: 0, passed: 0, failed: 0, skipped: 0 };
  const stream = runFiles({
    files,
    concurrency,
    timeout: FILE_TIMEOUT_MS,
    ...(name === undefined ? {} : { testNamePatterns: [name] }),
  });
  stream.on('test:summary', (data) => {
    // One summary per file names that file; the last one names none and holds the sums.
    if (data.file !== undefined) return;
    counts.tests = data.counts.tests;
    counts.passed = data.counts.passed;
    counts.failed = data.counts.tests - data.counts.passed - data.counts.skipped - data.counts.todo;
    counts.skipped = data.counts.skipped + data.counts.todo;
    if (!data.success && counts.failed === 0) counts.failed = 1;
  });
  for await (const text of stream.compose(new spec()) as AsyncIterable<string | Buffer>) {
    process.stdout.write(text);
  }
  return counts;
}

/** Last, below the failures, so that the outcome is what a log ends with. */
function printClosing(counts: Counts): void {
  console.log(`# tests ${counts.tests}`);
  console.log(`# pass ${counts.passed}`);
  console.log(`# fail ${counts.failed}`);
  console.log(`# skipped ${counts.skipped}`);
  console.log(`${counts.passed} passed, ${counts.failed} failed`);
}
