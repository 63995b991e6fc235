import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  CompareResult,
  CompareTarget,
  TxnRequest,
  type CompareInput,
  type TxnRequestInput,
} from '../../src/api/messages.ts';
import { isReadOnlyTxn, isSerializableTxn } from '../../src/apply/txn.ts';
import { bytesOf } from '../../src/lib/bytes.ts';
import { decoded, Harness, keysOf, put, range, remove, shown } from './harness.ts';

type Target = keyof typeof CompareTarget;
type Result = keyof typeof CompareResult;

function compare(
  key: string,
  target: Target,
  result: Result,
  wanted: Partial<CompareInput> = {},
): CompareInput {
  return {
    key: bytesOf(key),
    target: CompareTarget[target],
    result: CompareResult[result],
    ...wanted,
  };
}

function holds(machine: Harness, ...compares: CompareInput[]): boolean | null | undefined {
  return machine.readOnlyTxn({ compare: compares }).succeeded;
}

/** a: "m", create 2, mod 3, version 2, lease 7. */
function filled(): Harness {
  const machine = new Harness();
  machine.done({ lease_grant: { ID: 7n, TTL: 60 } });
  machine.put('a', 'l');
  machine.put('a', 'm', { lease: 7n });
  return machine;
}

describe('compares (rules T1, T6 to T8)', () => {
  it('T1: all must hold; none at all holds', () => {
    const machine = filled();
    const good = compare('a', 'VERSION', 'EQUAL', { version: 2 });
    const bad = compare('a', 'VERSION', 'EQUAL', { version: 1 });
    assert.equal(holds(machine), true);
    assert.equal(holds(machine, good, good), true);
    assert.equal(holds(machine, good, bad), false);
  });

  const fields: [target: Target, field: keyof CompareInput, stored: number | bigint][] = [
    ['VERSION', 'version', 2],
    ['CREATE', 'create_revision', 2],
    ['MOD', 'mod_revision', 3],
    ['LEASE', 'lease', 7n],
  ];
  for (const [target, field, stored] of fields) {
    it(`${target} compares the stored number with the given one`, () => {
      const machine = filled();
      const below = typeof stored === 'bigint' ? stored - 1n : stored - 1;
      const truth: [Result, number | bigint, boolean][] = [
        ['EQUAL', stored, true],
        ['EQUAL', below, false],
        ['NOT_EQUAL', stored, false],
        ['NOT_EQUAL', below, true],
        ['GREATER', below, true],
        ['GREATER', stored, false],
        ['LESS', stored, false],
        ['LESS', below, false],
        ['LESS', 2n ** 63n - 1n, true],
        ['GREATER', -(2n ** 63n), true],
      ];
      for (const [result, wanted, expected] of truth) {
        const found = holds(machine, compare('a', target, result, { [field]: wanted }));
        assert.equal(found, expected, `${result} ${wanted}`);
      }
    });

    it(`T6: ${target} of a missing key compares 0`, () => {
      const machine = filled();
      assert.equal(holds(machine, compare('no', target, 'EQUAL', { [field]: 0 })), true);
      assert.equal(holds(machine, compare('no', target, 'LESS', { [field]: 1 })), true);
      assert.equal(holds(machine, compare('no', target, 'GREATER', { [field]: 0 })), false);
    });

    it(`T8: ${target} without a given number compares with 0`, () => {
      const machine = filled();
      assert.equal(holds(machine, compare('a', target, 'GREATER')), true);
      assert.equal(holds(machine, compare('no', target, 'EQUAL')), true);
    });
  }

  const values: [Result, string, boolean][] = [
    ['EQUAL', 'm', true],
    ['NOT_EQUAL', 'm', false],
    ['GREATER', 'l', true],
    ['LESS', 'ma', true],
    ['GREATER', 'ma', false],
    ['LESS', '\xff', true],
    ['GREATER', '', true],
  ];
  for (const [result, wanted, expected] of values) {
    it(`T8: VALUE "m" ${result} ${JSON.stringify(wanted)} is ${expected}, bytewise`, () => {
      const machine = filled();
      const value = bytesOf(wanted);
      assert.equal(holds(machine, compare('a', 'VALUE', result, { value })), expected);
    });
  }

  it('T8: VALUE without a given value compares with the empty one', () => {
    const machine = filled();
    machine.put('empty', '');
    assert.equal(holds(machine, compare('empty', 'VALUE', 'EQUAL')), true);
    assert.equal(holds(machine, compare('a', 'VALUE', 'EQUAL')), false);
  });

  for (const result of ['EQUAL', 'NOT_EQUAL', 'GREATER', 'LESS'] as const) {
    it(`T6: VALUE compare on a missing key is false even ${result}`, () => {
      const value = bytesOf('m');
      assert.equal(holds(filled(), compare('no', 'VALUE', result, { value })), false);
      assert.equal(holds(filled(), compare('no', 'VALUE', result)), false);
    });
  }

  it('T7: over a range it must hold for every key', () => {
    const machine = filled();
    machine.put('b', 'x');
    const over = { range_end: bytesOf('c') };
    assert.equal(holds(machine, compare('a', 'VERSION', 'GREATER', { version: 0, ...over })), true);
    assert.equal(holds(machine, compare('a', 'VERSION', 'EQUAL', { version: 2, ...over })), false);
    const value = bytesOf('l');
    assert.equal(holds(machine, compare('a', 'VALUE', 'GREATER', { value, ...over })), true);
    assert.equal(
      holds(machine, compare('\0', 'LEASE', 'EQUAL', { range_end: bytesOf('\0') })),
      false,
    );
  });

  it('T7: an empty range is like a missing key', () => {
    const machine = filled();
    const nowhere = { range_end: bytesOf('z') };
    assert.equal(holds(machine, compare('x', 'CREATE', 'EQUAL', nowhere)), true);
    assert.equal(holds(machine, compare('x', 'VALUE', 'NOT_EQUAL', nowhere)), false);
    assert.equal(
      holds(machine, compare('c', 'VERSION', 'EQUAL', { range_end: bytesOf('a') })),
      true,
    );
  });

  it('a target of a newer version compares 0 with 0, a relation of a newer version holds', () => {
    const machine = filled();
    const key = bytesOf('a');
    assert.equal(holds(machine, { key, target: 9, result: CompareResult.EQUAL, version: 5 }), true);
    assert.equal(holds(machine, { key, target: 9, result: CompareResult.NOT_EQUAL }), false);
    assert.equal(holds(machine, { key, target: 0, result: 9, version: 99 }), true);
  });
});

