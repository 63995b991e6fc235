import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  LEASE_CHECKPOINT_SLICE,
  LEASE_CHECKPOINT_SWEEP_MS,
  LEASE_EXPIRIES_BURST,
  LEASE_EXPIRIES_PENDING_MAX,
  LEASE_EXPIRIES_PER_SECOND_MAX,
  LEASE_EXPIRY_RETRY_MS,
  LEASE_MEMORY_BYTES_MAX,
} from '../../src/constants.ts';
import { drawLeaseId } from '../../src/lease/lease-id.ts';
import { Prng } from '../../src/lib/prng.ts';
import { Bench, bound, EXTEND, primary, SECOND } from './bench.ts';

describe('Lessor: grant', () => {
  it('raises short TTLs to the minimum of 2 s and returns what was granted', () => {
    const { lessor } = new Bench();
    assert.equal(lessor.grant(1n, 10), 10);
    for (const [id, ttl] of [
      [2n, 1],
      [3n, 0],
      [4n, -5],
    ] as const) {
      assert.equal(lessor.grant(id, ttl), 2);
    }
    assert.equal(lessor.grant(-7n, 9_000_000_000), 9_000_000_000);
    assert.deepEqual(lessor.leases(), [-7n, 1n, 2n, 3n, 4n]);
  });

  it('refuses id 0, ids in use and TTLs above the maximum, in etcd words', () => {
    const { lessor } = new Bench();
    lessor.grant(1n, 10);
    assert.throws(() => lessor.grant(0n, 10), /requested lease not found/);
    assert.throws(() => lessor.grant(1n, 10), /lease already exists/);
    assert.throws(() => lessor.grant(1n, 9_000_000_001), /too large lease TTL/);
    assert.equal(lessor.changes, 1);
  });

  it('refuses leases beyond what memory holds, and gives the room back', () => {
    const { lessor } = new Bench();
    lessor.grant(1n, 10);
    const big = 'x'.repeat(LEASE_MEMORY_BYTES_MAX - 250);
    assert.equal(lessor.hasRoom(1, big.length), true);
    lessor.attach(1n, big);
    assert.equal(lessor.hasRoom(1, 100), false);
    assert.throws(() => lessor.grant(2n, 10), /too many requests/);
    lessor.detach(1n, big);
    assert.equal(lessor.grant(2n, 10), 10);
  });

  it('draws positive ids that are not in use', () => {
    const drawn = [0n, 5n, 5n, -1n];
    const random = {
      bytes: () => {
        const bytes = new Uint8Array(8);
        new DataView(bytes.buffer).setBigInt64(0, drawn.shift() ?? 99n);
        return bytes;
      },
    };
    assert.equal(
      drawLeaseId(random, (id) => id === 5n),
      2n ** 63n - 1n,
    );
    assert.notEqual(
      drawLeaseId(new Prng(1), () => false),
      drawLeaseId(new Prng(2), () => false),
    );
  });
});

describe('Lessor: keys', () => {
  it('lists the keys of a lease in bytewise order, and follows them from lease to lease', () => {
    const { lessor } = new Bench();
    lessor.grant(1n, 10);
    lessor.grant(2n, 10);
    for (const key of ['b', 'a\xff', 'a', 'ab']) lessor.attach(1n, key);
    assert.deepEqual(lessor.keys(1n), ['a', 'ab', 'a\xff', 'b']);
    lessor.attach(2n, 'ab');
    lessor.attach(2n, 'ab');
    lessor.detach(1n, 'ab');
    lessor.detach(1n, 'b');
    lessor.detach(9n, 'a');
    assert.deepEqual([lessor.keys(1n), lessor.keys(2n)], [['a', 'a\xff'], ['ab']]);
    assert.deepEqual(lessor.keys(9n), []);
    assert.throws(() => lessor.attach(9n, 'z'), /no such lease/);
  });

  it('lets go of the keys of a revoked lease', () => {
    const { lessor } = new Bench();
    lessor.grant(1n, 10);
    lessor.attach(1n, 'a');
    lessor.revoke(1n);
    lessor.revoke(1n);
    assert.equal(lessor.has(1n), false);
    lessor.grant(1n, 10);
    assert.deepEqual(lessor.keys(1n), []);
  });
});

