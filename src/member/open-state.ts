import type { StateParts } from '../apply/state-machine.ts';
import { ReplicatedLeases } from '../lease/replicated-leases.ts';
import type { RowStore } from '../lib/row-store.ts';
import { openMvcc } from '../mvcc/store.ts';

/** The parts of the replicated state, as a member's storage holds them. */
export function openStateParts(rows: RowStore): StateParts {
  return { mvcc: openMvcc(rows), leases: new ReplicatedLeases(rows) };
}
