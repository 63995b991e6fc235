/** Runs etcdctl against one cluster and keeps what it printed. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StatusRequest, StatusResponse, idOf } from '../../src/api/messages.ts';
import { GrpcClient } from '../../scripts/lib/grpc-client.ts';

export interface Outcome {
  /** Bytes as characters: it may be protobuf. */
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | null;
}

export interface RunOptions {
  readonly stdin?: string;
  /** The order of lines means nothing. */
  readonly sorted?: boolean;
}

export interface DuringOptions {
  /** Printed by then; the command is ended with Ctrl-C after it. */
  readonly lines: number;
  readonly stdin?: string;
  /** The order of lines means nothing. */
  readonly sorted?: boolean;
}

/** Longer than any command takes by itself, on a busy machine; `check perf` takes a minute. */
const TIMEOUT_MS = 150_000;
const COMMAND_TIMEOUT_S = 20;
/** Below the limit of a request. */
const FILLING_BYTES = 1_000_000;

export function findEtcdctl(): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'etcdctl'))
    .find((path) => existsSync(path));
}

export class Etcdctl {
  readonly #program: string;
  readonly #endpoints: readonly string[];
  #lease = '';
  #added = '';

  /** @param endpoints of all members; commands go to the first */
  constructor(program: string, endpoints: readonly string[]) {
    this.#program = program;
    this.#endpoints = endpoints;
  }

  async run(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return await this.#at(this.#endpoints.slice(0, 1), args, options);
  }

  /** With all endpoints. */
  async everywhere(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return await this.#at(this.#endpoints, args, options);
  }

  /** Runs a lease grant and remembers the lease. */
  async grant(args: readonly string[]): Promise<Outcome> {
    const outcome = await this.run(args);
    this.#lease = /lease (\w+) granted/.exec(outcome.stdout)?.[1] ?? '';
    return outcome;
  }

  leaseFor(word: string): string {
    return word === 'LEASE' ? this.#lease : word;
  }

