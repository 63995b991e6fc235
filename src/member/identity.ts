/** Whose storage this is: written when a member starts first, and from then on the truth about it. */
import { bytesOf, byteString, EMPTY_BYTES } from '../lib/bytes.ts';
import { checksum32 } from '../lib/checksum.ts';
import { ByteReader, ByteWriter } from '../lib/binary.ts';
import type { RowStore } from '../lib/row-store.ts';
import type { NodeId } from '../raft/types.ts';
import type { ClusterConfig, Self } from './cluster-config.ts';
import { CANNOT_START } from './rpc.ts';

const TABLE = 'identity';
const ROW = 0;
/** Present once the member was removed from its cluster. */
const REMOVED_ROW = 1;

export interface Identity {
  /** 16 hex digits. */
  readonly clusterId: string;
  readonly id: NodeId;
  readonly name: string;
}

/** The storage is another member's, or another cluster's. */
export class ForeignStorageError extends Error {
  override readonly name = 'ForeignStorageError';
}

/** The row that says whose storage it is, is not what was written. */
export class CorruptIdentityError extends Error {
  override readonly name = 'CorruptIdentityError';
}

const TEXT =
  /^cluster (?<cluster>[0-9a-f]{16}), member (?<id>[0-9a-f]{16})(?:, name (?<name>\S+))?$/;

/** Undefined in storage that nobody has begun to use. @throws CorruptIdentityError */
export function storedIdentity(rows: RowStore): Identity | undefined {
  const row = rows.get(TABLE, ROW);
  if (row === undefined) return undefined;
  const intact = row.head.length === 4 && new ByteReader(row.head).u32() === checksum32(row.data);
  const found = intact ? TEXT.exec(byteString(row.data))?.groups : undefined;
  if (found === undefined) {
    throw new CorruptIdentityError(`read row ${ROW} of ${TABLE}: its checksum is wrong`);
  }
  const { cluster = '', id = '', name = '' } = found;
  return { clusterId: cluster, id, name };
}

export function writeIdentity(rows: RowStore, { clusterId, id, name }: Identity): void {
  const owner = bytesOf(`cluster ${clusterId}, member ${id}, name ${name}`);
  const head = new ByteWriter(4);
  head.u32(checksum32(owner));
  rows.put(TABLE, ROW, head.finish(), owner);
}

/**
 * Which member the object of a name is: what its storage says, or, while that is new, what the
 * configuration says. Undefined for one that is still to join.
 */
export function memberIn(
  rows: RowStore,
  config: ClusterConfig,
  name: string,
): { readonly config: ClusterConfig; readonly self: Self } | undefined {
  const configured = config.members.find((member) => member.name === name);
  const stored = unlessCorrupt(rows);
  if (stored === undefined) return configured && { config, self: configured };
  const self = { id: stored.id, name, region: configured?.region };
  return { config: { ...config, id: stored.clusterId }, self };
}

/** A member begins anew over a corrupt one, if the configuration knows it. */
function unlessCorrupt(rows: RowStore): Identity | undefined {
  try {
    return storedIdentity(rows);
  } catch (error) {
    if (error instanceof CorruptIdentityError) return undefined;
    throw error;
  }
}

/** Makes the storage that of another member, who knows nothing yet. */
export function beginAs(rows: RowStore, identity: Identity): void {
  rows.atomically(() => {
    for (const table of rows.tables()) rows.drop(table);
    writeIdentity(rows, identity);
  });
}

/**
 * The identity in this storage; in new storage `wanted` is written down. What the configuration says
 * later about ids does not matter any more: it names the first members only.
 * @throws ForeignStorageError, CorruptIdentityError
 */
export function claimStorage(rows: RowStore, wanted: Identity): Identity {
  const stored = storedIdentity(rows);
  if (stored === undefined) {
    writeIdentity(rows, wanted);
    return wanted;
  }
  // Former releases wrote no name.
  const same = stored.name === '' ? stored.id === wanted.id : stored.name === wanted.name;
  if (same) return { ...stored, name: wanted.name };
  throw new ForeignStorageError(
    `${CANNOT_START} ${wanted.name}: its storage is that of member ${stored.name || stored.id} of cluster ${stored.clusterId}`,
  );
}

/** Durably: this member is no member any more. */
export function markRemoved(rows: RowStore): void {
  rows.put(TABLE, REMOVED_ROW, EMPTY_BYTES, EMPTY_BYTES);
}

export function isMarkedRemoved(rows: RowStore): boolean {
  return rows.get(TABLE, REMOVED_ROW) !== undefined;
}