describe('transactions (rules T1, T2, T9 to T14)', () => {
  it('T1, T2: the branch that runs answers position by position, kind by kind', () => {
    const machine = filled();
    const txn: TxnRequestInput = {
      compare: [compare('a', 'VERSION', 'EQUAL', { version: 99 })],
      success: [{ request_put: put('no') }],
      failure: [
        { request_range: range('a') },
        { request_put: put('b') },
        { request_delete_range: remove('c') },
        { request_txn: {} },
      ],
    };
    const response = machine.txn(txn);
    assert.equal(response.succeeded, false);
    assert.deepEqual(
      response.responses?.map((op) => Object.keys(op)),
      [['response_range'], ['response_put'], ['response_delete_range'], ['response_txn']],
    );
    assert.equal(machine.keys('\0', '\0'), 'a b');
  });

  const badRevisions: [revision: number | bigint, text: RegExp | undefined][] = [
    [0, undefined],
    [5, undefined],
    [6, /future revision/],
    [2n ** 63n - 1n, /future revision/],
    [4, undefined],
    [3, /compacted/],
    [-1, /compacted/],
  ];
  for (const [revision, text] of badRevisions) {
    it(`T9: a range at revision ${revision} (compacted 4, current 5) ${text === undefined ? 'runs' : 'fails the whole'}`, () => {
      const machine = filled();
      machine.put('b');
      machine.put('c');
      machine.done({ compaction: { revision: 4 } });
      const txn = {
        success: [{ request_put: put('x') }, { request_range: range('a', '', { revision }) }],
      };
      if (text === undefined) assert.equal(machine.txn(txn).succeeded, true);
      else assert.match(machine.failed({ txn }).message, text);
      assert.equal(machine.keys('x'), text === undefined ? 'x' : '');
    });
  }

  it('T9: the revision that the transaction itself makes is a future one', () => {
    const machine = filled();
    const txn = {
      success: [{ request_put: put('x') }, { request_range: range('x', '', { revision: 4 }) }],
    };
    assert.match(machine.failed({ txn }).message, /future revision/);
  });

  it('T9: at an old revision a range does not see the writes before it', () => {
    const machine = filled();
    const response = machine.txn({
      success: [{ request_put: put('a', 'n') }, { request_range: range('a', '', { revision: 3 }) }],
    });
    assert.equal(shown(response.responses?.[1]?.response_range?.kvs?.[0]), 'a=m 2/3/2/7');
  });

  it('T9: on a fresh store revision -1 is below nothing', () => {
    const machine = new Harness();
    const at = (revision: number): TxnRequestInput => ({
      success: [{ request_range: range('a', '', { revision }) }],
    });
    assert.equal(machine.readOnlyTxn(at(-1)).succeeded, true);
    assert.throws(() => machine.readOnlyTxn(at(-2)), /compacted/);
  });

  it('T9: the branch not taken is not checked', () => {
    const machine = filled();
    const txn = { failure: [{ request_range: range('a', '', { revision: 99 }) }] };
    assert.equal(machine.txn(txn).succeeded, true);
  });

  it('T9: the first of several faults is reported, in order of operations', () => {
    const machine = filled();
    const future = { request_range: range('a', '', { revision: 99 }) };
    const unknown = { request_put: put('x', '', { lease: 99n }) };
    assert.match(machine.failed({ txn: { success: [future, unknown] } }).message, /future/);
    assert.match(machine.failed({ txn: { success: [unknown, future] } }).message, /lease/);
  });

  it('T10: a put with an unknown lease fails the whole', () => {
    const machine = filled();
    const txn = {
      success: [
        { request_put: put('x') },
        { request_delete_range: remove('a') },
        { request_txn: { success: [{ request_put: put('y', '', { lease: 99n }) }] } },
      ],
    };
    assert.equal(machine.failed({ txn }).message, 'etcdserver: requested lease not found');
    assert.equal(machine.keys('\0', '\0'), 'a');
    assert.deepEqual(machine.leases.keys(7n), ['a']);
  });

  it('T11: read-only is only ranges, at the top level, in both branches', () => {
    const read = { request_range: range('a') };
    const cases: [TxnRequestInput, boolean][] = [
      [{}, true],
      [{ success: [read], failure: [read] }, true],
      [{ success: [{ request_put: put('a') }] }, false],
      [{ failure: [{ request_delete_range: remove('a') }] }, false],
      [{ success: [{ request_txn: { success: [read] } }] }, false],
    ];
    for (const [txn, expected] of cases) {
      assert.equal(isReadOnlyTxn(decoded(TxnRequest, txn)), expected);
    }
  });

  it('T11: serializable is every range saying so, and having none', () => {
    const stale = { request_range: range('a', '', { serializable: true }) };
    const fresh = { request_range: range('a') };
    const cases: [TxnRequestInput, boolean][] = [
      [{}, true],
      [{ success: [stale], failure: [stale] }, true],
      [{ success: [stale], failure: [fresh] }, false],
    ];
    for (const [txn, expected] of cases) {
      assert.equal(isSerializableTxn(decoded(TxnRequest, txn)), expected);
    }
  });

  it('T12: a deletion is seen by the range after it', () => {
    const response = filled().txn({
      success: [{ request_delete_range: remove('a') }, { request_range: range('a') }],
    });
    assert.equal(keysOf(response.responses?.[1]?.response_range?.kvs), '');
  });

  it('T13: a deletion of nothing makes neither revision nor change', () => {
    const machine = filled();
    const outcome = machine.apply({ txn: { success: [{ request_delete_range: remove('x') }] } });
    assert.deepEqual(outcome.changes, []);
    assert.equal(machine.mvcc.revision, 3);
  });

  it('T14: all changes share one revision and stand in the order of operations', () => {
    const machine = filled();
    const { changes } = machine.apply({
      txn: { success: [{ request_put: put('z') }, { request_put: put('b') }] },
    });
    assert.deepEqual(
      changes.map(({ kv, sub }) => [kv.key, kv.modRevision, sub]),
      [
        ['z', 4, 0],
        ['b', 4, 1],
      ],
    );
  });

  it('a put that keeps what an open-ended deletion took away fails the whole (etcd panics)', () => {
    const machine = filled();
    const txn = {
      success: [
        { request_delete_range: remove('a', '\0') },
        { request_put: put('a', '', { ignore_value: true }) },
      ],
    };
    assert.equal(machine.failed({ txn }).message, 'etcdserver: key not found');
    assert.equal(machine.keys('a'), 'a');
    assert.deepEqual(machine.leases.keys(7n), ['a']);
  });
});
