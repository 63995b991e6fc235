import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startCluster, type LocalCluster } from '../../scripts/lib/cluster.ts';
import { findEtcd, startEtcd, type LocalEtcd } from '../../scripts/lib/etcd.ts';
import { startFront, type Front } from '../../scripts/lib/front.ts';
import { memberInRole } from '../../scripts/lib/fault-scenarios.ts';
import { freePorts } from '../../scripts/lib/ports.ts';
import { Etcdctl, findEtcdctl } from './etcdctl.ts';
import { normalised } from './normalise.ts';
import { differenceOf, SCRIPT } from './script.ts';

const program = findEtcdctl();
const skip = (program === undefined || findEtcd() === undefined) && 'no etcd and etcdctl in PATH';
/** More than all that comes before the step that reaches it, and soon reached by that one. */
const QUOTA_BYTES = 48 * 1024 * 1024;

describe('etcdctl of etcd 3.4', { skip }, () => {
  let etcd: LocalEtcd | undefined;
  let cluster: LocalCluster | undefined;
  const fronts: Front[] = [];
  const both: Etcdctl[] = [];
  before(async () => {
    etcd = await startEtcd({ members: 3, args: [`--quota-backend-bytes=${QUOTA_BYTES}`] });
    const ports = await freePorts(3);
    cluster = await startCluster({
      mode: 'process-per-member',
      clientUrls: ports.map((port) => `http://127.0.0.1:${port}`),
      variables: { EDGETCD_QUOTA_BYTES: String(QUOTA_BYTES) },
    });
    await cluster.ready();
    for (const [index, { endpoint }] of cluster.processes.entries()) {
      fronts.push(await startFront(ports[index] ?? 0, endpoint));
    }
    const leader = await memberInRole(cluster, 'leader');
    const ours = fronts[cluster.members.indexOf(leader)]?.endpoint ?? '';
    const first = (endpoints: readonly string[], leading: string): string[] => [
      leading,
      ...endpoints.filter((endpoint) => endpoint !== leading),
    ];
    both.push(
      new Etcdctl(program ?? '', first(etcd.endpoints, etcd.leader)),
      new Etcdctl(
        program ?? '',
        first(
          fronts.map(({ endpoint }) => endpoint),
          ours,
        ),
      ),
    );
  });
  after(async () => {
    await Promise.all(fronts.map((front) => front.stop()));
    await Promise.all([etcd?.stop(), cluster?.stop()]);
  });

  for (const step of SCRIPT) {
    const difference = differenceOf(step);
    it(`${step.name}${difference === undefined ? '' : ' (differs)'}`, async () => {
      const outcomes = await Promise.all(both.map((etcdctl) => step.run(etcdctl)));
      const [theirs = '', ours = ''] = outcomes.map((outcome) => normalised(step, outcome));
      const statuses = outcomes.map(({ status }) => status);
      if (difference === undefined) assert.equal(ours, theirs);
      else if (difference.failsHere === true) assert.notEqual(statuses[1], 0, ours);
      else assert.equal(statuses[1], statuses[0], ours);
    });
  }
});
