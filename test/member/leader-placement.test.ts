/** Goal: leadership follows the writers, not every whim of theirs, and not against an operator's wish. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PLACEMENT_PROPOSALS_MIN, PLACEMENT_ROUNDS_MIN } from '../../src/constants.ts';
import type { Region } from '../../src/member/cluster-config.ts';
import { type Candidate, LeaderPlacement } from '../../src/member/leader-placement.ts';
import { roundTripEstimateMs } from '../../src/member/region-distance.ts';

/** Members are named by their regions here. */
const roundTrip = (from: string, to: string): number =>
  from === to ? 0 : roundTripEstimateMs(from as Region, to as Region);

const seatsOf = (...ids: readonly string[]): Candidate[] =>
  ids.map((id) => ({ id, priority: 1, caughtUp: true }));
const THREE = seatsOf('enam', 'weur', 'apac');

/** What is decided in each of some rounds in which members propose so much. */
function rounds(
  placement: LeaderPlacement,
  count: number,
  writers: Readonly<Record<string, number>>,
  seats: readonly Candidate[] = THREE,
): (string | undefined)[] {
  return Array.from({ length: count }, () => {
    for (const [from, proposals] of Object.entries(writers)) placement.proposed(from, proposals);
    return placement.next(seats, roundTrip);
  });
}

describe('leadership', () => {
  it('goes where the writers are, once they have been there for some rounds', () => {
    const placement = new LeaderPlacement('apac');
    const decided = rounds(placement, PLACEMENT_ROUNDS_MIN, { weur: 100 });
    assert.deepEqual(decided, [...Array<undefined>(PLACEMENT_ROUNDS_MIN - 1), 'weur']);
  });

  it('goes to the voter nearest to writers who have none, and not to a learner', () => {
    const decided = rounds(new LeaderPlacement('apac'), PLACEMENT_ROUNDS_MIN, { wnam: 100 });
    assert.equal(decided.at(-1), 'enam');
  });

  it('stays where the writers are, also when few write from elsewhere', () => {
    const decided = rounds(new LeaderPlacement('enam'), 20, { enam: 100, apac: 30 });
    assert.deepEqual(new Set(decided), new Set([undefined]));
  });

  it('stays when nobody would gain much, and when next to nobody writes', () => {
    const near = seatsOf('weur', 'eeur', 'enam');
    assert.deepEqual(
      new Set(rounds(new LeaderPlacement('weur'), 20, { weur: 50, eeur: 60 }, near)),
      new Set([undefined]),
    );
    const few = { weur: (PLACEMENT_PROPOSALS_MIN - 1) / 2 };
    assert.deepEqual(new Set(rounds(new LeaderPlacement('apac'), 20, few)), new Set([undefined]));
  });

  it('does not follow writers who move about', () => {
    const placement = new LeaderPlacement('apac');
    for (let round = 0; round < 20; round++) {
      const from = round % 2 === 0 ? 'weur' : 'enam';
      // Much more than what is left of the round before.
      assert.deepEqual(rounds(placement, 1, { [from]: 1_000 * 3 ** round }), [undefined]);
    }
  });

  it('forgets what it counted under another leader', () => {
    const placement = new LeaderPlacement('apac');
    rounds(placement, PLACEMENT_ROUNDS_MIN - 1, { weur: 100 });
    placement.reset();
    assert.deepEqual(rounds(placement, 3, {}), [undefined, undefined, undefined]);
  });

  it('is never given to a voter that lags, nor to one that must not lead', () => {
    for (const flaw of [{ caughtUp: false }, { priority: 0 }]) {
      const seats = THREE.map((seat) => (seat.id === 'weur' ? { ...seat, ...flaw } : seat));
      const decided = rounds(
        new LeaderPlacement('apac'),
        PLACEMENT_ROUNDS_MIN,
        { weur: 100 },
        seats,
      );
      assert.equal(decided.at(-1), 'enam');
    }
  });

  it('is given up by one that must not lead, and goes to the highest priority, whatever writers gain', () => {
    const forbidden = THREE.map((seat) => (seat.id === 'apac' ? { ...seat, priority: 0 } : seat));
    const away = rounds(new LeaderPlacement('apac'), PLACEMENT_ROUNDS_MIN, {}, forbidden);
    assert.ok(['enam', 'weur'].includes(away.at(-1) ?? ''));
    const pinned = THREE.map((seat) => (seat.id === 'apac' ? { ...seat, priority: 9 } : seat));
    const home = rounds(new LeaderPlacement('weur'), PLACEMENT_ROUNDS_MIN, { weur: 100 }, pinned);
    assert.equal(home.at(-1), 'apac');
    const stays = rounds(new LeaderPlacement('apac'), 10, { weur: 100 }, pinned);
    assert.deepEqual(new Set(stays), new Set([undefined]));
  });

  it('stays when nobody may lead but one that lags', () => {
    const seats = THREE.map((seat) => ({
      ...seat,
      priority: seat.id === 'weur' ? 1 : 0,
      caughtUp: seat.id !== 'weur',
    }));
    assert.deepEqual(
      rounds(new LeaderPlacement('apac'), 5, { weur: 100 }, seats),
      Array(5).fill(undefined),
    );
  });
});

describe('the mean commit', () => {
  it('is the way of the writers to the leader, and from there to a majority', () => {
    const placement = new LeaderPlacement('enam');
    placement.proposed('weur', 3);
    placement.proposed('apac', 1);
    const ids = THREE.map(({ id }) => id);
    const expected =
      (3 * roundTrip('weur', 'enam') + roundTrip('apac', 'enam')) / 4 + roundTrip('enam', 'weur');
    assert.ok(Math.abs(placement.meanCommitMs('enam', ids, roundTrip) - expected) < 1e-9);
    assert.equal(new LeaderPlacement('m').meanCommitMs('m', ['m'], roundTrip), 0);
  });
});
