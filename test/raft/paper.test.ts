/**
 * One test for each claim of the Raft paper (extended version) that a single member can be held to, and
 * of the thesis where it says more. Names begin with the section.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bytesOf } from '../../src/lib/bytes.ts';
import { type Message, MessageType, NO_NODE, type Role } from '../../src/raft/types.ts';
import { id } from './support/memory-log.ts';
import { ELECTION_TICKS, entriesOf, ofType, Single } from './support/single.ts';

function inRole(role: Role): Single {
  const single = new Single();
  if (role === 'leader') single.elect();
  if (role === 'candidate') {
    single.node.campaign();
    single.take();
  }
  assert.equal(single.node.status().role, role);
  return single;
}

const ROLES: readonly Role[] = ['follower', 'candidate', 'leader'];

describe('5.1 terms', () => {
  for (const role of ROLES) {
    test(`a ${role} that hears of a later term follows in it`, () => {
      const single = inRole(role);
      single.step(MessageType.append, 2, { term: 7 });
      const { role: now, term, leader } = single.node.status();
      assert.deepEqual([now, term, leader], ['follower', 7, id(2)]);
    });
  }

  test('a message of an earlier term changes nothing', () => {
    const single = new Single({ terms: [1, 1], hardState: { term: 5 } });
    single.step(MessageType.append, 2, { term: 4, index: 2, logTerm: 1, commit: 2 });
    single.step(MessageType.vote, 3, { term: 4, index: 9, logTerm: 4 });
    const { term, commit, leader, vote } = single.node.status();
    assert.deepEqual([term, commit, leader, vote], [5, 0, NO_NODE, NO_NODE]);
    assert.ok(single.take().every((message) => message.reject && message.term === 5));
  });

  test('term and vote are durable before they are acted on', () => {
    const single = new Single({ hardState: { term: 1 } });
    single.step(MessageType.vote, 2, { term: 3, index: 0, logTerm: 0 });
    const ready = single.node.ready();
    assert.deepEqual(ready.earlyMessages, []);
    assert.deepEqual([ready.hardState?.term, ready.hardState?.vote], [3, id(2)]);
    assert.equal(ready.messages[0]?.type, MessageType.voteResponse);
  });
});

describe('5.2 leader election', () => {
  test('a member starts as follower', () => {
    assert.equal(new Single().node.status().role, 'follower');
  });

  test('a leader sends heartbeats to all, every heartbeat interval', () => {
    const single = new Single({ config: { heartbeatTicks: 3 } });
    single.elect();
    single.tick(2);
    assert.deepEqual(ofType(single.take(), MessageType.heartbeat), []);
    single.tick(1);
    const heartbeats = ofType(single.take(), MessageType.heartbeat);
    assert.deepEqual(
      heartbeats.map(({ to }) => to),
      [id(2), id(3)],
    );
  });

  for (const role of ['follower', 'candidate'] as const) {
    test(`a ${role} that hears nobody for an election timeout begins an election`, () => {
      const single = inRole(role);
      const before = single.node.term;
      single.tick(ELECTION_TICKS - 1);
      assert.equal(single.node.term, before);
      single.tick(1);
      assert.deepEqual([single.node.status().role, single.node.term], ['candidate', before + 1]);
      assert.equal(single.node.status().vote, id(1));
      const asked = ofType(single.take(), MessageType.vote).map(({ to }) => to);
      assert.deepEqual(asked, [id(2), id(3)]);
    });
  }

  test('a heartbeat puts the election off', () => {
    const single = new Single({ hardState: { term: 1 } });
    for (let at = 0; at < 5; at++) {
      single.tick(ELECTION_TICKS - 1);
      single.step(MessageType.heartbeat, 2, { term: 1 });
    }
    assert.equal(single.node.status().role, 'follower');
  });

  for (const [members, granted, refused, role] of [
    [1, 0, 0, 'leader'],
    [3, 0, 0, 'candidate'],
    [3, 1, 0, 'leader'],
    [3, 0, 1, 'candidate'],
    [3, 0, 2, 'follower'],
    [5, 2, 0, 'leader'],
    [5, 1, 2, 'candidate'],
    [5, 1, 3, 'follower'],
    [4, 1, 0, 'candidate'],
    [4, 2, 0, 'leader'],
    [4, 1, 2, 'follower'],
  ] as const) {
    test(`of ${members}: ${granted} votes and ${refused} refusals make a ${role}`, () => {
      const single = new Single({ members });
      single.node.campaign();
      single.take();
      const { term } = single.node;
      for (let at = 0; at < granted + refused; at++) {
        single.step(MessageType.voteResponse, at + 2, { term, reject: at >= granted });
      }
      assert.equal(single.node.status().role, role);
    });
  }

  test('a vote counts once', () => {
    const single = new Single({ members: 5 });
    single.node.campaign();
    for (let at = 0; at < 5; at++) single.step(MessageType.voteResponse, 2, { term: 1 });
    assert.equal(single.node.status().role, 'candidate');
  });

  test('one vote a term, first come, first served', () => {
    const single = new Single();
    for (const from of [2, 3, 2]) {
      single.step(MessageType.vote, from, { term: 1 });
      const [answer] = ofType(single.take(), MessageType.voteResponse);
      assert.equal(answer?.reject, from === 3);
    }
  });

  test('a candidate yields to the leader of its term', () => {
    const single = inRole('candidate');
    single.step(MessageType.append, 3, { term: single.node.term });
    assert.deepEqual(
      [single.node.status().role, single.node.leader, single.node.term],
      ['follower', id(3), 1],
    );
  });

  test('election timeouts are spread over one to two times the minimum', () => {
    const seen = new Set<number>();
    for (let drawn = 0; drawn < ELECTION_TICKS; drawn++) {
      const single = new Single({ config: { random: { below: () => drawn } } });
      let ticks = 0;
      for (; single.node.status().role === 'follower'; ticks++) single.node.tick();
      seen.add(ticks);
    }
    assert.deepEqual([...seen], [10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
  });
});

describe('5.3 log replication', () => {
  function acknowledge(single: Single, from: number, index: number): void {
    single.step(MessageType.appendResponse, from, { term: single.node.term, index });
  }

  test('a proposal is appended and sent to all, with the entry before it', () => {
    const single = new Single();
    single.elect();
    acknowledge(single, 2, 1);
    acknowledge(single, 3, 1);
    single.take();
    single.node.propose(bytesOf('x'));
    const appends = ofType(single.take(), MessageType.append);
    assert.deepEqual(
      appends.map(({ to, index, logTerm, entries }) => [to, index, logTerm, entries.length]),
      [
        [id(2), 1, 1, 1],
        [id(3), 1, 1, 1],
      ],
    );
    assert.equal(single.log.lastIndex(), 2);
  });

  for (const [members, acks, committed] of [
    [1, 0, true],
    [3, 0, false],
    [3, 1, true],
    [5, 1, false],
    [5, 2, true],
    [4, 1, false],
    [4, 2, true],
  ] as const) {
    test(`of ${members}: ${acks} acknowledgements commit: ${committed}`, () => {
      const single = new Single({ members });
      single.elect();
      for (let at = 0; at < acks; at++) acknowledge(single, at + 2, 1);
      single.take();
      assert.equal(single.node.status().commit, committed ? 1 : 0);
    });
  }

  for (const terms of [[], [2], [1, 2], [1, 1, 2, 2]]) {
    test(`committing an entry commits what earlier leaders left: ${terms.join(' ')}`, () => {
      const single = new Single({ terms, hardState: { term: 2 } });
      single.elect();
      const last = terms.length + 1;
      acknowledge(single, 2, last);
      single.take();
      assert.deepEqual(
        single.applied.map(({ term, index }) => [term, index]),
        [...terms, 3].map((term, at) => [term, at + 1]),
      );
    });
  }

  test('followers learn what is committed, and apply it in order', () => {
    const single = new Single();
    const entries = entriesOf([1, 1, 1]);
    single.step(MessageType.append, 2, { term: 1, entries, commit: 2 });
    single.take();
    assert.deepEqual(single.applied, entries.slice(0, 2));
    single.step(MessageType.commit, 2, { term: 1, commit: 3, logTerm: 1 });
    single.take();
    assert.deepEqual(single.applied, entries);
  });

  test('no more is committed than the append is known to match', () => {
    // The end of the log may be another leader's.
    const single = new Single({ terms: [1, 1, 1] });
    single.step(MessageType.append, 2, { term: 2, index: 1, logTerm: 1, commit: 3 });
    assert.equal(single.node.status().commit, 1);
  });

  test('an entry acknowledged is an entry written', () => {
    const single = new Single();
    single.step(MessageType.append, 2, { term: 1, entries: entriesOf([1, 1]) });
    const ready = single.node.ready();
    assert.equal(ready.entries.length, 2);
    assert.deepEqual(ready.earlyMessages, []);
    assert.deepEqual(
      ready.messages.map(({ type, index }) => [type, index]),
      [[MessageType.appendResponse, 2]],
    );
  });

  for (const [logTerm, index, accepted] of [
    [0, 0, true],
    [1, 1, true],
    [2, 2, true],
    [1, 2, false],
    [3, 2, false],
    [2, 3, false],
  ] as const) {
    test(`consistency check of 1 2 against previous entry ${logTerm}/${index}: ${accepted}`, () => {
      const single = new Single({ terms: [1, 2] });
      single.step(MessageType.append, 2, { term: 3, index, logTerm });
      const [answer] = ofType(single.take(), MessageType.appendResponse);
      assert.equal(answer?.reject, !accepted);
    });
  }

  // Figure 7: the leader of term 8 has 1 1 1 4 4 5 5 6 6 6.
  const leaderTerms = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 8];
  for (const [name, terms] of [
    ['a', [1, 1, 1, 4, 4, 5, 5, 6, 6]],
    ['b', [1, 1, 1, 4]],
    ['c', [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6]],
    ['d', [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7]],
    ['e', [1, 1, 1, 4, 4, 4, 4]],
    ['f', [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3]],
  ] as const) {
    test(`figure 7 (${name}): the follower's log becomes the leader's`, () => {
      const leader = new Single({ terms: leaderTerms.slice(0, -1), hardState: { term: 7 } });
      const follower = new Single({ terms, hardState: { term: 7 } });
      let toFollower = leader.elect();
      let rounds = 0;
      for (; toFollower.length > 0 && rounds < 20; rounds++) {
        for (const message of toFollower) deliver(follower, message, 2);
        for (const message of follower.take()) deliver(leader, message, 1);
        toFollower = leader.take().filter(({ to }) => to === id(2));
      }
      assert.deepEqual(
        follower.log.all().map(({ term }) => term),
        leaderTerms,
      );
      // Whole terms are skipped: one refusal for each term in question.
      assert.ok(rounds <= 6, `${rounds} rounds`);
    });
  }

  /** The member under test is always number 1: the two are renamed for each other. */
  function deliver(single: Single, message: Message, sender: number): void {
    if (sender === 2 && message.to !== id(2)) return;
    single.node.step({ ...message, from: id(2), to: id(1) });
  }

  test('an append that comes twice, or late, does no harm', () => {
    const single = new Single();
    const entries = entriesOf([1, 1, 1]);
    single.step(MessageType.append, 2, { term: 1, entries });
    single.step(MessageType.append, 2, { term: 1, entries: entries.slice(0, 1) });
    single.step(MessageType.append, 2, { term: 1, entries, commit: 3 });
    single.take();
    assert.deepEqual(single.log.all(), entries);
    assert.deepEqual(single.applied, entries);
  });

  test('a leader never overwrites or deletes entries of its own', () => {
    const single = new Single({ terms: [1, 1] });
    single.elect();
    const before = [...single.log.all()];
    single.step(MessageType.append, 2, { term: 2, entries: entriesOf([2, 2]) });
    single.take();
    assert.deepEqual(single.log.all(), before);
  });
});