describe('Lessor: time on the primary', () => {
  it('ends a lease at its deadline, not a millisecond earlier', () => {
    const { lessor, clock, expired, alarmIn } = bound(primary());
    lessor.grant(1n, 5);
    assert.equal(alarmIn(), 5 * SECOND);
    clock.advance(5 * SECOND - 1);
    assert.deepEqual(expired(), []);
    assert.deepEqual(lessor.timeToLive(1n), { grantedSeconds: 5, remainingSeconds: 0 });
    clock.advance(1);
    assert.deepEqual(lessor.expired(), [{ id: 1n, term: 1 }]);
    assert.equal(lessor.has(1n), true);
  });

  it('hands an ended lease out again until its revocation is applied', () => {
    const { lessor, clock, expired, alarmIn } = bound(primary());
    lessor.grant(1n, 2);
    clock.advance(2 * SECOND);
    assert.deepEqual(expired(), [1n]);
    assert.deepEqual(expired(), []);
    assert.equal(alarmIn(), LEASE_EXPIRY_RETRY_MS);
    clock.advance(LEASE_EXPIRY_RETRY_MS);
    assert.deepEqual(expired(), [1n]);
    lessor.revoke(1n);
    assert.equal(alarmIn(), undefined);
    clock.advance(LEASE_EXPIRY_RETRY_MS);
    assert.deepEqual(expired(), []);
  });

  it('gives a renewed lease its full TTL again', () => {
    const { lessor, clock, expired, alarmIn } = bound(primary());
    lessor.grant(1n, 10);
    clock.advance(9 * SECOND);
    assert.equal(lessor.timeToLive(1n)?.remainingSeconds, 1);
    assert.deepEqual(lessor.renew(1n, 1), {
      kind: 'renewed',
      ttlSeconds: 10,
      clearCheckpoint: false,
    });
    assert.equal(alarmIn(), 10 * SECOND);
    clock.advance(9 * SECOND);
    assert.deepEqual(expired(), []);
  });

  it('renews nothing that is unknown, over, or confirmed in another term', () => {
    const { lessor, clock } = primary();
    lessor.grant(1n, 5);
    assert.deepEqual(lessor.renew(2n, 1), { kind: 'unknown' });
    assert.deepEqual(lessor.renew(1n, 2), { kind: 'notPrimary' });
    clock.advance(5 * SECOND);
    assert.deepEqual(lessor.renew(1n, 1), { kind: 'ended' });
    lessor.expired();
    assert.deepEqual(lessor.renew(1n, 1), { kind: 'ended' });
    lessor.revoke(1n);
    assert.deepEqual(lessor.renew(1n, 1), { kind: 'unknown' });
    lessor.demote();
    assert.deepEqual(lessor.renew(1n, 1), { kind: 'notPrimary' });
  });

  it('orders leases by what remains', () => {
    const { lessor, clock } = primary();
    lessor.grant(1n, 30);
    lessor.grant(2n, 10);
    lessor.grant(3n, 28);
    assert.deepEqual(lessor.leases(), [2n, 3n, 1n]);
    clock.advance(5 * SECOND);
    lessor.renew(3n, 1);
    assert.deepEqual(lessor.leases(), [2n, 1n, 3n]);
    lessor.demote();
    assert.deepEqual(lessor.leases(), [1n, 2n, 3n]);
  });

  it('neither ends nor times leases while it is not primary', () => {
    const { lessor, clock, expired, alarmIn } = bound(new Bench());
    lessor.grant(1n, 2);
    clock.advance(60 * SECOND);
    assert.deepEqual([expired(), alarmIn(), lessor.checkpoints()], [[], undefined, []]);
    assert.deepEqual(lessor.timeToLive(1n), { grantedSeconds: 2, remainingSeconds: undefined });
    assert.equal(lessor.timeToLive(2n), undefined);
    assert.throws(() => lessor.rest(), /not primary/);
  });

  it('paces mass expiry, and says when it goes on', () => {
    const { lessor, clock, expired, alarmIn } = bound(primary());
    const total = 3 * LEASE_EXPIRIES_PER_SECOND_MAX;
    for (let id = 1; id <= total; id++) lessor.grant(BigInt(id), 10);
    clock.advance(10 * SECOND);
    let ended = 0;
    let elapsed = 0;
    while (ended < total) {
      const batch = expired(total);
      for (const id of batch) lessor.revoke(id);
      ended += batch.length;
      assert.ok(
        ended <= LEASE_EXPIRIES_BURST + (elapsed * LEASE_EXPIRIES_PER_SECOND_MAX) / SECOND,
        `${ended} after ${elapsed} ms`,
      );
      if (ended === total) break;
      const wait = Math.max(alarmIn() ?? 0, 100);
      elapsed += wait;
      clock.advance(wait);
    }
    assert.ok(elapsed <= 3 * SECOND);
  });

  it('bounds the revocations under way', () => {
    const { lessor, clock, expired, alarmIn } = bound(primary());
    for (let id = 1; id <= LEASE_EXPIRIES_PENDING_MAX + 500; id++) lessor.grant(BigInt(id), 10);
    // Nothing is ever applied: every lease comes again and again, but no more are under way.
    const seen = new Set<bigint>();
    clock.advance(10 * SECOND);
    for (let step = 0; step < 200; step++) {
      for (const id of expired()) seen.add(id);
      assert.ok((alarmIn() ?? 0) <= LEASE_EXPIRY_RETRY_MS);
      clock.advance(100);
    }
    assert.ok(seen.size <= LEASE_EXPIRIES_PENDING_MAX);
    assert.ok(seen.size >= 3 * LEASE_EXPIRIES_PER_SECOND_MAX);
  });
});

