/**
 * `npm run test:snapshot -- --keys N`: migration to real etcd and back, data compared on both sides
 * (scripts/lib/round-trip.ts). The tests run a small one.
 */
import { findEtcd } from './lib/etcd.ts';
import { roundTrip } from './lib/round-trip.ts';
import { readOptions, wholeNumber } from './lib/usage.ts';

export const summary = 'migrate to real etcd and back, and compare (--keys N)';

export async function run(args: string[]): Promise<number> {
  const { values } = readOptions({
    args,
    options: {
      keys: { type: 'string', default: '120000' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    },
  });
  const keys = wholeNumber('keys', values.keys, { min: 100, max: 10_000_000 });
  const seed = wholeNumber('seed', values.seed, { min: 0, max: 0xffff_ffff });
  if (findEtcd() === undefined) {
    console.log('skipped: there is no etcd in PATH (Debian: apt install etcd-server etcd-client)');
    return 0;
  }
  console.log(`seed ${seed}`);
  await roundTrip({ keys, seed, members: 3, say: (line) => console.log(line) });
  return 0;
}
