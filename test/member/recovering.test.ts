import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RECOVERY_HOLD_MS, TICK_MS } from '../../src/constants.ts';
import { Recovering } from '../../src/member/recovering.ts';

test('recovery asks once so many ticks have passed, and again after a read that failed', async () => {
  const recovering = new Recovering('m1', 'read row 0: it is damaged');
  const reads = [Promise.reject(new Error('no quorum')), Promise.resolve()];
  let asked = 0;
  let done = 0;
  const tick = async (times: number): Promise<void> => {
    for (let time = 0; time < times; time++) {
      recovering.tick(
        () => reads[asked++] ?? Promise.resolve(),
        () => done++,
      );
      await Promise.resolve();
      await Promise.resolve();
    }
  };
  await tick(Math.ceil(RECOVERY_HOLD_MS / TICK_MS) - 1);
  assert.deepEqual([asked, done], [0, 0]);
  await tick(1);
  assert.deepEqual([asked, done], [1, 0]);
  await tick(2);
  assert.deepEqual([asked, done], [2, 1]);
  assert.match(
    recovering.refusal.message,
    /member m1 is fetching its state .*row 0: it is damaged/,
  );
});
