import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '../../src/lib/prng.ts';
import { inMacrotask } from './drain.ts';
import { Scheduler } from './scheduler.ts';
import { MachineClock } from './sim-clock.ts';

test('events run by time, then in the order they were scheduled', () =>
  inMacrotask(() => {
    const scheduler = new Scheduler();
    const prng = new Prng(3);
    const planned = Array.from({ length: 500 }, (_, order) => ({ atMs: prng.below(50), order }));
    const ran: typeof planned = [];
    for (const each of planned) scheduler.after(each.atMs, () => ran.push(each));
    scheduler.runUntil(1_000);
    assert.deepEqual(
      ran,
      [...planned].sort((left, right) => left.atMs - right.atMs || left.order - right.order),
    );
  }));

test('continuations run before the next event', () =>
  inMacrotask(() => {
    const scheduler = new Scheduler();
    const seen: string[] = [];
    scheduler.after(1, () => {
      void (async () => {
        await Promise.resolve();
        await Promise.resolve();
        seen.push('continuation');
      })();
    });
    scheduler.after(1, () => seen.push('next event'));
    scheduler.runUntil(2);
    assert.deepEqual(seen, ['continuation', 'next event']);
  }));

test('a cancelled event does not run, and a stop ends the run', () =>
  inMacrotask(() => {
    const scheduler = new Scheduler();
    let ran = 0;
    scheduler.cancel(scheduler.after(1, () => ran++));
    scheduler.after(2, () => ran++);
    scheduler.after(3, () => ran++);
    scheduler.runUntil(10, () => ran === 1);
    assert.equal(ran, 1);
    assert.equal(scheduler.nowMs, 2);
  }));

test('a machine clock drifts and jumps without looking back', () =>
  inMacrotask(() => {
    const scheduler = new Scheduler();
    const clock = new MachineClock(scheduler);
    const start = clock.nowMs();
    clock.setRate(2);
    scheduler.runUntil(100);
    assert.equal(clock.nowMs() - start, 200);
    clock.setRate(1);
    clock.jump(-500);
    scheduler.runUntil(200);
    assert.equal(clock.nowMs() - start, -200);
    assert.equal(clock.untilMs(start), 200);
  }));
