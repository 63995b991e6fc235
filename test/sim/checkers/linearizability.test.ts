/**
 * Goal: the checker accepts every history that one store could have given and refuses those that none
 * could. Method: hand-made histories, one per kind of lie; then histories of the model itself under
 * random concurrency and lost answers, accepted as they are and refused once an answer is falsified.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '../../../src/lib/prng.ts';
import type { Call } from '../history.ts';
import { History } from '../history.ts';
import type { Outcome, Pair, Request, Result } from '../kv.ts';
import { didWrite } from '../kv.ts';
import { KvModel } from '../model.ts';
import { Violation } from '../world.ts';
import { checkLinearizable } from './linearizability.ts';

const put = (key: string, value: string): Request => ({ kind: 'put', key, value });
const get = (key: string): Request => ({ kind: 'range', key });
const pair = (key: string, value: string, create: number, mod: number, version: number): Pair => ({
  key,
  value,
  create,
  mod,
  version,
});
const range = (revision: number, ...pairs: Pair[]): Outcome => ({
  kind: 'ok',
  result: { kind: 'range', revision, pairs, count: pairs.length, more: false },
});
const wrote = (revision: number): Outcome => ({ kind: 'ok', result: { kind: 'put', revision } });
const lost: Outcome = { kind: 'unknown', error: 'timeout' };

/** One call after the other, but for those in one inner list, which overlap. */
function historyOf(
  ...steps: readonly (readonly [Request, Outcome] | readonly (readonly [Request, Outcome])[])[]
): readonly Call[] {
  const history = new History();
  for (const step of steps) {
    const together = (Array.isArray(step[0]) ? step : [step]) as readonly (readonly [
      Request,
      Outcome,
    ])[];
    const calls = together.map(([request]) => history.begin('c', request, 0));
    for (const [at, [, outcome]] of together.entries()) history.end(calls[at] as Call, outcome, 0);
  }
  return history.calls;
}

const refused = (calls: readonly Call[], text: RegExp): void => {
  assert.throws(
    () => {
      checkLinearizable(calls);
    },
    (error: unknown) => error instanceof Violation && text.test(error.message),
  );
};

test('an empty history and a plain one are accepted', () => {
  checkLinearizable([]);
  checkLinearizable(
    historyOf([put('a', '1'), wrote(2)], [get('a'), range(2, pair('a', '1', 2, 2, 1))]),
  );
});

test('a read that misses an acknowledged write is refused', () => {
  refused(historyOf([put('a', '1'), wrote(2)], [get('a'), range(1)]), /order against time/);
});

test('a stale read is accepted when it asked for one', () => {
  const stale: Request = { kind: 'range', key: 'a', serializable: true };
  checkLinearizable(historyOf([put('a', '1'), wrote(2)], [stale, range(1)]));
  refused(
    historyOf([put('a', '1'), wrote(2)], [stale, range(1, pair('a', '1', 2, 2, 1))]),
    /1 pairs instead of 0|count 1/,
  );
});

test('a read that shows a write before anyone asked for it is refused', () => {
  const early: Request = { kind: 'range', key: 'a', serializable: true };
  refused(
    historyOf([early, range(2, pair('a', '1', 2, 2, 1))], [put('a', '1'), wrote(2)]),
    /order against time/,
  );
});

test('two writes may not own one revision', () => {
  refused(
    historyOf([put('a', '1'), wrote(2)], [put('b', '1'), wrote(2)]),
    /two writes own revision 2/,
  );
});

test('concurrent writes may take either order, but reads must keep to it', () => {
  const both = [
    [put('a', '1'), wrote(3)],
    [put('a', '2'), wrote(2)],
  ] as const;
  checkLinearizable(historyOf(both, [get('a'), range(3, pair('a', '1', 2, 3, 2))]));
  refused(
    historyOf(both, [get('a'), range(3, pair('a', '2', 2, 3, 2))]),
    /explains revision 3: an answer shows/,
  );
});

