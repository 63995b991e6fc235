import { test } from 'node:test';
import { checkDurable, PROPERTY, type FinalStore } from './durability.ts';
import { inSequence, lost, put, wrote } from './history-support.ts';
import { KvModel } from '../model.ts';
import { violates } from './support.ts';

function storeOf(compactRevision: number, ...values: readonly string[]): FinalStore {
  const model = new KvModel();
  for (const value of values) model.apply({ kind: 'put', key: 'a', value });
  return {
    id: 'm',
    revision: model.revision,
    compactRevision,
    at: (key, revision) => model.at(key, revision),
  };
}
const history = inSequence(
  [put('a', '1'), wrote(2)],
  [put('a', '2'), wrote(3)],
  [put('a', '9'), lost],
);

test('a store with every acknowledged write is fine, with or without the others', () => {
  checkDurable(history, [storeOf(0, '1', '2'), storeOf(0, '1', '2', '9'), storeOf(3, '1', '2')]);
});

test('a store that ends too early is found', () => {
  violates(PROPERTY, () => {
    checkDurable(history, [storeOf(0, '1', '2'), storeOf(0, '1')]);
  });
});

test('a write that was replaced is found, unless compacted', () => {
  violates(PROPERTY, () => {
    checkDurable(history, [storeOf(0, 'x', '2')]);
  });
  checkDurable(history, [storeOf(3, 'x', '2')]);
});
