import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Code } from '../../src/api/errors.ts';
import { idToLong, InternalRequest, MemberDescription } from '../../src/api/messages.ts';
import { UnknownRequestError } from '../../src/apply/unknown-request.ts';
import { CorruptStateError } from '../../src/apply/state-rows.ts';
import { decodeState, encodeState, type ReplicatedState } from '../../src/apply/state-codec.ts';
import { AssertionError } from '../../src/lib/assert.ts';
import { DecodeError } from '../../src/lib/binary.ts';
import { concatBytes } from '../../src/lib/bytes.ts';
import { ConfChangeType, EntryKind, type ConfState, type Entry } from '../../src/raft/types.ts';
import { NaiveStore } from '../mvcc/naive-store.ts';
import { MemoryRowStore } from '../support/memory-row-store.ts';
import { Harness, put, TERM } from './harness.ts';

const A = '000000000000000a';
const B = '000000000000000b';
const CONF_STATE: ConfState = {
  voters: [A, B],
  learners: ['0000000000000001'],
  votersOutgoing: [A],
  learnersNext: [B],
  autoLeave: true,
};

function entry(index: number, data: Uint8Array, term = TERM): Entry {
  return { index, term, kind: EntryKind.normal, data };
}

function encoded(request: Parameters<typeof InternalRequest.encode>[0]): Uint8Array {
  return InternalRequest.encode(request).finish();
}

/** Members, a removed one, an alarm, leases with keys. */
function lively(machine = new Harness()): Harness {
  machine.done({ lease_grant: { ID: -7n, TTL: 60 } });
  machine.put('a', '1', { lease: -7n });
  for (const id of [A, B]) {
    const context = MemberDescription.encode({
      ID: idToLong(id),
      name: 'größe',
      peer_urls: [`http://${id}`],
    }).finish();
    const steps = [{ type: ConfChangeType.addVoter, node: id }];
    const at = { index: machine.state.applied.index + 1, term: TERM };
    machine.state.applyConfChange({ steps, transition: 'auto', context }, at);
  }
  const at = { index: machine.state.applied.index + 1, term: TERM };
  const steps = [{ type: ConfChangeType.remove, node: B }];
  const context = new Uint8Array(0);
  machine.state.applyConfChange({ steps, transition: 'auto', context }, at);
  machine.done({ alarm: { action: 1, memberID: idToLong(A), alarm: 2 } });
  return machine;
}

function everything(machine: Harness): unknown {
  return {
    applied: machine.state.applied,
    members: machine.state.membership.members,
    removed: machine.state.membership.removed,
    alarms: machine.state.alarms.all,
    version: machine.state.clusterVersion,
    leases: machine.leases.encode(),
  };
}

