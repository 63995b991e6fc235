/** Goal: under the real runtime a learner takes a voter's place while clients write: nothing is lost, and the old voter knows that it has left. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LocalCluster, startCluster } from '../../scripts/lib/cluster.ts';
import { ROOT } from '../../scripts/lib/deployment.ts';
import { drain } from '../../scripts/lib/drain.ts';
import { lostOrReused } from '../../scripts/lib/fault-checks.ts';
import { leaderOf } from '../../scripts/lib/fault-scenarios.ts';
import { Gateway, type Listed } from '../../scripts/lib/gateway.ts';
import { moveVoter } from '../../scripts/lib/move-voter.ts';
import { UsageError } from '../../scripts/lib/usage.ts';
import { WriteLoad } from '../../scripts/lib/write-load.ts';

const PROGRESS_LIMIT_MS = 30_000;
const usageError = (text: RegExp) => (error: unknown) =>
  error instanceof UsageError && text.test(error.message);

/** `npx edgetcd ARGS`, as a user types it. */
function edgetcd(...args: string[]): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((done) => {
    const program = resolve(ROOT, 'bin/edgetcd.js');
    const child = execFile(process.execPath, [program, ...args], (_, stdout, stderr) => {
      done({ status: child.exitCode ?? -1, text: stdout + stderr });
    });
  });
}

async function until<T>(what: string, probe: () => Promise<T | undefined>): Promise<T> {
  const deadlineMs = performance.now() + PROGRESS_LIMIT_MS;
  while (performance.now() < deadlineMs) {
    const found = await probe();
    if (found !== undefined) return found;
    await sleep(20);
  }
  throw new Error(`${what}: not within ${PROGRESS_LIMIT_MS} ms`);
}

/** Adds the learner m4 at `url`, and waits until it has said its name: it serves. */
async function addM4(gateway: Gateway, url: string): Promise<void> {
  await gateway.first('/v3/cluster/member/add', { peerURLs: [url], isLearner: true });
  await until('m4 says its name', async () =>
    (await gateway.members()).find(({ name }) => name === 'm4'),
  );
}

async function namesAndKinds(gateway: Gateway): Promise<readonly string[]> {
  const members = await gateway.members();
  return members
    .map(({ name = '', isLearner }) => `${name} ${isLearner === true ? 'learns' : 'votes'}`)
    .sort();
}

async function startWith(options: Parameters<typeof startCluster>[0]): Promise<LocalCluster> {
  const cluster = await startCluster(options);
  await cluster.ready();
  return cluster;
}

