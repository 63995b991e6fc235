import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '../../src/lib/prng.ts';
import { WATCH_READ_REPORT_BYTES, WATCH_STREAM_UNREAD_BYTES_MAX } from '../../src/constants.ts';
import { drawOptions } from './options.ts';

// Seed 20025: streams were full after 300 bytes, and Workers told of 64 KiB read or of a second: catching
// up took a second for each response.
test('in production and in every run a Worker tells what was read before a stream is half full', () => {
  assert.ok(2 * WATCH_READ_REPORT_BYTES <= WATCH_STREAM_UNREAD_BYTES_MAX);
  let tuned = 0;
  for (let seed = 0; seed < 200; seed++) {
    const { constants } = drawOptions(seed, new Prng(seed)).tuning;
    const max = constants.WATCH_STREAM_UNREAD_BYTES_MAX;
    if (max === undefined) continue;
    tuned++;
    assert.ok(2 * (constants.WATCH_READ_REPORT_BYTES ?? Infinity) <= max, `seed ${seed}`);
  }
  assert.ok(tuned > 0);
});
