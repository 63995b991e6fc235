import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Harness, shown } from './harness.ts';

/** Newest revision 5: a at 2, 3, 4; b at 5. */
function filled(): Harness {
  const machine = new Harness();
  for (const value of ['1', '2', '3']) machine.put('a', value);
  machine.put('b');
  return machine;
}

describe('compaction (rules C1 to C3)', () => {
  const cases: [compacted: number, revision: number | bigint, refused: RegExp | undefined][] = [
    [-1, 0, undefined],
    [-1, -1, /compacted/],
    [-1, -(2n ** 63n), /compacted/],
    [0, 0, /compacted/],
    [-1, 5, undefined],
    [-1, 6, /future revision/],
    [-1, 2n ** 63n - 1n, /future revision/],
    [3, 4, undefined],
    [3, 3, /compacted/],
    [3, 2, /compacted/],
  ];
  for (const [compacted, revision, refused] of cases) {
    it(`C1: to ${revision} after ${compacted}, at 5: ${refused?.source ?? 'fine'}`, () => {
      const machine = filled();
      if (compacted >= 0) machine.done({ compaction: { revision: compacted } });
      const request = { compaction: { revision } };
      if (refused === undefined) machine.done(request);
      else assert.match(machine.failed(request).message, refused);
    });
  }

  it('C2: what stood at the compacted revision can still be read there', () => {
    const machine = filled();
    machine.done({ compaction: { revision: 3 } });
    assert.equal(shown(machine.range('a', '', { revision: 3 }).kvs?.[0]), 'a=2 2/3/2/0');
    assert.equal(shown(machine.get('a')), 'a=3 2/4/3/0');
  });

  it('C3: neither revision nor header moves; reads below fail at once', () => {
    const machine = filled();
    const response = machine.done({ compaction: { revision: 4 } });
    assert.deepEqual(response, { header: { revision: 5 } });
    assert.throws(() => machine.range('a', '', { revision: 3 }), /compacted/);
  });
});
