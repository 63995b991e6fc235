/** What single members promise beyond the paper: limits, membership, rest, resuming, reads. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RAFT_LEADERLESS_REST_ELECTIONS } from '../../src/constants.ts';
import { AssertionError } from '../../src/lib/assert.ts';
import { bytesOf } from '../../src/lib/bytes.ts';
import { encodeConfChange } from '../../src/raft/codec.ts';
import {
  type ConfChange,
  ConfChangeType,
  EntryKind,
  MessageType,
  NO_NODE,
} from '../../src/raft/types.ts';
import { id, voters } from './support/memory-log.ts';
import { ELECTION_TICKS, entriesOf, ofType, Single, type SingleOptions } from './support/single.ts';

function change(type: ConfChangeType, node: number): ConfChange {
  return {
    steps: [{ type, node: id(node) }],
    transition: 'auto',
    context: new Uint8Array(0),
  };
}

/** A leader whose empty entry everyone has. */
function leader(options: SingleOptions = {}): Single {
  const single = new Single(options);
  single.elect();
  acknowledgeAll(single);
  return single;
}

function acknowledgeAll(single: Single): void {
  const { term, lastIndex, confState } = single.node.status();
  for (let from = 2; from <= confState.voters.length; from++) {
    single.step(MessageType.appendResponse, from, { term, index: lastIndex });
  }
  single.take();
}

describe('own voice', () => {
  test('the leader counts itself only with what it has written', () => {
    const single = leader();
    single.node.propose(bytesOf('x'));
    // Another instance of this member may have sent the entry that is acknowledged here.
    single.step(MessageType.appendResponse, 2, { term: 1, index: 2 });
    assert.equal(single.node.status().commit, 1);
    single.take();
    assert.equal(single.node.status().commit, 2);
  });

  test('hard state is asked for in the write of the first entry of a term, with the mark', () => {
    const single = new Single();
    single.elect();
    const first = single.readies.find(({ entries }) => entries.length > 0);
    assert.equal(first?.hardState?.leader, true);
  });

  test('a commit that moved alone asks for no write, and rides with the next', () => {
    const single = leader();
    const before = single.readies.at(-1);
    assert.deepEqual(before?.committedEntries.length, 1);
    assert.equal(before.hardState, undefined);
    assert.equal(single.node.hardState().commit, 1);
    single.node.propose(bytesOf('x'));
    single.take();
    assert.equal(single.log.hardState.commit, 1);
  });
});

describe('others’ proposals while leadership is on its way', () => {
  const proposed = (single: Single, ...names: readonly string[]): void => {
    for (const name of names) {
      const entry = { term: 0, index: 0, kind: EntryKind.normal, data: bytesOf(name) };
      single.step(MessageType.propose, 3, { entries: [entry] });
    }
  };
  const sentOn = (single: Single): string[] =>
    ofType(single.take(), MessageType.propose).flatMap(({ to, entries }) =>
      entries.map(({ data }) => `${to} ${new TextDecoder().decode(data)}`),
    );
  /** A leader that hands over to number 2, and has been asked for its vote by it. */
  const handedOver = (single: Single): void => {
    single.node.transferLeader(id(2));
    single.take();
  };

  test('go to the next leader, in their order, also those that came between the two', () => {
    const single = leader();
    handedOver(single);
    proposed(single, 'a', 'b');
    assert.deepEqual(sentOn(single), []);
    const { lastIndex: index } = single.node.status();
    const vote = { term: 2, index, logTerm: 1, context: bytesOf('transfer') };
    single.step(MessageType.vote, 2, vote);
    proposed(single, 'c');
    assert.deepEqual(sentOn(single), []);
    single.step(MessageType.heartbeat, 2, { term: 2 });
    assert.deepEqual(sentOn(single), [`${id(2)} a`, `${id(2)} b`, `${id(2)} c`]);
    assert.deepEqual(sentOn(single), []);
  });

  test('stay when the transfer fails, and are given up when nobody leads for long', () => {
    const single = leader();
    handedOver(single);
    proposed(single, 'a');
    single.take();
    const { lastIndex } = single.node.status();
    single.tick(ELECTION_TICKS);
    single.take();
    assert.equal(single.node.status().lastIndex, lastIndex + 1);

    const follower = new Single({ config: { electionTicks: 1_000 } });
    proposed(follower, 'a');
    follower.tick(3_000);
    follower.step(MessageType.heartbeat, 2, { term: 1_000 });
    assert.deepEqual(sentOn(follower), []);
  });

  test('are held up to the limit of uncommitted bytes', () => {
    const single = leader({ config: { uncommittedBytesMax: 150 } });
    handedOver(single);
    proposed(single, ...Array.from({ length: 9 }, () => 'x'.repeat(60)));
    single.step(MessageType.heartbeat, 2, { term: 2 });
    const held = sentOn(single).length;
    assert.ok(held >= 1 && held <= 3, `${held} proposals were held`);
  });
});

