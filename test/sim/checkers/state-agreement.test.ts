import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PROPERTY, StateAgreement } from './state-agreement.ts';
import { violates } from './support.ts';

test('equal states are fine, and states at different indexes are not compared', () => {
  const checker = new StateAgreement();
  checker.observe('a', 'revision', 5, '3');
  checker.observe('b', 'revision', 5, '3');
  checker.observe('b', 'revision', 6, '4');
  checker.observe('b', 'hash', 5, 'x');
  assert.equal(checker.comparisons, 1);
});

test('a member that differs is found, also against itself after a restart', () => {
  const checker = new StateAgreement();
  checker.observe('a', 'hash', 5, 'x');
  violates(PROPERTY, () => {
    checker.observe('b', 'hash', 5, 'y');
  });
  violates(PROPERTY, () => {
    checker.observe('a', 'hash', 5, 'y');
  });
});
