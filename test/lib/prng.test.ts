import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Prng } from '../../src/lib/prng.ts';

describe('Prng', () => {
  it('gives the same sequence for the same seed and another for another', () => {
    const draw = (seed: number): string => new Prng(seed).bytes(64).toString();
    assert.equal(draw(7), draw(7));
    assert.notEqual(draw(7), draw(8));
  });

  it('below: reaches every value below the bound, about equally often', () => {
    const prng = new Prng(1);
    const counts = new Array<number>(10).fill(0);
    for (let draw = 0; draw < 10_000; draw++) {
      const value = prng.below(10);
      counts[value] = (counts[value] as number) + 1;
    }
    for (const count of counts) assert.ok(count > 850 && count < 1150, `counts ${counts.join()}`);
  });

  it('below: stays below any bound up to 2^32', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 2 ** 32 }), (seed, bound) => {
        const value = new Prng(seed).below(bound);
        assert.ok(Number.isInteger(value) && value >= 0 && value < bound);
      }),
    );
    assert.throws(() => new Prng(1).below(0), /bound/);
    assert.throws(() => new Prng(1).below(2 ** 32 + 1), /bound/);
  });

  it('bool: never at 0, always at 1, half the time between', () => {
    const prng = new Prng(3);
    let yes = 0;
    for (let draw = 0; draw < 1000; draw++) {
      assert.equal(prng.bool(0), false);
      assert.equal(prng.bool(1), true);
      if (prng.bool()) yes++;
    }
    assert.ok(yes > 400 && yes < 600);
  });

  it('shuffle: keeps every element, leaves its input alone and moves things', () => {
    const list = Array.from({ length: 50 }, (_, at) => at);
    const shuffled = new Prng(5).shuffle(list);
    assert.deepEqual(
      [...shuffled].sort((left, right) => left - right),
      list,
    );
    assert.notDeepEqual(shuffled, list);
    assert.equal(list[0], 0);
  });

  it('pick: only elements of the list, and all of them', () => {
    const prng = new Prng(9);
    const seen = new Set<string>();
    for (let draw = 0; draw < 100; draw++) seen.add(prng.pick(['a', 'b', 'c']));
    assert.deepEqual([...seen].sort(), ['a', 'b', 'c']);
    assert.throws(() => prng.pick([]), /empty/);
  });
});