describe('limits', () => {
  test('proposals beyond the uncommitted bytes are dropped until some are applied', () => {
    const single = leader({ config: { uncommittedBytesMax: 100 } });
    const data = new Uint8Array(60);
    assert.deepEqual([single.node.propose(data), single.node.propose(data)], ['ok', 'dropped']);
    single.take();
    acknowledgeAll(single);
    assert.equal(single.node.propose(data), 'ok');
  });

  test('a proposal larger than the limit gets through alone', () => {
    const single = leader({ config: { uncommittedBytesMax: 100 } });
    assert.equal(single.node.propose(new Uint8Array(500)), 'ok');
    assert.equal(single.node.propose(new Uint8Array(1)), 'dropped');
  });

  test('proposals of a turn share one Ready and one message, up to its size', () => {
    const single = leader({ config: { messageBytesMax: 70 } });
    for (let at = 0; at < 5; at++) single.node.propose(new Uint8Array(20));
    const ready = single.node.ready();
    assert.equal(ready.entries.length, 5);
    const sizes = ready.messages
      .filter(({ to }) => to === id(2))
      .map(({ entries }) => entries.length);
    assert.deepEqual(sizes, [2, 2, 1]);
    single.node.advance();
  });

  test('so do proposals on their way to the leader', () => {
    const single = new Single({ config: { messageBytesMax: 70 } });
    single.step(MessageType.heartbeat, 2, { term: 1 });
    single.take();
    for (let at = 0; at < 5; at++) assert.equal(single.node.propose(new Uint8Array(20)), 'ok');
    const { earlyMessages } = single.node.ready();
    assert.deepEqual(
      earlyMessages.map(({ type, to, entries }) => [type, to, entries.length]),
      [2, 2, 1].map((count) => [MessageType.propose, id(2), count]),
    );
  });

  test('committed entries are handed out in slices', () => {
    const single = leader({ config: { committedBytesPerReadyMax: 70 } });
    for (let at = 0; at < 5; at++) single.node.propose(new Uint8Array(20));
    single.take();
    single.readies.length = 0;
    acknowledgeAll(single);
    assert.deepEqual(
      single.readies.map(({ committedEntries }) => committedEntries.length),
      [2, 2, 1],
    );
  });

  test('the log is kept for those who are alive and behind, within bounds', () => {
    const single = leader();
    for (let at = 0; at < 50; at++) single.node.propose(bytesOf('x'));
    single.take();
    const { term } = single.node;
    single.step(MessageType.appendResponse, 2, { term, index: 51 });
    single.step(MessageType.appendResponse, 3, { term, index: 20 });
    single.take();
    const keep = (retainedEntriesMin: number, retainedEntriesMax: number) =>
      single.node.compactableIndex({ retainedEntriesMin, retainedEntriesMax });
    assert.equal(keep(5, 100), 20);
    assert.equal(keep(40, 100), 11);
    assert.equal(keep(5, 10), 41);
    // Member 3 falls silent.
    single.tick(ELECTION_TICKS);
    single.step(MessageType.heartbeatResponse, 2, { term });
    assert.equal(keep(5, 100), 46);
  });
});

