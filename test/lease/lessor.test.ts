import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  LEASE_CHECKPOINT_SLICE,
  LEASE_CHECKPOINT_SWEEP_MS,
  LEASE_EXPIRIES_BURST,
  LEASE_EXPIRIES_PENDING_MAX,
  LEASE_EXPIRIES_PER_SECOND_MAX,
  LEASE_EXPIRY_RETRY_MS,
  LEASE_KEY_PAGE_SLOTS,
  LEASE_MEMORY_BYTES_MAX,
  LEASE_PAGE_SLOTS,
} from '../../src/constants.ts';
import { Prng } from '../../src/lib/prng.ts';
import { drawLeaseId } from '../../src/lease/lease-id.ts';
import { Lessor } from '../../src/lease/lessor.ts';
import { MemoryRowStore } from '../support/memory-row-store.ts';
import { TestClock } from './clock.ts';

const SECOND = 1000;
const EXTEND = SECOND;

/** A member's lessor with what it stands on. */
class Bench {
  store = new MemoryRowStore();
  readonly clock = new TestClock();
  lessor = Lessor.open(this.store, this.clock);

  /** Expired ids, in the order given. */
  expired(max?: number): bigint[] {
    return this.lessor.expired(max).map(({ id }) => id);
  }

  /** Puts the object away and builds it anew from its storage. */
  reopen(): void {
    this.store.sync();
    this.store = this.store.crash();
    this.lessor = Lessor.open(this.store, this.clock);
  }

  /** Milliseconds until the alarm. */
  alarmIn(): number | undefined {
    const at = this.lessor.nextDeadline();
    return at === undefined ? undefined : at - this.clock.nowMs();
  }
}

function primary(): Bench {
  const bench = new Bench();
  bench.lessor.promote(1, EXTEND);
  return bench;
}

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

  it('looks at no more leases a call than its slice, however many there are', () => {
    const { lessor, clock } = primary();
    const total = 2 * LEASE_CHECKPOINT_SLICE + 10;
    for (let id = 1; id <= total; id++) lessor.grant(BigInt(id), 1000);
    clock.advance(400 * SECOND);
    const sizes = [1, 2, 3, 4].map(() => lessor.checkpoints().length);
    assert.deepEqual(sizes, [LEASE_CHECKPOINT_SLICE, LEASE_CHECKPOINT_SLICE, 10, 0]);
    clock.advance(LEASE_CHECKPOINT_SWEEP_MS);
    assert.equal(lessor.checkpoints().length, LEASE_CHECKPOINT_SLICE);
  });
});

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
});

/** Methods bound, so that a test can take them apart. */
function bound(bench: Bench): {
  lessor: Lessor;
  clock: TestClock;
  expired: (max?: number) => bigint[];
  alarmIn: () => number | undefined;
} {
  return {
    lessor: bench.lessor,
    clock: bench.clock,
    expired: (max) => bench.expired(max),
    alarmIn: () => bench.alarmIn(),
  };
}
