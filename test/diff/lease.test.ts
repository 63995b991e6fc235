/** Goal: leases, locks and elections answer as etcd's do, request by request, and what ends by time ends alike. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startCluster, type LocalCluster } from '../../scripts/lib/cluster.ts';
import { findEtcd, startEtcd, type EtcdProcess } from './etcd-process.ts';
import { normalized } from './known-differences.ts';
import { LeaseGenerator } from './lease-generator.ts';
import { runLeaseStream } from './lease-run.ts';
import { HttpTarget, type Operation, type Target } from './operation.ts';
import { describeMismatch } from './run.ts';

const SEED = 20_262;
const OPS = 1_200;
/** The least TTL there is, in which a lease certainly ends at either server, and the checkers' periods. */
const ENDED_MS = 2_000 + 2_500;

const path = findEtcd();
const skip = path === undefined && 'no etcd in PATH';

describe('leases, locks and elections beside real etcd', { skip }, () => {
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

  const targets = (): readonly [Target, Target] => {
    assert.ok(etcd !== undefined && cluster !== undefined);
    return [new HttpTarget(etcd.url), new HttpTarget(cluster.endpoints[0] ?? '')];
  };

  it(`gives equal answers to ${OPS} random requests`, async (context) => {
    const [reference, subject] = targets();
    const result = await runLeaseStream({ seed: SEED, ops: OPS, reference, subject });
    if (result.mismatch !== undefined) assert.fail(describeMismatch(SEED, result.mismatch));
    context.diagnostic([...result.outcomes].map(([what, times]) => `${times} ${what}`).join('\n'));
  });

  it('a lease that ended by time is answered for in the same way', async () => {
    const both = targets();
    const ask = async (operation: Operation): Promise<readonly [unknown, unknown]> => {
      const [left, right] = await Promise.all(both.map((target) => target.call(operation)));
      assert.ok(left !== undefined && right !== undefined);
      return [normalized(left), normalized(right)];
    };
    const post = (where: string, fields: object): Operation => ({
      path: where,
      body: JSON.stringify(fields),
    });
    const text = (words: string): string => Buffer.from(words).toString('base64');
    const ID = '4242';
    for (const operation of [
      post('/v3/lease/grant', { ID, TTL: '2' }),
      post('/v3/kv/put', { key: text('ends'), value: text('soon'), lease: ID }),
      post('/v3/lock/lock', { name: text('ended'), lease: ID }),
    ]) {
      const [left, right] = await ask(operation);
      assert.deepEqual(right, left);
    }
    await sleep(ENDED_MS);
    const leader = { name: text('ended'), key: text('ended/1092'), rev: '2', lease: ID };
    for (const operation of [
      post('/v3/kv/range', { key: text('ends') }),
      post('/v3/kv/range', { key: text('ended/'), range_end: text('ended0') }),
      post('/v3/lease/timetolive', { ID, keys: true }),
      post('/v3/lease/keepalive', { ID }),
      post('/v3/lease/revoke', { ID }),
      post('/v3/kv/put', { key: text('ends'), lease: ID }),
      post('/v3/lock/lock', { name: text('ended'), lease: ID }),
      post('/v3/lock/unlock', { key: text('ended/1092') }),
      post('/v3/election/campaign', { name: text('ended'), lease: ID }),
      post('/v3/election/proclaim', { leader, value: text('x') }),
      post('/v3/election/resign', { leader }),
      post('/v3/election/leader', { name: text('ended') }),
    ]) {
      const [left, right] = await ask(operation);
      assert.deepEqual(right, left, operation.path);
    }
  });
});

describe('the stream of lease requests', () => {
  it('is the same for the same seed', () => {
    const streams = [1, 2].map(() => {
      const generator = new LeaseGenerator(5);
      return Array.from({ length: 300 }, () => generator.next());
    });
    assert.deepEqual(streams[0], streams[1]);
  });

  it('finds a time that is left and a key that is missing', async () => {
    const header = { cluster_id: '1', member_id: '2', raft_term: '3', revision: '1' };
    const answering =
      (fields: object): Target['call'] =>
      () =>
        Promise.resolve({
          status: 200,
          contentType: 'application/json',
          body: JSON.stringify({ header, ...fields }),
        });
    const compare = async (left: object, right: object): Promise<number | undefined> => {
      const ends = { reference: { call: answering(left) }, subject: { call: answering(right) } };
      return (await runLeaseStream({ seed: 5, ops: 200, ...ends })).mismatch?.opNumber;
    };
    assert.equal(await compare({ TTL: '9' }, { TTL: '9' }), undefined);
    assert.notEqual(await compare({ TTL: '9' }, { TTL: '7' }), undefined);
    assert.notEqual(await compare({ keys: ['YQ=='] }, { keys: [] }), undefined);
  });
});
