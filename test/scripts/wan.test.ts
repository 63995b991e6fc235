/** Goal: the laboratory's limits are what the distances allow, and its layouts are checked. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { UsageError } from '../../scripts/lib/usage.ts';
import { layoutOf, nearest, readLayout, regionsOf } from '../../scripts/lib/wan/layout.ts';
import { limitsOf, quorumMs } from '../../scripts/lib/wan/limits.ts';
import { roundTripMs, WITHIN_REGION_MS } from '../../scripts/lib/wan/round-trips.ts';
import { bestLeader, farthestMove } from '../../scripts/lib/wan/writers-move.ts';
import { REGIONS } from '../../src/member/cluster-config.ts';

describe('round trips', () => {
  it('are known between all regions, both ways alike', () => {
    for (const from of REGIONS) {
      assert.equal(roundTripMs(from, from), WITHIN_REGION_MS);
      for (const to of REGIONS) {
        assert.ok(roundTripMs(from, to) >= WITHIN_REGION_MS, `${from} to ${to}`);
        assert.equal(roundTripMs(from, to), roundTripMs(to, from));
      }
    }
  });
});

describe('limits', () => {
  const layout = layoutOf(['enam', 'weur', 'apac'], ['oc']);

  it('take the nearest majority of voters', () => {
    assert.equal(quorumMs(['enam', 'weur', 'apac'], 'enam'), roundTripMs('enam', 'weur'));
    assert.equal(quorumMs(['enam', 'enam', 'apac'], 'enam'), WITHIN_REGION_MS);
    assert.equal(
      quorumMs(['enam', 'weur', 'apac', 'oc', 'wnam'], 'enam'),
      roundTripMs('enam', 'weur'),
    );
    assert.equal(quorumMs(['enam'], 'enam'), 0);
  });

  it('take the client to its member, that to the leader, and back', () => {
    const members = [...layout.voters, ...layout.learners];
    const { write, localRead, event } = limitsOf(layout, members, 'enam', 'oc');
    assert.equal(localRead, WITHIN_REGION_MS);
    assert.equal(write, WITHIN_REGION_MS + roundTripMs('oc', 'enam') + roundTripMs('enam', 'weur'));
    assert.equal(event, (roundTripMs('oc', 'enam') + WITHIN_REGION_MS) / 2);
  });

  it('go to the nearest member from where there is none', () => {
    assert.equal(nearest('wnam', layout.voters), 0);
    assert.equal(nearest('eeur', layout.voters), 1);
    assert.equal(
      limitsOf(layout, layout.voters, 'weur', 'eeur').localRead,
      roundTripMs('eeur', 'weur'),
    );
  });
});

describe('writers that move', () => {
  it('go as far as there are voters, and have the leader that serves them best', () => {
    const layout = layoutOf(['enam', 'weur', 'apac'], ['oc']);
    assert.deepEqual(farthestMove(layout, 'enam'), { from: 'enam', to: 'apac' });
    assert.equal(farthestMove(layoutOf(['enam', 'enam']), 'enam'), undefined);
    // The majority is in enam, so that a leader in wnam would wait for it as long as its writers do.
    assert.equal(farthestMove(layoutOf(['enam', 'enam', 'wnam']), 'enam'), undefined);
    const members = [...layout.voters, ...layout.learners];
    assert.equal(bestLeader(layout, members, 'weur'), 'weur');
    // A leader far from the writers may be near to a majority.
    const near = layoutOf(['enam', 'wnam', 'oc']);
    assert.equal(bestLeader(near, near.voters, 'oc'), 'oc');
    assert.equal(bestLeader(near, near.voters, 'weur'), 'enam');
  });
});

describe('a layout', () => {
  it('is read from a file, and says what is wrong with it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'edgetcd-layout-'));
    const file = join(folder, 'layout.json');
    const read = (text: string) => {
      writeFileSync(file, text);
      return readLayout(file);
    };
    try {
      const { voters, learners, clients } = read('{"voters":["weur","eeur"],"learners":["oc"]}');
      assert.deepEqual(
        [voters, learners, clients],
        [['weur', 'eeur'], ['oc'], ['weur', 'eeur', 'oc']],
      );
      const bad = [
        '{',
        '{}',
        '{"voters":[]}',
        '{"voters":["mars"]}',
        '{"voters":["oc"],"moons":[]}',
        '{"voters":"oc"}',
      ];
      for (const text of bad) assert.throws(() => read(text), UsageError, text);
    } finally {
      rmSync(folder, { recursive: true });
    }
    assert.throws(() => regionsOf(['enam', 'narnia'], '--regions'), /narnia/);
  });
});
