import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { base64, createRequest, SocketClient } from '../support/watch-client.ts';
import { WatchCluster } from './watch-cluster.ts';

/** Goal: a lease ends on time though the whole cluster sleeps, and its watchers hear of it. */
const clusters: WatchCluster[] = [];
after(() => Promise.all(clusters.map((cluster) => cluster.stop())));

const MEMBERS = ['m1', 'm2', 'm3'];
/** Objects sleep after ten seconds; a member rests after one. */
const TTL_SECONDS = 20;

async function post(endpoint: string, path: string, body: object): Promise<Response> {
  const response = await fetch(endpoint + path, { method: 'POST', body: JSON.stringify(body) });
  assert.equal(response.status, 200);
  return response;
}

describe('a lease while everyone sleeps', () => {
  it('wakes the cluster when it ends, not before, and its key goes', async (context) => {
    const cluster = await WatchCluster.start(3);
    clusters.push(cluster);
    const { endpoint } = cluster;
    await post(endpoint, '/v3/lease/grant', { ID: 7, TTL: TTL_SECONDS });
    await post(endpoint, '/v3/kv/put', { key: base64('k'), value: base64('v'), lease: 7 });
    const watcher = await SocketClient.open(endpoint, createRequest({ key: 'k' }));
    await watcher.next();
    const renewedMs = Date.now();
    const renewal = await post(endpoint, '/v3/lease/keepalive', { ID: 7 });
    const answer = JSON.parse(await renewal.text()) as { result: { TTL: string } };
    assert.equal(answer.result.TTL, String(TTL_SECONDS));
    const built = MEMBERS.map((member) => cluster.timesBuilt(member));

    assert.match(await watcher.next(), /^0@\d+ delete k$/);
    const livedMs = Date.now() - renewedMs;
    assert.ok(livedMs >= TTL_SECONDS * 1000, `ended after ${livedMs} ms`);
    context.diagnostic(`ended ${livedMs - TTL_SECONDS * 1000} ms late`);
    // What the process prints may come later than the event. Nobody was awake: an alarm began it.
    const slept = (): string[] =>
      MEMBERS.filter((member, index) => cluster.timesBuilt(member) > (built[index] ?? 0));
    await cluster.until(() => slept().length === MEMBERS.length);
    assert.deepEqual(slept(), MEMBERS);
    watcher.close();
  });
});
