import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { changed } from '../../../src/raft/confchange/changer.ts';
import { configOf, confStateOf, membersOf } from '../../../src/raft/tracker/tracker.ts';
import {
  type ConfChange,
  type ConfChangeStep,
  ConfChangeType,
  type ConfState,
} from '../../../src/raft/types.ts';

const TYPES = {
  v: ConfChangeType.addVoter,
  l: ConfChangeType.addLearner,
  r: ConfChangeType.remove,
};

/** `v1 l2 r3` */
function change(text: string, transition: 'auto' | 'explicit' = 'auto'): ConfChange {
  const steps: ConfChangeStep[] = text
    .split(' ')
    .filter(Boolean)
    .map((word) => ({ type: TYPES[word[0] as 'v' | 'l' | 'r'], node: word.slice(1) }));
  return { steps, transition, context: new Uint8Array(0) };
}

/** `voters (outgoing) learners [learnersNext] auto` */
function state(text: string): ConfState {
  const [voters = '', outgoing = '', learners = '', next = '', auto = ''] = text.split('|');
  const list = (part: string) => part.trim().split(' ').filter(Boolean);
  return {
    voters: list(voters),
    votersOutgoing: list(outgoing),
    learners: list(learners),
    learnersNext: list(next),
    autoLeave: auto.trim() === 'auto',
  };
}

function after(before: string, ...changes: ConfChange[]): ConfState | string {
  let config = configOf(state(before));
  for (const each of changes) {
    const outcome = changed(config, each);
    if (outcome.config === undefined) return outcome.refused;
    config = outcome.config;
  }
  return confStateOf(config);
}

describe('one step', () => {
  for (const [before, text, expected] of [
    ['1', 'v2', '1 2'],
    ['1 2', 'r2', '1'],
    ['1 2', 'l2', '1||2'],
    ['1||2', 'v2', '1 2'],
    ['1||2', 'r2', '1'],
    ['1 2', 'r9', '1 2'],
    ['1||2', 'l2', '1||2'],
    ['1', 'v1', '1'],
    // Learners change freely along with one voter.
    ['1||2 3', 'r2 r3 v4', '1 4'],
  ] as const) {
    test(`${before}: ${text}`, () => {
      assert.deepEqual(after(before, change(text)), state(expected));
    });
  }
});

describe('joint', () => {
  for (const [before, text, mode, joint, left] of [
    ['1 2 3', 'v4 r1', 'auto', '2 3 4|1 2 3|||auto', '2 3 4'],
    ['1 2 3', 'r1', 'explicit', '2 3|1 2 3', '2 3'],
    ['1 2 3', 'l1 v4', 'auto', '2 3 4|1 2 3||1|auto', '2 3 4||1'],
    ['1 2 3', 'l1 v1 v4', 'explicit', '1 2 3 4|1 2 3', '1 2 3 4'],
    ['1 2||3', 'v3 r2', 'auto', '1 3|1 2|||auto', '1 3'],
    ['1', 'l2', 'explicit', '1|1|2', '1||2'],
  ] as const) {
    test(`${before}: ${text} (${mode})`, () => {
      assert.deepEqual(after(before, change(text, mode)), state(joint));
      assert.deepEqual(after(before, change(text, mode), change('')), state(left));
    });
  }
});

describe('refused', () => {
  for (const [before, text, mode, why] of [
    ['1', 'r1', 'auto', 'no voter would be left'],
    ['1', 'l1', 'auto', 'no voter would be left'],
    ['1 2', 'r1 r2', 'auto', 'no voter would be left'],
    ['1', '', 'auto', 'there is no joint phase to leave'],
    ['1|1 2', 'v3', 'auto', 'the joint phase before must be left first'],
    ['1|1 2', 'v3', 'explicit', 'the joint phase before must be left first'],
  ] as const) {
    test(`${before}: ${text || 'leave'} (${mode})`, () => {
      assert.equal(after(before, change(text, mode)), why);
    });
  }
});

test('quorums of a configuration and its successor always overlap', () => {
  const steps = fc.array(
    fc.record({
      type: fc.constantFrom(...Object.values(ConfChangeType)),
      node: fc.constantFrom('1', '2', '3', '4', '5'),
    }),
    { maxLength: 4 },
  );
  const mode = fc.constantFrom('auto' as const, 'explicit' as const);
  fc.assert(
    fc.property(fc.array(fc.tuple(steps, mode), { maxLength: 8 }), (changes) => {
      let config = configOf(state('1 2 3'));
      for (const [list, transition] of changes) {
        const outcome = changed(config, { steps: list, transition, context: new Uint8Array(0) });
        if (outcome.config === undefined) continue;
        const next = outcome.config;
        const all = [...new Set([...membersOf(config), ...membersOf(next)])];
        for (let mask = 0; mask < 1 << all.length; mask++) {
          const inside = (id: string) => (mask & (1 << all.indexOf(id))) !== 0;
          const wins = (voters: ReadonlySet<string>, side: boolean) =>
            voters.size === 0 ||
            [...voters].filter((id) => inside(id) === side).length * 2 > voters.size;
          // Two disjoint sets of members never are quorums of the one and of the other.
          const here = wins(config.incoming, true) && wins(config.outgoing, true);
          const there = wins(next.incoming, false) && wins(next.outgoing, false);
          assert.ok(!(here && there), JSON.stringify([confStateOf(config), confStateOf(next)]));
        }
        for (const learner of next.learners) {
          assert.ok(!next.incoming.has(learner) && !next.outgoing.has(learner));
        }
        config = next;
      }
    }),
    { numRuns: 300 },
  );
});
