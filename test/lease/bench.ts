/** A lessor with the storage and the clock that it stands on. */
import { Lessor } from '../../src/lease/lessor.ts';
import { MemoryRowStore } from '../support/memory-row-store.ts';
import { TestClock } from './clock.ts';

export const SECOND = 1000;
/** By how much a new leader extends leases. */
export const EXTEND = SECOND;

/** A member's lessor with what it stands on. */
export class Bench {
  store = new MemoryRowStore();
  readonly clock = new TestClock();
  lessor = Lessor.open(this.store, this.clock);

  /** Expired ids, in the order given. */
  expired(max?: number): bigint[] {
    return this.lessor.expired(max).map(({ id }) => id);
  }

  /** Puts the object away and builds it anew from its storage. */
  reopen(): void {
    this.store.sync();
    this.store = this.store.crash();
    this.lessor = Lessor.open(this.store, this.clock);
  }

  /** Milliseconds until the alarm. */
  alarmIn(): number | undefined {
    const at = this.lessor.nextDeadline();
    return at === undefined ? undefined : at - this.clock.nowMs();
  }
}

/** On the leader, in term 1. */
export function primary(): Bench {
  const bench = new Bench();
  bench.lessor.promote(1, EXTEND);
  return bench;
}

/** Methods bound, so that a test can take them apart. */
export function bound(bench: Bench): {
  lessor: Lessor;
  clock: TestClock;
  expired: (max?: number) => bigint[];
  alarmIn: () => number | undefined;
} {
  return {
    lessor: bench.lessor,
    clock: bench.clock,
    expired: (max) => bench.expired(max),
    alarmIn: () => bench.alarmIn(),
  };
}
