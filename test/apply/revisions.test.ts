import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Outcome } from '../../src/apply/state-machine.ts';
import { Harness, put, range, remove, shown } from './harness.ts';

function changesOf(outcome: Outcome): string[] {
  return outcome.changes.map(
    ({ type, kv, sub }) => `${type} ${kv.key} ${kv.modRevision}.${sub} v${kv.version}`,
  );
}

describe('revisions (rules R1 to R10)', () => {
  it('R1: a fresh store is at revision 1, the first write makes 2', () => {
    const machine = new Harness();
    assert.equal(machine.range('a').header?.revision, 1);
    assert.equal(machine.put('a').header?.revision, 2);
  });

  it('R2, R3: one transaction is one revision; sub-revisions follow the order of operations', () => {
    const machine = new Harness();
    machine.put('x');
    const outcome = machine.apply({
      txn: {
        success: [
          { request_put: put('b') },
          { request_delete_range: remove('x') },
          { request_txn: { success: [{ request_put: put('a') }] } },
        ],
      },
    });
    assert.deepEqual(changesOf(outcome), ['put b 3.0 v1', 'delete x 3.1 v0', 'put a 3.2 v1']);
    assert.equal(machine.mvcc.revision, 3);
  });

  const idle: [what: string, run: (machine: Harness) => void][] = [
    ['a deletion of nothing', (machine) => machine.delete('nothing')],
    [
      'a transaction whose branch writes nothing',
      (machine) => machine.txn({ failure: [{ request_put: put('a') }] }),
    ],
    ['a failed put', (machine) => machine.failed({ put: put('a', '', { lease: 9n }) })],
    ['a lease grant', (machine) => machine.done({ lease_grant: { ID: 9n, TTL: 10 } })],
    ['a compaction', (machine) => machine.done({ compaction: { revision: 1 } })],
    ['an alarm', (machine) => machine.done({ alarm: { action: 1, memberID: 1n, alarm: 1 } })],
  ];
  for (const [what, run] of idle) {
    it(`R4: ${what} makes no revision`, () => {
      const machine = new Harness();
      run(machine);
      assert.equal(machine.mvcc.revision, 1);
    });
  }

  it('R4: revoking a lease without keys makes no revision', () => {
    const machine = new Harness();
    machine.done({ lease_grant: { ID: 9n, TTL: 10 } });
    machine.done({ lease_revoke: { ID: 9n } });
    assert.equal(machine.mvcc.revision, 1);
  });

  it('R5: putting the same value again is a write', () => {
    const machine = new Harness();
    machine.put('a', 'x');
    const outcome = machine.apply({ put: put('a', 'x') });
    assert.deepEqual(changesOf(outcome), ['put a 3.0 v2']);
  });

  it('R6: version counts puts of one life; deletion starts anew', () => {
    const machine = new Harness();
    machine.put('a', '1');
    machine.put('a', '2');
    assert.equal(shown(machine.get('a')), 'a=2 2/3/2/0');
    machine.delete('a');
    machine.put('a', '3');
    assert.equal(shown(machine.get('a')), 'a=3 5/5/1/0');
  });

  it('R7: a range at an old revision has the newest one in its header', () => {
    const machine = new Harness();
    machine.put('a', '1');
    machine.put('a', '2');
    const response = machine.range('a', '', { revision: 2 });
    assert.equal(response.header?.revision, 3);
    assert.equal(shown(response.kvs?.[0]), 'a=1 2/2/1/0');
  });

  it('R7: headers of put, delete and txn are the revision after, of a deletion of nothing the current one', () => {
    const machine = new Harness();
    assert.equal(machine.put('a').header?.revision, 2);
    assert.equal(machine.delete('a').header?.revision, 3);
    assert.equal(machine.delete('a').header?.revision, 3);
    assert.equal(machine.txn({ success: [{ request_put: put('a') }] }).header?.revision, 4);
    assert.equal(machine.txn({ failure: [{ request_put: put('a') }] }).header?.revision, 4);
  });

  it('R8: nested headers carry the revision as each operation sees it; a nested transaction has an empty one', () => {
    const machine = new Harness();
    machine.put('a');
    const response = machine.txn({
      success: [
        { request_range: range('a') },
        { request_delete_range: remove('nothing') },
        { request_put: put('b') },
        { request_range: range('a') },
        { request_delete_range: remove('nothing') },
        { request_txn: { success: [{ request_range: range('a') }] } },
      ],
    });
    const revisions = response.responses?.map(
      (op) =>
        op.response_range?.header?.revision ??
        op.response_put?.header?.revision ??
        op.response_delete_range?.header?.revision ??
        op.response_txn?.header,
    );
    assert.deepEqual(revisions, [2, 2, 3, 3, 3, {}]);
    const nested = response.responses?.[5]?.response_txn?.responses?.[0];
    assert.equal(nested?.response_range?.header?.revision, 3);
  });

  it('R9: reads see earlier writes, compares of the whole tree do not', () => {
    const machine = new Harness();
    const response = machine.txn({
      success: [
        { request_put: put('a', 'new') },
        { request_range: range('a') },
        {
          request_txn: {
            compare: [{ key: new Uint8Array([97]), target: 0, result: 1, version: 0 }],
            success: [{ request_put: put('seen') }],
            failure: [{ request_put: put('unseen') }],
          },
        },
      ],
    });
    assert.equal(shown(response.responses?.[1]?.response_range?.kvs?.[0]), 'a=new 2/2/1/0');
    assert.equal(response.responses?.[2]?.response_txn?.succeeded, false);
    assert.equal(machine.keys('\0', '\0'), 'a unseen');
  });

  it('R10: a delete carries the key and its revision, nothing else', () => {
    const machine = new Harness();
    machine.done({ lease_grant: { ID: 9n, TTL: 10 } });
    machine.put('a', 'value', { lease: 9n });
    const { changes } = machine.apply({ delete_range: remove('a') });
    assert.deepEqual(changes[0]?.kv, {
      key: 'a',
      createRevision: 0,
      modRevision: 3,
      version: 0,
      lease: 0n,
      value: new Uint8Array(0),
    });
  });
});
