import { test } from 'node:test';
import { type Entry, EntryKind, type Message } from '../../../src/raft/types.ts';
import { OneChange, PROPERTY } from './one-change.ts';
import { append, entry, violates } from './support.ts';

const change = (index: number, term: number): Entry => ({
  ...entry(index, term),
  kind: EntryKind.confChange,
});
const sends = (term: number, commit: number, ...entries: Entry[]): Message => ({
  ...append('a', term, (entries[0]?.index ?? 1) - 1, 1, entries),
  commit,
});

test('a change after that before is committed, and what an earlier leader left', () => {
  const checker = new OneChange();
  const leader = {};
  checker.sent(sends(2, 4, change(5, 2)), leader);
  checker.sent(sends(2, 5, entry(6, 2), change(7, 2)), leader);
  // Of another term: not proposed by this one.
  checker.sent(sends(3, 4, change(5, 2), change(7, 2)), {});
});

test('not while one is under way, be it of an earlier leader', () => {
  for (const messages of [
    [sends(2, 4, change(5, 2), change(6, 2))],
    [sends(2, 4, change(5, 2)), sends(2, 4, entry(6, 2), change(7, 2))],
    [sends(2, 4, change(5, 1), change(6, 2))],
  ]) {
    violates(PROPERTY, () => {
      const checker = new OneChange();
      const leader = {};
      for (const each of messages) checker.sent(each, leader);
    });
  }
});

test('an instance that goes on in a term may know less to be committed', () => {
  const checker = new OneChange();
  checker.sent(sends(2, 5, change(5, 2), change(6, 2)), {});
  checker.sent(sends(2, 4, change(5, 2), change(6, 2)), {});
});
