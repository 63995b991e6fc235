/** What must hold after any fault. Each check returns problems in words; none is good. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LocalCluster } from './cluster.ts';
import { KvHttp, prefixEnd } from './kv-http.ts';
import type { Acknowledged } from './write-load.ts';

const PAGE_KEYS = 5_000;

interface Found {
  readonly value: string;
  readonly revision: number;
}

/** Every acknowledged write is there, at the revision its writer was told, and no revision twice. */
export async function lostOrReused(
  endpoint: string,
  prefix: string,
  acknowledged: readonly Acknowledged[],
): Promise<string[]> {
  const problems: string[] = [];
  const found = await readAll(endpoint, prefix);
  const told = new Map<number, string>();
  for (const { key, value, revision } of acknowledged) {
    const first = told.get(revision);
    if (first !== undefined) problems.push(`revision ${revision} was given to ${first} and ${key}`);
    told.set(revision, key);
    const stored = found.get(key);
    if (stored === undefined) problems.push(`${key}, acknowledged at ${revision}, is lost`);
    else if (stored.value !== value || stored.revision !== revision) {
      problems.push(
        `${key} should be "${value}" of ${revision}, is "${stored.value}" of ${stored.revision}`,
      );
    }
  }
  for (const [key, { revision }] of found) {
    const other = told.get(revision);
    if (other !== undefined && other !== key) {
      problems.push(`revision ${revision}, told for ${other}, is that of ${key}`);
    }
  }
  return problems;
}

/** Key by key with the value and the revision of its last write. */
async function readAll(endpoint: string, prefix: string): Promise<Map<string, Found>> {
  const found = new Map<string, Found>();
  const end = prefixEnd(Buffer.from(prefix));
  for (let start = Buffer.from(prefix), more = true; more;) {
    const page = await readRetrying(endpoint, start, end);
    for (const { key, value, revision } of page.pairs) {
      found.set(key.toString(), { value: value.toString(), revision });
    }
    more = page.more;
    start = Buffer.concat([page.pairs.at(-1)?.key ?? start, Buffer.of(0)]);
  }
  return found;
}

async function readRetrying(endpoint: string, start: Buffer, end: Buffer) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await new KvHttp(endpoint).range(start, end, { limit: PAGE_KEYS });
    } catch (error) {
      if (attempt === 10) throw error;
      await sleep(300);
    }
  }
}

/** What Maintenance/HashKV answered. */
export interface Hash {
  readonly hash: number;
  readonly compactRevision: number;
}

/** Hash of one member's store at a revision, once the member has caught up with the cluster. */
export async function hashAt(endpoint: string, revision: number): Promise<Hash> {
  await new KvHttp(endpoint).get(Buffer.from('catch up'));
  const response = await fetch(`${endpoint}/v3/maintenance/hashkv`, {
    method: 'POST',
    body: JSON.stringify({ revision: String(revision) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`hash at ${endpoint}: ${response.status} ${text}`);
  const answer = JSON.parse(text) as { hash?: number; compact_revision?: string };
  return { hash: answer.hash ?? 0, compactRevision: Number(answer.compact_revision ?? 0) };
}

export async function currentRevision(endpoint: string): Promise<number> {
  return (await new KvHttp(endpoint).range(Buffer.of(1), Buffer.of(2))).revision;
}

/** All members of a cluster with a process each hold the same at the newest revision. */
export async function differingHashes(cluster: LocalCluster): Promise<string[]> {
  const revision = await currentRevision(cluster.endpoints[0] ?? '');
  const hashes = await Promise.all(cluster.endpoints.map((endpoint) => hashAt(endpoint, revision)));
  const distinct = new Set(hashes.map(({ hash, compactRevision }) => `${hash}/${compactRevision}`));
  if (distinct.size === 1) return [];
  return [`hashes at revision ${revision} differ: ${JSON.stringify(hashes)}`];
}