describe('entries', () => {
  it('tell who proposed them', () => {
    const machine = new Harness();
    const data = encoded({ put: put('a'), proposer: Uint8Array.of(1, 2), sequence: 9 });
    const applied = machine.state.applyEntry(entry(1, data));
    assert.deepEqual([applied?.proposer, applied?.sequence], [Uint8Array.of(1, 2), 9]);
    assert.deepEqual(applied?.outcome.response, { header: { revision: 2 } });
  });

  it('the empty one of a new leader moves the applied index only', () => {
    const machine = new Harness();
    assert.equal(machine.state.applyEntry(entry(1, new Uint8Array(0), 5)), undefined);
    assert.deepEqual(machine.state.applied, { index: 1, term: 5 });
  });

  const broken: [what: string, data: Uint8Array][] = [
    ['no message', Uint8Array.of(0xff, 0xff, 0xff)],
    ['a message cut short', encoded({ put: put('a', 'value') }).slice(0, -2)],
    ['a sequence beyond safe integers', encoded({ put: put('a'), sequence: 2n ** 60n })],
  ];
  for (const [what, data] of broken) {
    it(`one that holds ${what} is answered with an error and passed`, () => {
      const machine = new Harness();
      const applied = machine.state.applyEntry(entry(1, data));
      assert.equal(applied?.outcome.error?.code, Code.Internal);
      assert.deepEqual(machine.state.applied, { index: 1, term: TERM });
      assert.equal(machine.mvcc.revision, 1);
    });
  }

  it('one of a kind that only a newer version knows stops the member before it', () => {
    const machine = new Harness();
    const kind1000 = Uint8Array.of(0xc2, 0x3e, 0x00);
    const data = concatBytes([encoded({ proposer: Uint8Array.of(1), sequence: 1 }), kind1000]);
    assert.throws(() => machine.state.applyEntry(entry(1, data)), UnknownRequestError);
    assert.deepEqual(machine.state.applied, { index: 0, term: 0 });
  });

  it('a transaction that runs an operation of a newer kind stops the member, one that does not is applied', () => {
    for (const taken of [true, false]) {
      const machine = new Harness();
      const ops = [{ request_put: put('a') }, {}];
      const data = encoded({ txn: taken ? { success: ops } : { failure: ops } });
      const apply = (): unknown => machine.state.applyEntry(entry(1, data));
      if (taken) assert.throws(apply, UnknownRequestError);
      else apply();
      assert.equal(machine.state.applied.index, taken ? 0 : 1);
      assert.equal(machine.mvcc.revision, 1);
    }
  });

  it('neither a gap nor a repetition nor an older term is applied', () => {
    const machine = new Harness();
    machine.state.applyEntry(entry(1, new Uint8Array(0)));
    for (const [index, term] of [
      [3, TERM],
      [1, TERM],
      [0, TERM],
      [2, TERM - 1],
    ] as const) {
      const data = encoded({ put: put('a') });
      assert.throws(() => machine.state.applyEntry(entry(index, data, term)), AssertionError);
    }
    assert.equal(machine.mvcc.revision, 1);
  });

  it('a broken store is no answer: its error goes on', () => {
    const mvcc = new NaiveStore();
    mvcc.begin = () => {
      throw new RangeError('a page is gone');
    };
    const machine = new Harness(new MemoryRowStore(), mvcc);
    assert.throws(() => machine.apply({ put: put('a') }), /a page is gone/);
  });

  it('give the same answers and changes on every member', () => {
    const [one, two] = [new Harness(), new Harness()];
    const requests = [
      { put: put('a', '1') },
      { put: put('b', '', { lease: 9n }) },
      { compaction: { revision: 99 } },
      { txn: { success: [{ request_put: put('c') }] } },
    ];
    for (const request of requests) assert.deepEqual(one.apply(request), two.apply(request));
    assert.deepEqual(one.mvcc.hash(0), two.mvcc.hash(0));
  });
});

describe('the state at rest', () => {
  it('a fresh store has nothing saved', () => {
    const { state } = new Harness();
    assert.deepEqual([state.saved, state.applied], [undefined, { index: 0, term: 0 }]);
  });

  it('begins with the members of its configuration, once', () => {
    const { state } = new Harness();
    const member = {
      id: A,
      name: 'a',
      peerUrls: ['do://c/a'],
      clientUrls: [],
      region: '',
      isLearner: false,
    };
    state.bootstrap([member]);
    assert.deepEqual(state.membership.members, [member]);
    state.applyEntry(entry(1, new Uint8Array(0)));
    assert.throws(() => state.bootstrap([member]), AssertionError);
  });

  it('comes back as it was saved', () => {
    const before = lively();
    const point = { ...before.state.applied, confState: CONF_STATE };
    before.state.save(before.rows, point);
    const after = new Harness(before.rows, before.mvcc);
    assert.deepEqual(everything(after), everything(before));
    assert.deepEqual(after.state.saved, point);
    assert.equal(after.mvcc.unflushedBytes, 0);
  });

  it('goes on after a restart as if there had been none', () => {
    const before = lively();
    before.state.save(before.rows, { ...before.state.applied, confState: CONF_STATE });
    const after = new Harness(before.rows, before.mvcc);
    after.done({ alarm: { action: 2, memberID: idToLong(A), alarm: 2 } });
    after.done({ lease_revoke: { ID: -7n } });
    assert.equal(after.keys('a'), '');
  });

  it('is saved for the applied index or not at all', () => {
    const { state, rows } = lively();
    const { index, term } = state.applied;
    for (const point of [
      { index: index - 1, term },
      { index, term: term + 1 },
    ]) {
      assert.throws(() => state.save(rows, { ...point, confState: CONF_STATE }), AssertionError);
    }
    assert.deepEqual(rows.tables(), []);
  });

  it('scenario 1: a save that fails half-way leaves the one before', () => {
    const machine = lively();
    const first = { ...machine.state.applied, confState: CONF_STATE };
    machine.state.save(machine.rows, first);
    machine.done({ lease_checkpoint: {} });
    machine.mvcc.flush = () => {
      machine.rows.put('pages', 1, new Uint8Array(0), Uint8Array.of(1));
      throw new Error('disk full');
    };
    const second = { ...machine.state.applied, confState: CONF_STATE };
    assert.throws(() => machine.state.save(machine.rows, second), /disk full/);
    assert.equal(machine.rows.get('pages', 1), undefined);
    assert.deepEqual(new Harness(machine.rows).state.applied, { index: first.index, term: TERM });
  });

  it('names the row in which a bit has flipped', () => {
    const machine = lively();
    machine.state.save(machine.rows, { ...machine.state.applied, confState: CONF_STATE });
    const row = machine.rows.get('apply', 0);
    assert.ok(row !== undefined);
    for (const part of ['head', 'data'] as const) {
      for (let at = 0; at < row[part].length; at++) {
        const flipped = { ...row, [part]: row[part].slice() };
        flipped[part][at] = (row[part][at] as number) ^ 4;
        machine.rows.put('apply', 0, flipped.head, flipped.data);
        assert.throws(() => new Harness(machine.rows), CorruptStateError, `${part} byte ${at}`);
      }
    }
    machine.rows.put('apply', 0, row.head, row.data);
    assert.deepEqual(everything(new Harness(machine.rows)), everything(machine));
  });
});