describe('5.4 safety', () => {
  for (const [own, logTerm, index, granted] of [
    [[1], 1, 1, true],
    [[1], 1, 2, true],
    [[1], 2, 1, true],
    [[1, 1], 1, 1, false],
    [[1, 1], 2, 1, true],
    [[2], 1, 9, false],
    [[1, 2], 1, 9, false],
    [[], 0, 0, true],
  ] as const) {
    test(`5.4.1 log ${own.join(' ') || 'empty'}: vote for a log that ends in ${logTerm}/${index}: ${granted}`, () => {
      const single = new Single({ terms: own, hardState: { term: 2 } });
      single.step(MessageType.vote, 2, { term: 3, index, logTerm });
      const [answer] = ofType(single.take(), MessageType.voteResponse);
      assert.equal(answer?.reject, !granted);
    });
  }

  test('5.4.2 figure 8: an entry of an earlier term is not committed by counting', () => {
    const single = new Single({ terms: [1, 2], hardState: { term: 3 } });
    single.elect();
    for (const from of [2, 3]) {
      single.step(MessageType.appendResponse, from, { term: 4, index: 2 });
    }
    assert.equal(single.node.status().commit, 0);
    single.step(MessageType.appendResponse, 2, { term: 4, index: 3 });
    assert.equal(single.node.status().commit, 3);
  });
});

