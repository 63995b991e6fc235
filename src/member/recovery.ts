/**
 * A member whose storage does not hold what was written to it: says which row, serves nothing from it,
 * and gets everything anew from its peers.
 *
 * Term and vote survive (wal/salvage.ts); log and state are thrown away. Until the member holds again
 * all that it ever acknowledged it must not vote (raft/lost-log.ts). That point is reached when, some
 * time after the loss, a linearizable read succeeds here: the leader's commit index at that moment
 * covers every acknowledgement of the lost log that could still be counted, and it is applied here.
 * RECOVERY_HOLD_MS bounds how long an acknowledgement of the former instance may be on its way.
 */
import { CorruptStateError } from '../apply/state-rows.ts';
import { bytesOf, byteString, EMPTY_BYTES } from '../lib/bytes.ts';
import type { RowStore } from '../lib/row-store.ts';
import { CorruptLeasesError } from '../lease/pages.ts';
import { CorruptPageError } from '../mvcc/store.ts';
import { beginLogAnew, salvageHardState } from '../wal/salvage.ts';
import { CorruptWalError } from '../wal/row.ts';
import { CorruptIdentityError } from './identity.ts';
import { CANNOT_START } from './rpc.ts';

const TABLE = 'recovery';
const ROW = 0;

/**
 * A member without peers holds damaged storage. It serves nothing, for the rest may be wrong too, and
 * keeps what there is: only restoring a backup helps.
 */
export class CannotStartError extends Error {
  override readonly name = 'CannotStartError';

  constructor(member: string, damage: string) {
    super(
      `${CANNOT_START} ${member}: its storage is damaged and it has no peers to fetch the state from: ${damage}`,
    );
  }
}

/** True for an error that says that a stored row is not what was written. */
export function isCorruption(error: unknown): error is Error {
  return (
    error instanceof CorruptWalError ||
    error instanceof CorruptPageError ||
    error instanceof CorruptStateError ||
    error instanceof CorruptLeasesError ||
    error instanceof CorruptIdentityError
  );
}

/** Notes durably that this storage is damaged; the next instance begins anew. */
export function noteDamage(rows: RowStore, damage: Error): void {
  rows.put(TABLE, ROW, EMPTY_BYTES, bytesOf(`!${damage.message}`));
}

/** What is known of a damage: not yet acted upon, or being recovered from. */
export interface Damage {
  readonly text: string;
  /** The damaged storage was thrown away already. */
  readonly cleared: boolean;
}

export function damageOf(rows: RowStore): Damage | undefined {
  const row = rows.get(TABLE, ROW);
  if (row === undefined) return undefined;
  const text = byteString(row.data);
  return { text: text.replace(/^!/, ''), cleared: !text.startsWith('!') };
}

/**
 * Throws the damaged storage away but for term and vote.
 * @throws CorruptWalError when those are damaged too: then only removing the member and adding it
 *   again can help
 */
export function beginAnew(rows: RowStore, damage: string): void {
  const promises = salvageHardState(rows);
  rows.atomically(() => {
    for (const table of rows.tables()) rows.drop(table);
    beginLogAnew(rows, promises);
    rows.put(TABLE, ROW, EMPTY_BYTES, bytesOf(damage));
  });
}

export function endRecovery(rows: RowStore): void {
  rows.delete(TABLE, ROW);
}
