/** Goal: what an object is billed for is counted over all its instances, and priced as published. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { writeNote } from '../../src/lib/note-row.ts';
import { Meters } from '../../src/member/meters.ts';
import {
  costOf,
  NO_USAGE,
  PRICES,
  storageCostPerMonth,
  type Usage,
} from '../../src/member/usage.ts';
import { MemoryRowStore } from '../support/memory-row-store.ts';

const LEADER = '00000000000000aa';
const DAY_SECONDS = 86_400;

function near(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) < 0.005, `${actual}, expected about ${expected}`);
}

describe('usage', () => {
  it('is counted over instances, up to the last rest of each', () => {
    const rows = new MemoryRowStore();
    let usage: Usage = { requests: 3, messages: 40, rowsRead: 5, rowsWritten: 7 };
    const first = new Meters(rows, () => usage);
    assert.deepEqual(first.usage, usage);
    first.tick(1_000, LEADER);
    first.tick(1_100, LEADER);
    first.rest();
    // Not saved any more: nobody will know of it.
    usage = { ...usage, requests: 4 };
    first.rest();

    const other = { requests: 1, messages: 2, rowsRead: 3, rowsWritten: 4 };
    const second = new Meters(rows, () => other);
    // The row that was saved is one itself.
    assert.deepEqual(second.usage, { requests: 4, messages: 42, rowsRead: 8, rowsWritten: 12 });
    assert.deepEqual([second.wakes, second.awakeMs], [2, 200]);
  });

  it('goes on from a row of former releases, which did not count it', () => {
    const rows = new MemoryRowStore();
    writeNote(rows, 'awake', 0, (writer) => {
      writer.varint(4);
      writer.varint(1_234);
    });
    const meters = new Meters(rows);
    assert.deepEqual([meters.wakes, meters.awakeMs, meters.usage], [5, 1_234, NO_USAGE]);
  });
});

describe('the price', () => {
  it('is that of the examples in the documentation', () => {
    // An object that never sleeps, for a month of 30 days.
    near(costOf(NO_USAGE, 30 * DAY_SECONDS).duration, 4.147);
    const usage = { requests: 1e6, messages: 20e6, rowsRead: 1e9, rowsWritten: 3e6 };
    const { requests, rowsRead, rowsWritten } = costOf(usage, 0);
    near(requests, 0.3);
    near(rowsRead, 1);
    near(rowsWritten, 3);
    near(storageCostPerMonth(10e9), 2);
    assert.match(PRICES.asOf, /^\d{4}-\d\d-\d\d$/);
  });
});
