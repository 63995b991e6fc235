import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { base64, createRequest, EventClient, LineClient } from '../support/watch-client.ts';
import { WatchCluster } from './watch-cluster.ts';

let cluster: WatchCluster;
before(async () => {
  cluster = await WatchCluster.start();
});
after(() => cluster.stop());

describe('an HTTP client that hangs up while nothing happens', () => {
  it('is noticed by the heartbeats', async () => {
    const lines = await LineClient.open(cluster.endpoint, createRequest({ key: 'k' }));
    lines.endBody();
    const events = await EventClient.open(cluster.endpoint, `key=${base64('k')}`);
    await lines.next();
    await events.next();
    assert.equal((await cluster.gauges()).streams, 2);
    lines.close();
    events.close();
    await cluster.allGone();
  });
});
