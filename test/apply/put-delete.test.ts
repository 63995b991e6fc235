import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Harness, keysOf, put, remove, shown } from './harness.ts';

function leased(): Harness {
  const machine = new Harness();
  machine.done({ lease_grant: { ID: 7n, TTL: 60 } });
  machine.done({ lease_grant: { ID: -8n, TTL: 60 } });
  return machine;
}

describe('put and delete (rules P1 to P5)', () => {
  it('P1: prev_kv is the pair as it was, nothing for a new key', () => {
    const machine = new Harness();
    assert.equal(machine.put('a', '1', { prev_kv: true }).prev_kv, undefined);
    assert.equal(shown(machine.put('a', '2', { prev_kv: true }).prev_kv), 'a=1 2/2/1/0');
    assert.equal(machine.put('a', '3').prev_kv, undefined);
  });

  it('P1: prev_kvs are all deleted pairs in key order', () => {
    const machine = new Harness();
    for (const key of ['b', 'c', 'a']) machine.put(key, key);
    const response = machine.delete('a', 'c', { prev_kv: true });
    assert.equal(response.deleted, 2);
    assert.deepEqual(response.prev_kvs?.map(shown), ['a=a 4/4/1/0', 'b=b 2/2/1/0']);
    assert.deepEqual(machine.delete('c').prev_kvs, []);
  });

  for (const keep of ['ignore_value', 'ignore_lease'] as const) {
    it(`P2: ${keep} on a missing key is refused`, () => {
      const error = new Harness().failed({ put: put('a', '', { [keep]: true }) });
      assert.equal(error.message, 'etcdserver: key not found');
    });
  }

  it('P2: ignore_value keeps the value and takes the new lease', () => {
    const machine = leased();
    machine.put('a', 'kept');
    machine.put('a', '', { ignore_value: true, lease: 7n });
    assert.equal(shown(machine.get('a')), 'a=kept 2/3/2/7');
  });

  it('P2: ignore_lease keeps the lease and takes the new value', () => {
    const machine = leased();
    machine.put('a', '1', { lease: 7n });
    machine.put('a', '2', { ignore_lease: true });
    assert.equal(shown(machine.get('a')), 'a=2 2/3/2/7');
    assert.deepEqual(machine.leases.keys(7n), ['a']);
  });

  it('P2: both together touch the key', () => {
    const machine = leased();
    machine.put('a', '1', { lease: -8n });
    machine.put('a', '', { ignore_lease: true, ignore_value: true });
    assert.equal(shown(machine.get('a')), 'a=1 2/3/2/-8');
  });

  it('P3: an unknown lease is refused, before anything else is looked at', () => {
    const machine = leased();
    const error = machine.failed({ put: put('missing', '', { lease: 9n, ignore_value: true }) });
    assert.equal(error.message, 'etcdserver: requested lease not found');
  });

  it('a key more on a lease is refused when the leases have no room, a key without one is not', () => {
    const machine = leased();
    machine.leases.room = false;
    const error = machine.failed({ put: put('a', '', { lease: 7n }) });
    assert.equal(error.message, 'etcdserver: too many requests');
    machine.put('a');
  });

  it('P3: lease 0 detaches', () => {
    const machine = leased();
    machine.put('a', '', { lease: 7n });
    machine.put('a', '');
    assert.deepEqual(machine.leases.keys(7n), []);
    assert.equal(shown(machine.get('a')), 'a= 2/3/2/0');
  });

  it('P4: a put under another lease moves the key', () => {
    const machine = leased();
    machine.put('a', '', { lease: 7n });
    machine.put('a', '', { lease: -8n });
    assert.deepEqual([machine.leases.keys(7n), machine.leases.keys(-8n)], [[], ['a']]);
    machine.done({ lease_revoke: { ID: 7n } });
    assert.equal(machine.keys('a'), 'a');
  });

  it('P5: deletion detaches', () => {
    const machine = leased();
    machine.put('a', '', { lease: 7n });
    machine.put('b', '', { lease: 7n });
    machine.done({ delete_range: remove('a') });
    assert.deepEqual(machine.leases.keys(7n), ['b']);
  });

  it('a put of what was deleted under a lease is free of it', () => {
    const machine = leased();
    machine.put('a', '', { lease: 7n });
    machine.delete('a');
    machine.put('a');
    machine.done({ lease_revoke: { ID: 7n } });
    assert.equal(keysOf(machine.range('a').kvs), 'a');
  });
});
