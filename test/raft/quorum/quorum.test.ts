/** Goal: the quorum arithmetic equals a deliberately naive second one on every small configuration. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { jointReached, jointVote } from '../../../src/raft/quorum/joint.ts';
import { majorityReached, majorityVote } from '../../../src/raft/quorum/majority.ts';

const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
const voterSet = fc.subarray(ids).map((list) => new Set(list));
const acks = fc.dictionary(fc.constantFrom(...ids), fc.nat(12));
const ballots = fc.dictionary(fc.constantFrom(...ids), fc.boolean());

/** Tries every index from the top and counts. */
function naiveReached(voters: ReadonlySet<string>, reached: (id: string) => number): number {
  if (voters.size === 0) return Infinity;
  for (let index = 12; index > 0; index--) {
    const count = [...voters].filter((id) => reached(id) >= index).length;
    if (count * 2 > voters.size) return index;
  }
  return 0;
}

/** Fills in every missing vote in every way: won or lost if all ways agree. */
function naiveVote(
  voters: ReadonlySet<string>,
  votes: Readonly<Record<string, boolean>>,
): 'won' | 'lost' | 'pending' {
  const missing = [...voters].filter((id) => votes[id] === undefined);
  const outcomes = new Set<boolean>();
  for (let mask = 0; mask < 1 << missing.length; mask++) {
    const granted = [...voters].filter((id) => {
      const at = missing.indexOf(id);
      return at < 0 ? votes[id] === true : (mask & (1 << at)) !== 0;
    });
    outcomes.add(voters.size === 0 || granted.length * 2 > voters.size);
  }
  if (outcomes.size === 2) return 'pending';
  return outcomes.has(true) ? 'won' : 'lost';
}

describe('majority', () => {
  test('reached index equals the naive one', () => {
    fc.assert(
      fc.property(voterSet, acks, (voters, acked) => {
        const reached = (id: string) => acked[id] ?? 0;
        assert.equal(majorityReached(voters, reached), naiveReached(voters, reached));
      }),
      { numRuns: 5000 },
    );
  });

  test('vote result equals the naive one', () => {
    fc.assert(
      fc.property(voterSet, ballots, (voters, votes) => {
        assert.equal(
          majorityVote(voters, (id) => votes[id]),
          naiveVote(voters, votes),
        );
      }),
      { numRuns: 5000 },
    );
  });
});

describe('joint', () => {
  test('reached index is the lower of the two, 0 without voters', () => {
    fc.assert(
      fc.property(voterSet, voterSet, acks, (incoming, outgoing, acked) => {
        const reached = (id: string) => acked[id] ?? 0;
        const naive = Math.min(naiveReached(incoming, reached), naiveReached(outgoing, reached));
        assert.equal(jointReached({ incoming, outgoing }, reached), naive === Infinity ? 0 : naive);
      }),
      { numRuns: 5000 },
    );
  });

  test('a vote is won when both halves win, lost when one is lost', () => {
    fc.assert(
      fc.property(voterSet, voterSet, ballots, (incoming, outgoing, votes) => {
        const halves = [naiveVote(incoming, votes), naiveVote(outgoing, votes)];
        const none = incoming.size + outgoing.size === 0;
        let expected: string = 'pending';
        if (none || halves.includes('lost')) expected = 'lost';
        else if (halves.every((half) => half === 'won')) expected = 'won';
        assert.equal(
          jointVote({ incoming, outgoing }, (id) => votes[id]),
          expected,
        );
      }),
      { numRuns: 5000 },
    );
  });
});
