import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startCluster, type LocalCluster } from '../../scripts/lib/cluster.ts';
import { findEtcd, startEtcd, type EtcdProcess } from './etcd-process.ts';
import { HttpTarget } from './operation.ts';
import { describeMismatch, runStream } from './run.ts';

const SEED = 20_261;
const OPS = 1500;

const path = findEtcd();
const skip = path === undefined && 'no etcd in PATH';

describe('a cluster of three beside real etcd', { skip }, () => {
  let etcd: EtcdProcess | undefined;
  let cluster: LocalCluster | undefined;
  before(async () => {
    etcd = await startEtcd(path ?? '');
    cluster = await startCluster();
    await cluster.ready();
  });
  after(async () => {
    await Promise.all([etcd?.stop(), cluster?.stop()]);
  });

  it(`gives equal answers to ${OPS} random requests`, async () => {
    assert.ok(etcd !== undefined && cluster !== undefined);
    const reference = new HttpTarget(etcd.url);
    const subject = new HttpTarget(cluster.endpoints[0] ?? '');
    const options = { seed: SEED, ops: OPS, leases: true, serializable: false };
    const result = await runStream({ ...options, reference, subject });
    if (result.mismatch !== undefined) assert.fail(describeMismatch(SEED, result.mismatch));
  });
});
