import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PLACEMENT_ROUND_TICKS, PLACEMENT_ROUNDS_MIN, TICK_MS } from '../../../src/constants.ts';
import { type ConfState, type Message, MessageType } from '../../../src/raft/types.ts';
import { Configurations } from '../membership/configurations.ts';
import { HandOvers, PROPERTY } from './hand-over.ts';
import { append, entry, message, violates } from './support.ts';

const LONG_MS = PLACEMENT_ROUNDS_MIN * PLACEMENT_ROUND_TICKS * TICK_MS;
const stored = (from: string, term: number, index: number): Message =>
  message({ type: MessageType.appendResponse, from, to: 'a', term, index });
const timeoutNow = (to: string): Message =>
  message({ type: MessageType.timeoutNow, from: 'a', to, term: 2 });

/** `a` sends entry 5 as leader of term 2, then others speak, and it hands over. */
function handOver(to: string, said: readonly Message[], afterMs: number, voters = 'abc'): number {
  let nowMs = 0;
  const configurations = new Configurations(() => nowMs);
  const none = { votersOutgoing: [], learnersNext: [], autoLeave: false };
  const conf: ConfState = { ...none, voters: Array.from(voters), learners: ['l'] };
  for (const id of 'abcl') configurations.begin(id, { dead: false }, conf);
  const checker = new HandOvers(configurations, () => nowMs);
  const [leader, other] = [{}, {}];
  checker.sent(append('a', 2, 4, 1, [entry(5, 2)]), leader);
  for (const each of said) checker.sent(each, other);
  nowMs += afterMs;
  checker.sent(timeoutNow(to), leader);
  return checker.count;
}

test('a voter that stores all, after a while', () => {
  assert.equal(handOver('b', [stored('b', 2, 5)], LONG_MS), 1);
});

test('not a learner, nor one that lags, nor at once', () => {
  for (const [to, said, afterMs] of [
    ['l', [stored('l', 2, 5)], LONG_MS],
    ['b', [stored('b', 2, 4)], LONG_MS],
    ['b', [stored('b', 1, 5)], LONG_MS],
    ['b', [{ ...stored('b', 2, 5), reject: true }], LONG_MS],
    ['b', [stored('b', 2, 5)], LONG_MS / 2],
  ] as const) {
    violates(PROPERTY, () => {
      handOver(to, said, afterMs);
    });
  }
});

test('a leader that was removed lets any voter campaign at once', () => {
  assert.equal(handOver('b', [], 0, 'bc'), 0);
});
