import { test } from 'node:test';
import { encodeConfChange } from '../../../src/raft/codec.ts';
import {
  type ConfChangeStep,
  ConfChangeType,
  EntryKind,
  MessageType,
} from '../../../src/raft/types.ts';
import { Configurations } from '../membership/configurations.ts';
import type { NewestMembership } from '../observer.ts';
import { checkMembership, type MembershipCall, PROPERTY } from './membership.ts';
import * as promotion from './promotion.ts';
import { append, message, violates } from './support.ts';

const final: NewestMembership = {
  index: 9,
  members: [
    { id: 'a', isLearner: false },
    { id: 'l', isLearner: true },
  ],
  removed: ['x'],
};
const done = (kind: MembershipCall['kind'], id: string): MembershipCall => ({
  kind,
  id,
  outcome: 'ok',
});

test('what was done is so in the end', () => {
  checkMembership([done('add voter', 'a'), done('add learner', 'l'), done('remove', 'x')], final);
  checkMembership([done('add learner', 'x'), done('remove', 'x')], final);
  checkMembership([done('add learner', 'a'), done('promote', 'a')], final);
});

test('what is not so in the end was not done', () => {
  for (const call of [
    done('remove', 'a'),
    done('remove', 'gone'),
    done('add voter', 'gone'),
    done('add learner', 'a'),
    done('promote', 'l'),
  ]) {
    violates(PROPERTY, () => {
      checkMembership([call], final);
    });
  }
  violates(PROPERTY, () => {
    checkMembership([], { ...final, removed: ['a'] });
  });
});

test('a learner without most of the log is not promoted, nor takes a voter’s place', () => {
  const configurations = new Configurations(() => 0);
  const id = '00000000000000aa';
  configurations.begin(
    'b',
    { dead: false },
    {
      voters: ['b'],
      learners: [id],
      votersOutgoing: [],
      learnersNext: [],
      autoLeave: false,
    },
  );
  const propose = (stored: number, steps: readonly ConfChangeStep[]): void => {
    const data = encodeConfChange({ steps, transition: 'auto', context: new Uint8Array(0) });
    const entry = { index: 200, term: 2, kind: EntryKind.confChange, data };
    const checker = new promotion.PromotionReady(configurations);
    checker.sent(message({ type: MessageType.appendResponse, from: id, term: 2, index: stored }));
    checker.sent(append('b', 2, 199, 2, [entry]));
  };
  const promoted = { type: ConfChangeType.addVoter, node: id };
  const removed = { type: ConfChangeType.remove, node: 'c'.repeat(16) };
  for (const steps of [[promoted], [promoted, removed]]) {
    propose(190, steps);
    violates(promotion.PROPERTY, () => {
      propose(20, steps);
    });
  }
  propose(20, [promoted, { ...promoted, node: 'd'.repeat(16) }]);
});
