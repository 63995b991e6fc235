import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { keyRange } from '../../src/apply/keys.ts';
import { bytesOf } from '../../src/lib/bytes.ts';
import { Harness } from './harness.ts';

describe('key ranges (etcd-surface 3.2)', () => {
  const cases: [key: string, end: string, found: string][] = [
    ['b', '', 'b'],
    ['b', '\0', 'b bb c \xff'],
    ['b', 'c', 'b bb'],
    ['b', 'b\0', 'b'],
    ['b', 'b', ''],
    ['c', 'a', ''],
    ['\0', '\0', 'a b bb c \xff'],
    ['\xff', '\0', '\xff'],
    ['a', '\xff', 'a b bb c'],
    ['b', '\0\0', ''],
  ];
  for (const [key, end, found] of cases) {
    it(`[${JSON.stringify(key)}, ${JSON.stringify(end)}) holds "${found}"`, () => {
      const machine = new Harness();
      for (const name of ['c', 'a', 'bb', '\xff', 'b']) machine.put(name);
      assert.equal(machine.keys(key, end), found);
      assert.equal(
        Number(machine.range(key, end).count),
        found === '' ? 0 : found.split(' ').length,
      );
      assert.equal(machine.delete(key, end).deleted, found === '' ? 0 : found.split(' ').length);
    });
  }

  it('a reversed range is empty, not inside out', () => {
    assert.deepEqual(keyRange(bytesOf('c'), bytesOf('a')), { start: 'c', end: 'c' });
  });
});
