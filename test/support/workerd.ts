/**
 * The real runtime for tests: bundles a worker, starts workerd with it on a free port of the loopback
 * interface, and stops it again. The objects' storage is real SQLite in a directory on disk.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

const COMPATIBILITY_DATE = '2026-11-01';
const START_LIMIT_MS = 20_000;
const STOP_LIMIT_MS = 5_000;
/** The file descriptor on which workerd reports the port it listens on. */
const CONTROL_FD = 3;

export interface WorkerdOptions {
  /** Modules by name; the first is the main one. Make them with `bundleWorker`. */
  readonly modules: Readonly<Record<string, string>>;
  /** Durable Object classes the main module exports; each is bound to `env` under its own name. */
  readonly classes: readonly string[];
  /** Text bindings. */
  readonly vars?: Readonly<Record<string, string>>;
  /** 0 or absent: any free port. */
  readonly port?: number;
  /** Where the objects are kept. Absent: a new directory, removed by `stop`. */
  readonly storageDir?: string;
  /** False keeps idle objects in memory; the platform's way is to put them away after 10 seconds. */
  readonly evict?: boolean;
}

export interface Workerd {
  readonly port: number;
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly pid: number;
  readonly storageDir: string;
  /** What the process wrote to its outputs so far. */
  output(): string;
  /** SIGKILL: no goodbye, as a machine that loses power. Keeps the storage. */
  kill(): Promise<void>;
  /** Ends the process and removes what `startWorkerd` created. */
  stop(): Promise<void>;
}

/** One ES module with everything `entryPoint` imports. */
export async function bundleWorker(entryPoint: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entryPoint],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2024',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['workerd', 'worker', 'browser', 'import'],
    external: ['cloudflare:*', 'node:*'],
    logLevel: 'silent',
  });
  const [output] = outputFiles;
  if (output === undefined) throw new Error(`bundle ${entryPoint}: esbuild gave no output`);
  return output.text;
}

/** Starts workerd and waits until it listens. Rejects with the process's output if it ends before. */
export async function startWorkerd(options: WorkerdOptions): Promise<Workerd> {
  const ownDir = mkdtempSync(join(tmpdir(), 'edgetcd-workerd-'));
  const storageDir = options.storageDir ?? join(ownDir, 'storage');
  mkdirSync(storageDir, { recursive: true });
  for (const [name, text] of Object.entries(options.modules)) {
    writeFileSync(join(ownDir, name), text);
  }
  const configFile = join(ownDir, 'config.capnp');
  writeFileSync(configFile, configText(options, storageDir));
  const child = spawn(
    workerdBinary(),
    ['serve', '--experimental', `--control-fd=${CONTROL_FD}`, configFile],
    { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] },
  );
  const written: string[] = [];
  child.stdout?.on('data', (chunk: Buffer) => written.push(chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => written.push(chunk.toString()));
  const clean = (): void => rmSync(ownDir, { recursive: true, force: true });
  // A test run that dies must not leave the process behind.
  const killOnExit = (): void => void child.kill('SIGKILL');
  process.once('exit', killOnExit);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    const impatient = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
    await ended;
    clearTimeout(impatient);
    process.removeListener('exit', killOnExit);
  };
  try {
    const port = await listeningPort(child, written);
    return {
      port,
      url: `http://127.0.0.1:${port}`,
      pid: child.pid ?? 0,
      storageDir,
      output: () => written.join(''),
      kill: () => end('SIGKILL'),
      stop: async () => {
        if (child.exitCode === null && child.signalCode === null) await end('SIGTERM');
        clean();
      },
    };
  } catch (error) {
    await end('SIGKILL');
    clean();
    throw error;
  }
}

/** Resolves with the port in workerd's "listen" report. */
function listeningPort(child: ChildProcess, written: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (what: string): void =>
      reject(new Error(`start workerd: ${what}; it wrote:\n${written.join('')}`));
    const timer = setTimeout(
      () => fail(`not listening after ${START_LIMIT_MS} ms`),
      START_LIMIT_MS,
    );
    let reported = '';
    child.stdio[CONTROL_FD]?.on('data', (chunk: Buffer) => {
      reported += chunk.toString();
      for (const line of reported.split('\n').slice(0, -1)) {
        const report = JSON.parse(line) as { event: string; port?: number };
        if (report.event === 'listen' && report.port !== undefined) {
          clearTimeout(timer);
          resolve(report.port);
        }
      }
    });
    child.once('error', (error) => {
      clearTimeout(timer);
      fail(error.message);
    });
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      fail(`it ended with ${signal ?? code}`);
    });
  });
}

/** The executable itself: through the package's script a second process would stand between. */
function workerdBinary(): string {
  const packaged = createRequire(import.meta.url)('workerd') as { default: string };
  return packaged.default;
}

function configText(options: WorkerdOptions, storageDir: string): string {
  const text = (value: string): string => JSON.stringify(value);
  const modules = Object.keys(options.modules).map(
    (name) => `(name = ${text(name)}, esModule = embed ${text(name)})`,
  );
  const namespaces = options.classes.map(
    (name) =>
      `(className = ${text(name)}, uniqueKey = ${text(name)}, enableSql = true, ` +
      `preventEviction = ${options.evict === false})`,
  );
  const bindings = [
    ...options.classes.map(
      (name) => `(name = ${text(name)}, durableObjectNamespace = ${text(name)})`,
    ),
    ...Object.entries(options.vars ?? {}).map(
      ([name, value]) => `(name = ${text(name)}, text = ${text(value)})`,
    ),
  ];
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [${modules.join(', ')}],
      compatibilityDate = ${text(COMPATIBILITY_DATE)},
      compatibilityFlags = ["nodejs_compat"],
      durableObjectNamespaces = [${namespaces.join(', ')}],
      durableObjectStorage = (localDisk = "storage"),
      bindings = [${bindings.join(', ')}],
    )),
    (name = "storage", disk = (path = ${text(storageDir)}, writable = true)),
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  sockets = [
    (name = "http", address = "127.0.0.1:${options.port ?? 0}", http = (), service = "main"),
  ],
);
`;
}
