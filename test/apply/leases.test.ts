import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Harness, TERM } from './harness.ts';

/** Lease 7 with keys b, a, c, put in that order; the newest revision is 4. */
function leased(): Harness {
  const machine = new Harness();
  machine.done({ lease_grant: { ID: 7n, TTL: 60 } });
  for (const key of ['b', 'a', 'c']) machine.put(key, '', { lease: 7n });
  return machine;
}

describe('leases (rules L1 to L4, and scenario 32)', () => {
  it('L1: an id in use is refused, a negative one is not', () => {
    const machine = leased();
    assert.match(
      machine.failed({ lease_grant: { ID: 7n, TTL: 5 } }).message,
      /lease already exists/,
    );
    const granted = machine.done({ lease_grant: { ID: -7n, TTL: 5 } });
    assert.equal(granted.ID, -7n);
    assert.equal(machine.leases.has(-7n), true);
  });

  it('L2: the response has the time that was granted', () => {
    const machine = new Harness();
    const granted = machine.done({ lease_grant: { ID: 1n, TTL: -4 } });
    assert.equal(granted.TTL, 2);
    const tooLong = { lease_grant: { ID: 2n, TTL: 9_000_000_001 } };
    assert.match(machine.failed(tooLong).message, /too large lease TTL/);
  });

  it('L3: the header of a grant is the current revision', () => {
    const response = leased().done({ lease_grant: { ID: 8n, TTL: 60 } });
    assert.deepEqual(response, { header: { revision: 4 }, ID: 8n, TTL: 60 });
  });

  it('L4: an end deletes the keys in order, in one revision', () => {
    const machine = leased();
    const outcome = machine.apply({ lease_revoke: { ID: 7n } });
    assert.deepEqual(
      outcome.changes.map(({ type, kv, sub }) => [type, kv.key, kv.modRevision, sub]),
      [
        ['delete', 'a', 5, 0],
        ['delete', 'b', 5, 1],
        ['delete', 'c', 5, 2],
      ],
    );
    assert.deepEqual(outcome.response, { header: { revision: 5 } });
    assert.equal(machine.leases.has(7n), false);
  });

  it('L4: an unknown lease is refused', () => {
    assert.match(leased().failed({ lease_revoke: { ID: 8n } }).message, /lease not found/);
  });

  it('an end found by the leader of the term of its entry is carried out', () => {
    const machine = leased();
    machine.apply({ lease_revoke: { ID: 7n, term: TERM } });
    assert.equal(machine.leases.has(7n), false);
  });

  it('an end found by the leader of another term is dropped without error', () => {
    const machine = leased();
    const outcome = machine.apply({ lease_revoke: { ID: 7n, term: TERM - 1 } });
    assert.equal(outcome.error, undefined);
    assert.deepEqual(outcome.changes, []);
    assert.equal(machine.keys('\0', '\0'), 'a b c');
    assert.equal(machine.leases.has(7n), true);
  });

  it('a checkpoint records what is left, and passes over leases that have ended', () => {
    const machine = leased();
    const checkpoints = [
      { ID: 99n, remaining_TTL: 1 },
      { ID: 7n, remaining_TTL: 31 },
    ];
    machine.done({ lease_checkpoint: { checkpoints } });
    assert.equal(machine.leases.remaining(7n), 31);
  });

  it('a checkpoint by the leader of another term is dropped without error', () => {
    const machine = leased();
    const checkpoint = (term: number, remaining_TTL: number) => ({
      lease_checkpoint: { term, checkpoints: [{ ID: 7n, remaining_TTL }] },
    });
    machine.done(checkpoint(TERM, 31));
    machine.done(checkpoint(TERM - 1, 3));
    assert.equal(machine.leases.remaining(7n), 31);
  });
});
