import { test } from 'node:test';
import { type ConfState, type Entry, EntryKind, MessageType } from '../../../src/raft/types.ts';
import { Configurations } from '../membership/configurations.ts';
import * as commit from './commit-quorum.ts';
import * as election from './election-quorum.ts';
import { message, violates } from './support.ts';

function configurationsOf(voters: string, outgoing = ''): Configurations {
  const configurations = new Configurations(() => 0);
  const conf: ConfState = {
    voters: Array.from(voters),
    votersOutgoing: Array.from(outgoing),
    learners: ['l'],
    learnersNext: [],
    autoLeave: false,
  };
  for (const id of 'abcdel') configurations.begin(id, { dead: false }, conf);
  return configurations;
}

/** The configurations of `a`, one after the other. */
class Changing {
  readonly configurations = new Configurations(() => 0);
  readonly #instance = { dead: false };

  constructor(voters: string) {
    this.to(voters);
  }

  to(voters: string): void {
    const none = { votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };
    this.configurations.begin('a', this.#instance, { voters: Array.from(voters), ...none });
  }
}

const entryOf = (from: string, term: number, index: number) => {
  const entry: Entry = { term, index, kind: EntryKind.normal, data: new Uint8Array(0) };
  return message({ type: MessageType.append, from, term, index: index - 1, entries: [entry] });
};
const stored = (from: string, term: number, index: number) =>
  message({ type: MessageType.appendResponse, from, to: 'a', term, index });
const heartbeat = (from: string, term: number, commitIndex: number) =>
  message({ type: MessageType.heartbeat, from, term, commit: commitIndex });
const vote = (from: string, to: string, term: number, reject = false) =>
  message({ type: MessageType.voteResponse, from, to, term, reject });

test('what a majority stores in the term of its leader is committed', () => {
  const checker = new commit.CommitQuorum(configurationsOf('abc'));
  checker.sent(entryOf('a', 2, 4));
  checker.sent(stored('b', 2, 5));
  checker.sent(heartbeat('a', 2, 5));
  // Known by now: a later leader says it too.
  checker.sent(heartbeat('c', 3, 4));
});

test('a minority, learners, other terms and refusals commit nothing', () => {
  for (const said of [
    [],
    [stored('l', 2, 5)],
    [stored('b', 1, 5)],
    [stored('b', 2, 4)],
    [{ ...stored('b', 2, 5), reject: true }],
  ]) {
    const checker = new commit.CommitQuorum(configurationsOf('abc'));
    checker.sent(entryOf('b', 1, 3));
    checker.sent(entryOf('a', 2, 4));
    for (const each of said) checker.sent(each);
    violates(commit.PROPERTY, () => {
      checker.sent(heartbeat('a', 2, 5));
    });
  }
});

test('entries of older terms are committed by one of the term alone', () => {
  const checker = new commit.CommitQuorum(configurationsOf('abc'));
  checker.sent(entryOf('a', 2, 6));
  checker.sent(stored('b', 2, 5));
  violates(commit.PROPERTY, () => {
    checker.sent(heartbeat('a', 2, 5));
  });
  checker.sent(stored('b', 2, 6));
  checker.sent(heartbeat('a', 2, 5));
});

test('what a term committed may be told in a later one, by whoever led it, before anything else is', () => {
  const checker = new commit.CommitQuorum(configurationsOf('abc'));
  checker.sent(entryOf('a', 2, 5));
  checker.sent(stored('b', 2, 5));
  checker.sent({ ...vote('a', 'c', 3), commit: 5 });
  checker.sent(heartbeat('c', 3, 5));
  violates(commit.PROPERTY, () => {
    checker.sent({ ...vote('a', 'c', 3), commit: 6 });
  });
});

test('a new configuration may commit what was stored before it, and who was alone all it applied', () => {
  const changing = new Changing('abcd');
  const checker = new commit.CommitQuorum(changing.configurations);
  checker.sent(entryOf('a', 2, 5));
  checker.sent(stored('b', 2, 5));
  violates(commit.PROPERTY, () => {
    checker.sent(heartbeat('a', 2, 5));
  });
  changing.to('abc');
  checker.reconfigured('a', 4);
  checker.sent(heartbeat('a', 2, 5));

  const alone = new Changing('a');
  const growing = new commit.CommitQuorum(alone.configurations);
  alone.to('ab');
  growing.reconfigured('a', 7);
  growing.sent(heartbeat('b', 3, 7));
  violates(commit.PROPERTY, () => {
    growing.sent(heartbeat('b', 3, 8));
  });
});

test('a joint configuration commits with both halves alone', () => {
  const checker = new commit.CommitQuorum(configurationsOf('ab', 'acd'));
  checker.sent(entryOf('a', 2, 5));
  checker.sent(stored('b', 2, 5));
  violates(commit.PROPERTY, () => {
    checker.sent(heartbeat('a', 2, 5));
  });
  checker.sent(stored('c', 2, 5));
  checker.sent(heartbeat('a', 2, 5));
});

test('a leader has the votes of a majority of voters', () => {
  const elect = (...votes: ReturnType<typeof vote>[]): void => {
    const checker = new election.ElectionQuorum(configurationsOf('abc'));
    for (const each of votes) checker.sent(each);
    checker.elected('a', 2);
  };
  elect(vote('b', 'a', 2));
  for (const votes of [
    [],
    [vote('l', 'a', 2)],
    [vote('b', 'a', 1)],
    [vote('b', 'c', 2)],
    [vote('b', 'a', 2, true)],
  ]) {
    violates(election.PROPERTY, () => {
      elect(...votes);
    });
  }
});

test('whoever is no voter does not lead', () => {
  const checker = new election.ElectionQuorum(configurationsOf('abc'));
  checker.sent(heartbeat('a', 2, 0));
  violates(election.PROPERTY, () => {
    checker.sent(heartbeat('l', 2, 0));
  });
});

test('voters of a configuration that was over when the candidate asked elect nobody', () => {
  let nowMs = 0;
  const elect = (hasAskedBefore: boolean): void => {
    const configurations = new Configurations(() => nowMs);
    const instance = { dead: false };
    const none = { votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };
    configurations.begin('a', instance, { ...none, voters: Array.from('abc') });
    const checker = new election.ElectionQuorum(configurations);
    const ask = (): void => {
      nowMs++;
      checker.sent(message({ type: MessageType.vote, from: 'a', to: 'b', term: 2 }));
    };
    if (hasAskedBefore) ask();
    nowMs++;
    configurations.begin('a', instance, {
      ...none,
      voters: Array.from('abcde'),
      votersOutgoing: Array.from('abc'),
    });
    ask();
    checker.sent(vote('b', 'a', 2));
    checker.elected('a', 2);
  };
  elect(true);
  violates(election.PROPERTY, () => {
    elect(false);
  });
});
