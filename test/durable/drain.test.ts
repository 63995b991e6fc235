/** Goal: under the real runtime leadership is handed over without a failed write, and a restart of all costs one election at most. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type LocalCluster, startCluster } from '../../scripts/lib/cluster.ts';
import { drain } from '../../scripts/lib/drain.ts';
import { leaderOf } from '../../scripts/lib/fault-scenarios.ts';
import { UsageError } from '../../scripts/lib/usage.ts';
import { WriteLoad } from '../../scripts/lib/write-load.ts';
import { freePorts } from '../../scripts/lib/ports.ts';

const PROGRESS_LIMIT_MS = 30_000;
const usageError = (text: RegExp) => (error: unknown) =>
  error instanceof UsageError && text.test(error.message);

describe('leadership of a process per member', () => {
  let started: LocalCluster | undefined;
  before(async () => {
    const ports = await freePorts(4);
    started = await startCluster({
      mode: 'process-per-member',
      placement: [
        { region: 'enam', learner: false },
        { region: 'weur', learner: false },
        { region: 'apac', learner: false },
        { region: 'oc', learner: true },
      ],
      ports,
      clientUrls: ports.map((port) => `http://127.0.0.1:${port}`),
    });
    await started.ready();
  });
  after(() => started?.stop());
  const cluster = (): LocalCluster => {
    assert.ok(started !== undefined);
    return started;
  };
  const term = async (): Promise<number> => {
    const answer = await fetch(`${cluster().endpoints[0] ?? ''}/v3/kv/range`, {
      method: 'POST',
      body: JSON.stringify({ key: 'AA==' }),
    });
    const { header } = (await answer.json()) as { header: { raft_term: string } };
    return Number(header.raft_term);
  };

  it('is handed over while clients write, in one election, and no write fails', async () => {
    const load = new WriteLoad({
      endpoints: cluster().endpoints,
      writers: 6,
      prefix: 'drain',
      patienceMs: 5_000,
    });
    await load.progress(100, PROGRESS_LIMIT_MS);
    const [leader, before] = [await leaderOf(cluster()), await term()];
    // The learner's endpoint does; the others are found by the URLs that members tell.
    const done = await drain({ endpoints: cluster().endpoints.slice(3), member: leader });
    await load.progress(100, PROGRESS_LIMIT_MS).finally(() => load.stop());
    assert.equal(done.kind, 'handed over');
    assert.notEqual(done.leader, leader);
    assert.equal(await term(), before + 1);
    assert.equal(load.unknown.size, 0);
  });

  it('goes where it is asked to, and stays when whoever is drained has none', async () => {
    const { endpoints } = cluster();
    const leader = await leaderOf(cluster());
    const [to, idle] = ['m1', 'm2', 'm3'].filter((name) => name !== leader);
    assert.deepEqual(await drain({ endpoints, member: idle }), {
      kind: 'idle',
      member: idle,
      leader,
    });
    const done = await drain({ endpoints, to });
    assert.deepEqual([done.kind, done.member, done.leader], ['handed over', leader, to]);
  });

  it('is refused to learners and strangers', async () => {
    const { endpoints } = cluster();
    await assert.rejects(drain({ endpoints, to: 'm4' }), usageError(/"m4" is no other voter/));
    await assert.rejects(drain({ endpoints, member: 'm9' }), usageError(/no such member/));
    await assert.rejects(drain({ endpoints: [] }), usageError(/--endpoint/));
  });

  it('survives a restart of all members at once with one election at most', async () => {
    const before = await term();
    await Promise.all(cluster().processes.map((process) => process.kill()));
    await Promise.all(cluster().processes.map((process) => process.restart()));
    await cluster().ready();
    assert.ok((await term()) <= before + 1, `term ${await term()} after ${before}`);
  });
});
