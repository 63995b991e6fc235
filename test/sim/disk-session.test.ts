/** The rules of a durable object's storage, which the checkers' verdicts rest on. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '../../src/lib/prng.ts';
import { Disk } from './disk.ts';
import { StorageFullError } from '../../src/lib/row-store.ts';
import { type DiskSession, SimulatedCrash } from './disk-session.ts';
import { drain, inMacrotask } from './drain.ts';
import { Scheduler } from './scheduler.ts';

const NOTHING = new Uint8Array(0);
const COMMIT_MS = 10;

interface Bench {
  readonly scheduler: Scheduler;
  readonly disk: Disk;
}

function bench(
  options: { torn?: boolean; bytesMax?: number; commitDelayMs?: () => number } = {},
): Bench {
  const scheduler = new Scheduler();
  const disk = new Disk(scheduler, {
    commitDelayMs: options.commitDelayMs ?? (() => COMMIT_MS),
    bytesMax: () => options.bytesMax ?? Infinity,
    tornBatches: options.torn ?? false,
  });
  return { scheduler, disk };
}

/** Writes rows in one turn. */
function turn(session: DiskSession, ...ids: number[]): void {
  for (const id of ids) session.put('t', id, NOTHING, Uint8Array.of(id));
  drain();
}

const idsOf = (session: DiskSession): number[] =>
  session.heads('t', 0, 1_000, 1_000).map(({ id }) => id);

/** A test inside a macrotask, where `drain` works. */
function simulated(name: string, run: () => void): void {
  test(name, () => inMacrotask(run));
}

simulated('an instance sees its writes at once, the disk has them a commit later', () => {
  const { scheduler, disk } = bench();
  const session = disk.open();
  turn(session, 1, 2);
  assert.deepEqual(idsOf(session), [1, 2]);
  assert.equal(disk.durable.tables.size, 0);
  scheduler.runUntil(COMMIT_MS);
  assert.deepEqual(disk.durable.tables.get('t')?.ids, [1, 2]);
});

// Seed 5714: a rounded sum let a later transaction come first, and none was confirmed any more.
simulated('transactions that wait for a slow one follow it in order', () => {
  const prng = new Prng(5714);
  let slow = false;
  const { scheduler, disk } = bench({
    commitDelayMs: () => (slow ? 30 : 1) * -Math.log(1 - prng.float()),
  });
  const session = disk.open();
  const sent: number[] = [];
  for (let id = 1; id <= 300; id++) {
    slow = id % 10 === 1;
    turn(session, id);
    session.output(() => sent.push(id));
    scheduler.runUntil(scheduler.nowMs - Math.log(1 - prng.float()));
  }
  scheduler.runUntil(20_000);
  assert.equal(session.unconfirmed, 0);
  assert.deepEqual(
    sent,
    Array.from({ length: 300 }, (_, at) => at + 1),
  );
});

simulated('what is sent after a write waits for it, what is sent before does not', () => {
  const { scheduler, disk } = bench();
  const session = disk.open();
  const sent: string[] = [];
  session.output(() => sent.push('before'));
  session.put('t', 1, NOTHING, NOTHING);
  session.output(() => sent.push('after'));
  drain();
  session.output(() => sent.push('next turn'));
  assert.deepEqual(sent, ['before']);
  scheduler.runUntil(COMMIT_MS - 1);
  assert.deepEqual(sent, ['before']);
  scheduler.runUntil(COMMIT_MS);
  assert.deepEqual(sent, ['before', 'after', 'next turn']);
});

simulated('a crash keeps whole turns in order, and drops what was held', () => {
  for (const survivors of [0, 1, 2]) {
    const { scheduler, disk } = bench();
    const session = disk.open();
    let sent = 0;
    turn(session, 1, 2);
    turn(session, 3);
    session.output(() => sent++);
    session.kill(() => survivors);
    scheduler.runUntil(1_000);
    assert.deepEqual(idsOf(disk.open()), [[], [1, 2], [1, 2, 3]][survivors]);
    assert.equal(sent, 0);
  }
});