describe('Lessor: a new leader', () => {
  it('extends every lease by an election timeout, and counts from what the log says remains', () => {
    const { lessor, clock } = new Bench();
    lessor.grant(1n, 10);
    lessor.grant(2n, 1000);
    lessor.checkpoint(2n, 300);
    clock.advance(3600 * SECOND);
    lessor.promote(4, EXTEND);
    assert.deepEqual(lessor.timeToLive(1n), { grantedSeconds: 10, remainingSeconds: 11 });
    assert.deepEqual(lessor.timeToLive(2n), { grantedSeconds: 1000, remainingSeconds: 301 });
  });

  it('takes nothing of that back when a lease is renewed', () => {
    const { lessor, clock } = new Bench();
    lessor.grant(1n, 10);
    lessor.promote(4, EXTEND);
    lessor.renew(1n, 4);
    assert.equal(lessor.timeToLive(1n)?.remainingSeconds, 11);
    clock.advance(5 * SECOND);
    lessor.renew(1n, 4);
    assert.equal(lessor.timeToLive(1n)?.remainingSeconds, 10);
  });

  it('asks to clear the checkpoint when a lease is renewed that the log says to be short', () => {
    const { lessor } = primary();
    lessor.grant(1n, 1000);
    lessor.checkpoint(1n, 300);
    const renewal = lessor.renew(1n, 1);
    assert.deepEqual(renewal, { kind: 'renewed', ttlSeconds: 1000, clearCheckpoint: true });
    lessor.checkpoint(1n, 0);
    assert.equal((lessor.renew(1n, 1) as { clearCheckpoint: boolean }).clearCheckpoint, false);
    lessor.promote(2, EXTEND);
    assert.equal(lessor.timeToLive(1n)?.remainingSeconds, 1001);
  });

  it('takes a checkpoint that makes no sense for none', () => {
    const { lessor } = new Bench();
    lessor.grant(1n, 100);
    for (const seconds of [-1, 100, 5000]) {
      lessor.checkpoint(1n, 50);
      lessor.checkpoint(1n, seconds);
      lessor.promote(seconds + 2, 0);
      assert.equal(lessor.timeToLive(1n)?.remainingSeconds, 100);
    }
    assert.throws(() => lessor.checkpoint(9n, 5), /requested lease not found/);
  });

  it('checkpoints leases that age, once, and no others', () => {
    const { lessor, clock } = primary();
    lessor.grant(1n, 60);
    lessor.grant(2n, 200);
    lessor.grant(3n, 7200);
    assert.deepEqual(lessor.checkpoints(), []);
    const collected: [number, bigint, number][] = [];
    for (let second = 1; second <= 700; second++) {
      clock.advance(SECOND);
      if (second % 40 === 0) lessor.renew(1n, 1);
      for (const { id, remainingSeconds } of lessor.checkpoints()) {
        collected.push([second, id, remainingSeconds]);
        lessor.checkpoint(id, remainingSeconds);
      }
    }
    assert.deepEqual(collected, [
      [120, 2n, 80],
      [330, 3n, 7200 - 330],
      [660, 3n, 7200 - 660],
    ]);
  });

  it('asks to clear a checkpoint that is still on its way when the lease is renewed', () => {
    const { lessor, clock } = primary();
    lessor.grant(1n, 200);
    assert.deepEqual(lessor.checkpoints(), []);
    clock.advance(120 * SECOND);
    assert.deepEqual(lessor.checkpoints(), [{ id: 1n, remainingSeconds: 80 }]);
    const cleared = { kind: 'renewed', ttlSeconds: 200, clearCheckpoint: true };
    assert.deepEqual(lessor.renew(1n, 1), cleared);
    lessor.checkpoint(1n, 80);
    assert.deepEqual(lessor.renew(1n, 1), cleared);
    lessor.checkpoint(1n, 0);
    assert.deepEqual(lessor.renew(1n, 1), { ...cleared, clearCheckpoint: false });
  });

  it('checkpoints a lease again once what was on its way for it has arrived', () => {
    const { lessor, clock } = primary();
    lessor.grant(1n, 200);
    assert.deepEqual(lessor.checkpoints(), []);
    clock.advance(120 * SECOND);
    assert.equal(lessor.checkpoints().length, 1);
    lessor.renew(1n, 1);
    clock.advance(120 * SECOND);
    assert.deepEqual(lessor.checkpoints(), []);
    lessor.checkpoint(1n, 80);
    lessor.checkpoint(1n, 0);
    clock.advance(LEASE_CHECKPOINT_SWEEP_MS);
    assert.deepEqual(lessor.checkpoints(), [{ id: 1n, remainingSeconds: 50 }]);
  });

  it('looks at no more leases a call than its slice, however many there are', () => {
    const { lessor, clock } = primary();
    const total = 2 * LEASE_CHECKPOINT_SLICE + 10;
    for (let id = 1; id <= total; id++) lessor.grant(BigInt(id), 1000);
    clock.advance(400 * SECOND);
    const rounds = [1, 2, 3, 4].map(() => lessor.checkpoints());
    const sizes = rounds.map(({ length }) => length);
    assert.deepEqual(sizes, [LEASE_CHECKPOINT_SLICE, LEASE_CHECKPOINT_SLICE, 10, 0]);
    for (const { id, remainingSeconds } of rounds.flat()) lessor.checkpoint(id, remainingSeconds);
    clock.advance(400 * SECOND);
    assert.equal(lessor.checkpoints().length, LEASE_CHECKPOINT_SLICE);
  });
});