describe('the state in a snapshot', () => {
  it('replaces what another member had, and is saved there in full', () => {
    const from = lively();
    const to = new Harness();
    to.done({ lease_grant: { ID: 99n, TTL: 60 } });
    to.state.save(to.rows, { ...to.state.applied, confState: CONF_STATE });
    to.state.installState(from.state.exportState(CONF_STATE));
    assert.deepEqual(everything(to), everything(from));
    to.state.save(to.rows, { ...to.state.applied, confState: CONF_STATE });
    assert.deepEqual(everything(new Harness(to.rows)), everything(from));
  });

  it('cut short is refused', () => {
    const bytes = lively().state.exportState(CONF_STATE);
    for (const end of [0, 1, 10, bytes.length - 1]) {
      assert.throws(() => new Harness().state.installState(bytes.slice(0, end)), DecodeError);
    }
  });
});

describe('packing of the state', () => {
  const id = fc
    .bigInt({ min: 1n, max: 2n ** 64n - 1n })
    .map((bits) => bits.toString(16).padStart(16, '0'));
  const ids = fc.array(id, { maxLength: 4 });
  const count = fc.nat({ max: Number.MAX_SAFE_INTEGER });
  const state: fc.Arbitrary<ReplicatedState> = fc.record({
    point: fc.record({
      index: count,
      term: count,
      confState: fc.record({
        voters: ids,
        learners: ids,
        votersOutgoing: ids,
        learnersNext: ids,
        autoLeave: fc.boolean(),
      }),
    }),
    clusterVersion: fc.constantFrom('3.7.0', ''),
    upload: fc.constantFrom('', 'abc'),
    members: fc.array(
      fc.record({
        id,
        name: fc.string({ unit: 'grapheme' }),
        peerUrls: fc.array(fc.webUrl()),
        clientUrls: fc.array(fc.webUrl()),
        region: fc.string(),
        isLearner: fc.boolean(),
      }),
      { maxLength: 4 },
    ),
    removed: ids,
    alarms: fc.array(fc.record({ memberId: id, type: fc.nat({ max: 3 }) }), { maxLength: 4 }),
  });

  it('loses nothing', () => {
    fc.assert(
      fc.property(state, (before) => {
        // fast-check makes its records without a prototype.
        assert.deepEqual(decodeState(encodeState(before)), structuredClone(before));
      }),
    );
  });

  it('of another format, or with bytes behind its end, is refused', () => {
    fc.assert(
      fc.property(state, (before) => {
        const bytes = encodeState(before);
        assert.throws(() => decodeState(concatBytes([bytes, Uint8Array.of(0)])), DecodeError);
        assert.throws(() => decodeState(Uint8Array.of(2, ...bytes.slice(1))), /format 2/);
      }),
      { numRuns: 20 },
    );
  });
});
