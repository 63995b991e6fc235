import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Deadline, RestRecord } from '../../src/lease/rest-record.ts';
import { MemoryRowStore } from '../support/memory-row-store.ts';

const AT = Date.UTC(2026, 0, 1);
const many: Deadline[] = Array.from({ length: 120_000 }, (_, at) => ({
  id: BigInt(at) - 60_000n,
  atMs: AT + 7 * at,
}));

describe('RestRecord', () => {
  it('gives back what was written, by another instance, over one row or two', () => {
    for (const deadlines of [[], many.slice(0, 3), many]) {
      const store = new MemoryRowStore();
      const point = { term: 5, grants: 9, atMs: AT };
      new RestRecord(store).write(point, deadlines);
      const record = new RestRecord(store);
      assert.equal(record.point?.term, 5);
      assert.deepEqual(record.read(), deadlines);
      record.drop();
      assert.equal(new RestRecord(store).point, undefined);
    }
  });

  it('gives nothing when a row is missing, or of another record', () => {
    const store = new MemoryRowStore();
    new RestRecord(store).write({ term: 1, grants: 9, atMs: AT }, many);
    const old = store.get('lease_rest', 1);
    assert.ok(old);
    const record = new RestRecord(store);
    record.write({ term: 2, grants: 9, atMs: AT }, many);
    assert.equal(record.read()?.length, many.length);
    store.put('lease_rest', 1, old.head, old.data);
    assert.equal(record.read(), undefined);
    store.delete('lease_rest', 1);
    assert.equal(record.read(), undefined);
  });
});
