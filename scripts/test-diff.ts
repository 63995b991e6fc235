/**
 * `npm run test:diff -- --ops N --seed S [--target URL|in-process]`: one random stream of requests to real
 * etcd and to edgetcd, every answer compared. The server at URL must be fresh and is left as the stream
 * leaves it; `in-process` is the state machine without network and consensus.
 */
import { findEtcd, startEtcd } from '../test/diff/etcd-process.ts';
import { InProcessTarget } from '../test/diff/in-process.ts';
import { HttpTarget, type Target } from '../test/diff/operation.ts';
import { describeCounts, describeMismatch, runStream } from '../test/diff/run.ts';
import { readOptions, UsageError, wholeNumber } from './lib/usage.ts';

export const summary = 'compare with real etcd, answer by answer, over a random stream';

export async function run(args: string[]): Promise<number> {
  const { values } = readOptions({
    args,
    options: {
      ops: { type: 'string', default: '20000' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      target: { type: 'string', default: 'in-process' },
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
  const inProcess = values.target === 'in-process';
  const subject = inProcess ? new InProcessTarget() : serverTarget(values.target);
  const etcd = await startEtcd(path);
  try {
    console.log(`etcd ${etcd.version} beside ${values.target}: ${ops} operations of seed ${seed}`);
    const startMs = performance.now();
    const result = await runStream({
      seed,
      ops,
      leases: inProcess || values.leases,
      reference: new HttpTarget(etcd.url),
      subject,
      onProgress: (done) => {
        if (done % 10_000 === 0) console.log(`${done} operations, all equal`);
      },
    });
    console.log(`\nanswers of etcd:\n${describeCounts(result.outcomes)}`);
    console.log(`\nknown differences met:\n${describeCounts(result.explained)}`);
    if (result.mismatch !== undefined) {
      console.log(`\n${describeMismatch(seed, result.mismatch)}`);
      return 1;
    }
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
    console.log(`\n${result.done} operations, all answers equal, in ${seconds} s`);
    return 0;
  } finally {
    await etcd.stop();
  }
}

function serverTarget(url: string): Target {
  if (!/^https?:\/\//.test(url)) {
    throw new UsageError(`--target is ${JSON.stringify(url)}, and must be a URL or in-process`);
  }
  return new HttpTarget(url);
}
