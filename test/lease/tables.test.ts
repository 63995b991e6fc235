/** The lease tables beside maps and sorted lists. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Prng } from '../../src/lib/prng.ts';
import { DeadlineHeap } from '../../src/lease/deadline-heap.ts';
import { IdIndex, NONE } from '../../src/lease/id-index.ts';
import { KeyTable } from '../../src/lease/key-table.ts';
import { LeaseTable } from '../../src/lease/lease-table.ts';

describe('IdIndex', () => {
  for (const [name, idOf] of Object.entries<(prng: Prng) => bigint>({
    'small ids': (prng) => BigInt(prng.below(3000)),
    'ids that differ in the upper word': (prng) => BigInt(prng.below(3000)) << 40n,
    'negative ids': (prng) => -BigInt(prng.below(3000)),
  })) {
    it(`finds what a map finds: ${name}`, () => {
      const prng = new Prng(11);
      const index = new IdIndex();
      const twin = new Map<bigint, number>();
      const free = Array.from({ length: 3000 }, (_, slot) => 2999 - slot);
      for (let step = 0; step < 30_000; step++) {
        const id = idOf(prng);
        const slot = twin.get(id);
        assert.equal(index.find(id), slot ?? NONE);
        if (slot === undefined && prng.bool(0.6)) {
          const taken = free.pop() ?? 0;
          index.insert(id, taken);
          twin.set(id, taken);
        } else if (slot !== undefined && prng.bool(0.6)) {
          index.remove(slot);
          twin.delete(id);
          free.push(slot);
        }
      }
      for (const [id, slot] of twin) {
        assert.equal(index.find(id), slot);
        assert.equal(index.idOf(slot), id);
      }
    });
  }

  it('keeps all 64 bits of an id', () => {
    const index = new IdIndex();
    const ids = [2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n, 2n ** 53n, -1n, 1n << 32n, 1n];
    for (const [slot, id] of ids.entries()) index.insert(id, slot);
    for (const [slot, id] of ids.entries()) {
      assert.equal(index.find(id), slot);
      assert.equal(index.idOf(slot), id);
    }
  });
});

describe('DeadlineHeap', () => {
  it('gives the earliest deadline under any mix of set, move and remove', () => {
    const prng = new Prng(12);
    const heap = new DeadlineHeap();
    const twin = new Map<number, number>();
    for (let step = 0; step < 20_000; step++) {
      const slot = prng.below(400);
      if (prng.bool(0.7)) {
        const deadline = prng.below(1000);
        heap.set(slot, deadline);
        twin.set(slot, deadline);
      } else {
        heap.remove(slot);
        twin.delete(slot);
      }
      assert.equal(heap.size, twin.size);
      assert.equal(heap.has(slot), twin.has(slot));
      const first = heap.peek();
      assert.equal(first === undefined ? Infinity : twin.get(first), Math.min(...twin.values()));
    }
    let last = -1;
    for (let first = heap.peek(); first !== undefined; first = heap.peek()) {
      const deadline = heap.deadlineOf(first);
      assert.ok(deadline >= last);
      last = deadline;
      heap.remove(first);
      assert.equal(heap.deadlineOf(first), deadline);
    }
  });
});

describe('LeaseTable', () => {
  it('uses free slots again before new ones', () => {
    const changed: number[] = [];
    const table = new LeaseTable((slot) => changed.push(slot));
    for (let id = 1n; id <= 1000n; id++) table.add(id, 10);
    for (let id = 1n; id <= 1000n; id += 2n) table.remove(table.find(id));
    assert.deepEqual([table.size, table.end], [500, 1000]);
    for (let id = 2001n; id <= 2500n; id++) table.add(id, 20);
    assert.deepEqual([table.size, table.end], [1000, 1000]);
    assert.equal([...table.slots()].length, 1000);
    assert.equal(table.ttlOf(table.find(2n)), 10);
    assert.equal(table.ttlOf(table.find(2500n)), 20);
    assert.equal(changed.length, 2000);
  });
});

describe('KeyTable', () => {
  it('knows the keys of each lease, and the lease of each key', () => {
    const prng = new Prng(13);
    const table = new KeyTable(() => undefined);
    const twin = new Map<string, number>();
    for (let step = 0; step < 20_000; step++) {
      const key = `k${prng.below(500)}`;
      const lease = prng.below(40);
      const before = twin.get(key);
      assert.equal(table.find(key), before);
      if (before === undefined) {
        table.attach(lease, key);
        twin.set(key, lease);
      } else {
        table.detach(key);
        twin.delete(key);
      }
      const expected = [...twin].filter(([, on]) => on === lease).map(([name]) => name);
      if (step % 50 === 0) assert.deepEqual(table.keysOf(lease).sort(), expected.sort());
    }
    assert.equal(table.size, twin.size);
    assert.equal(table.keyBytes, [...twin.keys()].join('').length);
    assert.ok(table.end <= 500);
  });
});
