import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '../../../src/lib/prng.ts';
import { changed } from '../../../src/raft/confchange/changer.ts';
import { configOf, confStateOf } from '../../../src/raft/tracker/tracker.ts';
import { type ConfChange, ConfChangeType, type ConfState } from '../../../src/raft/types.ts';
import { Configurations, configurationAfter, isQuorum } from './configurations.ts';

const EMPTY = new Uint8Array(0);

function conf(voters: string, outgoing = '', learners = ''): ConfState {
  return {
    voters: Array.from(voters),
    votersOutgoing: Array.from(outgoing),
    learners: Array.from(learners),
    learnersNext: [],
    autoLeave: false,
  };
}

function addVoter(node: string): ConfChange {
  const steps = [{ type: ConfChangeType.addVoter, node }];
  return { steps, transition: 'auto', context: EMPTY };
}

test('the twin and the production code come to the same configurations', () => {
  const prng = new Prng(8);
  let twin = conf('abc');
  for (let at = 0; at < 5_000; at++) {
    const steps = Array.from({ length: prng.below(4) }, () => ({
      type: prng.pick(Object.values(ConfChangeType)),
      node: prng.pick(Array.from('abcdefg')),
    }));
    const transition = prng.pick(['auto', 'explicit'] as const);
    const change = { steps, transition, context: EMPTY };
    const before = confStateOf(configOf(twin));
    const { config } = changed(configOf(twin), change);
    twin = configurationAfter(twin, change);
    assert.deepEqual(
      confStateOf(configOf(twin)),
      config === undefined ? before : confStateOf(config),
    );
  }
});

test('a quorum of a joint configuration needs both halves', () => {
  const joint = conf('abc', 'cde');
  assert.equal(
    isQuorum(joint, (id) => 'abc'.includes(id)),
    false,
  );
  assert.equal(
    isQuorum(joint, (id) => 'bcd'.includes(id)),
    true,
  );
  assert.equal(
    isQuorum(conf('ab', '', 'xyz'), (id) => 'axyz'.includes(id)),
    false,
  );
});

test('configurations that ended long ago are not recent, and dead instances have none', () => {
  let nowMs = 0;
  const configurations = new Configurations(() => nowMs);
  const first = { dead: false };
  configurations.begin('a', first, conf('a'));
  configurations.change('a', first, addVoter('b'));
  assert.equal(configurations.recent('a').length, 2);
  nowMs = 60_000;
  assert.deepEqual(configurations.recent('a'), [conf('ab')]);
  configurations.begin('a', { dead: false }, conf('abc'));
  assert.equal(configurations.recent('a').length, 2);
  first.dead = true;
  configurations.begin('a', { dead: false }, conf('abcd'));
  nowMs = 120_000;
  assert.deepEqual(configurations.recent('a'), [conf('abcd'), conf('abc')].reverse());
});
