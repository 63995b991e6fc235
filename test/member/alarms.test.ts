import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Alarms } from '../../src/member/alarms.ts';
import { HandClock } from './watch-harness.ts';

describe('the one alarm', () => {
  it('is set to the earliest wish, once', () => {
    const clock = new HandClock();
    const alarms = new Alarms(clock);
    alarms.wish('late', 50);
    alarms.wish('early', 20);
    alarms.settle({ exact: false });
    alarms.settle({ exact: true });
    assert.equal(clock.alarmMs, 20);
    assert.equal(clock.alarmsSet, 1);
  });

  it('moves earlier at any time, and later only before sleep', () => {
    const clock = new HandClock();
    const alarms = new Alarms(clock);
    alarms.wish('a', 20);
    alarms.settle({ exact: false });
    alarms.wish('b', 10);
    alarms.settle({ exact: false });
    assert.equal(clock.alarmMs, 10);
    alarms.wish('b', undefined);
    alarms.settle({ exact: false });
    assert.equal(clock.alarmMs, 10);
    alarms.settle({ exact: true });
    assert.equal(clock.alarmMs, 20);
    alarms.wish('a', undefined);
    alarms.settle({ exact: true });
    assert.equal(clock.alarmMs, undefined);
  });

  it('costs nothing when nobody wishes anything', () => {
    const clock = new HandClock();
    new Alarms(clock).settle({ exact: true });
    assert.equal(clock.alarmsSet, 0);
  });

  it('names those whose time has come, and goes on for the others', () => {
    const clock = new HandClock();
    const alarms = new Alarms(clock);
    alarms.wish('a', 10);
    alarms.wish('b', 20);
    alarms.wish('c', 30);
    alarms.settle({ exact: true });
    assert.deepEqual(alarms.fired(20), ['a', 'b']);
    alarms.settle({ exact: true });
    assert.equal(clock.alarmMs, 30);
  });
});
