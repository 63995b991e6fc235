/**
 * A change as etcd keeps it in the bucket `key` of its database:
 *
 *     key    revision i64 | '_' | sub i64 | 't' for a tombstone; big-endian
 *     value  mvccpb.KeyValue; of a tombstone only the key
 *
 * etcd's hashes cover these bytes, and its snapshots consist of them.
 */
import type { ByteWriter } from '../lib/binary.ts';
import type { RecordCursor } from './revision-record.ts';

const UNDERSCORE = 0x5f;
const TOMBSTONE_MARK = 0x74;
/** mvccpb.KeyValue: field number and wire type in one byte. */
const FIELD = {
  key: 0x0a,
  create: 0x10,
  mod: 0x18,
  version: 0x20,
  value: 0x2a,
  lease: 0x30,
} as const;

export const BACKEND_KEY_BYTES = 17;

export function backendKeyBytes(record: RecordCursor): number {
  return record.tombstone ? BACKEND_KEY_BYTES + 1 : BACKEND_KEY_BYTES;
}

export function writeBackendKey(writer: ByteWriter, record: RecordCursor): void {
  writeRevision(writer, record.modRevision, record.sub);
  if (record.tombstone) writer.u8(TOMBSTONE_MARK);
}

/** The 17 bytes of a revision alone, as etcd's marks of compaction are. */
export function writeRevision(writer: ByteWriter, revision: number, sub: number): void {
  bigEndian64(writer, revision);
  writer.u8(UNDERSCORE);
  bigEndian64(writer, sub);
}

export function bigEndian64(writer: ByteWriter, value: number): void {
  const high = Math.floor(value / 0x1_0000_0000);
  for (const word of [high, value % 0x1_0000_0000]) {
    writer.u8((word >>> 24) & 0xff);
    writer.u8((word >>> 16) & 0xff);
    writer.u8((word >>> 8) & 0xff);
    writer.u8(word & 0xff);
  }
}

/** Bytes that writeBackendValue will write. */
export function backendValueBytes(record: RecordCursor): number {
  const bytes = lengthField(record.keyLength);
  if (record.tombstone) return bytes;
  return (
    bytes +
    3 +
    varintBytes(record.createRevision) +
    varintBytes(record.modRevision) +
    varintBytes(record.version) +
    lengthField(record.valueLength) +
    (record.lease === 0n ? 0 : 1 + varint64Bytes(record.lease))
  );
}

export function writeBackendValue(writer: ByteWriter, record: RecordCursor): void {
  if (record.keyLength > 0) {
    writer.u8(FIELD.key);
    writer.bytes(record.keyBytes());
  }
  if (record.tombstone) return;
  writer.u8(FIELD.create);
  writer.varint(record.createRevision);
  writer.u8(FIELD.mod);
  writer.varint(record.modRevision);
  writer.u8(FIELD.version);
  writer.varint(record.version);
  if (record.valueLength > 0) {
    writer.u8(FIELD.value);
    writer.bytes(record.value());
  }
  if (record.lease === 0n) return;
  writer.u8(FIELD.lease);
  writeVarint64(writer, record.lease);
}

/** An int64 as protobuf has it: a negative one takes ten bytes, more than a varint of a safe integer. */
export function writeVarint64(writer: ByteWriter, value: bigint): void {
  let rest = BigInt.asUintN(64, value);
  for (; rest > 0x7fn; rest >>= 7n) writer.u8(Number(rest & 0x7fn) | 0x80);
  writer.u8(Number(rest));
}

/** Tag, length, bytes; an empty field is left out. */
function lengthField(bytes: number): number {
  return bytes === 0 ? 0 : 1 + varintBytes(bytes) + bytes;
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) bytes++;
  return bytes;
}

function varint64Bytes(value: bigint): number {
  let bytes = 1;
  for (let rest = BigInt.asUintN(64, value) >> 7n; rest > 0n; rest >>= 7n) bytes++;
  return bytes;
}
