/** Goal: each checker of leases and locks accepts a good history and finds each way in which it can be bad. */
import { describe, it } from 'node:test';
import type { Answer, Ask } from '../lease/asks.ts';
import { LeaderTime } from '../lease/leader-time.ts';
import type { Act, Decision, LeaseCall, LeasedChange } from '../lease/record.ts';
import assert from 'node:assert/strict';
import { checkLeaseAnswers, PROPERTY as ANSWERS } from './lease-answers.ts';
import { checkBoundedLife, PROPERTY as BOUNDED } from './lease-bounded-life.ts';
import { checkCandidateKeys, PROPERTY as CANDIDATES } from './lease-candidate-keys.ts';
import { checkLeasedKeys, PROPERTY as KEYS } from './lease-keys.ts';
import { checkLockHolders, PROPERTY as HOLDERS } from './lease-lock-holder.ts';
import { checkMembersAgree, type LeasedState, PROPERTY as MEMBERS } from './lease-members-agree.ts';
import { checkNeverEarly, PROPERTY as EARLY } from './lease-never-early.ts';
import { violates } from './support.ts';

const at = (atMs: number, leaderMs = atMs) => ({ atMs, leaderMs });

function call(ask: Ask, calledMs: number, returnedMs: number, answer: Partial<Answer>): LeaseCall {
  return {
    client: 'c',
    ask,
    called: at(calledMs),
    returned: at(returnedMs),
    answer: { revision: 1, ...answer },
    error: undefined,
  };
}

function refused(ask: Ask, calledMs: number, returnedMs: number, error: string): LeaseCall {
  const { client, called, returned } = call(ask, calledMs, returnedMs, {});
  return { client, ask, called, returned, answer: undefined, error };
}

/** Decisions in the order of the log, each with the revision that its changes lead to. */
class Log {
  readonly decisions: Decision[] = [];
  #revision = 1;

  add(atMs: number, act: Act, changes: readonly Partial<LeasedChange>[] = [], term = 1): this {
    if (changes.length > 0) this.#revision++;
    const revision = this.#revision;
    this.decisions.push({
      index: this.decisions.length + 1,
      term,
      moment: at(atMs),
      revision,
      error: '',
      act,
      changes: changes.map((change) => ({
        kind: 'put',
        key: 'k',
        value: '',
        create: revision,
        lease: 0n,
        revision,
        ...change,
      })),
    });
    return this;
  }

  grant(atMs: number, ttl = 2, lease = 7n): this {
    return this.add(atMs, { kind: 'grant', lease, ttl });
  }

  put(atMs: number, key: string, lease = 7n, change: Partial<LeasedChange> = {}): this {
    return this.add(atMs, { kind: 'put', lease, ignoreLease: false }, [{ key, lease, ...change }]);
  }

  delete(atMs: number, ...keys: string[]): this {
    const changes = keys.map((key) => ({ kind: 'delete', key }) as const);
    return this.add(atMs, { kind: 'other' }, changes);
  }

  /** `foundIn` 0: a client asked for it. */
  end(atMs: number, keys: readonly string[], foundIn = 1, term = 1): this {
    const changes = keys.map((key) => ({ kind: 'delete', key }) as const);
    return this.add(atMs, { kind: 'revoke', lease: 7n, term: foundIn }, changes, term);
  }
}

const log = (): Log => new Log();
const keepAlive = { kind: 'keepAlive', lease: 7n } as const;
const timeToLive = { kind: 'timeToLive', lease: 7n } as const;

describe('no lease ends early', () => {
  const granted = call({ kind: 'grant', lease: 0n, ttl: 2 }, 0, 10, { lease: 7n, ttl: 2 });

  it('accepts ends after the last promise, and those that a client asked for', () => {
    const renewed = call(keepAlive, 1_000, 1_010, { ttl: 2 });
    checkNeverEarly([granted, renewed], log().grant(5).end(3_000, []).decisions);
    checkNeverEarly([granted, renewed], log().grant(5).end(1_500, [], 0).decisions);
  });

  it('finds ends before what was granted, renewed or told', () => {
    const early = (promise: LeaseCall, endMs: number): void => {
      violates(EARLY, () => {
        checkNeverEarly([promise], log().grant(5).end(endMs, []).decisions);
      });
    };
    early(granted, 1_990);
    early(call(keepAlive, 1_000, 1_010, { ttl: 2 }), 2_900);
    early(call(timeToLive, 1_500, 1_510, { ttl: 1, granted: 2 }), 2_400);
  });

  it('goes by the clock of whoever leads', () => {
    const forward = new Map([
      ['a', 100],
      ['b', 5_000],
    ]);
    const time = new LeaderTime((id) => forward.get(id) ?? 0, 'a');
    forward.set('a', 400);
    assert.equal(time.nowMs(), 300);
    time.leads('b', 2);
    forward.set('a', 9_000);
    forward.set('b', 5_010);
    assert.equal(time.nowMs(), 310);
    time.leads('a', 1);
    assert.equal(time.nowMs(), 310);
  });
});

