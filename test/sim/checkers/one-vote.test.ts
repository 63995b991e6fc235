import { test } from 'node:test';
import { MessageType } from '../../../src/raft/types.ts';
import { OneVote, PROPERTY } from './one-vote.ts';
import { message, violates } from './support.ts';

const vote = (from: string, to: string, term: number, reject = false) =>
  message({ type: MessageType.voteResponse, from, to, term, reject });

test('repeating a vote, voting in another term and refusing are fine', () => {
  const checker = new OneVote();
  checker.sent(vote('a', 'b', 1));
  checker.sent(vote('a', 'b', 1));
  checker.sent(vote('a', 'c', 2));
  checker.sent(vote('a', 'c', 1, true));
  checker.sent(message({ type: MessageType.preVoteResponse, from: 'a', to: 'c', term: 1 }));
});

test('a second candidate in one term is found, also after other terms', () => {
  const checker = new OneVote();
  checker.sent(vote('a', 'b', 1));
  checker.sent(vote('a', 'b', 2));
  violates(PROPERTY, () => {
    checker.sent(vote('a', 'c', 1));
  });
});
