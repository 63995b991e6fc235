/** Goal: time that deadlines and leases are reckoned by goes on when the wall clock is set back, and never goes back itself. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SteadyClock } from '../../src/lib/steady-clock.ts';

class Wall {
  ms = 1_000_000;
  nowMs(): number {
    return this.ms;
  }
}

describe('a steady clock', () => {
  it('is the wall clock until that is set back', () => {
    const wall = new Wall();
    const clock = new SteadyClock(wall);
    assert.equal(clock.nowMs(), 1_000_000);
    wall.ms += 86_400_000;
    assert.deepEqual([clock.nowMs(), clock.offset], [87_400_000, 0]);
  });

  it('goes on from where it was last looked at, and tells wall time of it', () => {
    const wall = new Wall();
    const clock = new SteadyClock(wall);
    clock.nowMs();
    wall.ms -= 86_400_000;
    assert.deepEqual([clock.nowMs(), clock.offset], [1_000_000, 86_400_000]);
    wall.ms += 70;
    assert.equal(clock.nowMs(), 1_000_070);
    assert.equal(clock.wallTimeOf(1_000_100), wall.ms + 30);
  });

  it('is not before a time that it is known to have got to', () => {
    const wall = new Wall();
    const clock = new SteadyClock(wall);
    clock.notBefore(1_000_500);
    assert.equal(clock.nowMs(), 1_000_500);
    wall.ms += 400;
    assert.equal(clock.nowMs(), 1_000_900);
  });
});
