import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { AssertionError } from '../../../src/lib/assert.ts';
import { Inflights } from '../../../src/raft/tracker/inflights.ts';
import { Progress } from '../../../src/raft/tracker/progress.ts';

const LIMITS = { inflightMessagesMax: 3, inflightBytesMax: 100 };

describe('inflights', () => {
  test('is full by messages or by bytes', () => {
    const byCount = new Inflights(2, 100);
    byCount.add(1, 1);
    assert.equal(byCount.full, false);
    byCount.add(2, 1);
    assert.equal(byCount.full, true);
    const byBytes = new Inflights(9, 100);
    byBytes.add(1, 250);
    assert.equal(byBytes.full, true);
    assert.throws(() => byBytes.add(2, 1), AssertionError);
  });

  test('equals a plain list', () => {
    const operation = fc.oneof(
      fc.record({ add: fc.nat(40) }),
      fc.record({ free: fc.nat(60) }),
      fc.constant({ clear: true }),
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const inflights = new Inflights(20, 200);
        let model: { index: number; bytes: number }[] = [];
        let next = 1;
        for (const each of operations) {
          if ('add' in each) {
            if (inflights.full) continue;
            inflights.add(next, each.add);
            model.push({ index: next++, bytes: each.add });
          } else if ('free' in each) {
            inflights.freeTo(each.free);
            model = model.filter(({ index }) => index > each.free);
          } else {
            inflights.clear();
            model = [];
          }
          const bytes = model.reduce((sum, { bytes: size }) => sum + size, 0);
          assert.equal(inflights.count, model.length);
          assert.equal(inflights.bytes, bytes);
          assert.equal(inflights.full, model.length >= 20 || bytes >= 200);
        }
      }),
    );
  });
});

describe('progress', () => {
  const at = (match: number, next: number) => {
    const progress = new Progress(next, false, LIMITS, 0);
    progress.match = match;
    return progress;
  };

  test('probe sends once and waits', () => {
    const progress = at(3, 8);
    progress.sentEntries(2, 10);
    assert.equal(progress.next, 8);
    assert.equal(progress.paused, true);
  });

  test('replicate runs ahead until the window is full', () => {
    const progress = at(3, 8);
    progress.becomeReplicate();
    assert.equal(progress.next, 4);
    for (let count = 0; count < 3; count++) progress.sentEntries(2, 10);
    assert.equal(progress.next, 10);
    assert.equal(progress.paused, true);
  });

  test('an acknowledgement never takes back', () => {
    const progress = at(5, 9);
    assert.equal(progress.acknowledge(4), false);
    assert.equal(progress.match, 5);
    assert.equal(progress.acknowledge(7), true);
    assert.equal(progress.next, 9);
    assert.equal(progress.acknowledge(11), true);
    assert.equal(progress.next, 12);
  });

  for (const [state, match, next, rejected, agreed, result, then] of [
    ['probe', 0, 10, 9, 4, true, 5],
    ['probe', 0, 10, 9, 9, true, 9],
    ['probe', 0, 10, 8, 4, false, 10],
    ['probe', 6, 10, 9, 2, true, 7],
    ['replicate', 5, 10, 9, 2, true, 6],
    ['replicate', 5, 10, 5, 2, false, 10],
    ['replicate', 5, 10, 3, 2, false, 10],
  ] as const) {
    test(`${state} with match ${match}, next ${next}: refusal of ${rejected} with hint ${agreed}`, () => {
      const progress = at(match, next);
      progress.state = state;
      assert.equal(progress.refuse(rejected, agreed), result);
      assert.equal(progress.next, then);
    });
  }

  test('after a snapshot that arrived probing starts behind it, after a failed one at the match', () => {
    const arrived = at(3, 4);
    arrived.becomeSnapshot(20);
    arrived.endSnapshot(true);
    assert.deepEqual([arrived.state, arrived.next, arrived.paused], ['probe', 21, true]);
    const failed = at(3, 4);
    failed.becomeSnapshot(20);
    failed.endSnapshot(false);
    assert.deepEqual([failed.state, failed.next, failed.paused], ['probe', 4, true]);
  });
});
