import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Heap } from '../../src/lib/heap.ts';

describe('Heap', () => {
  it('is a sorted list under any mix of pushes and pops', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.integer({ min: 0, max: 50 }))), (steps) => {
        const heap = new Heap<number>((left, right) => left - right);
        const twin: number[] = [];
        for (const step of steps) {
          if (step === null) {
            assert.equal(heap.pop(), twin.shift());
          } else {
            heap.push(step);
            twin.push(step);
            twin.sort((left, right) => left - right);
          }
          assert.equal(heap.size, twin.length);
          assert.equal(heap.peek(), twin[0]);
        }
      }),
    );
  });
});
