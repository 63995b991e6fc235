/**
 * Goal: the Cluster and Maintenance services of three members answer as those of real etcd: one script,
 * equal codes, texts and shapes, step by step. What etcd 3.4 does not have (Downgrade, HashKV's own path
 * of the gateway) or does wrongly (MemberUpdate of a learner lists it as a voter) is tested in
 * test/member/maintenance.test.ts and membership.test.ts.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LocalCluster, startCluster } from '../../scripts/lib/cluster.ts';
import { findEtcd, type LocalEtcd, startEtcd } from '../../scripts/lib/etcd.ts';

interface Listed {
  readonly ID: string;
  readonly name?: string;
  readonly peerURLs: readonly string[];
  readonly isLearner?: boolean;
}

type Json = Record<string, unknown>;

/** What is compared of an answer. */
interface Seen {
  readonly code: number;
  readonly text: string;
  /** Names of the fields, in order; what only one of the two releases has is left out. */
  readonly fields: readonly string[];
  /** Members told, by how many there are, how many have a name, how many learn. */
  readonly members: readonly number[];
  readonly alarms: readonly string[];
}

/** A cluster that is asked; ids differ between the two, so that scripts name members by their role. */
interface Subject {
  readonly leader: () => Promise<Ask>;
  readonly follower: () => Promise<Ask>;
  readonly unstarted: (number: number) => string;
}

type Ask = (path: string, body: Json) => Promise<Json>;

const NEWER_FIELDS = new Set([
  'storageVersion',
  'dbSizeQuota',
  'downgradeInfo',
  'errors',
  'leader',
]);
const ANSWER_TIMEOUT_MS = 15_000;
const base64 = (text: string): string => Buffer.from(text).toString('base64');

function askAt(endpoint: string, headers: Record<string, string> = {}): Ask {
  return async (path, body) => {
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    const init = { method: 'POST', body: JSON.stringify(body), headers, signal };
    const response = await fetch(`${endpoint}/v3/${path}`, init);
    return (await response.json()) as Json;
  };
}

async function leads(ask: Ask): Promise<boolean> {
  const status = await ask('maintenance/status', {});
  const header = status['header'] as Json;
  return status['leader'] === header['member_id'];
}

function seen(answer: Json): Seen {
  const members = (answer['members'] ?? []) as readonly Listed[];
  const alarms = (answer['alarms'] ?? []) as readonly Json[];
  return {
    code: Number(answer['code'] ?? 0),
    text: (answer['message'] ?? answer['error'] ?? '') as string,
    fields:
      answer['code'] === undefined
        ? Object.keys(answer).filter((name) => !NEWER_FIELDS.has(name))
        : [],
    members: [
      members.length,
      members.filter(({ name }) => (name ?? '') !== '').length,
      members.filter(({ isLearner }) => isLearner === true).length,
    ],
    alarms: alarms.map(({ alarm }) => String(alarm)).sort(),
  };
}

