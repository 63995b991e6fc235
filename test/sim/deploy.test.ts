/**
 * Goal: a deploy, in which every member's instance is replaced within moments, costs one election at most,
 * and loses nothing. Method: real members on the simulated platform, under writes and without other faults.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Prng } from '../../src/lib/prng.ts';
import type { ObjectHost } from './host.ts';
import { installPatches } from './patches.ts';
import type { SimulatedMember } from './simulated-member.ts';

installPatches([]);
const { SimulatedClient } = await import('./client.ts');
const { SimulatedCluster } = await import('./cluster.ts');
const { inMacrotask } = await import('./drain.ts');
const { drawOptions } = await import('./options.ts');
const { tune } = await import('./tuning.ts');
const { generatorOf } = await import('./workload.ts');

const SEEDS = 12;
const WRITERS = 4;
/** Until a leader is there and writes flow, and after the deploy. */
const CALM_MS = 6_000;
const NO_FAULTS = { loss: 0, duplicate: 0, reorder: 0, timerLatenessMs: 0, faults: [], idle: 0 };

type Host = ObjectHost<SimulatedMember>;

interface Deployed {
  readonly elections: number;
  readonly acknowledgedAfter: number;
  readonly failure: unknown;
}

/** @param replace what happens to each member; @param withinMs all of it within this time */
function deploy(
  seed: number,
  withinMs: number,
  replace: (host: Host, prng: Prng, later: (ms: number, run: () => void) => void) => void,
): Deployed {
  const prng = new Prng(seed);
  const drawn = drawOptions(seed, prng);
  const voters = prng.pick([3, 3, 5]);
  const options = { ...drawn, ...NO_FAULTS, voters, learners: 0, commitMs: 1 };
  tune({ constants: {}, store: {} });
  const cluster = new SimulatedCluster(options, new Prng(prng.below(2 ** 32)));
  const { scheduler, observer, history } = cluster;
  try {
    cluster.faulty = false;
    const ids = cluster.memberIds();
    for (let at = 0; at < WRITERS; at++) {
      const pinned = ids[at % ids.length];
      cluster.addClient(`c${at}`, pinned);
      const generator = generatorOf('etcd', `c${at}`, new Prng(prng.below(2 ** 32)), 10);
      const thinkMs = (): number => 30;
      const random = new Prng(prng.below(2 ** 32));
      new SimulatedClient(cluster, `c${at}`, random, generator, { pinned, thinkMs }).start();
    }
    scheduler.runUntil(CALM_MS);
    const before = observer.counts.elections;
    for (const host of prng.shuffle(cluster.hosts())) {
      scheduler.after(withinMs * prng.float(), () => {
        replace(host, prng, (ms, run) => void scheduler.after(ms, run));
      });
    }
    scheduler.runUntil(CALM_MS + withinMs + CALM_MS);
    const endMs = CALM_MS + withinMs;
    return {
      elections: observer.counts.elections - before,
      acknowledgedAfter: history.calls.filter(
        ({ calledAtMs, outcome }) => calledAtMs > endMs && outcome?.kind === 'ok',
      ).length,
      failure: cluster.failure,
    };
  } finally {
    cluster.close();
  }
}

describe('a deploy', () => {
  for (const [how, withinMs, replace] of [
    [
      'of all members at once',
      50,
      (host, prng, later) => {
        host.crash();
        later(100 * prng.float(), () => host.start());
      },
    ],
    [
      'of one member after the other',
      3_000,
      (host, prng, later) => {
        host.crash();
        later(100 * prng.float(), () => host.start());
      },
    ],
    ['whose old instances live on for a while', 1_000, (host) => host.takeOver()],
  ] satisfies [string, number, Parameters<typeof deploy>[2]][]) {
    test(`${how} costs one election at most`, async () => {
      for (let seed = 0; seed < SEEDS; seed++) {
        const done = await inMacrotask(() => deploy(seed, withinMs, replace));
        assert.equal(done.failure, undefined, `seed ${seed}`);
        assert.ok(done.elections <= 1, `seed ${seed}: ${done.elections} elections`);
        // A client whose connection ends at an old instance waits in vain until that is gone.
        assert.ok(done.acknowledgedAfter > 0, `seed ${seed}: no answers after the deploy`);
      }
    });
  }
});
