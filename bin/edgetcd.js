#!/usr/bin/env node
// `npx edgetcd COMMAND`: scripts/main.ts under the Node that `npm install` brought along, whatever the
// machine's own is. Plain JavaScript, since an old Node reads this file.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../scripts/main.ts', import.meta.url));
const args = process.argv.slice(2);
// npm tells its scripts where the user stands; so do we.
const env = { INIT_CWD: process.cwd(), ...process.env };
const child = spawn(nodeProgram(), [main, ...args], { stdio: 'inherit', env });

child.on('error', (error) => {
  console.error(`edgetcd: start ${main}: ${error.message}`);
  process.exitCode = 1;
});
// The child decides when to end; a terminal's Ctrl-C reaches it by itself, a signal to us alone does not.
process.on('SIGINT', () => undefined);
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('close', (status, signal) => {
  process.exitCode = signal === null ? (status ?? 1) : 1;
});

/** The package `node` holds the program itself; main.ts says what is wrong when it is not there. */
function nodeProgram() {
  try {
    const manifest = createRequire(import.meta.url).resolve('node/package.json');
    const program = join(dirname(manifest), 'bin', 'node');
    return existsSync(program) ? program : process.execPath;
  } catch {
    return process.execPath;
  }
}