  /** A change of members; `ADDED` is the one that was added last. */
  async change(args: readonly string[]): Promise<Outcome> {
    const named = args.map((word) => (word === 'ADDED' ? this.#added : word));
    const outcome = await this.run(named);
    this.#added = /Member +(\w+) added/.exec(outcome.stdout)?.[1] ?? this.#added;
    return outcome;
  }

  /** `check perf`: what it judges. How it does depends on the machine and on what else runs there. */
  async checkPerf(): Promise<Outcome> {
    const { stdout, stderr } = await this.run(['check', 'perf', '--command-timeout', '120s']);
    const judged = ['Throughput', 'Slowest', 'Stddev'].filter((word) => stdout.includes(word));
    return { stdout: judged.join('\n'), stderr: stderr.replace(/^FAIL$/m, ''), status: 0 };
  }

  /** Puts until a put is refused. */
  async fill(): Promise<Outcome> {
    const stdin = 'x'.repeat(FILLING_BYTES);
    for (let count = 0; ; count++) {
      const outcome = await this.run(['put', `filling/${count}`], { stdin });
      if (outcome.status !== 0) return outcome;
    }
  }

  /** A command that does not end by itself; `meanwhile` runs once its first line or its start is there. */
  async during(
    args: readonly string[],
    { lines, stdin, sorted }: DuringOptions,
    meanwhile: () => Promise<void> = () => Promise.resolve(),
  ): Promise<Outcome> {
    const child = this.#spawn(this.#endpoints.slice(0, 1), args);
    const ended = outcomeOf(child);
    if (stdin !== undefined) child.stdin.write(stdin);
    const printed = countLines(child);
    // A watch says nothing when it has begun.
    await Promise.race([printed(1), sleep(1_000)]);
    await meanwhile();
    await Promise.race([printed(lines), ended, sleep(TIMEOUT_MS / 4)]);
    child.kill('SIGINT');
    const { stdout, stderr } = await ended;
    return { stdout: sorted === true ? sortedLines(stdout) : stdout, stderr, status: 0 };
  }

  /** Until `key` is there; what it prints is a count every half minute. */
  async duringMirror(args: readonly string[], key: string): Promise<void> {
    const [first = ''] = this.#endpoints;
    const child = this.#spawn([first], [...args, hostOf(first)]);
    const ended = outcomeOf(child);
    for (let tries = 0; tries < 100; tries++) {
      if ((await this.run(['get', key])).stdout !== '') break;
      await sleep(50);
    }
    child.kill('SIGKILL');
    await ended;
  }

  /** Moves leadership to a member that does not have it; `atFollower`: asks one that has no say in it. */
  async moveLeader({ atFollower = false } = {}): Promise<Outcome> {
    const members = await Promise.all(this.#endpoints.map(statusOf));
    const other = members.findIndex(({ id, leads }) => id !== leads);
    const args = ['move-leader', members[other]?.id.replace(/^0+/, '') ?? ''];
    return atFollower
      ? await this.#at(this.#endpoints.slice(other, other + 1), args, {})
      : await this.everywhere(args);
  }

  async snapshot(): Promise<Outcome> {
    const folder = mkdtempSync(join(tmpdir(), 'edgetcd-etcdctl-'));
    try {
      const file = join(folder, 'file');
      const saved = await this.run(['snapshot', 'save', file]);
      const status = await this.run(['snapshot', 'status', file, '-w', 'fields']);
      const to = join(folder, 'restored');
      const restored = await this.run(['snapshot', 'restore', file, '--data-dir', to]);
      assert.ok(existsSync(join(to, 'member', 'snap', 'db')), restored.stderr);
      return { ...status, stdout: `${saved.stdout}${status.stdout}`.replaceAll(folder, '') };
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  async #at(
    endpoints: readonly string[],
    args: readonly string[],
    { stdin, sorted }: RunOptions,
  ): Promise<Outcome> {
    const child = this.#spawn(endpoints, args);
    child.stdin.end(stdin ?? '');
    const outcome = await outcomeOf(child);
    return sorted === true ? { ...outcome, stdout: sortedLines(outcome.stdout) } : outcome;
  }

  #spawn(endpoints: readonly string[], args: readonly string[]): ChildProcessWithoutNullStreams {
    const flags = ['--endpoints', endpoints.join(), '--command-timeout', `${COMMAND_TIMEOUT_S}s`];
    return spawn(this.#program, [...flags, ...args], {
      env: { ...process.env, ETCDCTL_API: '3' },
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
  }
}

function hostOf(endpoint: string): string {
  return new URL(endpoint).host;
}

async function statusOf(endpoint: string): Promise<{ id: string; leads: string }> {
  const client = await GrpcClient.open(endpoint);
  const request = StatusRequest.encode({}).finish();
  const body = await client.unary('etcdserverpb.Maintenance/Status', request);
  client.close();
  const { header, leader } = StatusResponse.decode(body);
  return { id: header === null ? '' : idOf(header.member_id), leads: idOf(leader) };
}

function outcomeOf(child: ChildProcessWithoutNullStreams): Promise<Outcome> {
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('latin1')));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('latin1')));
  child.stdin.on('error', () => undefined);
  return new Promise((resolve) => {
    child.on('close', (status) => resolve({ stdout, stderr, status }));
  });
}

/** Waits for a number of lines. */
function countLines(child: ChildProcessWithoutNullStreams): (lines: number) => Promise<void> {
  let count = 0;
  let wake: (() => void) | undefined;
  child.stdout.on('data', (chunk: Buffer) => {
    count += chunk.toString('latin1').split('\n').length - 1;
    wake?.();
  });
  return async (lines) => {
    while (count < lines) await new Promise<void>((resolve) => (wake = resolve));
  };
}

function sortedLines(text: string): string {
  return `${text.trimEnd().split('\n').sort().join('\n')}\n`;
}
