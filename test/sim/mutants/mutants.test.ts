/** Every mutant still fits the source it changes; whether each is caught, `npm run sim:mutants` tells. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { applyPatch } from '../patches.ts';
import { MUTANTS, RARE_MUTANTS } from './all.ts';

const ROOT = new URL('../../../', import.meta.url);

test('there are at least 30 mutants, each with a name of its own', () => {
  assert.ok(MUTANTS.length >= 30);
  assert.equal(new Set(MUTANTS.map((mutant) => mutant.name)).size, MUTANTS.length);
});

for (const { name, patches } of [...MUTANTS, ...RARE_MUTANTS]) {
  test(`${name} fits the source`, () => {
    const texts = new Map<string, string>();
    for (const patch of patches) {
      const before = texts.get(patch.file) ?? readFileSync(new URL(patch.file, ROOT), 'utf8');
      const after = applyPatch(before, patch);
      assert.notEqual(after, before);
      texts.set(patch.file, after);
    }
  });
}
