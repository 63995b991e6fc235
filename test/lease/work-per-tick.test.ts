/** Goal: what a tick costs does not grow with the leases. Method: calls of the tables and the heap are counted. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { LEASE_CHECKPOINT_SLICE, TICK_MS } from '../../src/constants.ts';
import { DeadlineHeap } from '../../src/lease/deadline-heap.ts';
import { IdIndex } from '../../src/lease/id-index.ts';
import { KeyTable } from '../../src/lease/key-table.ts';
import { LeaseTable } from '../../src/lease/lease-table.ts';
import { primary } from './bench.ts';

type Prototype = Record<string, unknown>;

let calls = 0;

function count(prototype: Prototype): void {
  for (const name of Object.getOwnPropertyNames(prototype)) {
    const value: unknown = Object.getOwnPropertyDescriptor(prototype, name)?.value;
    if (typeof value !== 'function' || name === 'constructor') continue;
    prototype[name] = function (this: object, ...args: unknown[]): unknown {
      calls++;
      return (value as (...args: unknown[]) => unknown).apply(this, args);
    };
  }
}

/** The most calls that one tick of many makes, with so many leases that nobody renews. */
function mostCallsInATick(leases: number): number {
  const { lessor, clock } = primary();
  for (let id = 1; id <= leases; id++) lessor.grant(BigInt(id), 1_000_000);
  let most = 0;
  for (let tick = 0; tick < 1_000; tick++) {
    clock.advance(TICK_MS);
    calls = 0;
    assert.deepEqual(lessor.expired(), []);
    lessor.checkpoints();
    lessor.nextDeadline();
    most = Math.max(most, calls);
  }
  return most;
}

it('Lessor does as much in a tick for 40,000 leases as for 2,000', () => {
  for (const { prototype } of [DeadlineHeap, IdIndex, KeyTable, LeaseTable]) {
    count(prototype as unknown as Prototype);
  }
  const few = mostCallsInATick(2_000);
  assert.ok(few >= LEASE_CHECKPOINT_SLICE, `only ${few} calls were counted`);
  assert.equal(mostCallsInATick(40_000), few);
});
