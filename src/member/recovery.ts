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
import type { Member as MembershipEntry } from '../apply/membership.ts';
import { decodeState } from '../apply/state-codec.ts';
import { MissingRestoreError } from '../apply/restore.ts';
import { checksumOfState, CorruptStateError, loadState } from '../apply/state-rows.ts';
import { bytesOf, byteString, EMPTY_BYTES, equalBytes } from '../lib/bytes.ts';
import { DecodeError } from '../lib/binary.ts';
import type { RowStore } from '../lib/row-store.ts';
import { CorruptLeasesError } from '../lease/pages.ts';
import { CorruptPageError } from '../mvcc/store.ts';
import type { NodeId } from '../raft/types.ts';
import { beginLogAnew, salvageHardState } from '../wal/salvage.ts';
import { CorruptWalError } from '../wal/row.ts';
import type { ClusterConfig, Self } from './cluster-config.ts';
import { CorruptIdentityError, storedIdentity, writeIdentity } from './identity.ts';
import type { Log } from './ports.ts';
import { CANNOT_START } from './rpc.ts';

const TABLE = 'recovery';
const ROW = 0;
/** The replicated state as it was last saved, of which only the members count. */
const MEMBERS_ROW = 1;

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

/** What this member holds is sound, but not what the others hold. */
export class DivergedError extends Error {
  override readonly name = 'DivergedError';
}

/** True for an error that says that a stored row is not what was written. */
export function isCorruption(error: unknown): error is Error {
  return (
    error instanceof CorruptWalError ||
    error instanceof CorruptPageError ||
    error instanceof CorruptStateError ||
    error instanceof DivergedError ||
    error instanceof CorruptLeasesError ||
    error instanceof CorruptIdentityError ||
    error instanceof MissingRestoreError
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
 * Throws the damaged storage away but for whose it is, term and vote, and who the members were.
 * @throws CorruptWalError when those are damaged too: then only removing the member and adding it
 *   again can help
 */
export function beginAnew(rows: RowStore, damage: string): void {
  const promises = salvageHardState(rows);
  const identity = unlessCorrupt(() => storedIdentity(rows));
  const state = knownState(rows);
  rows.atomically(() => {
    for (const table of rows.tables()) rows.drop(table);
    beginLogAnew(rows, promises);
    if (identity !== undefined) writeIdentity(rows, identity);
    if (state !== undefined) rows.put(TABLE, MEMBERS_ROW, checksumOfState(state), state);
    rows.put(TABLE, ROW, EMPTY_BYTES, bytesOf(damage));
  });
}

export function endRecovery(rows: RowStore): void {
  rows.delete(TABLE, ROW);
  rows.delete(TABLE, MEMBERS_ROW);
}

/**
 * Who a member without state takes for the members, to begin with: after damage those it knew last;
 * else those of the configuration if it is one of them. One that joins knows nobody.
 */
export function firstMembers(
  rows: RowStore,
  config: ClusterConfig,
  self: NodeId,
): readonly MembershipEntry[] {
  const known = knownMembers(rows);
  if (known.length > 0) return known;
  if (!config.members.some(({ id }) => id === self)) return [];
  return config.members.map((member) => ({
    id: member.id,
    name: member.name,
    peerUrls: [member.peerUrl],
    clientUrls: [],
    region: member.region ?? '',
    isLearner: member.learner,
  }));
}

/**
 * Builds a member over its storage. If that is damaged, now or by what a former instance found, it is
 * thrown away first where there are peers to get everything from.
 * @throws CannotStartError
 */
export function openDespiteDamage<M>(
  { rows, log }: { readonly rows: RowStore; readonly log: Log },
  config: ClusterConfig,
  self: Self,
  build: () => M,
): M {
  const begin = (damage: string): void => {
    if (!hasPeers(rows, config, self)) throw new CannotStartError(self.name, damage);
    beginAnew(rows, damage);
  };
  const damage = damageOf(rows);
  if (damage !== undefined && !damage.cleared) begin(damage.text);
  try {
    return build();
  } catch (error) {
    if (!isCorruption(error)) throw error;
    begin(error.message);
    log.warn('storage is damaged, beginning anew', { damage: error.message });
    return build();
  }
}

/** Is there another voter, as far as this member knows? */
function hasPeers(rows: RowStore, config: ClusterConfig, self: Self): boolean {
  const id = unlessCorrupt(() => storedIdentity(rows))?.id ?? self.id;
  const known = knownMembers(rows);
  if (known.length > 0) return known.some((member) => !member.isLearner && member.id !== id);
  return config.members.some((member) => !member.learner && member.id !== id);
}

/** None where nothing sound is known. */
function knownMembers(rows: RowStore): readonly MembershipEntry[] {
  const state = knownState(rows);
  return unlessCorrupt(() => (state === undefined ? [] : decodeState(state).members)) ?? [];
}

/** As kept when the storage was thrown away, or as saved last; one that is damaged counts as none. */
function knownState(rows: RowStore): Uint8Array | undefined {
  const kept = rows.get(TABLE, MEMBERS_ROW);
  if (kept !== undefined && equalBytes(kept.head, checksumOfState(kept.data))) return kept.data;
  return unlessCorrupt(() => loadState(rows));
}

function unlessCorrupt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isCorruption(error) || error instanceof DecodeError) return undefined;
    throw error;
  }
}
