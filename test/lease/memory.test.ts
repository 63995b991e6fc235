import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { LEASE_BYTES } from '../../src/lease/lease-table.ts';
import { KEY_BYTES } from '../../src/lease/key-table.ts';
import { Lessor } from '../../src/lease/lessor.ts';
import { MemoryRowStore } from '../support/memory-row-store.ts';
import { TestClock } from './clock.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function usedBytes(): number {
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

it('Lessor keeps 100,000 leases with a key each in less than 200 bytes a lease, on the primary', () => {
  const count = 100_000;
  const lessor = Lessor.open(new MemoryRowStore(), new TestClock());
  lessor.promote(1, 1000);
  const before = usedBytes();
  let keyBytes = 0;
  for (let id = 1; id <= count; id++) {
    // Ids as they are drawn: of 63 bits. Keys of 24 bytes, each a string of its own.
    const lease = BigInt.asUintN(63, BigInt(id) * 0x9e3779b97f4a7c15n);
    const key = Buffer.from(`/services/web/${id + 1e9}`).toString('latin1');
    keyBytes = key.length;
    lessor.grant(lease, 60);
    lessor.attach(lease, key);
  }
  const bytes = (usedBytes() - before) / count;
  assert.ok(bytes < 200, `${bytes.toFixed(1)} bytes a lease`);
  assert.ok(bytes < LEASE_BYTES + KEY_BYTES + keyBytes, 'the estimate is too low');
  assert.equal(lessor.leases().length, count);
});