describe('a voter of a cluster of objects', () => {
  let started: LocalCluster | undefined;
  let gateway = new Gateway({ endpoints: [] });
  const cluster = (): LocalCluster => {
    assert.ok(started !== undefined);
    return started;
  };
  before(async () => {
    started = await startWith({ mode: 'one-process' });
    gateway = new Gateway({ endpoints: started.endpoints });
  });
  after(() => started?.stop());
  const replace = (voter: Listed | undefined, learner: Listed | undefined): Promise<unknown> =>
    gateway.first('/edgetcd/members/replace', { voter: voter?.ID, learner: learner?.ID });

  it('stays where a learner cannot take its place, and the refusal says why', async () => {
    const leader = await leaderOf(cluster());
    // Nobody is there.
    const added = await gateway.first('/v3/cluster/member/add', {
      peerURLs: ['http://127.0.0.1:1'],
      isLearner: true,
    });
    const { member: absent } = added as { readonly member: Listed };
    const members = await gateway.members();
    const [leading, idle] = [true, false].map((leads) =>
      members.find(({ name, isLearner }) => isLearner !== true && (name === leader) === leads),
    );
    const stranger: Listed = { ID: '1' };
    for (const [voter, learner, refusal] of [
      [idle, absent, /can only promote a learner member which is in sync with leader/],
      [idle, stranger, /etcdserver: member not found/],
      [idle, leading, /can only promote a learner member"/],
      [idle, undefined, /400 .*expected .*ID.*, decimal/],
    ] as const) {
      await assert.rejects(replace(voter, learner), usageError(refusal));
    }
    await gateway.first('/v3/cluster/member/remove', { ID: absent.ID });

    const before = await gateway.members();
    for (const [from, to, refusal] of [
      ['m3', 'm9', /no member m9, there are /],
      ['m9', 'm2', /no member m9, there are /],
      ['m3', 'm2', /m2 is no learner, and so votes already/],
    ] as const) {
      const { endpoints } = cluster();
      await assert.rejects(moveVoter({ endpoints, from, to }), usageError(refusal));
    }
    assert.deepEqual(await gateway.members(), before);
  });

  it('moves to another region while clients write, the leadership that it has before it', async () => {
    const { endpoints } = cluster();
    const load = new WriteLoad({ endpoints, writers: 6, prefix: 'move', patienceMs: 5_000 });
    try {
      await load.progress(50, PROGRESS_LIMIT_MS);
      await addM4(gateway, 'do://default/m4?region=apac');
      if ((await leaderOf(cluster())) !== 'm3') await drain({ endpoints, to: 'm3' });
      const members = await gateway.members();
      const [m3, m4] = ['m3', 'm4'].map((wanted) => members.find(({ name }) => name === wanted));
      await assert.rejects(
        replace(m3, m4),
        usageError(/replace voter m3: it leads, hand leadership over first/),
      );
      await assert.rejects(replace({ ID: '1' }, m4), usageError(/etcdserver: member not found/));
      const { status, text } = await edgetcd(
        ...['move-voter', '--from', 'm3', '--to', 'm4', '--endpoint', endpoints[0] ?? ''],
      );
      assert.deepEqual([status, text], [0, 'm4 votes now, and m3 is no member any more\n']);
      await load.progress(50, PROGRESS_LIMIT_MS);
    } finally {
      await load.stop();
    }
    assert.deepEqual(await namesAndKinds(gateway), ['m1 votes', 'm2 votes', 'm4 votes']);
    assert.notEqual(await leaderOf(cluster()), 'm3');
    assert.deepEqual([...load.unknown], []);
    assert.deepEqual(await lostOrReused(endpoints[0] ?? '', 'move', load.acknowledged), []);
    // Leadership can go to it as to any voter.
    assert.equal((await drain({ endpoints, to: 'm4' })).leader, 'm4');
    const range = { key: 'AA==', serializable: true };
    await assert.rejects(
      gateway.call(endpoints[0] ?? '', '/v3/kv/range', range, 'm3'),
      usageError(/404 .*member not found/),
    );
  });
});

describe('a voter that is a process of its own', () => {
  let started: LocalCluster | undefined;
  before(async () => {
    started = await startWith({ mode: 'process-per-member', joining: 1 });
  });
  after(() => started?.stop());

  it('learns from its peers that another has its place, and refuses all calls', async () => {
    assert.ok(started !== undefined);
    const [first = '', second = '', left = '', joining = ''] = started.endpoints;
    const endpoints = [first, second];
    const gateway = new Gateway({ endpoints: [...endpoints, left] });
    const load = new WriteLoad({ endpoints, writers: 4, prefix: 'move', patienceMs: 5_000 });
    try {
      await load.progress(50, PROGRESS_LIMIT_MS);
      await addM4(gateway, joining);
      const { status, text } = await edgetcd(
        ...['move-voter', '--from', 'm3', '--to', 'm4'],
        ...[first, second, left].flatMap((endpoint) => ['--endpoint', endpoint]),
      );
      assert.deepEqual([status, text], [0, 'm4 votes now, and m3 is no member any more\n']);
      // Its stream to the leader is still open, and it may have been told nothing by its log.
      const range = { key: 'AA==', serializable: true };
      const refusal = await until('m3 knows that it has left', () =>
        gateway.call(left, '/v3/kv/range', range).then(
          () => undefined,
          (error: unknown) => String(error),
        ),
      );
      assert.match(refusal, /503 .*member m3: it was removed from the cluster/);
      await load.progress(50, PROGRESS_LIMIT_MS);
    } finally {
      await load.stop();
    }
    assert.deepEqual(await namesAndKinds(gateway), ['m1 votes', 'm2 votes', 'm4 votes']);
    assert.deepEqual(await lostOrReused(first, 'move', load.acknowledged), []);
    // Two of the three are enough, whichever they are.
    await started.processes[1]?.kill();
    const alone = new WriteLoad({ endpoints: [first, joining], writers: 2, prefix: 'by two' });
    await alone.progress(10, PROGRESS_LIMIT_MS).finally(() => alone.stop());
  });
});
