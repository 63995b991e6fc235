/**
 * Goal: the page store answers as the naive store does, whatever happens in between.
 * Method: random commands on both; pages, leaves and memtable so small that every kind of split, merge
 * and sweep happens within a few dozen commands.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { applyCommand, commands, makeWorld, compareAll } from './support/world.ts';

const RUNS = Number(process.env['MVCC_RUNS'] ?? 150);

test('store: answers as the naive store after any commands', () => {
  fc.assert(
    fc.property(commands(), fc.nat(), (list, seed) => {
      const world = makeWorld(seed);
      for (const command of list) applyCommand(world, command);
      compareAll(world);
      assert.ok(world.naive.revision >= 1);
    }),
    { numRuns: RUNS },
  );
});
