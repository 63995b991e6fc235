/**
 * Goal: with a real process per member, kill -9 and flipped bits lose nothing that was acknowledged.
 * Pauses are printed and not asserted; `npm run faults` does more of the same.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { type LocalCluster, startCluster } from '../../scripts/lib/cluster.ts';
import { damageRow, type DamageKind } from '../../scripts/lib/damage.ts';
import {
  damageOne,
  killAll,
  killOne,
  memberInRole,
  type Outcome,
} from '../../scripts/lib/fault-scenarios.ts';
import { KvHttp } from '../../scripts/lib/kv-http.ts';
import { ELECTION_TICKS, TICK_MS } from '../../src/constants.ts';

const ELECTION_TIMEOUT_MS = ELECTION_TICKS * TICK_MS;

describe('a cluster of three under faults', () => {
  const lines = new Map<string, string[]>();
  let started: LocalCluster | undefined;
  before(async () => {
    started = await startCluster({
      mode: 'process-per-member',
      onLine: (process, line) => lines.set(process, [...(lines.get(process) ?? []), line]),
    });
    await started.ready();
  });
  after(() => started?.stop());
  const cluster = (): LocalCluster => {
    assert.ok(started !== undefined);
    return started;
  };

  for (const role of ['follower', 'leader'] as const) {
    it(`survives kill -9 of a ${role} during writes`, async (t) => {
      report(t, await killOne(cluster(), role, `kill-${role}`));
    });
  }

  it('survives kill -9 of all members at once', async (t) => {
    report(t, await killAll(cluster(), 'kill-all'));
  });

  it('tells of an unreachable peer once per outage', async () => {
    const { process } = await memberInRole(cluster(), 'follower');
    const told = (): number =>
      [...lines.values()].flat().filter((line) => line.includes('peer cannot be reached')).length;
    const before = told();
    await process.kill();
    const leader = await memberInRole(cluster(), 'leader');
    const endMs = performance.now() + 2 * ELECTION_TIMEOUT_MS;
    for (let count = 0; performance.now() < endMs; count++) {
      await put(leader.process.endpoint, `outage/${count}`);
    }
    // Both of the others may tell of it, each once.
    assert.ok(told() - before <= 2, `${told() - before} lines`);
    await process.restart();
    await cluster().ready();
  });

  for (const [kind, role] of [
    ['wal', 'follower'],
    ['page', 'leader'],
  ] as const) {
    it(`mends a damaged ${kind} row of a ${role}`, async (t) => {
      const member = await memberInRole(cluster(), role);
      const recovery = await damageOne(
        cluster(),
        member,
        kind,
        (process) => lines.get(process) ?? [],
      );
      const { damaged, recoveredMs, refusals } = recovery;
      t.diagnostic(
        `row ${damaged.row} of ${damaged.table}: sound again after ${(recoveredMs / 1000).toFixed(1)} s and ${refusals} refusals`,
      );
      assert.deepEqual(recovery.problems, []);
    });
  }
});

describe('a cluster of one with damaged storage', () => {
  for (const kind of ['wal', 'page'] satisfies DamageKind[]) {
    it(`refuses with the row's name: ${kind}`, async () => {
      const cluster = await startCluster({ mode: 'process-per-member', members: 1 });
      try {
        await cluster.ready();
        const [member] = cluster.processes;
        assert.ok(member !== undefined);
        const value = kind === 'page' ? 'v'.repeat(700_000) : 'v';
        for (let count = 0; count < 12; count++) await put(member.endpoint, `k${count}`, value);
        await member.kill();
        const { row, table } = damageRow(cluster.dataDir, member.name, kind);
        await member.restart();
        // The damage shows when the row is read, and from then on for good.
        const kv = new KvHttp(member.endpoint, 20_000);
        const read = (count: number): Promise<unknown> => kv.get(Buffer.from(`k${count}`));
        const first = await Promise.allSettled(Array.from({ length: 12 }, (_, at) => read(at)));
        assert.ok(first.some(({ status }) => status === 'rejected'));
        const named = { message: new RegExp(`row ${row} of ${table}:`) };
        await assert.rejects(read(0), named);
        await assert.rejects(put(member.endpoint, 'more'), named);
        await member.restart();
        await assert.rejects(read(0), named);
      } finally {
        await cluster.stop();
      }
    });
  }
});

function put(endpoint: string, key: string, value = 'value'): Promise<number> {
  return new KvHttp(endpoint).put({ key: Buffer.from(key), value: Buffer.from(value) });
}

function report(t: TestContext, { problems, acknowledged, unknown, pauseMs }: Outcome): void {
  t.diagnostic(
    `${acknowledged} writes acknowledged, ${unknown} unknown; no write for ${pauseMs.toFixed(0)} ms ` +
      `(two election timeouts: ${2 * ELECTION_TIMEOUT_MS} to ${4 * ELECTION_TIMEOUT_MS} ms)`,
  );
  assert.deepEqual(problems, []);
}
