import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CommittedStable, PROPERTY } from './committed-stable.ts';
import { entry, violates } from './support.ts';

test('the same entries at every member are fine, in any order between members', () => {
  const checker = new CommittedStable();
  assert.equal(checker.applied('a', entry(1, 1)), true);
  assert.equal(checker.applied('a', entry(2, 2)), true);
  assert.equal(checker.applied('b', entry(1, 1)), false);
  // c came by snapshot and starts at 4.
  assert.equal(checker.applied('c', entry(4, 2)), true);
  assert.equal(checker.last, 4);
  assert.equal(checker.at(3), undefined);
});

test('another term or another content at a committed index is found', () => {
  for (const other of [entry(1, 2), entry(1, 1, 'other')]) {
    const checker = new CommittedStable();
    checker.applied('a', entry(1, 1));
    violates(PROPERTY, () => checker.applied('b', other));
  }
});
