import { test } from 'node:test';
import type { Message } from '../../../src/raft/types.ts';
import { CommittedStable } from './committed-stable.ts';
import { LeaderCompleteness, PROPERTY } from './leader-completeness.ts';
import { LogMatching } from './log-matching.ts';
import { append, entry, violates } from './support.ts';

/** Entries 1 and 2 of term 1 are committed; 3 of term 1 was sent, no more. */
function afterTermOne(): {
  checker: LeaderCompleteness;
  send: (message: Message) => void;
  committed: CommittedStable;
} {
  const committed = new CommittedStable();
  const links = new LogMatching();
  const checker = new LeaderCompleteness(committed, links);
  const send = (message: Message): void => {
    links.sent(message);
    checker.sent(message);
  };
  checker.elected(1);
  send(append('a', 1, 0, 0, [entry(1, 1), entry(2, 1), entry(3, 1)]));
  committed.applied('a', entry(1, 1));
  committed.applied('a', entry(2, 1));
  return { checker, send, committed };
}

test('a leader with all committed entries is fine, with or without the uncommitted one', () => {
  for (const last of [2, 3]) {
    const { checker, send } = afterTermOne();
    checker.elected(2);
    send(append('b', 2, last, 1, [entry(last + 1, 2)]));
  }
});

test('entries committed in later terms are not the duty of a leader that speaks late', () => {
  const { checker, send, committed } = afterTermOne();
  committed.applied('c', entry(3, 3));
  checker.elected(2);
  send(append('b', 2, 2, 1, [entry(3, 2)]));
});

test('nor are older entries that a later leader, who spoke before, brought to be committed', () => {
  const { checker, send, committed } = afterTermOne();
  checker.elected(3);
  committed.applied('c', entry(3, 1));
  checker.elected(2);
  send(append('b', 2, 2, 1, [entry(3, 2)]));
});

test('a leader whose log is too short is found', () => {
  const { checker, send } = afterTermOne();
  checker.elected(2);
  violates(PROPERTY, () => {
    send(append('b', 2, 1, 1, [entry(2, 2)]));
  });
});

test('a leader with another entry in place of a committed one is found', () => {
  const { checker, send } = afterTermOne();
  checker.elected(3);
  violates(PROPERTY, () => {
    send(append('b', 3, 2, 2, [entry(3, 3)]));
  });
});

test('it is found also some entries further back', () => {
  const { checker, send } = afterTermOne();
  send(append('c', 2, 1, 1, [entry(2, 2), entry(3, 2), entry(4, 2)]));
  checker.elected(3);
  violates(PROPERTY, () => {
    send(append('b', 3, 4, 2, [entry(5, 3)]));
  });
});
