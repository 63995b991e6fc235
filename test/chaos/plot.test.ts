/** Goal: the picture of a chaos run shows what happened in it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plotRun } from './plot.ts';

test('a plot marks faults and draws both figures', () => {
  const call = {
    id: 0,
    client: 'c',
    request: { kind: 'range', key: 'a' },
    called: 0,
    returned: 1,
    calledAtMs: 100,
    returnedAtMs: 140,
    outcome: { kind: 'ok', result: { kind: 'put', revision: 2 } },
  } as const;
  const svg = plotRun([call], [{ fromMs: 0, toMs: 500, text: 'kill: m1' }], 2_000);
  assert.equal(svg.match(/<polyline/g)?.length, 2);
  assert.equal(svg.match(/kill: m1/g)?.length, 2);
});
