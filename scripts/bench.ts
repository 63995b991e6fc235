/** `npm run bench -- NAME`: one benchmark, a file of scripts/bench/ that exports `run(args)`. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from './main.ts';
import { UsageError } from './lib/usage.ts';

export const summary = 'measure one thing beside its rival (npm run bench -- NAME)';

const FOLDER = join(import.meta.dirname, 'bench');

export async function run(args: string[]): Promise<number> {
  const [name, ...rest] = args;
  const names = readdirSync(FOLDER)
    .filter((file) => file.endsWith('.ts') && file !== 'lib.ts')
    .map((file) => file.slice(0, -'.ts'.length))
    .sort();
  if (name === undefined || !names.includes(name)) {
    throw new UsageError(
      `${name === undefined ? 'which benchmark' : `no benchmark ${JSON.stringify(name)}`}: ` +
        `npm run bench -- NAME, where NAME is one of ${names.join(', ')}`,
    );
  }
  const benchmark = (await import(`./bench/${name}.ts`)) as Command;
  return await benchmark.run(rest);
}
