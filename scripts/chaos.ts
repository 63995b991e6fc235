/**
 * `npm run chaos -- [--minutes M] [--members N] [--seed S] [--mix etcd|kubernetes|churn] [--plot FILE]
 * [--history FILE]`: real processes under kill -9, pauses, cut and slow links, with the simulator's
 * checkers over what clients saw.
 */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { userFolder } from './lib/run-local.ts';
import { readOptions, UsageError, wholeNumber } from './lib/usage.ts';

export const summary =
  'kill, stop and cut off real processes under load, and check what clients saw';

const MIXES = ['etcd', 'kubernetes', 'churn'] as const;

export async function run(args: string[]): Promise<number> {
  const { values } = readOptions({
    args,
    options: {
      minutes: { type: 'string', default: '1' },
      members: { type: 'string', default: '3' },
      clients: { type: 'string', default: '8' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
      mix: { type: 'string', default: 'etcd' },
      plot: { type: 'string' },
      history: { type: 'string' },
    },
  });
  const mix = MIXES.find((each) => each === values.mix);
  if (mix === undefined)
    throw new UsageError(`--mix is "${values.mix}", and must be one of ${MIXES.join(', ')}`);
  const minutes = wholeNumber('minutes', values.minutes, { min: 1, max: 10_000 });
  const options = {
    members: wholeNumber('members', values.members, { min: 1, max: 9 }),
    clients: wholeNumber('clients', values.clients, { min: 1, max: 1_000 }),
    seed: wholeNumber('seed', values.seed, { min: 0, max: 2 ** 32 - 1 }),
    forMs: minutes * 60_000,
    mix,
    say: (text: string) => {
      console.log(text);
    },
  };
  console.log(
    `chaos: ${options.members} members, ${minutes} min, seed ${options.seed} (faults; timing is real)`,
  );
  const { runChaos } = await import('../test/chaos/run.ts');
  const result = await runChaos(options);
  if (values.plot !== undefined) writeFileSync(resolve(userFolder(), values.plot), result.svg);
  if (values.history !== undefined) {
    const { history, changes } = result;
    const text = JSON.stringify({ history, changes: [...changes] });
    writeFileSync(resolve(userFolder(), values.history), text);
  }
  const faults = [...result.faults].map(([kind, count]) => `${kind} ${count}`).join(', ');
  console.log(
    `\ncalls ${result.calls}, acknowledged ${result.acknowledged}, of unknown fate ${result.unknown}`,
  );
  console.log(`watches ${result.watches}, events seen ${result.watchEvents}`);
  console.log(`faults: ${faults}`);
  if (result.failure !== undefined) {
    console.log(`FAILED: ${result.failure.message}`);
    return 1;
  }
  console.log(
    'clean: linearizable, revisions never reused, old reads as they were, the nine guarantees of watch, progress after healing',
  );
  return 0;
}
