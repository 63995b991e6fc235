/** Faults of one kind each, on a cluster with a process per member, and what came of them. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LocalCluster, LocalMember } from './cluster.ts';
import { type Damaged, type DamageKind, damageRow } from './damage.ts';
import { differingHashes, hashAt, lostOrReused } from './fault-checks.ts';
import { KvHttp } from './kv-http.ts';
import { WriteLoad } from './write-load.ts';

export type Role = 'leader' | 'follower';

export interface Outcome {
  /** In words; empty when all is well. */
  readonly problems: readonly string[];
  readonly acknowledged: number;
  /** Given up by their writers: they may or may not be there. */
  readonly unknown: number;
  /** From the fault until a write that started after it was acknowledged. */
  readonly pauseMs: number;
}

const WRITERS = 8;
/** Writes before a fault and again after it. */
const WRITES = 200;
/** Generous: a machine may be busy. What the figures say is another matter. */
const PROGRESS_LIMIT_MS = 30_000;
const RECOVERY_LIMIT_MS = 60_000;
const READ_TIMEOUT_MS = 10_000;

/** Name of the leader as the first member that answers knows it. @throws Error when nobody names one */
export async function leaderOf(cluster: LocalCluster): Promise<string> {
  for (let attempt = 0; attempt < 100; attempt++) {
    for (const { endpoint } of cluster.processes.filter(({ alive }) => alive)) {
      const answer = await fetch(`${endpoint}/v3/maintenance/status`, {
        method: 'POST',
        body: '{}',
      }).catch(() => undefined);
      await answer?.arrayBuffer();
      const leader = answer?.headers.get('X-Edgetcd-Leader');
      if (typeof leader === 'string') return leader;
    }
    await sleep(50);
  }
  throw new Error('ask who leads: no member names a leader');
}

export async function memberInRole(cluster: LocalCluster, role: Role): Promise<LocalMember> {
  const leader = await leaderOf(cluster);
  const member = cluster.members.find(({ name }) => (name === leader) === (role === 'leader'));
  if (member === undefined) throw new Error(`find a ${role}: the leader is ${leader}`);
  return member;
}

/** kill -9 of one member under load; it comes back at the end. */
export async function killOne(cluster: LocalCluster, role: Role, prefix: string): Promise<Outcome> {
  const load = new WriteLoad({ endpoints: cluster.endpoints, writers: WRITERS, prefix });
  await load.progress(WRITES, PROGRESS_LIMIT_MS);
  const { process } = await memberInRole(cluster, role);
  const faultMs = performance.now();
  await process.kill();
  await load.progress(WRITES, PROGRESS_LIMIT_MS).finally(() => load.stop());
  const alive = cluster.processes.filter((each) => each.alive).map(({ endpoint }) => endpoint);
  const problems = await lostOrReused(alive[0] ?? '', prefix, load.acknowledged);
  await process.restart();
  await cluster.ready();
  problems.push(...(await lostOrReused(process.endpoint, prefix, load.acknowledged)));
  problems.push(...(await differingHashes(cluster)));
  return outcome(load, problems, load.pauseAfter(faultMs));
}

/** kill -9 of all members at once, under load. */
export async function killAll(cluster: LocalCluster, prefix: string): Promise<Outcome> {
  const load = new WriteLoad({ endpoints: cluster.endpoints, writers: WRITERS, prefix });
  await load.progress(WRITES, PROGRESS_LIMIT_MS);
  await Promise.all(cluster.processes.map((process) => process.kill()));
  const restartedMs = performance.now();
  await Promise.all(cluster.processes.map((process) => process.restart()));
  await load.progress(WRITES, PROGRESS_LIMIT_MS).finally(() => load.stop());
  await cluster.ready();
  const problems: string[] = [];
  for (const endpoint of cluster.endpoints) {
    problems.push(...(await lostOrReused(endpoint, prefix, load.acknowledged)));
  }
  problems.push(...(await differingHashes(cluster)));
  return outcome(load, problems, load.pauseAfter(restartedMs));
}