describe('8 and thesis 6.4: client interaction', () => {
  test('a new leader appends an empty entry of its term', () => {
    const single = new Single({ terms: [1] });
    single.elect();
    const last = single.log.all().at(-1);
    assert.deepEqual([last?.term, last?.index, last?.data.length], [2, 2, 0]);
  });

  test('a read waits for the first commit of the term, then for a quorum, then for its own write', () => {
    const single = new Single({ terms: [1, 1], hardState: { commit: 2 } });
    single.elect();
    single.node.readIndex(bytesOf('r'));
    assert.deepEqual(ofType(single.take(), MessageType.heartbeat), []);
    single.step(MessageType.appendResponse, 2, { term: 2, index: 3 });
    const ready = single.node.ready();
    assert.equal(ready.fence, true);
    const context = ready.earlyMessages[0]?.context ?? new Uint8Array(0);
    // The answer is there before the write of this Ready is done.
    single.step(MessageType.heartbeatResponse, 2, { term: 2, context });
    single.node.advance();
    single.take();
    const answered = single.readies.flatMap(({ readStates }) => readStates);
    assert.deepEqual(answered, [{ context: bytesOf('r'), index: 3 }]);
  });

  test('a quorum without this member’s own write confirms nothing', () => {
    const single = new Single();
    single.elect();
    for (const from of [2, 3]) single.step(MessageType.appendResponse, from, { term: 1, index: 1 });
    single.take();
    single.node.readIndex(bytesOf('r'));
    const { earlyMessages } = single.node.ready();
    const context = earlyMessages[0]?.context ?? new Uint8Array(0);
    for (const from of [2, 3]) {
      single.step(MessageType.heartbeatResponse, from, { term: 1, context });
    }
    assert.equal(single.node.hasReady(), false);
    single.node.advance();
    assert.equal(single.node.ready().readStates.length, 1);
  });

  test('an answer of another construction is not counted', () => {
    const single = new Single({ members: 3, config: { nonce: new Uint8Array(8).fill(7) } });
    single.elect();
    for (const from of [2, 3]) single.step(MessageType.appendResponse, from, { term: 1, index: 1 });
    single.take();
    single.node.readIndex(bytesOf('r'));
    const [heartbeat] = ofType(single.take(), MessageType.heartbeat);
    const own = heartbeat?.context ?? new Uint8Array(0);
    const other = Uint8Array.from(own);
    other[0] = 8;
    const later = Uint8Array.from(own);
    later[8] = 100;
    for (const context of [other, later, own.subarray(0, 8), new Uint8Array(3)]) {
      single.step(MessageType.heartbeatResponse, 2, { term: 1, context });
    }
    single.take();
    assert.deepEqual(
      single.readies.flatMap(({ readStates }) => readStates),
      [],
    );
  });
});