test('a write of unknown fate may have happened, or not', () => {
  checkLinearizable(historyOf([put('a', '1'), lost], [get('a'), range(1)]));
  checkLinearizable(
    historyOf([put('a', '1'), lost], [get('a'), range(2, pair('a', '1', 2, 2, 1))]),
  );
  // Seen absent, then present: it took effect in between.
  checkLinearizable(
    historyOf(
      [put('a', '1'), lost],
      [get('a'), range(1)],
      [get('a'), range(2, pair('a', '1', 2, 2, 1))],
    ),
  );
});

test('a write of unknown fate may not happen twice, nor before it was called', () => {
  refused(
    historyOf([put('a', '1'), lost], [get('a'), range(3, pair('a', '1', 2, 3, 2))]),
    /no request of unknown fate is left/,
  );
  refused(
    historyOf([get('a'), range(2, pair('a', '1', 2, 2, 1))], [put('a', '1'), lost]),
    /no request of unknown fate is left/,
  );
});

test('a refused write that happened all the same is found', () => {
  const failed: Outcome = { kind: 'failed', error: 'no leader' };
  refused(
    historyOf([put('a', '1'), failed], [get('a'), range(2, pair('a', '1', 2, 2, 1))]),
    /no request of unknown fate is left/,
  );
});

test('the search places several unknown writes so that later answers fit', () => {
  checkLinearizable(
    historyOf(
      [
        [put('a', '1'), lost],
        [put('a', '2'), lost],
        [{ kind: 'delete', key: 'a' }, lost],
      ],
      [get('a'), range(4, pair('a', '1', 4, 4, 1))],
    ),
  );
});

test('two orders of unknown deletions leave one store, but differ for who reads between them', () => {
  // The search tries the youngest first: b at 4, a at 5, which the read at 4 denies.
  const old: Request = { kind: 'range', key: '', end: '\0', revision: 4 };
  const written = historyOf(
    [put('a', '1'), wrote(2)],
    [put('b', '1'), wrote(3)],
    [
      [{ kind: 'delete', key: 'a' }, lost],
      [{ kind: 'delete', key: 'b' }, lost],
      [put('c', '1'), lost],
    ],
    [get('c'), range(6, pair('c', '1', 6, 6, 1))],
    [old, range(6, pair('b', '1', 3, 3, 1))],
  );
  checkLinearizable(written);
});

test('an old revision read later must be what it was', () => {
  const old: Request = { kind: 'range', key: 'a', revision: 2 };
  const written = [
    [put('a', '1'), wrote(2)],
    [put('a', '2'), wrote(3)],
  ] as const;
  checkLinearizable(historyOf(...written, [old, range(3, pair('a', '1', 2, 2, 1))]));
  refused(
    historyOf(...written, [old, range(3, pair('a', '2', 2, 3, 2))]),
    /value of "a"|mod of "a"/,
  );
});

test('a transaction is one step', () => {
  const swap: Request = {
    kind: 'txn',
    compares: [{ key: 'a', target: 'value', relation: '=', against: '1' }],
    success: [{ kind: 'put', key: 'a', value: '2' }],
    failure: [],
  };
  const swapped = (revision: number, succeeded: boolean): Outcome => ({
    kind: 'ok',
    result: {
      kind: 'txn',
      revision,
      succeeded,
      results: succeeded ? [{ kind: 'put', revision }] : [],
    },
  });
  const start = [put('a', '1'), wrote(2)] as const;
  checkLinearizable(
    historyOf(start, [
      [swap, swapped(3, true)],
      [swap, swapped(3, false)],
    ]),
  );
  refused(
    historyOf(start, [
      [swap, swapped(3, true)],
      [swap, swapped(4, true)],
    ]),
    /succeeded/,
  );
});