describe('membership', () => {
  test('a new leader waits for what it inherited before it changes the configuration', () => {
    const single = new Single();
    single.elect();
    assert.equal(single.node.proposeConfChange(change(ConfChangeType.addVoter, 4)), 'ok');
    const late = new Single({ terms: [1] });
    late.elect();
    assert.equal(late.node.proposeConfChange(change(ConfChangeType.addVoter, 4)), 'pending');
    acknowledgeAll(late);
    assert.equal(late.node.proposeConfChange(change(ConfChangeType.addVoter, 4)), 'ok');
    assert.equal(late.node.proposeConfChange(change(ConfChangeType.addVoter, 5)), 'pending');
  });

  test('forwarded proposals that are no conf change, or do not fit, are dropped', () => {
    const single = leader();
    const entry = (data: Uint8Array) => ({ term: 0, index: 0, kind: EntryKind.confChange, data });
    const leave = encodeConfChange({ steps: [], transition: 'auto', context: new Uint8Array(0) });
    single.step(MessageType.propose, 2, { entries: [entry(bytesOf('?')), entry(leave)] });
    assert.equal(single.node.status().lastIndex, 1);
  });

  test('a change that does not fit changes nothing when applied', () => {
    const single = leader();
    const before = single.node.status().confState;
    const leave = { steps: [], transition: 'auto', context: new Uint8Array(0) } as const;
    assert.deepEqual(single.node.applyConfChange(leave), before);
  });

  test('etcd #18055: the older of two snapshots is ignored', () => {
    const single = new Single();
    const meta = (index: number) => ({ index, term: 1, confState: voters(id(1), id(2)) });
    single.step(MessageType.snapshot, 2, { term: 1, snapshot: meta(9) });
    single.step(MessageType.snapshot, 2, { term: 1, snapshot: meta(5) });
    const answers = ofType(single.take(), MessageType.appendResponse);
    assert.deepEqual(
      answers.map(({ index }) => index),
      [9],
    );
    single.step(MessageType.snapshot, 2, { term: 1, snapshot: meta(7) });
    single.take();
    assert.deepEqual(
      single.readies.flatMap(({ snapshot }) => snapshot?.index ?? []),
      [9],
    );
    assert.deepEqual(single.node.status().confState, voters(id(1), id(2)));
  });
});

