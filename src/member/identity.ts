/** Whose storage this is: written when a member starts first, checked at every start. */
import { bytesOf, byteString } from '../lib/bytes.ts';
import { checksum32 } from '../lib/checksum.ts';
import { ByteReader, ByteWriter } from '../lib/binary.ts';
import type { RowStore } from '../lib/row-store.ts';
import type { ClusterConfig, ConfiguredMember } from './cluster-config.ts';
import { CANNOT_START } from './rpc.ts';

const TABLE = 'identity';
const ROW = 0;

/** The storage is another member's, or another cluster's. */
export class ForeignStorageError extends Error {
  override readonly name = 'ForeignStorageError';
}

/** The row that says whose storage it is, is not what was written. */
export class CorruptIdentityError extends Error {
  override readonly name = 'CorruptIdentityError';
}

/**
 * Writes down whose storage this is, or finds that it is right.
 * @throws ForeignStorageError, CorruptIdentityError
 */
export function claimStorage(rows: RowStore, cluster: ClusterConfig, self: ConfiguredMember): void {
  const ours = `cluster ${cluster.id}, member ${self.id}`;
  const row = rows.get(TABLE, ROW);
  if (row === undefined) {
    const owner = bytesOf(ours);
    const head = new ByteWriter(4);
    head.u32(checksum32(owner));
    rows.put(TABLE, ROW, head.finish(), owner);
    return;
  }
  if (row.head.length !== 4 || new ByteReader(row.head).u32() !== checksum32(row.data)) {
    throw new CorruptIdentityError(`read row ${ROW} of ${TABLE}: its checksum is wrong`);
  }
  const owner = byteString(row.data);
  if (owner === ours) return;
  throw new ForeignStorageError(
    `${CANNOT_START} ${self.name}: the configuration makes it ${ours}, and its storage is that of ${owner}`,
  );
}
