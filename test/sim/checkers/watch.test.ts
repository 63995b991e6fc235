/**
 * Goal: each watch checker accepts what a right server sends and refuses what breaks its guarantee.
 * Method: one hand-made history and watches of it, each with one lie.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pair } from '../kv.ts';
import { KvModel } from '../model.ts';
import { Violation } from '../world.ts';
import {
  truthOf,
  type RecordedWatch,
  type WatchAnswer,
  type WatchAsked,
  type WatchedEvent,
} from '../watch-record.ts';
import { checkWatchAtomic } from './watch-atomic.ts';
import { checkWatchBookmarkable } from './watch-bookmarkable.ts';
import { checkWatchFilter } from './watch-filter.ts';
import { checkWatchIsCreate } from './watch-is-create.ts';
import { checkWatchOrdered } from './watch-ordered.ts';
import { checkWatchPrevKv } from './watch-prev-kv.ts';
import { checkWatchReliable } from './watch-reliable.ts';
import { checkWatchResumable } from './watch-resumable.ts';
import { checkWatchUnique } from './watch-unique.ts';
import { checkWatch } from './watch.ts';

/** 2: put a, 3: put a and b, 4: delete a, 5: put a, 6: put z. */
const model = new KvModel();
model.apply({ kind: 'put', key: 'a', value: '2' });
model.apply({
  kind: 'txn',
  compares: [],
  success: [
    { kind: 'put', key: 'a', value: '3' },
    { kind: 'put', key: 'b', value: '3' },
  ],
  failure: [],
});
model.apply({ kind: 'delete', key: 'a' });
model.apply({ kind: 'put', key: 'a', value: '5' });
model.apply({ kind: 'put', key: 'z', value: '6' });
const truth = truthOf(model);

const pair = (value: string, create: number, mod: number, version: number): Pair => ({
  key: 'a',
  value,
  create,
  mod,
  version,
});
const a2: WatchedEvent = { kind: 'put', key: 'a', revision: 2, pair: pair('2', 2, 2, 1) };
const a3: WatchedEvent = { kind: 'put', key: 'a', revision: 3, pair: pair('3', 2, 3, 2) };
const b3: WatchedEvent = {
  kind: 'put',
  key: 'b',
  revision: 3,
  pair: { ...pair('3', 3, 3, 1), key: 'b' },
};
const a4: WatchedEvent = { kind: 'delete', key: 'a', revision: 4 };
const a5: WatchedEvent = { kind: 'put', key: 'a', revision: 5, pair: pair('5', 5, 5, 1) };
const z6: WatchedEvent = {
  kind: 'put',
  key: 'z',
  revision: 6,
  pair: { ...pair('6', 6, 6, 1), key: 'z' },
};

const answer = (revision: number, fields: Partial<WatchAnswer> = {}): WatchAnswer => ({
  revision,
  created: false,
  canceled: false,
  compactRevision: 0,
  fragment: false,
  events: [],
  ...fields,
});
const created = answer(1, { created: true });
const events = (revision: number, ...list: WatchedEvent[]): WatchAnswer =>
  answer(revision, { events: list });

function watchOf(
  answers: readonly WatchAnswer[],
  asked: Partial<WatchAsked> = {},
  mustReach?: number,
): RecordedWatch {
  const all = { key: 'a', end: 'c', start: 0, ...asked };
  return { name: 'w', asked: all, answers: [created, ...answers], mustReach };
}

const right = [
  events(2, a2),
  events(3, a3, b3),
  events(4, a4),
  answer(4),
  events(5, a5),
  answer(6),
];

type Check = (watch: RecordedWatch, of: typeof truth) => void;

function refuses(check: Check, watch: RecordedWatch): void {
  assert.throws(() => {
    check(watch, truth);
  }, Violation);
  assert.throws(() => {
    checkWatch(watch, truth);
  }, Violation);
}

describe('all checkers together', () => {
  const accepted: Record<string, RecordedWatch> = {
    'a live watch': watchOf(right, {}, 6),
    'a watch that broke off': watchOf(right.slice(0, 2)),
    'a watch of history': watchOf([events(6, a3, b3, a4, a5)], { start: 3 }, 6),
    'a watch of the future': watchOf([events(5, a5)], { start: 5 }, 6),
    'a watch of one key': watchOf([events(3, b3)], { key: 'b', end: undefined }, 6),
    'a watch of all keys': watchOf(
      [...right.slice(0, 5), events(6, z6)],
      { key: '\0', end: '\0' },
      6,
    ),
    'a watch without deletes': watchOf([events(6, a2, a3, b3, a5)], { noDelete: true }, 6),
    'a watch without puts': watchOf([events(6, a4)], { noPut: true }, 6),
    'a watch with the past': watchOf(
      [events(6, { ...a3, prev: a2.pair }, b3, { ...a4, prev: a3.pair }, a5)],
      { start: 3, prevKv: true },
      6,
    ),
    'a watch in fragments': watchOf(
      [events(2, a2), answer(3, { fragment: true, events: [a3] }), events(3, b3)],
      { fragment: true },
    ),
    'a canceled watch': watchOf([events(2, a2), answer(2, { canceled: true })], {}, 6),
  };
  for (const [name, watch] of Object.entries(accepted)) {
    it(`accept ${name}`, () => {
      checkWatch(watch, truth);
    });
  }
});

