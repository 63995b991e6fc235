import { test } from 'node:test';
import { checkBounds, PROPERTY } from './bounds.ts';
import { violates } from './support.ts';

test('figures at their bounds are fine, above them found', () => {
  checkBounds('m', [{ name: 'log entries', value: 10, max: 10 }]);
  violates(PROPERTY, () => {
    checkBounds('m', [
      { name: 'log entries', value: 10, max: 10 },
      { name: 'waiting', value: 3, max: 2 },
    ]);
  });
});
