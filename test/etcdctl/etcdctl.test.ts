import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startCluster, type LocalCluster } from '../../scripts/lib/cluster.ts';
import { findEtcd, startEtcd, type LocalEtcd } from '../../scripts/lib/etcd.ts';
import { startFront, type Front } from '../../scripts/lib/front.ts';
import { memberInRole } from '../../scripts/lib/fault-scenarios.ts';
import { freePorts } from '../../scripts/lib/ports.ts';
import { Etcdctl, findEtcdctl } from './etcdctl.ts';
import { normalised } from './normalise.ts';
import { reasonFor, SCRIPT, SLOW } from './script.ts';

const program = findEtcdctl();
const skip = (program === undefined || findEtcd() === undefined) && 'no etcd and etcdctl in PATH';
/** `EDGETCD_ETCDCTL_SLOW=1` adds what takes minutes. */
const STEPS = process.env['EDGETCD_ETCDCTL_SLOW'] === undefined ? SCRIPT : [...SCRIPT, ...SLOW];

describe('etcdctl of etcd 3.4', { skip }, () => {
  let etcd: LocalEtcd | undefined;
  let cluster: LocalCluster | undefined;
  const fronts: Front[] = [];
  const both: Etcdctl[] = [];
  before(async () => {
    etcd = await startEtcd({ members: 3 });
    const ports = await freePorts(3);
    cluster = await startCluster({
      mode: 'process-per-member',
      clientUrls: ports.map((port) => `http://127.0.0.1:${port}`),
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

  for (const step of STEPS) {
    const reason = reasonFor(step);
    it(`${step.name}${reason === undefined ? '' : ' (differs)'}`, async () => {
      const outcomes = await Promise.all(both.map((etcdctl) => step.run(etcdctl)));
      const [theirs = '', ours = ''] = outcomes.map((outcome) => normalised(step, outcome));
      if (reason === undefined) assert.equal(ours, theirs);
      else assert.equal(outcomes[1]?.status, outcomes[0]?.status, ours);
    });
  }
});
