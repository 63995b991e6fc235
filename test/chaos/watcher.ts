/**
 * Follows every change of a cluster from its first revision, over whichever endpoint answers. What it saw
 * tells the linearizability checker which request made which revision.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Call } from '../sim/history.ts';
import type { Op, Request } from '../sim/kv.ts';
import { inRange } from '../sim/kv.ts';

interface Change {
  readonly type: 'put' | 'delete';
  readonly key: string;
  readonly value: string;
}

interface WireEvent {
  readonly type?: string;
  readonly kv: { readonly key: string; readonly value?: string; readonly mod_revision: string };
}

interface WireLine {
  readonly result?: { readonly events?: readonly WireEvent[]; readonly compact_revision?: string };
}

const RETRY_MS = 200;

export class ChangeFollower {
  readonly #endpoints: readonly string[];
  readonly #abort = new AbortController();
  /** By revision. */
  readonly changes = new Map<number, Change[]>();
  #next = 2;

  constructor(endpoints: readonly string[]) {
    this.#endpoints = endpoints;
  }

  get seen(): number {
    return this.#next - 1;
  }

  /** Runs until `stop`. */
  async run(): Promise<void> {
    for (let attempt = 0; !this.#abort.signal.aborted; attempt++) {
      try {
        await this.#follow(this.#endpoints[attempt % this.#endpoints.length] as string);
      } catch {
        // The member is gone or cut off; another one goes on from the same revision.
      }
      await sleep(RETRY_MS);
    }
  }

  stop(): void {
    this.#abort.abort();
  }

  async #follow(endpoint: string): Promise<void> {
    const every = Buffer.from('\0').toString('base64');
    const body = {
      create_request: { key: every, range_end: every, start_revision: String(this.#next) },
    };
    const response = await fetch(`${endpoint}/v3/watch`, {
      method: 'POST',
      body: JSON.stringify(body),
      signal: this.#abort.signal,
    });
    let text = '';
    for await (const piece of response.body ?? []) {
      text += Buffer.from(piece as Uint8Array).toString('utf8');
      const lines = text.split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) if (line.trim() !== '') this.#take(JSON.parse(line) as WireLine);
    }
  }

  #take(line: WireLine): void {
    const compacted = Number(line.result?.compact_revision ?? 0);
    if (compacted > 0) this.#next = Math.max(this.#next, compacted);
    for (const { type, kv } of line.result?.events ?? []) {
      const revision = Number(kv.mod_revision);
      const change: Change = {
        type: type === 'DELETE' ? 'delete' : 'put',
        key: Buffer.from(kv.key, 'base64').toString('latin1'),
        value: Buffer.from(kv.value ?? '', 'base64').toString('latin1'),
      };
      const known = this.changes.get(revision);
      if (known === undefined) this.changes.set(revision, [change]);
      else known.push(change);
      this.#next = Math.max(this.#next, revision + 1);
    }
  }

  /** Guesses which call made a revision. */
  hintsOver(calls: readonly Call[]): (revision: number) => number | undefined {
    const byValue = new Map<string, number>();
    const deletions = new Set<Call>();
    for (const call of calls) {
      for (const value of valuesOf(call.request)) byValue.set(value, call.id);
      if (call.outcome?.kind === 'unknown' && deletesIn(call.request).length > 0)
        deletions.add(call);
    }
    const returned = returnsFrom(calls);
    const guesses = new Map<number, number>();
    for (const revision of [...this.changes.keys()].sort((left, right) => left - right)) {
      const changes = this.changes.get(revision) ?? [];
      const put = changes.find((change) => change.type === 'put');
      const guess =
        put === undefined
          ? latestDeletion(deletions, changes, returned[revision] ?? Infinity)?.id
          : byValue.get(put.value);
      if (guess !== undefined) guesses.set(revision, guess);
    }
    return (revision) => guesses.get(revision);
  }
}

/** By revision: when the first call returned that had seen it or a later one. */
function returnsFrom(calls: readonly Call[]): readonly number[] {
  const returned: number[] = [];
  for (const { outcome, returned: at } of calls) {
    if (outcome?.kind !== 'ok') continue;
    const { revision } = outcome.result;
    returned[revision] = Math.min(returned[revision] ?? Infinity, at);
  }
  for (let revision = returned.length - 2; revision >= 0; revision--) {
    returned[revision] = Math.min(
      returned[revision] ?? Infinity,
      returned[revision + 1] ?? Infinity,
    );
  }
  return returned;
}

/** Takes the deletion that could have made the changes and was asked for last before `deadline`. */
function latestDeletion(
  deletions: Set<Call>,
  changes: readonly Change[],
  deadline: number,
): Call | undefined {
  let latest: Call | undefined;
  for (const call of deletions) {
    if (call.called >= deadline || (latest !== undefined && latest.called > call.called)) continue;
    const ops = deletesIn(call.request);
    const covers = changes.every(({ key }) => ops.some((op) => inRange(key, op.key, op.end)));
    if (covers) latest = call;
  }
  if (latest !== undefined) deletions.delete(latest);
  return latest;
}

function partsOf(op: Op): Op[] {
  return op.kind === 'txn' ? [...op.success, ...op.failure].flatMap(partsOf) : [op];
}

function valuesOf(request: Request): string[] {
  if (request.kind === 'compact') return [];
  return partsOf(request).flatMap((op) => (op.kind === 'put' ? [op.value] : []));
}

function deletesIn(request: Request): { key: string; end?: string | undefined }[] {
  if (request.kind === 'compact') return [];
  return partsOf(request).flatMap((op) =>
    op.kind === 'delete' ? [{ key: op.key, end: op.end }] : [],
  );
}
