import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LogMatching, PROPERTY } from './log-matching.ts';
import { append, entry, violates } from './support.ts';

test('the same entries from anybody are fine, and overwriting by a later term too', () => {
  const checker = new LogMatching();
  checker.sent(append('a', 1, 0, 0, [entry(1, 1), entry(2, 1), entry(3, 1)]));
  checker.sent(append('a', 1, 1, 1, [entry(2, 1), entry(3, 1)]));
  checker.sent(append('b', 2, 2, 1, [entry(3, 2, 'other')]));
  assert.equal(checker.termBefore(3, 2), 1);
  assert.equal(checker.termBefore(9, 9), undefined);
});

test('another content under the same index and term is found', () => {
  const checker = new LogMatching();
  checker.sent(append('a', 1, 0, 0, [entry(1, 1)]));
  violates(PROPERTY, () => {
    checker.sent(append('a', 1, 0, 0, [entry(1, 1, 'other')]));
  });
});

test('another entry before the same index and term is found', () => {
  const checker = new LogMatching();
  checker.sent(append('a', 3, 1, 1, [entry(2, 3)]));
  violates(PROPERTY, () => {
    checker.sent(append('a', 3, 1, 2, [entry(2, 3)]));
  });
});
