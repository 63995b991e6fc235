import { test } from 'node:test';
import { type ConfState, MessageType } from '../../../src/raft/types.ts';
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

const stored = (from: string, term: number, index: number) =>
  message({ type: MessageType.appendResponse, from, to: 'a', term, index });
const heartbeat = (from: string, term: number, commitIndex: number) =>
  message({ type: MessageType.heartbeat, from, term, commit: commitIndex });
const vote = (from: string, to: string, term: number, reject = false) =>
  message({ type: MessageType.voteResponse, from, to, term, reject });

test('what a majority stores in the term of its leader is committed', () => {
  const checker = new commit.CommitQuorum(configurationsOf('abc'));
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
    for (const each of said) checker.sent(each);
    violates(commit.PROPERTY, () => {
      checker.sent(heartbeat('a', 2, 5));
    });
  }
});

test('a joint configuration commits with both halves alone', () => {
  const checker = new commit.CommitQuorum(configurationsOf('ab', 'acd'));
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
