/**
 * `npm run test:diff -- --ops N --seed S [--target cluster|in-process|URL] [--leases]`: one random stream of
 * requests to real etcd and to edgetcd, every answer compared. `--leases`: to the lease, lock and election
 * services, and not to in-process, which lacks them.
 *
 * `cluster`: a fresh local cluster of `--members` (3 unless given). `in-process`: the state machine without
 * network and consensus. URL: a server with a fresh store, which is left as the stream leaves it.
 */
import { findEtcd, startEtcd } from '../test/diff/etcd-process.ts';
import { InProcessTarget } from '../test/diff/in-process.ts';
import { HttpTarget, type Target } from '../test/diff/operation.ts';
import { type LeaseRunOptions, runLeaseStream } from '../test/diff/lease-run.ts';
import { describeCounts, describeMismatch, runStream, type RunOptions } from '../test/diff/run.ts';
import { startCluster } from './lib/cluster.ts';
import { readOptions, UsageError, wholeNumber } from './lib/usage.ts';

const PROGRESS_OPS = 10_000;

export const summary = 'compare with real etcd, answer by answer, over a random stream';

export async function run(args: string[]): Promise<number> {
  const { values } = readOptions({
    args,
    options: {
      ops: { type: 'string', default: '20000' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      target: { type: 'string', default: 'cluster' },
      members: { type: 'string', default: '3' },
      leases: { type: 'boolean', default: false },
    },
  });
  const ops = wholeNumber('ops', values.ops, { min: 1, max: 100_000_000 });
  const seed = wholeNumber('seed', values.seed, { min: 0, max: 0xffff_ffff });
  const path = findEtcd();
  if (path === undefined) {
    console.log(
      'skipped: there is no etcd in PATH to compare with (Debian: apt install etcd-server)',
    );
    return 0;
  }
  if (values.leases && values.target === 'in-process') {
    throw new UsageError('--leases needs a server: --target in-process has no lease service');
  }
  const members = wholeNumber('members', values.members, { min: 1, max: 7 });
  const subject = await openSubject(values.target, members);
  try {
    const etcd = await startEtcd(path);
    try {
      console.log(`etcd ${etcd.version} beside ${subject.name}: ${ops} operations of seed ${seed}`);
      if (values.leases) {
        const reference = new HttpTarget(etcd.url);
        return await compareLeases({ seed, ops, reference, subject: subject.target });
      }
      return await compareAll({
        seed,
        ops,
        ...subject.offers,
        reference: new HttpTarget(etcd.url),
        subject: subject.target,
      });
    } finally {
      await etcd.stop();
    }
  } finally {
    await subject.close();
  }
}

async function compareAll(options: RunOptions): Promise<number> {
  const startMs = performance.now();
  const onProgress = (done: number): void => {
    if (done % PROGRESS_OPS === 0) console.log(`${done} operations, all equal`);
  };
  const result = await runStream({ ...options, onProgress });
  console.log(`\nanswers of etcd:\n${describeCounts(result.outcomes)}`);
  console.log(`\nknown differences met:\n${describeCounts(result.explained)}`);
  if (result.mismatch !== undefined) {
    console.log(`\n${describeMismatch(options.seed, result.mismatch)}`);
    return 1;
  }
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  console.log(`\n${result.done} operations, all answers equal, in ${seconds} s`);
  return 0;
}

async function compareLeases(options: LeaseRunOptions): Promise<number> {
  const { done, mismatch, outcomes } = await runLeaseStream(options);
  console.log(`\nanswers of etcd:\n${describeCounts(outcomes)}`);
  if (mismatch !== undefined) {
    console.log(`\n${describeMismatch(options.seed, mismatch)}`);
    return 1;
  }
  console.log(`\n${done} operations, all answers equal`);
  return 0;
}

interface Subject {
  readonly name: string;
  readonly target: Target;
  /** What of the stream it can be asked. */
  readonly offers: Pick<RunOptions, 'leases' | 'serializable'>;
  close(): Promise<void>;
}

async function openSubject(target: string, members: number): Promise<Subject> {
  if (target === 'in-process') {
    const offers = { leases: true, serializable: true };
    return { name: target, target: new InProcessTarget(), offers, close: async () => {} };
  }
  if (target === 'cluster') {
    const cluster = await startCluster({ members });
    await cluster.ready();
    return {
      name: `a cluster of ${members}`,
      target: new HttpTarget(cluster.endpoints[0] ?? ''),
      offers: { leases: true, serializable: members === 1 },
      close: () => cluster.stop(),
    };
  }
  const offers = { leases: true, serializable: false };
  return { name: target, target: serverTarget(target), offers, close: async () => {} };
}

function serverTarget(url: string): Target {
  if (!/^https?:\/\//.test(url)) {
    throw new UsageError(`--target is ${JSON.stringify(url)}, and must be a URL or in-process`);
  }
  return new HttpTarget(url);
}
