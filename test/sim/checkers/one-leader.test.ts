import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageType } from '../../../src/raft/types.ts';
import { OneLeader, PROPERTY } from './one-leader.ts';
import { append, message, violates } from './support.ts';

test('one leader after the other is fine, and each counts once', () => {
  const checker = new OneLeader();
  assert.equal(checker.sent(message({ from: 'a', term: 1 })), true);
  assert.equal(checker.sent(message({ from: 'a', term: 1 })), false);
  assert.equal(checker.sent(message({ from: 'b', term: 2 })), true);
  // Stale, but it did lead that term.
  assert.equal(checker.sent(append('a', 1, 0, 0, [])), false);
  assert.equal(checker.terms, 2);
  assert.equal(checker.leaderOf(2), 'b');
});

test('candidates and followers of one term are no leaders', () => {
  const checker = new OneLeader();
  checker.sent(message({ from: 'a', term: 1 }));
  for (const type of [
    MessageType.vote,
    MessageType.appendResponse,
    MessageType.preVote,
    MessageType.propose,
  ]) {
    assert.equal(checker.sent(message({ type, from: 'b', term: 1 })), false);
  }
});

test('two leaders of one term are found, whatever they send', () => {
  for (const type of [
    MessageType.append,
    MessageType.heartbeat,
    MessageType.snapshot,
    MessageType.timeoutNow,
  ]) {
    const checker = new OneLeader();
    checker.sent(message({ from: 'a', term: 3 }));
    violates(PROPERTY, () => checker.sent(message({ type, from: 'b', term: 3 })));
  }
});