describe('filter', () => {
  it('refuses other keys, unwanted kinds and what lies before the start', () => {
    refuses(checkWatchFilter, watchOf([events(6, z6)]));
    refuses(checkWatchFilter, watchOf(right, { noDelete: true }));
    refuses(checkWatchFilter, watchOf(right, { noPut: true }));
    refuses(checkWatchFilter, watchOf(right, { start: 3 }));
  });
});

describe('ordered', () => {
  it('refuses events and headers that go back, and events of the future', () => {
    refuses(checkWatchOrdered, watchOf([events(3, a3, b3, a2)]));
    refuses(checkWatchOrdered, watchOf([events(3, a2, a3, b3), events(2)]));
    refuses(checkWatchOrdered, watchOf([events(1, a2)]));
  });
});

describe('unique', () => {
  it('refuses an event that comes twice', () => {
    refuses(checkWatchUnique, watchOf([events(2, a2), events(2, a2)]));
    refuses(checkWatchUnique, watchOf([events(3, a2, a3, a3, b3)]));
  });
});

describe('atomic', () => {
  it('refuses half a revision, and fragments that nobody wanted or that something comes between', () => {
    const half = answer(3, { fragment: true, events: [a3] });
    refuses(checkWatchAtomic, watchOf([events(2, a2), events(3, a3), events(3, b3)]));
    refuses(checkWatchAtomic, watchOf([events(2, a2), half, events(3, b3)]));
    refuses(
      checkWatchAtomic,
      watchOf([events(2, a2), half, answer(3), events(3, b3)], { fragment: true }),
    );
  });
});

describe('bookmarkable', () => {
  it('refuses progress ahead of events, behind them, behind itself or before the start', () => {
    refuses(checkWatchBookmarkable, watchOf([answer(2), events(2, a2)]));
    refuses(checkWatchBookmarkable, watchOf([events(2, a2), answer(3)]));
    refuses(checkWatchBookmarkable, watchOf([events(3, a2, a3, b3), answer(2)]));
    refuses(checkWatchBookmarkable, watchOf([answer(2)], { start: 5 }));
  });
});

describe('resumable', () => {
  it('refuses a watch that does not begin with the first event from its start', () => {
    refuses(checkWatchResumable, watchOf([events(4, a4)], { start: 3 }));
    refuses(checkWatchResumable, watchOf([events(3, b3)], { start: 3 }));
  });
});

describe('reliable', () => {
  it('refuses a gap, a wrong value, a missing end and an invented compaction', () => {
    refuses(checkWatchReliable, watchOf([events(2, a2), events(4, a4)]));
    refuses(checkWatchReliable, watchOf([events(2, { ...a2, pair: pair('other', 2, 2, 1) })]));
    refuses(checkWatchReliable, watchOf(right.slice(0, 3), {}, 6));
    refuses(checkWatchReliable, watchOf([answer(0, { canceled: true, compactRevision: 2 })]));
  });

  it('refuses a cancel nobody asked for, and one for a compaction of what was told already', () => {
    const canceled = answer(5, { canceled: true });
    refuses(checkWatchReliable, { ...watchOf([canceled]), mayBeCanceled: false });
    const compacted = { ...truth, compactRevision: 4 };
    const overtaken = answer(0, { canceled: true, compactRevision: 4 });
    checkWatch(watchOf([events(2, a2), overtaken]), compacted);
    assert.throws(() => {
      checkWatchReliable(watchOf([events(2, a2), events(3, a3, b3), overtaken]), compacted);
    }, Violation);
  });
});

describe('isCreate', () => {
  it('refuses creations that are none, and hidden ones', () => {
    refuses(
      checkWatchIsCreate,
      watchOf([events(3, { ...a3, pair: pair('3', 3, 3, 1) }, b3)], { start: 3 }),
    );
    refuses(
      checkWatchIsCreate,
      watchOf([events(5, { ...a5, pair: pair('5', 2, 5, 3) })], { start: 5 }),
    );
  });
});

describe('prevKV', () => {
  const asked = { start: 3, prevKv: true };

  it('refuses a past that is wrong, missing or not asked for', () => {
    refuses(checkWatchPrevKv, watchOf([events(3, { ...a3, prev: a5.pair }, b3)], asked));
    refuses(checkWatchPrevKv, watchOf([events(3, a3, b3)], asked));
    refuses(checkWatchPrevKv, watchOf([events(3, { ...a3, prev: a2.pair }, b3)], { start: 3 }));
  });

  it('lets compaction take it away', () => {
    const compacted = { ...truth, compactRevision: 3 };
    checkWatchPrevKv(watchOf([events(3, a3, b3)], asked), compacted);
  });
});
