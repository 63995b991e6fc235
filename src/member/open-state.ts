import type { StateParts } from '../apply/state-machine.ts';
import { Lessor } from '../lease/lessor.ts';
import type { WallClock } from '../lib/steady-clock.ts';
import type { RowStore } from '../lib/row-store.ts';
import { type MvccStore, openMvcc } from '../mvcc/store.ts';

/** The parts of the replicated state, as a member's storage holds them; the lessor is not primary yet. */
export function openStateParts(
  rows: RowStore,
  clock: WallClock,
): StateParts & { readonly mvcc: MvccStore; readonly leases: Lessor } {
  return { mvcc: openMvcc(rows), leases: Lessor.open(rows, clock) };
}
