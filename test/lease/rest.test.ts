import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bound, EXTEND, primary, SECOND } from './bench.ts';

describe('Lessor: rest and wake', () => {
  it('a wake neither extends nor forgets a lease', () => {
    const bench = primary();
    bench.lessor.grant(1n, 100);
    bench.lessor.grant(2n, 50);
    bench.clock.advance(10 * SECOND);
    bench.lessor.renew(2n, 1);
    bench.lessor.flush();
    bench.lessor.rest();
    for (let wake = 0; wake < 5; wake++) {
      bench.reopen();
      bench.clock.advance(5 * SECOND);
      bench.lessor.promote(1, EXTEND);
      const left = 90 - 5 * (wake + 1);
      assert.equal(bench.lessor.timeToLive(1n)?.remainingSeconds, left);
      assert.equal(bench.lessor.timeToLive(2n)?.remainingSeconds, left - 40);
      bench.lessor.rest();
    }
    bench.reopen();
    bench.clock.advance(30 * SECOND);
    bench.lessor.promote(1, EXTEND);
    assert.deepEqual(bench.expired(), [2n]);
  });

  it('packs the deadlines of many leases into one row', () => {
    const bench = primary();
    for (let id = 1; id <= 5000; id++) bench.lessor.grant(BigInt(id) << 32n, 10 + (id % 500));
    const before = bench.store.rowsWritten;
    bench.lessor.rest();
    assert.equal(bench.store.rowsWritten, before + 1);
    assert.ok(bench.store.sizeBytes() < 5000 * 12);
    bench.lessor.rest();
    assert.equal(bench.store.rowsWritten, before + 1);
  });

  it('needs more rows for very many, and takes them back', () => {
    const bench = primary();
    const count = 120_000;
    for (let id = 1; id <= count; id++) bench.lessor.grant(BigInt(id), 1000);
    bench.lessor.flush();
    bench.lessor.rest();
    assert.equal(bench.store.heads('lease_rest', 0, 99, 99).length, 2);
    bench.reopen();
    bench.clock.advance(SECOND);
    bench.lessor.promote(1, EXTEND);
    assert.equal(bench.lessor.timeToLive(BigInt(count))?.remainingSeconds, 999);
    for (let id = 2; id <= count; id++) bench.lessor.revoke(BigInt(id));
    bench.lessor.renew(1n, 1);
    bench.lessor.rest();
    assert.equal(bench.store.heads('lease_rest', 0, 99, 99).length, 1);
  });

  it('forgets the record when leases were renewed after it', () => {
    const bench = primary();
    bench.lessor.grant(1n, 10);
    bench.lessor.flush();
    bench.lessor.rest();
    bench.clock.advance(8 * SECOND);
    assert.equal(bench.lessor.renew(1n, 1).kind, 'renewed');
    bench.reopen();
    bench.lessor.promote(1, EXTEND);
    bench.clock.advance(9 * SECOND);
    assert.deepEqual(bench.expired(), []);
  });

  it('gives a lease that took the id of a revoked one its own time', () => {
    const bench = primary();
    bench.lessor.grant(1n, 10);
    bench.lessor.flush();
    bench.lessor.rest();
    bench.reopen();
    bench.clock.advance(8 * SECOND);
    // What is replayed from the log before leadership is resumed counts as well.
    bench.lessor.revoke(1n);
    bench.lessor.grant(1n, 10);
    bench.lessor.promote(1, EXTEND);
    assert.equal(bench.lessor.timeToLive(1n)?.remainingSeconds, 11);
  });

  it('keeps leases that were granted after the last flush and before the rest', () => {
    const bench = primary();
    bench.lessor.grant(1n, 100);
    bench.lessor.rest();
    bench.reopen();
    bench.clock.advance(30 * SECOND);
    bench.lessor.grant(1n, 100);
    bench.lessor.promote(1, EXTEND);
    assert.equal(bench.lessor.timeToLive(1n)?.remainingSeconds, 70);
  });

  it('is of no use in another term', () => {
    const bench = primary();
    bench.lessor.grant(1n, 10);
    bench.lessor.flush();
    bench.lessor.rest();
    bench.reopen();
    bench.clock.advance(9 * SECOND);
    bench.lessor.promote(3, EXTEND);
    assert.equal(bench.lessor.timeToLive(1n)?.remainingSeconds, 11);
  });

  it('extends leases when the record is damaged', () => {
    for (const bit of [0, 20, 100, 300]) {
      const bench = primary();
      bench.lessor.grant(1n, 10);
      bench.lessor.grant(2n, 10);
      bench.lessor.flush();
      bench.lessor.rest();
      bench.store.flipBit('lease_rest', 0, bit);
      bench.reopen();
      bench.clock.advance(9 * SECOND);
      bench.lessor.promote(1, EXTEND);
      assert.equal(bench.lessor.timeToLive(1n)?.remainingSeconds, 11, `bit ${bit}`);
    }
  });
});

describe('Lessor: clocks', () => {
  it('a clock set back lets no lease live longer', () => {
    const { lessor, clock, expired, alarmIn } = bound(primary());
    lessor.grant(1n, 10);
    clock.advance(4 * SECOND);
    assert.deepEqual(expired(), []);
    clock.advance(-3600 * SECOND);
    assert.equal(alarmIn(), 6 * SECOND);
    clock.advance(6 * SECOND);
    assert.deepEqual(expired(), [1n]);
  });

  it('a clock set back during sleep lets no lease live longer than the sleep', () => {
    const bench = primary();
    bench.lessor.grant(1n, 10);
    bench.clock.advance(4 * SECOND);
    bench.lessor.flush();
    bench.lessor.rest();
    bench.reopen();
    bench.clock.advance(-3600 * SECOND);
    bench.lessor.promote(1, EXTEND);
    assert.equal(bench.lessor.timeToLive(1n)?.remainingSeconds, 6);
    assert.equal(bench.alarmIn(), 6 * SECOND);
  });

  it('a clock that stands still ends nothing', () => {
    const { lessor, expired } = bound(primary());
    for (let id = 1; id <= 10; id++) lessor.grant(BigInt(id), 2);
    for (let look = 0; look < 1000; look++) assert.deepEqual(expired(), []);
  });
});