describe('no lease lives on', () => {
  const calm = { calmMs: 10_000, nowMs: 60_000, leaderLost: false, waitedTtlSecondsMax: 5 };

  it('accepts an end soon after, and one that waited for another leader', () => {
    checkBoundedLife([], log().grant(5).end(14_000, []).decisions, calm);
    checkBoundedLife([], log().grant(5, 300).decisions, calm);
    const lost = { ...calm, leaderLost: true };
    checkBoundedLife([], log().grant(5).end(24_000, []).decisions, lost);
  });

  it('finds leases that end too late or not at all, unless they were renewed', () => {
    const late = log().grant(5).end(19_000, []).decisions;
    for (const decisions of [late, log().grant(5).decisions]) {
      violates(BOUNDED, () => {
        checkBoundedLife([], decisions, calm);
      });
    }
    checkBoundedLife([call(keepAlive, 15_900, 16_000, { ttl: 2 })], late, calm);
  });
});

describe('keys go with their lease', () => {
  const shows = (atMs: number, revision: number, ...keys: string[]): LeaseCall =>
    call({ kind: 'range', key: 'a', end: 'z', serializable: false }, atMs, atMs + 1, {
      revision,
      pairs: keys.map((key) => ({ key, value: '', create: 2, mod: 2, lease: 7n })),
    });

  it('accepts all keys of a lease going at once, and what was moved or deleted before staying out', () => {
    const good = log().grant(1).put(2, 'a').put(3, 'b').put(4, 'c').delete(5, 'c');
    const moved = good.put(6, 'b', 0n);
    checkLeasedKeys([], moved.end(7, ['a']).decisions);
    checkLeasedKeys([shows(2, 2, 'a')], log().grant(1).put(2, 'a').end(3, ['a']).decisions);
    checkLeasedKeys([], log().grant(1).put(2, 'a').end(3, [], 1, 2).decisions);
  });

  it('finds keys that stay, or go with another lease', () => {
    const bad = [
      log().grant(1).put(2, 'a').put(3, 'b').end(4, ['a']),
      log().grant(1).put(2, 'a').put(3, 'b', 0n).end(4, ['a', 'b']),
      log().grant(1).put(2, 'b').put(3, 'a').end(4, ['b', 'a']),
      log().grant(1).put(2, 'a').end(3, ['a']).put(4, 'a'),
      log().grant(1).put(2, 'a').end(3, ['a'], 1, 2),
      log()
        .grant(1)
        .add(2, { kind: 'put', lease: 7n, ignoreLease: false }, [{ lease: 0n }]),
    ];
    for (const { decisions } of bad) {
      violates(KEYS, () => {
        checkLeasedKeys([], decisions);
      });
    }
  });

  it('finds keys that go at several revisions, and members that show it otherwise', () => {
    const [grant, put, other, end] = log()
      .grant(1)
      .put(2, 'a')
      .put(3, 'b')
      .end(4, ['a', 'b']).decisions;
    assert.ok(grant !== undefined && put !== undefined && other !== undefined);
    assert.ok(end !== undefined);
    const [first, second] = end.changes;
    assert.ok(first !== undefined && second !== undefined);
    const pieces = { ...end, revision: 5, changes: [first, { ...second, revision: 5 }] };
    violates(KEYS, () => {
      checkLeasedKeys([], [grant, put, other, pieces]);
    });
    const decisions = log().grant(1).put(2, 'a').end(3, ['a']).decisions;
    for (const read of [shows(4, 3, 'a'), shows(4, 2), shows(4, 9)]) {
      violates(KEYS, () => {
        checkLeasedKeys([read], decisions);
      });
    }
  });
});

describe('answers about leases are true', () => {
  const { decisions } = log().grant(100).put(200, 'a').end(2_300, ['a']);
  const NOT_FOUND = 'etcdserver: requested lease not found';
  const good = [
    call(keepAlive, 90, 110, { ttl: 2 }),
    call(keepAlive, 2_290, 2_310, { ttl: 2 }),
    call(keepAlive, 2_290, 2_310, { ttl: 0 }),
    call(timeToLive, 150, 160, { ttl: 1, granted: 2, keys: [] }),
    call(timeToLive, 300, 310, { ttl: 1, granted: 2, keys: ['a'] }),
    call(timeToLive, 2_400, 2_410, { ttl: -1, granted: 0 }),
    call({ kind: 'leases' }, 300, 310, { leases: [7n] }),
    refused({ kind: 'put', key: 'a', value: '', lease: 7n }, 2_400, 2_410, NOT_FOUND),
  ];
  const bad = [
    call(keepAlive, 2_310, 2_320, { ttl: 2 }),
    call(keepAlive, 10, 20, { ttl: 2 }),
    call(keepAlive, 300, 310, { ttl: 0 }),
    call(timeToLive, 300, 310, { ttl: -1, granted: 0 }),
    call(timeToLive, 300, 310, { ttl: 1, granted: 3, keys: ['a'] }),
    call(timeToLive, 300, 310, { ttl: 4, granted: 2, keys: ['a'] }),
    call(timeToLive, 300, 310, { ttl: 1, granted: 2, keys: [] }),
    call({ kind: 'leases' }, 300, 310, { leases: [] }),
    call({ kind: 'leases' }, 300, 310, { leases: [7n, 8n] }),
    call({ kind: 'grant', lease: 7n, ttl: 5 }, 90, 110, { lease: 7n, ttl: 2 }),
    refused({ kind: 'put', key: 'a', value: '', lease: 7n }, 300, 310, NOT_FOUND),
  ];

  for (const [number, each] of good.entries()) {
    it(`accepts good answer ${number + 1}`, () => {
      checkLeaseAnswers([each], decisions);
    });
  }
  for (const [number, each] of bad.entries()) {
    it(`refuses bad answer ${number + 1}`, () => {
      violates(ANSWERS, () => {
        checkLeaseAnswers([each], decisions);
      });
    });
  }
});

