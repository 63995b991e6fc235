import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { entryBytes } from '../../src/raft/entry.ts';
import { EntryCache } from '../../src/wal/entry-cache.ts';
import { entry, run } from './helpers.ts';

describe('EntryCache', () => {
  it('holds as many of the newest entries as its budget takes', () => {
    const size = entryBytes(entry(1, 1, 100));
    const cache = new EntryCache(10 * size);
    cache.push(run(1, 10, 1, 100));
    assert.equal(cache.firstIndex, 1);
    cache.dropFrom(6);
    cache.push(run(6, 10, 2, 100));
    assert.equal(cache.firstIndex, 1);
    assert.deepEqual(cache.get(6), entry(6, 2, 100));
    cache.push(run(11, 13, 2, 100));
    assert.equal(cache.firstIndex, 4);
    assert.equal(cache.get(3), undefined);
    cache.dropThrough(8);
    cache.push(run(14, 18, 2, 100));
    assert.equal(cache.firstIndex, 9);
    cache.dropFrom(0);
    assert.equal(cache.firstIndex, undefined);
  });

  it('keeps the newest entry, whatever its size', () => {
    const cache = new EntryCache(100);
    cache.push(run(1, 3, 1, 1000));
    assert.equal(cache.firstIndex, 3);
  });
});