describe('thesis 4.2.3: disruptive servers', () => {
  test('a vote is not even looked at while a leader is heard, but for a transfer', () => {
    const single = new Single({ config: { checkQuorum: true } });
    single.step(MessageType.heartbeat, 2, { term: 1 });
    single.take();
    single.step(MessageType.vote, 3, { term: 9 });
    assert.equal(single.node.term, 1);
    single.step(MessageType.vote, 3, { term: 9, context: bytesOf('transfer') });
    assert.equal(single.node.term, 9);
  });

  test('9.6: a preVote changes neither term nor vote', () => {
    const single = new Single({ hardState: { term: 3, vote: id(2) } });
    single.step(MessageType.preVote, 3, { term: 4, index: 5, logTerm: 3 });
    const [answer] = ofType(single.take(), MessageType.preVoteResponse);
    assert.deepEqual([answer?.reject, answer?.term], [false, 4]);
    assert.deepEqual([single.node.term, single.node.status().vote], [3, id(2)]);
  });
});

describe('what no member sends is ignored', () => {
  const bad: readonly [string, MessageType, object][] = [
    ['entries with a gap', MessageType.append, { term: 5, entries: entriesOf([5], 2) }],
    ['terms that fall', MessageType.append, { term: 5, entries: entriesOf([3, 2]) }],
    ['entries of the future', MessageType.append, { term: 5, entries: entriesOf([6]) }],
    ['a snapshot without one', MessageType.snapshot, { term: 5 }],
    ['a proposal with a term', MessageType.propose, { term: 5 }],
    ['a heartbeat without a term', MessageType.heartbeat, {}],
  ];
  for (const [name, type, fields] of bad) {
    test(name, () => {
      const single = new Single();
      single.step(type, 2, fields);
      assert.equal(single.node.term, 0);
      assert.equal(single.node.hasReady(), false);
    });
  }

  test('from oneself, or to another', () => {
    const single = new Single();
    single.step(MessageType.heartbeat, 1, { term: 5 });
    assert.equal(single.node.term, 0);
  });
});
