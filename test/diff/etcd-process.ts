/** Real etcd, started for one run on loopback, with data that goes away. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from '../../scripts/lib/ports.ts';

const START_TIMEOUT_MS = 20_000;
const POLL_MS = 50;
/** Memory where there is some to be had as files: fsync then costs nothing. */
const MEMORY_FOLDER = '/dev/shm';

export interface EtcdProcess {
  readonly url: string;
  /** Such as 3.4.23. */
  readonly version: string;
  stop(): Promise<void>;
}

/**
 * Path of etcd's server. Where CI is set a missing one is installed from Debian's archive.
 * @returns undefined if there is none; the caller says that it skips
 */
export function findEtcd(): string | undefined {
  const found = which('etcd');
  if (found !== undefined || !process.env['CI']) return found;
  const options = { stdio: 'inherit' as const };
  execFileSync('apt-get', ['update'], options);
  execFileSync('apt-get', ['install', '--yes', '--no-install-recommends', 'etcd-server'], options);
  const installed = which('etcd');
  if (installed === undefined) {
    throw new Error('install etcd-server: apt-get was content, but there is no etcd in PATH');
  }
  return installed;
}

/** Starts a fresh one-member cluster and waits until it serves. */
export async function startEtcd(path: string): Promise<EtcdProcess> {
  const [client = 0, peer = 0] = await freePorts(2);
  const parent = existsSync(MEMORY_FOLDER) ? MEMORY_FOLDER : tmpdir();
  const folder = mkdtempSync(join(parent, 'edgetcd-diff-'));
  const url = `http://127.0.0.1:${client}`;
  const peerUrl = `http://127.0.0.1:${peer}`;
  const child = spawn(
    path,
    [
      ['--data-dir', folder],
      ['--listen-client-urls', url],
      ['--advertise-client-urls', url],
      ['--listen-peer-urls', peerUrl],
      ['--initial-advertise-peer-urls', peerUrl],
      ['--initial-cluster', `default=${peerUrl}`],
      ['--enable-v2=false'],
      ['--log-level', 'error'],
    ].flat(),
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const log = tail(child);
  const stop = async (): Promise<void> => {
    await end(child);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const version = await serving(url, child, log);
    return { url, version, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function which(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(':').filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** Waits for an answer that a member with a leader gives. Returns etcd's version. */
async function serving(url: string, child: ChildProcess, log: () => string): Promise<string> {
  const deadlineMs = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < deadlineMs) {
    if (child.exitCode !== null) {
      throw new Error(`start etcd: it ended with status ${child.exitCode}: ${log()}`);
    }
    try {
      const health = await fetch(`${url}/health`);
      await health.text();
      if (health.ok) {
        const version = (await (await fetch(`${url}/version`)).json()) as { etcdserver: string };
        return version.etcdserver;
      }
    } catch {
      // Not listening yet.
    }
    await sleep(POLL_MS);
  }
  throw new Error(`start etcd: not healthy within ${START_TIMEOUT_MS} ms: ${log()}`);
}

/** The last few thousand characters that the process writes to its error output. */
function tail(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => (text = (text + chunk.toString()).slice(-4000)));
  return () => text;
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