/** A history of the model: `clients` at work at once, each request taking effect while it is open. */
function randomHistory(prng: Prng, steps: number): Call[] {
  const history = new History();
  const model = new KvModel();
  const open: { call: Call; result: Result | undefined }[] = [];
  for (let step = 0; step < steps; step++) {
    const choice = prng.below(3);
    if (choice === 0 || open.length === 0) {
      open.push({ call: history.begin('c', randomRequest(prng, step), step), result: undefined });
      continue;
    }
    const entry = prng.pick(open);
    entry.result ??= model.apply(entry.call.request);
    if (choice === 1) continue;
    open.splice(open.indexOf(entry), 1);
    const outcome: Outcome = prng.bool(0.15)
      ? { kind: 'unknown', error: 'timeout' }
      : { kind: 'ok', result: entry.result };
    history.end(entry.call, outcome, step);
  }
  return history.calls;
}

function randomRequest(prng: Prng, step: number): Request {
  const key = prng.pick(['a', 'b', 'c']);
  switch (prng.below(5)) {
    case 0:
      return { kind: 'delete', key, prev: prng.bool() };
    case 1:
      return { kind: 'range', key: 'a', end: '\0' };
    case 2:
      return {
        kind: 'txn',
        compares: [{ key, target: 'version', relation: '>', against: 0 }],
        success: [{ kind: 'put', key, value: `${step}` }],
        failure: [{ kind: 'range', key }],
      };
    default:
      return { kind: 'put', key, value: `${step}`, prev: prng.bool() };
  }
}

test('histories of the model are accepted', () => {
  for (let seed = 0; seed < 300; seed++) checkLinearizable(randomHistory(new Prng(seed), 120));
});

test('a falsified read is refused', () => {
  let falsified = 0;
  for (let seed = 0; seed < 200; seed++) {
    const prng = new Prng(seed);
    const calls = randomHistory(prng, 120);
    const reads = calls.filter(
      ({ outcome }) =>
        outcome?.kind === 'ok' &&
        outcome.result.kind === 'range' &&
        outcome.result.pairs.length > 0,
    );
    if (reads.length === 0) continue;
    const call = prng.pick(reads);
    const { result } = call.outcome as Extract<Outcome, { kind: 'ok' }>;
    assert.ok(result.kind === 'range');
    const [first, ...rest] = result.pairs;
    assert.ok(first !== undefined);
    call.outcome = {
      kind: 'ok',
      result: { ...result, pairs: [{ ...first, value: 'forged' }, ...rest] },
    };
    refused(calls, /./);
    falsified++;
  }
  assert.ok(falsified > 100);
});

test('an acknowledged write that is dropped from the store is refused', () => {
  let found = 0;
  for (let seed = 0; seed < 100; seed++) {
    const calls = randomHistory(new Prng(seed), 200);
    const writes = calls.filter(
      ({ outcome }) => outcome?.kind === 'ok' && didWrite(outcome.result),
    );
    const victim = writes[writes.length >> 1];
    if (victim === undefined) continue;
    // As if it had been acknowledged under a revision that others then reused.
    const { result } = victim.outcome as Extract<Outcome, { kind: 'ok' }>;
    const shifted = calls.map((call) =>
      call === victim ||
      call.outcome?.kind !== 'ok' ||
      call.outcome.result.revision < result.revision
        ? call
        : {
            ...call,
            outcome: {
              kind: 'ok' as const,
              result: { ...call.outcome.result, revision: call.outcome.result.revision - 1 },
            },
          },
    );
    refused(shifted, /./);
    found++;
  }
  assert.ok(found > 50);
});

test('equal requests of unknown fate are not tried in every order', () => {
  const unknown = Array.from({ length: 25 }, () => [put('a', '1'), lost] as const);
  // Twelve of them happened, which leaves one way to read, and five million ways to choose them.
  const seen = (...pairs: Pair[]) => historyOf(unknown, [get('a'), range(13, ...pairs)]);
  checkLinearizable(seen(pair('a', '1', 2, 13, 12)));
  refused(seen(), /no order explains/);
});

test('a request that cannot have written what is shown of a revision is not tried there', () => {
  const others = Array.from({ length: 20 }, (_, at) => [put('b', `${at}`), lost] as const);
  const first = range(9, pair('a', '9', 9, 9, 1));
  checkLinearizable(historyOf([...others, [put('a', '9'), lost]], [get('a'), first]));
});
