/** etcd itself, as installed on this machine: the rival of benchmarks and the oracle of comparisons. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endWithUs } from './guard.ts';
import { freePorts } from './ports.ts';
import { UsageError } from './usage.ts';

export interface LocalEtcd {
  /** Client URLs; they serve gRPC and the JSON gateway. */
  readonly endpoints: readonly string[];
  /** Client URL of the member that led when the cluster came up. */
  readonly leader: string;
  /** Ends one member by SIGKILL, by its place in `endpoints`. */
  readonly kill: (index: number) => Promise<void>;
  /** Ends all processes and removes their data. */
  readonly stop: () => Promise<void>;
}

export interface EtcdOptions {
  /** 1 unless given. */
  readonly members?: number;
  /** Where members hear each other; free ports are chosen unless given. */
  readonly peers?: readonly PeerPorts[];
  /** Further arguments for every member, such as `--auto-compaction-retention=1`. */
  readonly args?: readonly string[];
}

export interface PeerPorts {
  readonly listen: number;
  /** In the member's peer URL; somebody forwards from there when it is another. */
  readonly advertised: number;
}

const READY_TIMEOUT_MS = 30_000;
const READY_POLL_MS = 50;

/** Path of etcd's server, or undefined when it is not installed. */
export function findEtcd(): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'etcd'))
    .find((path) => existsSync(path));
}

/** @throws UsageError when etcd is not installed. */
export async function startEtcd(options: EtcdOptions = {}): Promise<LocalEtcd> {
  const program = findEtcd();
  if (program === undefined) {
    throw new UsageError(
      'this compares with etcd itself, and no etcd is in PATH: install it (Debian: apt-get install etcd-server etcd-client)',
    );
  }
  const count = options.members ?? 1;
  const ports = await freePorts(2 * count);
  const folder = mkdtempSync(join(tmpdir(), 'edgetcd-rival-'));
  const members = Array.from({ length: count }, (_, index) => ({
    name: `e${index + 1}`,
    client: `http://127.0.0.1:${ports[2 * index] ?? 0}`,
    listen: options.peers?.[index]?.listen ?? ports[2 * index + 1] ?? 0,
    advertised: options.peers?.[index]?.advertised ?? ports[2 * index + 1] ?? 0,
  }));
  const initial = members.map(({ name, advertised }) => `${name}=${urlOf(advertised)}`).join(',');
  const children = members.map(({ name, client, listen, advertised }) =>
    startMember(program, [
      `--name=${name}`,
      `--data-dir=${join(folder, name)}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${urlOf(listen)}`,
      `--initial-advertise-peer-urls=${urlOf(advertised)}`,
      `--initial-cluster=${initial}`,
      '--logger=zap',
      '--log-level=error',
      ...(options.args ?? []),
    ]),
  );
  const stop = async (): Promise<void> => {
    await Promise.all(children.map(end));
    rmSync(folder, { recursive: true, force: true });
  };
  const endpoints = members.map(({ client }) => client);
  try {
    return {
      endpoints,
      leader: await leaderAmong(endpoints),
      kill: async (index) => {
        const child = children[index];
        if (child !== undefined) await end(child);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function urlOf(port: number): string {
  return `http://127.0.0.1:${port}`;
}

function startMember(program: string, args: readonly string[]): ChildProcess {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'ignore'], detached: true });
  if (child.pid !== undefined) endWithUs(child.pid, once(child, 'exit'));
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** Waits until all members know a leader. */
async function leaderAmong(endpoints: readonly string[]): Promise<string> {
  const deadlineMs = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    const statuses = await Promise.all(endpoints.map(statusOf));
    const leads = (status: Status | undefined): boolean =>
      status?.leader !== undefined && status.leader === status.header?.member_id;
    const leader = endpoints[statuses.findIndex(leads)];
    if (leader !== undefined && statuses.every((status) => status?.leader !== undefined)) {
      return leader;
    }
    if (performance.now() > deadlineMs) {
      throw new Error(
        `wait for etcd at ${endpoints.join(', ')}: no leader after ${READY_TIMEOUT_MS} ms`,
      );
    }
    await sleep(READY_POLL_MS);
  }
}

interface Status {
  readonly header?: { readonly member_id?: string };
  readonly leader?: string;
}

async function statusOf(endpoint: string): Promise<Status | undefined> {
  try {
    const response = await fetch(`${endpoint}/v3/maintenance/status`, {
      method: 'POST',
      body: '{}',
    });
    return response.ok ? ((await response.json()) as Status) : undefined;
  } catch {
    return undefined;
  }
}