describe('reads', () => {
  test('all reads of a turn share one round', () => {
    const single = leader();
    for (const name of ['a', 'b', 'c']) single.node.readIndex(bytesOf(name));
    single.step(MessageType.readIndex, 3, { context: bytesOf('remote') });
    const [heartbeat, ...more] = ofType(single.take(), MessageType.heartbeat);
    assert.equal(more.length, 1);
    single.step(MessageType.heartbeatResponse, 2, {
      term: 1,
      context: heartbeat?.context ?? new Uint8Array(0),
    });
    const [answer] = ofType(single.take(), MessageType.readIndexResponse);
    assert.deepEqual([answer?.to, answer?.context], [id(3), bytesOf('remote')]);
    assert.equal(single.readies.flatMap(({ readStates }) => readStates).length, 3);
  });

  test('rounds overlap: an answer to a later one answers those before', () => {
    const single = leader();
    single.node.readIndex(bytesOf('a'));
    single.take();
    single.node.readIndex(bytesOf('b'));
    const [second] = ofType(single.take(), MessageType.heartbeat);
    single.step(MessageType.heartbeatResponse, 3, {
      term: 1,
      context: second?.context ?? new Uint8Array(0),
    });
    single.take();
    assert.equal(single.readies.flatMap(({ readStates }) => readStates).length, 2);
  });

  test('a follower asks again at once when another leads, and under a new id', () => {
    const single = new Single();
    single.step(MessageType.heartbeat, 2, { term: 1 });
    single.node.readIndex(bytesOf('r'));
    const [first] = ofType(single.take(), MessageType.readIndex);
    single.step(MessageType.heartbeat, 3, { term: 2 });
    const [second] = ofType(single.take(), MessageType.readIndex);
    assert.deepEqual([first?.to, second?.to], [id(2), id(3)]);
    assert.notDeepEqual(first?.context, second?.context);
    // Late, but an answer to what was asked: the index holds for good.
    single.step(MessageType.readIndexResponse, 2, {
      context: first?.context ?? new Uint8Array(0),
      index: 0,
    });
    single.take();
    assert.equal(single.readies.flatMap(({ readStates }) => readStates).length, 1);
    assert.deepEqual(ofType(single.take(), MessageType.readIndex), []);
  });

  test('a read no leader confirms is aborted in time', () => {
    const single = new Single({ config: { readTimeoutTicks: 25 } });
    single.node.readIndex(bytesOf('r'));
    single.tick(25);
    single.take();
    assert.deepEqual(
      single.readies.flatMap(({ abortedReads }) => abortedReads),
      [],
    );
    single.tick(1);
    single.take();
    assert.deepEqual(
      single.readies.flatMap(({ abortedReads }) => abortedReads),
      [bytesOf('r')],
    );
  });
});

describe('rest', () => {
  const RESTS = { config: { restAfterTicks: 3 } };

  test('not before everything is applied, answered and acknowledged', () => {
    const single = leader(RESTS);
    single.node.propose(bytesOf('x'));
    single.take();
    single.tick(20);
    assert.equal(single.node.resting, false);
    acknowledgeAll(single);
    single.node.readIndex(bytesOf('r'));
    single.tick(9);
    assert.equal(single.node.resting, false);
  });

  test('the last Ready before rest says so, and stores the commit', () => {
    const single = leader(RESTS);
    single.tick(3);
    single.take();
    const last = single.readies.at(-1);
    assert.deepEqual([last?.rest, last?.hardState?.commit, single.node.resting], [true, 1, true]);
    single.tick(100);
    assert.equal(single.node.hasReady(), false);
  });

  test('a follower rests only with the leader’s log', () => {
    const rest = { term: 1, logTerm: 1, index: 2, commit: 2 };
    const behind = new Single({ terms: [1] });
    behind.step(MessageType.rest, 2, rest);
    assert.equal(behind.node.resting, false);
    assert.equal(ofType(behind.take(), MessageType.wake)[0]?.to, id(2));
    const same = new Single({ terms: [1, 1] });
    same.step(MessageType.rest, 2, rest);
    same.take();
    assert.equal(same.node.resting, true);
    assert.equal(same.log.hardState.commit, 2);
  });

  test('a member just woken gives the leader an election timeout before it votes', () => {
    const single = new Single({ hardState: { term: 3 }, config: { checkQuorum: true } });
    single.step(MessageType.preVote, 2, { term: 4, index: 5, logTerm: 3 });
    assert.deepEqual(ofType(single.take(), MessageType.preVoteResponse), []);
    single.tick(ELECTION_TICKS - 1);
    single.step(MessageType.preVote, 2, { term: 4, index: 5, logTerm: 3 });
    assert.deepEqual(ofType(single.take(), MessageType.preVoteResponse), []);
  });

  test('in a cluster that never had a leader there is nobody to wait for', () => {
    const single = new Single({ config: { checkQuorum: true } });
    single.step(MessageType.preVote, 2, { term: 1 });
    assert.equal(ofType(single.take(), MessageType.preVoteResponse)[0]?.reject, false);
  });

  test('late answers do not wake a leader', () => {
    const single = leader(RESTS);
    single.tick(3);
    single.take();
    single.step(MessageType.heartbeatResponse, 2, { term: 1 });
    single.step(MessageType.appendResponse, 3, { term: 1, index: 1 });
    assert.equal(single.node.resting, true);
    assert.equal(single.node.hasReady(), false);
  });

  test('a member that finds no leader for long and has nothing to do rests', () => {
    const single = new Single({
      hardState: { term: 1 },
      config: { ...RESTS.config, preVote: true },
    });
    const ticks = RAFT_LEADERLESS_REST_ELECTIONS * ELECTION_TICKS;
    single.tick(ticks - 1);
    assert.equal(single.node.resting, false);
    single.tick(1);
    assert.equal(single.node.resting, true);
    // A read is something to do: it is asked for as long as it may wait.
    single.take();
    single.node.readIndex(bytesOf('r'));
    assert.equal(single.node.resting, false);
  });
});