describe('one holder of a lock', () => {
  const name = 'held/lock/a';
  const lock = { kind: 'lock', name, lease: 7n } as const;
  const queue = (): Log => log().put(1, `${name}/7`).put(2, `${name}/8`, 8n);
  const held = (revision: number, key: string): LeaseCall =>
    call(lock, 1, 9, { revision, keys: [key] });
  const writes = (text: string): Partial<LeasedChange>[] => [
    { key: `held/data/${name}`, value: text },
  ];

  it('accepts the first and, once it is gone, the next', () => {
    const { decisions } = queue()
      .add(3, { kind: 'other' }, writes(`${name}/7 x`))
      .delete(4, `${name}/7`)
      .add(5, { kind: 'other' }, writes(`${name}/8 y`));
    checkLockHolders([held(2, `${name}/7`), held(5, `${name}/8`)], decisions);
  });

  it('finds a second holder, one whose key is gone, and writes under a lock of another', () => {
    const { decisions } = queue();
    for (const claim of [held(3, `${name}/8`), held(1, `${name}/7`)]) {
      violates(HOLDERS, () => {
        checkLockHolders([claim], decisions);
      });
    }
    violates(HOLDERS, () => {
      checkLockHolders([held(4, `${name}/7`)], queue().delete(4, `${name}/7`).decisions);
    });
    violates(HOLDERS, () => {
      const late = queue().add(3, { kind: 'other' }, writes(`${name}/8 y`));
      checkLockHolders([], late.decisions);
    });
  });

  it('holds leaders of elections to the revision they were created at', () => {
    const election = 'held/election';
    const { decisions } = log().put(1, `${election}/7`);
    const leads = (rev: number): LeaseCall =>
      call({ kind: 'campaign', name: election, lease: 7n, value: '' }, 1, 9, {
        revision: 2,
        leader: { name: election, key: `${election}/7`, rev, lease: 7n },
      });
    checkLockHolders([leads(2)], decisions);
    violates(HOLDERS, () => {
      checkLockHolders([leads(1)], decisions);
    });
  });
});

describe('candidates go by themselves', () => {
  const key = 'held/lock/a/7';
  const { decisions } = log().grant(1).put(2, key).delete(50, key);

  it('accepts the end of its lease, its own unlock, and a call that was given up', () => {
    checkCandidateKeys([], log().grant(1).put(2, key).end(50, [key]).decisions);
    checkCandidateKeys([call({ kind: 'unlock', key }, 40, 60, {})], decisions);
    const given = refused({ kind: 'lock', name: 'held/lock/a', lease: 7n }, 3, 60, 'canceled');
    checkCandidateKeys([given], decisions);
  });

  it('finds a deletion that nobody, or another, or only later somebody asked for', () => {
    const late = call({ kind: 'unlock', key }, 51, 60, {});
    const other = call({ kind: 'unlock', key: 'held/lock/a/8' }, 40, 60, {});
    for (const calls of [[], [late], [other]]) {
      violates(CANDIDATES, () => {
        checkCandidateKeys(calls, decisions);
      });
    }
  });
});

describe('members agree on leases', () => {
  const state = (
    book: number,
    named: readonly string[],
    attached: readonly string[],
  ): LeasedState =>
    ({
      leases: { encode: () => Uint8Array.of(book), keys: () => attached },
      mvcc: { range: () => ({ count: 0, kvs: named.map((key) => ({ key, lease: 7n })) }) },
    }) as unknown as LeasedState;

  it('accepts equal books with the keys that name them', () => {
    checkMembersAgree([state(1, ['a'], ['a']), state(1, ['a'], ['a'])]);
  });

  it('finds books that differ, and keys that do not hang where they say', () => {
    for (const states of [
      [state(1, [], []), state(2, [], [])],
      [state(1, ['a'], [])],
      [state(1, ['a'], ['a', 'b'])],
    ]) {
      violates(MEMBERS, () => {
        checkMembersAgree(states);
      });
    }
  });
});
