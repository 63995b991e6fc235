import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LEASE_KEY_PAGE_SLOTS, LEASE_PAGE_SLOTS } from '../../src/constants.ts';
import { Lessor } from '../../src/lease/lessor.ts';
import { Prng } from '../../src/lib/prng.ts';
import { Bench } from './bench.ts';

describe('Lessor: storage', () => {
  it('writes only the pages that changed', () => {
    const bench = new Bench();
    const { lessor, store } = bench;
    const count = 3 * LEASE_PAGE_SLOTS;
    for (let id = 1; id <= count; id++) {
      lessor.grant(BigInt(id), 100);
      lessor.attach(BigInt(id), `key-${id}`);
    }
    lessor.flush();
    assert.equal(store.rowsWritten, 1 + 3 + count / LEASE_KEY_PAGE_SLOTS);
    let before = store.rowsWritten;
    lessor.flush();
    assert.equal(store.rowsWritten, before);
    lessor.checkpoint(5n, 50);
    lessor.flush();
    assert.equal(store.rowsWritten, before + 2);
    before = store.rowsWritten;
    lessor.detach(7n, 'key-7');
    lessor.flush();
    assert.equal(store.rowsWritten, before + 2);
  });

  it('stores keys of any length, and takes rows back when they are gone', () => {
    const bench = new Bench();
    bench.lessor.grant(1n, 100);
    const long = ['a', 'b', 'c'].map((letter) => letter.repeat(1_500_000));
    for (const key of long) bench.lessor.attach(1n, key);
    bench.lessor.flush();
    bench.reopen();
    assert.deepEqual(bench.lessor.keys(1n), long);
    assert.equal(bench.store.heads('lease_key', 0, 99, 99).length, 3);
    for (const key of long) bench.lessor.detach(1n, key);
    bench.lessor.flush();
    assert.equal(bench.store.heads('lease_key', 0, 99, 99).length, 0);
    bench.reopen();
    assert.deepEqual(bench.lessor.keys(1n), []);
  });

  it('finds every flipped bit', () => {
    const bench = new Bench();
    for (let id = 1; id <= 20; id++) {
      bench.lessor.grant(BigInt(id), 100);
      bench.lessor.attach(BigInt(id), `key-${id}`);
    }
    bench.lessor.flush();
    const prng = new Prng(5);
    for (const table of ['lease', 'lease_key', 'lease_meta']) {
      const [row] = bench.store.rows(table, 0, 0, 1);
      assert.ok(row);
      for (let flip = 0; flip < 200; flip++) {
        const damaged = bench.store.fork();
        damaged.flipBit(table, 0, prng.below(8 * (row.head.length + row.data.length)));
        assert.throws(() => Lessor.open(damaged, bench.clock), {
          name: 'CorruptLeasesError',
          table,
          row: 0,
          message: /expected/,
        });
      }
    }
  });

  it('travels as bytes that do not depend on its history', () => {
    const left = new Bench();
    for (const id of [5n, -3n, 9n, 1n]) left.lessor.grant(id, 100);
    left.lessor.attach(9n, 'z');
    left.lessor.attach(9n, 'a');
    left.lessor.revoke(1n);
    left.lessor.checkpoint(5n, 30);
    const right = new Bench();
    for (const id of [1n, 9n, 5n]) right.lessor.grant(id, 100);
    right.lessor.attach(1n, 'q');
    right.lessor.revoke(1n);
    right.lessor.attach(9n, 'a');
    right.lessor.grant(-3n, 100);
    right.lessor.attach(9n, 'z');
    right.lessor.checkpoint(5n, 30);
    const bytes = left.lessor.encode();
    assert.deepEqual(right.lessor.encode(), bytes);
    const third = new Bench();
    third.lessor.grant(77n, 100);
    third.lessor.flush();
    third.lessor.restore(bytes);
    third.lessor.flush();
    third.reopen();
    assert.deepEqual(third.lessor.encode(), bytes);
    third.lessor.restore(new Uint8Array(0));
    assert.deepEqual(third.lessor.leases(), []);
    assert.throws(() => third.lessor.restore(bytes.slice(0, -1)), { name: 'DecodeError' });
  });

  // Seed 33 of the simulator: grants are counted also when no lease is left.
  it('keeps the count of grants that came with no leases', () => {
    const source = new Bench();
    source.lessor.grant(1n, 100);
    source.lessor.revoke(1n);
    const bytes = source.lessor.encode();
    const bench = new Bench();
    bench.lessor.restore(bytes);
    bench.lessor.flush();
    bench.reopen();
    assert.deepEqual(bench.lessor.encode(), bytes);
  });
});