simulated('a torn batch keeps part of a turn, when that is asked for', () => {
  const { disk } = bench({ torn: true });
  const session = disk.open();
  turn(session, 1, 2);
  session.kill(() => 0);
  assert.deepEqual(idsOf(disk.open()), [1]);
});

simulated('a stale session reads on, but nothing it writes is confirmed or seen', () => {
  const { scheduler, disk } = bench();
  const old = disk.open();
  turn(old, 1);
  scheduler.runUntil(COMMIT_MS);
  const fresh = disk.open();
  let sent = 0;
  old.output(() => sent++);
  turn(old, 2);
  old.output(() => sent++);
  turn(fresh, 3);
  scheduler.runUntil(1_000);
  assert.equal(sent, 1);
  assert.deepEqual(idsOf(old), [1, 2]);
  assert.deepEqual(disk.durable.tables.get('t')?.ids, [1, 3]);
});

simulated('a surrender confirms the oldest turns and none after', () => {
  const { scheduler, disk } = bench();
  const old = disk.open();
  const sent: number[] = [];
  for (const id of [1, 2]) {
    turn(old, id);
    old.output(() => sent.push(id));
  }
  old.surrender(1);
  scheduler.runUntil(1_000);
  assert.deepEqual(sent, [1]);
  assert.deepEqual(idsOf(disk.open()), [1]);
});

simulated('atomically undoes what it wrote when it throws, nested too', () => {
  const { scheduler, disk } = bench();
  const session = disk.open();
  turn(session, 1, 5);
  assert.throws(() => {
    session.atomically(() => {
      session.delete('t', 1);
      session.atomically(() => {
        session.put('t', 1, NOTHING, NOTHING);
        session.drop('t');
      });
      throw new Error('no');
    });
  }, /no/);
  drain();
  scheduler.runUntil(1_000);
  assert.deepEqual(idsOf(session), [1, 5]);
  assert.deepEqual(disk.durable.tables.get('t')?.ids, [1, 5]);
});

simulated('an armed crash strikes at its statement, and everything after fails too', () => {
  const { disk } = bench();
  const session = disk.open();
  session.crashAt = 2;
  let told = 0;
  session.onCrash = () => {
    told++;
    session.kill(() => 0);
  };
  session.put('t', 1, NOTHING, NOTHING);
  assert.throws(() => session.get('t', 1), SimulatedCrash);
  assert.throws(() => {
    session.put('t', 2, NOTHING, NOTHING);
  }, SimulatedCrash);
  assert.equal(told, 1);
});

simulated('a full disk refuses writes and keeps what it has', () => {
  const { disk } = bench({ bytesMax: 20 });
  const session = disk.open();
  session.put('t', 1, NOTHING, Uint8Array.of(1));
  assert.throws(() => {
    session.put('t', 2, NOTHING, new Uint8Array(30));
  }, StorageFullError);
  assert.deepEqual(idsOf(session), [1]);
});

simulated('a flipped bit changes one byte of one row', () => {
  const { scheduler, disk } = bench();
  const session = disk.open();
  session.put('t', 7, NOTHING, new Uint8Array(16));
  drain();
  scheduler.runUntil(COMMIT_MS);
  assert.match(disk.flipBit(new Prng(1)) ?? '', /^t\/7 byte \d+$/);
  const data = disk.open().get('t', 7)?.data ?? NOTHING;
  assert.equal([...data].filter((byte) => byte !== 0).length, 1);
});

simulated('floor and ceiling find neighbours; bytes handed out and in are copies', () => {
  const { disk } = bench();
  const session = disk.open();
  const bytes = Uint8Array.of(1);
  session.put('t', 3, NOTHING, bytes);
  session.put('t', 9, NOTHING, bytes);
  bytes[0] = 99;
  const row = session.get('t', 3);
  assert.deepEqual(row?.data, Uint8Array.of(1));
  row.data[0] = 98;
  assert.deepEqual(session.get('t', 3)?.data, Uint8Array.of(1));
  assert.equal(session.floor('t', 8)?.id, 3);
  assert.equal(session.floor('t', 2), undefined);
  assert.equal(session.ceiling('t', 4)?.id, 9);
  assert.equal(session.ceiling('t', 10), undefined);
});
