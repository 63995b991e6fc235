/** Goal: the tree finds exactly the ranges around a key. Method: a list searched from end to end is its twin. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { KeyRange } from '../../src/mvcc/types.ts';
import { IntervalTree } from '../../src/watch/interval-tree.ts';

const key = fc.string({ unit: fc.constantFrom('\0', 'a', 'b', 'c', '\xff'), maxLength: 3 });
const range: fc.Arbitrary<KeyRange> = fc
  .record({ start: key, end: fc.option(key, { nil: undefined }) })
  .filter(({ start, end }) => end === undefined || start < end);
const step = fc.record({ kind: fc.constantFrom('set', 'set', 'delete', 'find'), range, key });

const text = ({ start, end }: KeyRange): string => JSON.stringify([start, end ?? null]);
const contains = ({ start, end }: KeyRange, at: string): boolean =>
  start <= at && (end === undefined || at < end);

describe('IntervalTree', () => {
  it('answers as a list would, under any mix of steps', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const tree = new IntervalTree<KeyRange>();
        const twin = new Map<string, KeyRange>();
        for (const { kind, range: at, key: wanted } of steps) {
          if (kind === 'set') {
            tree.set(at);
            twin.set(text(at), at);
          } else if (kind === 'delete') {
            tree.delete(at);
            twin.delete(text(at));
          }
          const found: KeyRange[] = [];
          tree.containing(wanted, found);
          const expected = [...twin.values()].filter((one) => contains(one, wanted));
          assert.deepEqual(found.map(text).sort(), expected.map(text).sort());
          assert.equal(tree.size, twin.size);
          assert.equal(tree.get(at), twin.get(text(at)));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('visits few of many ranges that come in order', () => {
    const tree = new IntervalTree<KeyRange>();
    let asked = 0;
    const name = (index: number): string => String(index).padStart(6, '0');
    for (let index = 0; index < 10_000; index++) {
      const start = name(index);
      const end = name(index + 1);
      // Reading `start` is how the tree looks at a range.
      tree.set({
        get start() {
          asked++;
          return start;
        },
        end,
      });
    }
    asked = 0;
    const found: KeyRange[] = [];
    tree.containing(name(5000), found);
    assert.equal(found.length, 1);
    assert.ok(asked < 40, `${asked} ranges were looked at`);
  });
});
