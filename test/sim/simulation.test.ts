/**
 * Goal: a fixed set of seeds stays clean, and a seed replays exactly. Method: the simulator of
 * `npm run sim`, with the seeds below in place of fresh ones; `npm run sim:mutants` tells what it can see.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { installPatches } from './patches.ts';

installPatches([]);
const { runSeed } = await import('./run.ts');

const FIRST_SEED = 1_000;
const SEEDS = 40;

for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
  test(`seed ${seed}`, async () => {
    const { failure, acknowledged } = await runSeed(seed);
    assert.equal(failure, undefined);
    assert.ok(acknowledged > 0, 'a run without answers proves nothing');
  });
}

test('a seed gives the same history every time, traced or not', async () => {
  const seen = new Set<string>();
  for (const trace of [undefined, (): void => {}, undefined]) {
    const { events, calls, acknowledged, simulatedMs, counts } = await runSeed(77, {}, trace);
    seen.add(JSON.stringify({ events, calls, acknowledged, simulatedMs, counts }));
  }
  assert.equal(seen.size, 1);
});

test('seeds give different histories', async () => {
  const first = await runSeed(1);
  const second = await runSeed(2);
  assert.notEqual(first.events, second.events);
});
