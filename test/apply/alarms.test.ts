import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AlarmAction, AlarmType, type InternalRequestInput } from '../../src/api/messages.ts';
import { Harness, put, range, remove } from './harness.ts';

const { GET, ACTIVATE, DEACTIVATE } = AlarmAction;
const { NONE, NOSPACE, CORRUPT } = AlarmType;

/** Alarms in the response, as member:type. */
function ask(machine: Harness, action: number, memberID: bigint, alarm: number): string {
  const response = machine.done({ alarm: { action, memberID, alarm } });
  return (response.alarms ?? [])
    .map((item) => `${String(item.memberID)}:${String(item.alarm)}`)
    .join(' ');
}

describe('alarms (rule M9)', () => {
  it('M9: raised by member and type; raising again returns the one there is', () => {
    const machine = new Harness();
    assert.equal(ask(machine, ACTIVATE, 2n, NOSPACE), '2:1');
    assert.equal(ask(machine, ACTIVATE, 2n, NOSPACE), '2:1');
    assert.equal(ask(machine, ACTIVATE, 2n ** 64n - 1n, CORRUPT), '18446744073709551615:2');
    assert.equal(ask(machine, GET, 0n, NONE), '2:1 18446744073709551615:2');
  });

  it('M9: listing is by type, whoever raised it', () => {
    const machine = new Harness();
    ask(machine, ACTIVATE, 2n, NOSPACE);
    ask(machine, ACTIVATE, 1n, NOSPACE);
    ask(machine, ACTIVATE, 1n, CORRUPT);
    assert.equal(ask(machine, GET, 5n, NOSPACE), '1:1 2:1');
    assert.equal(ask(machine, GET, 0n, CORRUPT), '1:2');
  });

  it('M9: raising NONE does nothing', () => {
    const machine = new Harness();
    assert.equal(ask(machine, ACTIVATE, 2n, NONE), '');
    assert.equal(ask(machine, GET, 0n, NONE), '');
  });

  it('M9: cleared by member and type; what is not there clears to nothing', () => {
    const machine = new Harness();
    ask(machine, ACTIVATE, 1n, NOSPACE);
    ask(machine, ACTIVATE, 2n, NOSPACE);
    assert.equal(ask(machine, DEACTIVATE, 3n, NOSPACE), '');
    assert.equal(ask(machine, DEACTIVATE, 1n, CORRUPT), '');
    assert.equal(ask(machine, DEACTIVATE, 1n, NOSPACE), '1:1');
    assert.equal(ask(machine, GET, 0n, NONE), '2:1');
  });

  it('the header is the current revision', () => {
    const machine = new Harness();
    machine.put('a');
    const response = machine.done({ alarm: { action: GET } });
    assert.deepEqual(response, { header: { revision: 2 }, alarms: [] });
  });

  it('an action of a newer version is refused', () => {
    assert.match(new Harness().failed({ alarm: { action: 9 } }).message, /unknown method/);
  });
});

const mutations: [what: string, request: InternalRequestInput, grows: boolean][] = [
  ['put', { put: put('x') }, true],
  ['txn with a put', { txn: { success: [{ request_put: put('x') }] } }, true],
  ['txn with a put in the other branch', { txn: { failure: [{ request_put: put('x') }] } }, true],
  [
    'txn with a nested put',
    { txn: { success: [{ request_txn: { failure: [{ request_put: put('x') }] } }] } },
    true,
  ],
  ['lease grant', { lease_grant: { ID: 1n, TTL: 9 } }, true],
  ['delete', { delete_range: remove('a') }, false],
  ['txn that deletes', { txn: { success: [{ request_delete_range: remove('a') }] } }, false],
  ['compaction', { compaction: { revision: 2 } }, false],
  ['lease revoke', { lease_revoke: { ID: 7n } }, false],
];

function alarmed(type: number): Harness {
  const machine = new Harness();
  machine.done({ lease_grant: { ID: 7n, TTL: 9 } });
  machine.put('a', '', { lease: 7n });
  ask(machine, ACTIVATE, 1n, type);
  return machine;
}

describe('what an alarm forbids (rules M10, M11, G11)', () => {
  for (const [what, request, grows] of mutations) {
    it(`M10: without space, ${what} is ${grows ? 'refused' : 'carried out'}`, () => {
      const machine = alarmed(NOSPACE);
      if (!grows) return void machine.done(request);
      assert.equal(machine.failed(request).message, 'etcdserver: mvcc: database space exceeded');
    });

    it(`M11: in a corrupt cluster, ${what} is refused`, () => {
      assert.equal(alarmed(CORRUPT).failed(request).message, 'etcdserver: corrupt cluster');
    });
  }

  it('G11: reads go on under either alarm', () => {
    for (const type of [NOSPACE, CORRUPT]) {
      const machine = alarmed(type);
      assert.equal(machine.keys('a'), 'a');
      const txn = { success: [{ request_range: range('a') }] };
      assert.equal(machine.readOnlyTxn(txn).succeeded, true);
    }
  });

  it('with both, the corrupt cluster is what is reported', () => {
    const machine = alarmed(NOSPACE);
    ask(machine, ACTIVATE, 1n, CORRUPT);
    assert.match(machine.failed({ put: put('x') }).message, /corrupt cluster/);
  });

  it('M10: clearing the last one lets writes through again, not before', () => {
    const machine = alarmed(NOSPACE);
    ask(machine, ACTIVATE, 2n, NOSPACE);
    ask(machine, DEACTIVATE, 1n, NOSPACE);
    machine.failed({ put: put('x') });
    ask(machine, DEACTIVATE, 2n, NOSPACE);
    machine.put('x');
  });

  it('checkpoints and member attributes are not a client’s writes, and go on', () => {
    const machine = alarmed(CORRUPT);
    machine.done({ lease_checkpoint: { checkpoints: [{ ID: 7n, remaining_TTL: 3 }] } });
  });
});
