/** Goal: a cluster that nobody asks sleeps for good, and wakes under the leader and in the term it slept in. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { base64 } from '../support/watch-client.ts';
import { WatchCluster } from './watch-cluster.ts';

const clusters: WatchCluster[] = [];
after(() => Promise.all(clusters.map((cluster) => cluster.stop())));

const MEMBERS = ['m1', 'm2', 'm3'];
/** Objects are put away after ten seconds. */
const SLEEP_MS = 14_000;

interface Answer {
  readonly leader: string | null;
  readonly term: string;
}

async function call(
  { endpoint }: WatchCluster,
  path: string,
  body: object,
  member?: string,
): Promise<Answer> {
  const response = await fetch(endpoint + path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: member === undefined ? {} : { 'X-Edgetcd-Member': member },
  });
  assert.equal(response.status, 200);
  const { header } = (await response.json()) as { header: { raft_term: string } };
  return { leader: response.headers.get('x-edgetcd-leader'), term: header.raft_term };
}

const put = { key: base64('k'), value: base64('v') };

/** What the first call after sleep says, beside what was before. */
async function wakeBy(first: (cluster: WatchCluster, leader: string) => Promise<Answer>) {
  const cluster = await WatchCluster.start(3);
  clusters.push(cluster);
  const before = await call(cluster, '/v3/kv/put', put);
  const built = (): number[] => MEMBERS.map((member) => cluster.timesBuilt(member));
  // Nobody asks: any request would count.
  await sleep(SLEEP_MS);
  const asleep = built();
  const answer = await first(cluster, before.leader ?? '');
  await cluster.until(() => built().every((count, index) => count > (asleep[index] ?? 0)));
  assert.deepEqual(
    built().map((count, index) => count - (asleep[index] ?? 0)),
    MEMBERS.map(() => 1),
    'each member is built once: all slept, and nothing ended them since',
  );
  assert.deepEqual(answer, before);
}

describe('a cluster that sleeps', { concurrency: true }, () => {
  it('takes a write under the leader that it had', () =>
    wakeBy((cluster) => call(cluster, '/v3/kv/put', put)));

  it('answers a linearizable read at a follower under the leader that it had', () =>
    wakeBy((cluster, leader) => {
      const follower = MEMBERS.find((member) => member !== leader);
      return call(cluster, '/v3/kv/range', { key: put.key }, follower);
    }));

  it('is not woken by anything but a request', async () => {
    const cluster = await WatchCluster.start(3);
    clusters.push(cluster);
    await call(cluster, '/v3/kv/put', put);
    await sleep(SLEEP_MS);
    const asleep = MEMBERS.map((member) => cluster.timesBuilt(member));
    await sleep(SLEEP_MS / 2);
    assert.deepEqual(
      MEMBERS.map((member) => cluster.timesBuilt(member)),
      asleep,
    );
  });
});
