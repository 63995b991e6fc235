/** In the end all members hold the same leases, and on each hang exactly the keys that name it. */
import type { StateMachine } from '../../../src/apply/state-machine.ts';
import type { Key, LeaseId } from '../../../src/mvcc/types.ts';
import { hexOf } from '../../../src/lib/bytes.ts';
import { Violation } from '../world.ts';

export const PROPERTY = 'members agree on leases';

export type LeasedState = Pick<StateMachine, 'leases' | 'mvcc'>;

const ALL = { start: '', end: undefined } as const;
const PLAIN = { revision: 0, limit: 0, keysOnly: true, countOnly: false } as const;

/** @throws Violation */
export function checkMembersAgree(states: readonly LeasedState[]): void {
  const books = new Set(states.map((state) => hexOf(state.leases.encode())));
  if (books.size > 1) {
    throw new Violation(PROPERTY, `the members hold different leases: ${[...books].join(' and ')}`);
  }
  for (const state of states) checkAttached(state);
}

function checkAttached({ leases, mvcc }: LeasedState): void {
  const byLease = new Map<LeaseId, Key[]>();
  for (const { key, lease } of mvcc.range(ALL, PLAIN).kvs) {
    if (lease === 0n) continue;
    byLease.set(lease, [...(byLease.get(lease) ?? []), key]);
  }
  for (const [lease, keys] of byLease) {
    const attached = leases.keys(lease).join();
    if (attached === keys.join()) continue;
    throw new Violation(
      PROPERTY,
      `[${keys.join()}] name lease ${lease.toString(16)}, and [${attached}] hang on it`,
    );
  }
}
