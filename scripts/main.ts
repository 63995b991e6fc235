/**
 * The one entry behind every npm script: `node scripts/main.ts COMMAND [OPTIONS]`.
 *
 * A command is a file scripts/COMMAND.ts (`:` in the command is `-` in the file name, so `demo:load` is
 * demo-load.ts) that exports `run(args)` and a one-line `summary`. It is imported only when asked for,
 * so that `npm test` does not load a bundler.
 */
import { readdirSync } from 'node:fs';
import { UsageError } from './lib/usage.ts';

/** What a command file exports. The returned number is the exit status of the process. */
export interface Command {
  readonly summary: string;
  run(args: string[]): Promise<number>;
}

const NODE_MAJOR_MIN = 24;

async function main(args: string[]): Promise<number> {
  requireNode();
  const [name, ...rest] = args;
  if (name === undefined || name === 'help' || name === '--help') {
    await printCommands();
    return name === undefined ? 2 : 0;
  }
  const file = name.replaceAll(':', '-');
  if (!commandFiles().includes(file)) {
    throw new UsageError(
      `no command ${JSON.stringify(name)}: choose one of ${commandFiles().join(', ')}`,
    );
  }
  return await (await load(file)).run(rest);
}

function requireNode(): void {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < NODE_MAJOR_MIN) {
    throw new UsageError(
      `this is Node ${process.versions.node}, and ${NODE_MAJOR_MIN} is needed: start it through npm ` +
        '(`npm start`, `npm test`, `npm run NAME`), which uses the Node that `npm install` brought along',
    );
  }
}

function commandFiles(): string[] {
  return readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith('.ts') && file !== 'main.ts')
    .map((file) => file.slice(0, -'.ts'.length))
    .sort();
}

async function load(file: string): Promise<Command> {
  return (await import(`./${file}.ts`)) as Command;
}

async function printCommands(): Promise<void> {
  console.log('Usage: npm run COMMAND -- [OPTIONS]\n');
  for (const file of commandFiles()) {
    console.log(`  ${file.padEnd(12)} ${(await load(file)).summary}`);
  }
}

// Whoever reads our output may stop reading (`npm start | head`): then there is nobody left to run for.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`edgetcd: ${error.message}`);
  process.exitCode = 2;
}
