import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startCluster } from '../../scripts/lib/cluster.ts';
import { Prng } from '../../src/lib/prng.ts';
import { SocketClient } from '../support/watch-client.ts';
import { findEtcd, startEtcd } from './etcd-process.ts';
import { ScriptWriter, type Step } from './watch-script.ts';
import { Transcript } from './watch-transcript.ts';

const SEEDS = [1, 2, 3];
const STEPS = 400;
const STREAMS = 3;
const SETTLE_TIMEOUT_MS = 10_000;
/** etcd looks after watchers that are behind every 100 ms: until then equal may mean that neither has begun. */
const CATCH_UP_MS = 400;
const POLL_MS = 10;

const path = findEtcd();

/** One server and the streams that a script has open there. */
class Side {
  readonly #endpoint: string;
  readonly #clients: readonly SocketClient[];
  readonly #transcripts: readonly Transcript[];

  private constructor(endpoint: string, clients: readonly SocketClient[]) {
    this.#endpoint = endpoint;
    this.#clients = clients;
    this.#transcripts = clients.map((client) => {
      const transcript = new Transcript();
      transcript.follow(client).catch(() => undefined);
      return transcript;
    });
  }

  static async open(endpoint: string): Promise<Side> {
    const clients = Array.from({ length: STREAMS }, () => SocketClient.open(endpoint));
    return new Side(endpoint, await Promise.all(clients));
  }

  /** Returns the revision that the answer names, or undefined. */
  async run(step: Step): Promise<number | undefined> {
    if (step.kind === 'settle') return undefined;
    if (step.kind === 'watch') {
      this.#clients[step.stream]?.send(step.request);
      return undefined;
    }
    const response = await fetch(this.#endpoint + step.path, { method: 'POST', body: step.body });
    const { header } = (await response.json()) as { header?: { revision?: string } };
    return Number(header?.revision);
  }

  get text(): string {
    return this.#transcripts.map(({ text }, index) => `stream ${index}\n${text}`).join('\n');
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }
}

/** The first lines that differ, and what stands before them. */
function firstDifference(theirs: string, ours: string): string {
  const [left, right] = [theirs.split('\n'), ours.split('\n')];
  const at = left.findIndex((line, index) => line !== right[index]);
  const from = at < 0 ? left.length : at;
  return [
    ...left.slice(Math.max(0, from - 4), from),
    `etcd:    ${left[from] ?? '(nothing more)'}`,
    `edgetcd: ${right[from] ?? '(nothing more)'}`,
  ].join('\n');
}

/**
 * Runs one script against both. Before a watcher is created or the past is compacted, both servers are
 * let come to rest: what a watcher is told must depend on the script alone.
 */
async function compare(seed: number, endpoints: readonly [string, string]): Promise<number> {
  const sides = [await Side.open(endpoints[0]), await Side.open(endpoints[1])] as const;
  const writer = new ScriptWriter(new Prng(seed), STREAMS);
  const settle = async (): Promise<void> => {
    const deadlineMs = performance.now() + SETTLE_TIMEOUT_MS;
    while (sides[0].text !== sides[1].text && performance.now() < deadlineMs) await sleep(POLL_MS);
    if (sides[0].text !== sides[1].text) assert.fail(firstDifference(sides[0].text, sides[1].text));
  };
  try {
    for (let count = 0; count < STEPS; count++) {
      const step = writer.next();
      const isCompaction = step.kind === 'write' && step.path.endsWith('compaction');
      if (isCompaction) await sleep(CATCH_UP_MS);
      if (step.kind !== 'write' || isCompaction) await settle();
      const [theirs, ours] = await Promise.all(sides.map((side) => side.run(step)));
      assert.equal(ours, theirs);
      if (theirs !== undefined) writer.observe(theirs);
      if (step.kind === 'watch') await sleep(POLL_MS);
    }
    await sleep(CATCH_UP_MS);
    await settle();
    return sides[0].text.split('\n').length;
  } finally {
    for (const side of sides) side.close();
  }
}

describe(
  'watches beside those of real etcd',
  { skip: path === undefined && 'no etcd in PATH' },
  () => {
    for (const seed of SEEDS) {
      it(`are told the same: ${STEPS} steps of seed ${seed}`, async (context) => {
        const etcd = await startEtcd(path ?? '');
        const cluster = await startCluster({ members: 1 });
        try {
          await cluster.ready();
          const lines = await compare(seed, [etcd.url, cluster.endpoints[0] ?? '']);
          context.diagnostic(`${lines} lines of transcripts, all equal`);
          assert.ok(lines > STEPS, 'the script made too little happen');
        } finally {
          await cluster.stop();
          await etcd.stop();
        }
      });
    }
  },
);