/** Runs the script; each step's answer under its name. */
async function run({ leader, follower, unstarted }: Subject): Promise<Map<string, Seen>> {
  const steps = new Map<string, Seen>();
  const step = async (name: string, ask: Ask, path: string, body: Json): Promise<Json> => {
    const answer = await ask(path, body);
    // Alarms are answered with a header since 3.5.
    if (path === 'maintenance/alarm') delete answer['header'];
    steps.set(name, seen(answer));
    return answer;
  };
  const at = await leader();
  const listed = async (): Promise<readonly Listed[]> =>
    (await at('cluster/member/list', {}))['members'] as readonly Listed[];
  const UNKNOWN = '81985529216486895';

  await step('list', at, 'cluster/member/list', {});
  const voters = await listed();
  for (const urls of [[], ['nonsense'], ['http://127.0.0.1'], ['http://127.0.0.1:1/path']]) {
    await step(`add ${urls.join()}`, at, 'cluster/member/add', { peerURLs: urls });
  }
  const taken = voters[1]?.peerURLs ?? [];
  await step('add a taken URL', at, 'cluster/member/add', { peerURLs: taken });
  const learner = await step('add a learner', at, 'cluster/member/add', {
    peerURLs: [unstarted(1)],
    isLearner: true,
  });
  const { ID } = learner['member'] as Listed;
  await step('add a second learner', at, 'cluster/member/add', {
    peerURLs: [unstarted(2)],
    isLearner: true,
  });
  await step('list with a learner', at, 'cluster/member/list', {});
  await step('promote it', at, 'cluster/member/promote', { ID });
  await step('promote a voter', at, 'cluster/member/promote', { ID: voters[0]?.ID });
  await step('promote nobody', at, 'cluster/member/promote', { ID: UNKNOWN });
  // Nobody answers there.
  await step('hand it leadership', at, 'maintenance/transfer-leadership', { targetID: ID });
  await step('move nobody', at, 'cluster/member/update', { ID: UNKNOWN, peerURLs: [unstarted(4)] });
  await step('remove it', at, 'cluster/member/remove', { ID });
  await step('remove it again', at, 'cluster/member/remove', { ID });
  await step('promote what was removed', at, 'cluster/member/promote', { ID });
  await step('remove nobody', at, 'cluster/member/remove', { ID: UNKNOWN });

  const raise = (action: string, alarm: string) =>
    step(`${action} ${alarm}`, at, 'maintenance/alarm', { action, alarm, memberID: voters[0]?.ID });
  const put = { key: base64('k'), value: base64('v') };
  await step('put', at, 'kv/put', put);
  await raise('GET', 'NONE');
  await raise('DEACTIVATE', 'NOSPACE');
  await raise('ACTIVATE', 'NOSPACE');
  await step('put when full', at, 'kv/put', put);
  await step('grant when full', at, 'lease/grant', { TTL: 60 });
  await step('delete when full', at, 'kv/deleterange', { key: base64('none') });
  await step('list alarms', at, 'maintenance/alarm', {});
  await step('clear', at, 'maintenance/alarm', {
    action: 'DEACTIVATE',
    alarm: 'NOSPACE',
    memberID: voters[0]?.ID,
  });
  await step('put again', at, 'kv/put', put);
  await step('compact', at, 'kv/compaction', { revision: '2', physical: true });
  await step('compact again', at, 'kv/compaction', { revision: '2', physical: true });
  await step('hash', at, 'maintenance/hash', {});
  await step('defragment', at, 'maintenance/defragment', {});
  await step('status', at, 'maintenance/status', {});

  await step('hand nobody leadership', at, 'maintenance/transfer-leadership', {
    targetID: UNKNOWN,
  });
  const other = await follower();
  const own = (await other('maintenance/status', {}))['header'] as Json;
  const target = { targetID: own['member_id'] };
  await step('take leadership', other, 'maintenance/transfer-leadership', target);
  await step('hand over leadership', at, 'maintenance/transfer-leadership', target);
  assert.ok(await leads(other));
  return steps;
}

async function firstThat(asks: readonly Ask[], wanted: boolean): Promise<Ask> {
  for (let tries = 0; tries < 100; tries++) {
    for (const ask of asks) if ((await leads(ask)) === wanted) return ask;
    await sleep(50);
  }
  throw new Error('no such member within 5 s');
}

describe('cluster and maintenance', { skip: findEtcd() === undefined && 'no etcd in PATH' }, () => {
  let etcd: LocalEtcd | undefined;
  let edgetcd: LocalCluster | undefined;
  before(async () => {
    [etcd, edgetcd] = await Promise.all([
      startEtcd({ members: 3 }),
      startCluster({ variables: { EDGETCD_MAX_LEARNERS: '1' } }),
    ]);
    await edgetcd.ready();
  });
  after(() => Promise.all([etcd?.stop(), edgetcd?.stop()]));

  it('answer one script alike', async () => {
    assert.ok(etcd !== undefined && edgetcd !== undefined);
    // etcd lets nobody in during the first five seconds of its connections.
    await sleep(5_500);
    const theirs = etcd.endpoints.map((endpoint) => askAt(endpoint));
    const endpoint = edgetcd.endpoints[0] ?? '';
    const ours = edgetcd.members.map(({ name }) => askAt(endpoint, { 'X-Edgetcd-Member': name }));
    const [reference, subject] = await Promise.all(
      [theirs, ours].map((asks) =>
        run({
          leader: () => firstThat(asks, true),
          follower: () => firstThat(asks, false),
          unstarted: (number) => `http://127.0.0.1:${number}`,
        }),
      ),
    );
    assert.ok(reference !== undefined && subject !== undefined);
    assert.deepEqual([...subject.keys()], [...reference.keys()]);
    for (const [name, expected] of reference) assert.deepEqual(subject.get(name), expected, name);
  });
});
