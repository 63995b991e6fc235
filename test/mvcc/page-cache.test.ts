import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PageCache } from '../../src/mvcc/page-cache.ts';

const PAGE = 10_000;

test('page cache: stays within its budget, the longest unused page goes first', () => {
  const cache = new PageCache(5 * PAGE);
  for (let id = 0; id < 4; id++) cache.set('log', id, new Uint8Array(PAGE));
  assert.ok(cache.get('log', 0) !== undefined);
  cache.set('log', 4, new Uint8Array(PAGE));
  assert.ok(cache.bytes <= cache.budgetBytes);
  assert.equal(cache.get('log', 1), undefined);
  assert.ok(cache.get('log', 0) !== undefined);
  assert.deepEqual([cache.hits, cache.misses], [2, 1]);
});

test('page cache: log pages make room for the index, down to a quarter', () => {
  const cache = new PageCache(8 * PAGE + 4_000);
  for (let id = 0; id < 8; id++) cache.set('log', id, new Uint8Array(PAGE));
  for (let id = 0; id < 20; id++) cache.set('index', id, new Uint8Array(PAGE));
  const kept = (pageClass: 'index' | 'log'): number =>
    Array.from({ length: 20 }, (_, id) => cache.get(pageClass, id)).filter(Boolean).length;
  assert.equal(kept('log'), 2);
  assert.equal(kept('index'), 6);
});

test('page cache: a page larger than the budget is not kept', () => {
  const cache = new PageCache(PAGE);
  cache.set('log', 1, new Uint8Array(2 * PAGE));
  assert.equal(cache.get('log', 1), undefined);
  assert.equal(cache.bytes, 0);
});

test('page cache: a replaced page counts once, a deleted one not at all', () => {
  const cache = new PageCache(10 * PAGE);
  cache.set('index', 1, new Uint8Array(PAGE));
  const { bytes } = cache;
  cache.set('index', 1, new Uint8Array(PAGE));
  assert.equal(cache.bytes, bytes);
  cache.delete('index', 1);
  cache.delete('index', 1);
  assert.equal(cache.bytes, 0);
});
