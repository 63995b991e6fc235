import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SortOrder, SortTarget, type RangeRequestInput } from '../../src/api/messages.ts';
import { Harness, keysOf, shown } from './harness.ts';

/** a: created 2, changed 5, version 2, "z"; b: 3, 3, 1, "y"; c: 4, 6, 2, "x". The newest revision is 6. */
function filled(): Harness {
  const machine = new Harness();
  machine.put('a', 'old');
  machine.put('b', 'y');
  machine.put('c', 'older');
  machine.put('a', 'z');
  machine.txn({
    success: [{ request_put: { key: Uint8Array.of(99), value: Uint8Array.of(120) } }],
  });
  return machine;
}

describe('range (rules G2 to G14)', () => {
  it('G2: a revision above the current one is a future revision', () => {
    assert.throws(
      () => filled().range('a', '', { revision: 7 }),
      /required revision is a future revision/,
    );
  });

  it('G2: below the compaction is compacted, the compaction itself is readable', () => {
    const machine = filled();
    machine.done({ compaction: { revision: 4 } });
    assert.throws(
      () => machine.range('a', '', { revision: 3 }),
      /required revision has been compacted/,
    );
    assert.equal(shown(machine.range('a', '', { revision: 4 }).kvs?.[0]), 'a=old 2/2/1/0');
  });

  for (const revision of [0, -1, -100]) {
    it(`G2: revision ${revision} is the newest`, () => {
      assert.equal(shown(filled().range('a', '', { revision }).kvs?.[0]), 'a=z 2/5/2/0');
    });
  }

  it('G3: count ignores limit and filters, and follows the revision', () => {
    const machine = filled();
    assert.equal(machine.range('\0', '\0', { limit: 1 }).count, 3);
    assert.equal(machine.range('\0', '\0', { min_mod_revision: 6 }).count, 3);
    assert.equal(machine.range('\0', '\0', { revision: 3 }).count, 2);
  });

  const limits: [limit: number | bigint, keys: string, more: boolean][] = [
    [0, 'a b c', false],
    [-1, 'a b c', false],
    [1, 'a', true],
    [2, 'a b', true],
    [3, 'a b c', false],
    [4, 'a b c', false],
    [2n ** 63n - 1n, 'a b c', false],
    [-(2n ** 63n), 'a b c', false],
  ];
  for (const [limit, keys, more] of limits) {
    it(`G4: limit ${limit} gives "${keys}", more ${more}`, () => {
      const response = filled().range('\0', '\0', { limit });
      assert.equal(keysOf(response.kvs), keys);
      assert.equal(response.more, more);
    });
  }

  it('G4: more counts what is left after filters', () => {
    const response = filled().range('\0', '\0', { limit: 1, min_mod_revision: 5 });
    assert.equal(keysOf(response.kvs), 'a');
    assert.equal(response.more, true);
    const exact = filled().range('\0', '\0', { limit: 2, min_mod_revision: 5 });
    assert.equal(exact.more, false);
  });

  it('G5: count_only gives no pairs, no more, and ignores limit and filters', () => {
    const request = { count_only: true, limit: 1, min_mod_revision: 100 };
    const response = filled().range('\0', '\0', request);
    assert.deepEqual(response.kvs, []);
    assert.equal(response.more, false);
    assert.equal(response.count, 3);
  });

  it('G6: keys_only has no values, and no lease: it is answered from the index', () => {
    const machine = new Harness();
    machine.done({ lease_grant: { ID: 9n, TTL: 10 } });
    machine.put('a', 'value', { lease: 9n });
    assert.equal(shown(machine.range('a', '', { keys_only: true }).kvs?.[0]), 'a= 2/2/1/0');
  });

  it('G6: keys_only sorted by value had to read the pair, and keeps its lease', () => {
    const machine = new Harness();
    machine.done({ lease_grant: { ID: 9n, TTL: 10 } });
    machine.put('a', 'value', { lease: 9n });
    const request = { keys_only: true, sort_target: SortTarget.VALUE };
    assert.equal(shown(machine.range('a', '', request).kvs?.[0]), 'a= 2/2/1/9');
  });

  const filters: [filter: Partial<RangeRequestInput>, keys: string][] = [
    [{ min_mod_revision: 5 }, 'a c'],
    [{ max_mod_revision: 5 }, 'a b'],
    [{ min_create_revision: 3 }, 'b c'],
    [{ max_create_revision: 3 }, 'a b'],
    [{ min_mod_revision: 4, max_mod_revision: 5 }, 'a'],
    [{ min_mod_revision: 6, max_create_revision: 3 }, ''],
    [{ min_mod_revision: -5 }, 'a b c'],
    [{ max_mod_revision: -5 }, ''],
    [{ min_mod_revision: 2n ** 63n - 1n }, ''],
    [{ max_mod_revision: 2n ** 63n - 1n }, 'a b c'],
  ];
  for (const [filter, keys] of filters) {
    it(`G7: ${Object.entries(filter).join(' ')} leaves "${keys}"`, () => {
      assert.equal(filled().keys('\0', '\0', filter), keys);
    });
  }

  const sorts: [target: keyof typeof SortTarget, order: keyof typeof SortOrder, keys: string][] = [
    ['KEY', 'NONE', 'a b c'],
    ['KEY', 'ASCEND', 'a b c'],
    ['KEY', 'DESCEND', 'c b a'],
    ['VERSION', 'ASCEND', 'b a c'],
    ['VERSION', 'DESCEND', 'a c b'],
    ['CREATE', 'DESCEND', 'c b a'],
    ['MOD', 'ASCEND', 'b a c'],
    ['MOD', 'DESCEND', 'c a b'],
    ['VALUE', 'ASCEND', 'c b a'],
    ['VALUE', 'DESCEND', 'a b c'],
    ['VALUE', 'NONE', 'c b a'],
  ];
  for (const [target, order, keys] of sorts) {
    it(`G8, G9: sorted by ${target} ${order} is "${keys}"`, () => {
      const request = { sort_target: SortTarget[target], sort_order: SortOrder[order] };
      assert.equal(filled().keys('\0', '\0', request), keys);
    });
  }

  it('G8: without an order the limit cuts in key order, and what is left is sorted', () => {
    const request = { sort_target: SortTarget.MOD, limit: 1 };
    assert.equal(filled().keys('\0', '\0', { ...request, sort_order: SortOrder.NONE }), 'b');
    assert.equal(filled().keys('\0', '\0', { ...request, sort_order: SortOrder.ASCEND }), 'b');
    // Keys a (3), b (4), c (2): the first two are considered, of which a is the older.
    const machine = new Harness();
    for (const key of ['c', 'a', 'b']) machine.put(key);
    assert.equal(machine.keys('\0', '\0', { ...request, sort_order: SortOrder.NONE }), 'a');
    assert.equal(machine.keys('\0', '\0', { ...request, sort_order: SortOrder.ASCEND }), 'c');
  });

  it('G9: values sort bytewise', () => {
    const machine = new Harness();
    machine.put('a', '\xff');
    machine.put('b', 'z');
    machine.put('c', '');
    const request = { sort_target: SortTarget.VALUE, sort_order: SortOrder.ASCEND };
    assert.equal(machine.keys('\0', '\0', request), 'c b a');
  });

  it('G12: a single missing key is no error', () => {
    const response = filled().range('missing');
    assert.deepEqual(response.kvs, []);
    assert.equal(response.count, 0);
  });

  it('G14: any bytes are a key and a value; the empty value is one', () => {
    const machine = new Harness();
    machine.put('\0\xff\x80', '\0\xff');
    machine.put('b', '');
    assert.equal(shown(machine.get('\0\xff\x80')), '\0\xff\x80=\0\xff 2/2/1/0');
    assert.equal(shown(machine.get('b')), 'b= 3/3/1/0');
  });
});
