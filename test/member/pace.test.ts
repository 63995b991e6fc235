import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TURNS_AT_ONCE_PER_MS_MAX } from '../../src/constants.ts';
import { Pace } from '../../src/member/pace.ts';
import type { Clock } from '../../src/member/ports.ts';

/** A clock that stands where it is put; its timers run when told. */
function standingClock() {
  const timers: (() => void)[] = [];
  const clock = {
    ms: 0,
    nowMs: () => clock.ms,
    setTimer: (_delayMs: number, run: () => void) => {
      timers.push(run);
      return { cancel: () => void timers.splice(timers.indexOf(run), 1) };
    },
    setAlarm: () => undefined,
    timers,
    runTimers: () => timers.splice(0).forEach((run) => run()),
  };
  return clock satisfies Clock;
}

const eventEnds = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function paceOf(clock: Clock): { readonly pace: Pace; turns: number } {
  const counted = {
    turns: 0,
    pace: new Pace(clock, {
      turn: () => {
        counted.turns++;
      },
      tick: () => undefined,
      work: () => undefined,
    }),
  };
  return counted;
}

describe('turns of a member', () => {
  test('one that comes alone has its turn at the end of its event', async () => {
    const counted = paceOf(standingClock());
    counted.pace.turnNow();
    assert.equal(counted.turns, 0);
    await eventEnds();
    assert.equal(counted.turns, 1);
  });

  test('many of one millisecond, each alone when it came, share turns', async () => {
    const clock = standingClock();
    const counted = paceOf(clock);
    for (let request = 0; request < 16; request++) {
      counted.pace.turnNow();
      await eventEnds();
    }
    assert.equal(counted.turns, TURNS_AT_ONCE_PER_MS_MAX);
    assert.equal(clock.timers.length, 1);
    clock.runTimers();
    assert.equal(counted.turns, TURNS_AT_ONCE_PER_MS_MAX + 1);
  });

  test('a later millisecond begins anew', async () => {
    const clock = standingClock();
    const counted = paceOf(clock);
    for (let request = 0; request < 16; request++) {
      clock.ms = request;
      counted.pace.turnNow();
      await eventEnds();
    }
    assert.equal(counted.turns, 16);
    assert.equal(clock.timers.length, 0);
  });
});
