/**
 * Leases as bytes, for snapshots: ascending by id, each with its keys in order, so that members with
 * equal leases give equal bytes.
 */
import { LEASE_MEMORY_BYTES_MAX } from '../constants.ts';
import { ByteReader, ByteWriter, DecodeError } from '../lib/binary.ts';
import type { Key, LeaseId } from '../mvcc/types.ts';
import { KEY_BYTES, KeyTable } from './key-table.ts';
import { NONE } from './id-index.ts';
import { LEASE_BYTES, LeaseTable } from './lease-table.ts';

const FORMAT = 1;

interface Tables {
  readonly leases: LeaseTable;
  readonly keys: KeyTable;
}

export function encodeLeases(source: Tables & { readonly grants: number }): Uint8Array {
  const { leases, keys } = source;
  const ids = new BigInt64Array(leases.size);
  let at = 0;
  for (const slot of leases.slots()) ids[at++] = leases.idOf(slot);
  // A typed array sorts by value, with no function to call for each pair.
  ids.sort();
  const writer = new ByteWriter();
  writer.u8(FORMAT);
  writer.varint(source.grants);
  writer.varint(leases.size);
  for (const id of ids) {
    const slot = leases.find(id);
    const attached = keys.keysOf(slot).sort();
    writer.u64(id);
    writer.varint(leases.ttlOf(slot));
    writer.varint(leases.remainingOf(slot));
    writer.varint(attached.length);
    for (const key of attached) writer.string(key);
  }
  return writer.finish();
}

export interface EncodedLease {
  readonly id: LeaseId;
  readonly ttlSeconds: number;
  /** 0: all that was granted. */
  readonly remainingSeconds: number;
  /** Sorted bytewise. */
  readonly keys: readonly Key[];
}

/** The leases in what encodeLeases made, ascending by id. @throws DecodeError */
export function* leasesIn(bytes: Uint8Array): Generator<EncodedLease, void, undefined> {
  if (bytes.length === 0) return;
  const reader = new ByteReader(bytes);
  reader.u8();
  reader.varint();
  for (let left = reader.varint(); left > 0; left--) {
    const id = BigInt.asIntN(64, reader.u64());
    const ttlSeconds = reader.varint();
    const remainingSeconds = reader.varint();
    const keys: Key[] = [];
    for (let more = reader.varint(); more > 0; more--) keys.push(reader.string());
    yield { id, ttlSeconds, remainingSeconds, keys };
  }
}

/**
 * Whether a member could hold these leases: what does not read, or takes too much memory, must not come
 * into the log. @throws DecodeError
 */
export function checkLeases(bytes: Uint8Array): void {
  const leases = new LeaseTable(() => undefined);
  const keys = new KeyTable(() => undefined);
  decodeLeases(bytes, { leases, keys });
  const memory = leases.size * LEASE_BYTES + keys.size * KEY_BYTES + keys.keyBytes;
  if (memory <= LEASE_MEMORY_BYTES_MAX) return;
  throw new DecodeError(
    `${leases.size} leases with ${keys.size} keys take ${memory} bytes of memory, at most ${LEASE_MEMORY_BYTES_MAX} are allowed`,
  );
}

/** Fills empty tables; returns the count of grants. @throws DecodeError */
export function decodeLeases(bytes: Uint8Array, target: Tables): number {
  if (bytes.length === 0) return 0;
  const reader = new ByteReader(bytes);
  const format = reader.u8();
  if (format !== FORMAT) {
    throw new DecodeError(`decode leases: format ${format}, known is ${FORMAT}`);
  }
  const grants = reader.varint();
  const count = reader.varint();
  let keySlot = 0;
  for (let slot = 0; slot < count; slot++) {
    const id: LeaseId = BigInt.asIntN(64, reader.u64());
    const ttl = reader.varint();
    const remaining = reader.varint();
    if (ttl === 0 || target.leases.find(id) !== NONE) {
      throw new DecodeError(`decode leases: lease ${id} of ${ttl} seconds`);
    }
    target.leases.place(slot, id, ttl, remaining);
    for (let left = reader.varint(); left > 0; left--) {
      const key = reader.string();
      if (target.keys.find(key) !== undefined) {
        throw new DecodeError(`decode leases: a key of lease ${id} hangs on another, too`);
      }
      target.keys.place(keySlot++, slot, key);
    }
  }
  if (!reader.done) throw new DecodeError(`decode leases: ${reader.remaining} bytes too many`);
  return grants;
}