export interface Recovery {
  readonly problems: readonly string[];
  readonly damaged: Damaged;
  /** From the restart until the member answers reads again. */
  readonly recoveredMs: number;
  /** Answers of the member until then that were errors. */
  readonly refusals: number;
}

/** One bit of a member's storage flips while it is stopped; it must refuse, say which row, and mend. */
export async function damageOne(
  cluster: LocalCluster,
  member: LocalMember,
  kind: DamageKind,
  logged: (process: string) => readonly string[],
): Promise<Recovery> {
  const { process, name } = member;
  const written = await writeKeys(cluster.endpoints[0] ?? '', kind, `damage-${kind}/${name}`);
  await differingHashes(cluster);
  await process.kill();
  const damaged = damageRow(cluster.dataDir, process.name, kind);
  const before = logged(process.name).length;
  await process.restart();
  const startedMs = performance.now();
  const named = (): boolean =>
    logged(process.name)
      .slice(before)
      .some((line) => line.includes(`row ${damaged.row} of ${damaged.table}:`));
  const { refusals, wrong } = await readUntilSound(process.endpoint, written, named);
  const recoveredMs = performance.now() - startedMs;
  const problems = [...wrong];
  if (!named())
    problems.push(`${name} did not say that row ${damaged.row} of ${damaged.table} is damaged`);
  problems.push(...(await differingHashes(cluster)));
  return { problems, damaged, recoveredMs, refusals };
}

/** Enough to leave rows of the kind: pages are written once 4 MiB of changes have gathered. */
async function writeKeys(
  endpoint: string,
  kind: DamageKind,
  prefix: string,
): Promise<Map<string, Buffer>> {
  const [count, bytes] = kind === 'page' ? [40, 250_000] : [40, 100];
  const written = new Map<string, Buffer>();
  const kv = new KvHttp(endpoint);
  for (let at = 0; at < count; at++) {
    const key = `${prefix}/${at}`;
    const value = Buffer.alloc(bytes, key);
    await kv.put({ key: Buffer.from(key), value });
    written.set(key, value);
  }
  return written;
}

/**
 * Reads at one member alone until it has told of the damage and every key is right. A wrong answer is
 * a problem, a refusal is what we want.
 */
async function readUntilSound(
  endpoint: string,
  written: ReadonlyMap<string, Buffer>,
  named: () => boolean,
): Promise<{ refusals: number; wrong: string[] }> {
  const deadlineMs = performance.now() + RECOVERY_LIMIT_MS;
  const wrong: string[] = [];
  let refusals = 0;
  while (performance.now() < deadlineMs) {
    const refusal = await readOnce(endpoint, written, wrong);
    if (refusal === undefined && named()) return { refusals, wrong };
    if (refusal !== undefined) refusals++;
    await sleep(100);
  }
  wrong.push(
    `${endpoint} has not told of the damage and answered all reads within ${RECOVERY_LIMIT_MS} ms`,
  );
  return { refusals, wrong };
}

/** The hash reads everything, wherever the damage is. Returns the first error, if there is one. */
async function readOnce(
  endpoint: string,
  written: ReadonlyMap<string, Buffer>,
  wrong: string[],
): Promise<unknown> {
  try {
    await hashAt(endpoint, 0);
    const kv = new KvHttp(endpoint, READ_TIMEOUT_MS);
    for (const [key, value] of written) {
      const found = await kv.get(Buffer.from(key));
      if (found?.equals(value) !== true) wrong.push(`${endpoint} answered ${key} wrongly`);
    }
    return undefined;
  } catch (error) {
    return error;
  }
}

function outcome(load: WriteLoad, problems: readonly string[], pauseMs: number): Outcome {
  const { acknowledged, unknown } = load;
  return { problems, acknowledged: acknowledged.length, unknown: unknown.size, pauseMs };
}