describe('resuming', () => {
  const marked = { term: 2, vote: id(1), commit: 1, leader: true };

  test('a stored leader leads on in its term, and counts from what it has', () => {
    const single = new Single({ terms: [1, 2, 2], hardState: marked });
    assert.deepEqual([single.node.role, single.node.term], ['leader', 2]);
    single.step(MessageType.appendResponse, 3, { term: 2, index: 3 });
    assert.equal(single.node.status().commit, 3);
  });

  test('entries of earlier terms still wait for one of its own', () => {
    const single = new Single({ terms: [1, 1, 2], hardState: marked });
    single.step(MessageType.appendResponse, 3, { term: 2, index: 2 });
    assert.equal(single.node.status().commit, 1);
  });

  test('a member that voted for itself and did not win does not', () => {
    const single = new Single({ terms: [1], hardState: { term: 2, vote: id(1) } });
    assert.deepEqual([single.node.role, single.node.leader], ['follower', NO_NODE]);
  });

  test('stepping down takes the mark away, in the write that says why', () => {
    const single = new Single({ terms: [1, 2], hardState: marked });
    single.step(MessageType.appendResponse, 2, { term: 5, reject: true });
    single.take();
    assert.deepEqual([single.log.hardState.term, single.log.hardState.leader], [5, false]);
  });

  test('what cannot be is refused at the start', () => {
    const build = (hardState: object) => () => new Single({ terms: [1, 2], hardState });
    assert.throws(build({ ...marked, vote: id(2) }), AssertionError);
    assert.throws(build({ ...marked, term: 3 }), AssertionError);
    assert.throws(build({ term: 1 }), AssertionError);
    assert.throws(build({ term: 2, commit: 3 }), AssertionError);
  });

  test('reads of entries after those found wait for no more than the end as it was found', () => {
    const single = new Single({ terms: [1, 2, 2], hardState: marked });
    single.node.readIndex(bytesOf('r'));
    single.step(MessageType.appendResponse, 3, { term: 2, index: 2 });
    assert.ok(
      ofType(single.take(), MessageType.heartbeat).every(({ context }) => context.length === 0),
    );
    single.step(MessageType.appendResponse, 3, { term: 2, index: 3 });
    assert.ok(
      ofType(single.take(), MessageType.heartbeat).some(({ context }) => context.length > 0),
    );
  });
});

test('a Ready must be advanced before the next', () => {
  const single = leader();
  single.node.propose(bytesOf('x'));
  single.node.ready();
  assert.throws(() => single.node.ready(), AssertionError);
  single.node.advance();
  assert.throws(() => single.node.advance(), AssertionError);
});

test('a member that holds nothing yet takes the whole log', () => {
  const single = new Single();
  single.step(MessageType.append, 2, { term: 3, entries: entriesOf([1, 2, 3]), commit: 3 });
  single.take();
  assert.deepEqual(single.applied, entriesOf([1, 2, 3]));
});
