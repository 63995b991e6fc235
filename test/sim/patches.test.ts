import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyPatch, makeTunable, PatchError, TUNABLE_CONSTANTS } from './patches.ts';

test('a patch replaces its one place, literally', () => {
  const patch = { file: 'f', find: 'a < b', replace: "$& '$1'" };
  assert.equal(applyPatch('if (a < b) x();', patch), "if ($& '$1') x();");
});

test('a patch whose place is gone or not unique is refused', () => {
  for (const text of ['if (a > b)', 'a < b; a < b']) {
    assert.throws(() => applyPatch(text, { file: 'f', find: 'a < b', replace: '' }), PatchError);
  }
});

test('tunable constants stay constants in the text but for their keyword', () => {
  const text = TUNABLE_CONSTANTS.map((name) => `export const ${name} = 1;`).join('\n');
  const tuned = makeTunable(text);
  for (const name of TUNABLE_CONSTANTS) assert.ok(tuned.includes(`export let ${name} = 1;`));
  assert.throws(() => makeTunable(text.replace('CATCH_UP_BYTES', 'GONE')), PatchError);
});
