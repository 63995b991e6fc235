/**
 * What etcd keeps beside keys in its database, as pairs of its buckets. Facts about the formats come
 * from etcd's server/storage/schema.
 */
import { bytesOf, compareBytes, EMPTY_BYTES } from '../lib/bytes.ts';
import { ByteWriter } from '../lib/binary.ts';
import { encodeUtf8 } from '../lib/utf8.ts';
import type { ReplicatedState } from '../apply/state-codec.ts';
import type { Member } from '../apply/membership.ts';
import type { LeaseId } from '../mvcc/types.ts';
import { bigEndian64, writeRevision, writeVarint64 } from '../mvcc/backend-pair.ts';
import type { ConfState, NodeId } from '../raft/types.ts';

/** Sorted bytewise, as the root of the database has them. */
export const BUCKETS = [
  'alarm',
  'auth',
  'authRoles',
  'authUsers',
  'cluster',
  'key',
  'lease',
  'members',
  'members_removed',
  'meta',
] as const;
export type BucketName = (typeof BUCKETS)[number];

/**
 * The layout of etcd 3.6, which is also that of 3.7. It is what the file says of itself: 3.6 refuses a
 * file that names a later version, 3.7 takes both, and earlier ones do not look.
 */
export const FILE_STORAGE_VERSION = '3.6.0';

/** Auth's revision in a cluster where auth was never touched. */
const FRESH_AUTH_REVISION = 1;

export type Pair = readonly [key: Uint8Array, value: Uint8Array];

/**
 * The pairs of every bucket but `key` and `lease`, sorted. `cluster` is empty: etcd sets the version
 * when it starts, and refuses to start where a later one stands.
 */
export function smallBuckets(
  state: ReplicatedState,
  compactRevision: number,
): ReadonlyMap<BucketName, readonly Pair[]> {
  const { members, removed, alarms, point } = state;
  return new Map<BucketName, readonly Pair[]>([
    ['alarm', sorted(alarms.map(({ memberId, type }) => [alarmKey(memberId, type), EMPTY_BYTES]))],
    ['auth', [[bytesOf('authRevision'), fixed64(FRESH_AUTH_REVISION)]]],
    ['members', sorted(members.map((member) => [memberKey(member.id), memberJson(member)]))],
    ['members_removed', sorted(removed.map((id) => [memberKey(id), bytesOf('removed')]))],
    ['meta', sorted([...metaPairs(point, compactRevision)])],
  ]);
}

function* metaPairs(
  point: ReplicatedState['point'],
  compactRevision: number,
): Generator<Pair, void, undefined> {
  yield [bytesOf('consistent_index'), fixed64(point.index)];
  yield [bytesOf('term'), fixed64(point.term)];
  yield [bytesOf('confState'), confStateJson(point.confState)];
  yield [bytesOf('storageVersion'), bytesOf(FILE_STORAGE_VERSION)];
  if (compactRevision < 0) return;
  for (const name of ['finishedCompactRev', 'scheduledCompactRev']) {
    const writer = new ByteWriter();
    writeRevision(writer, compactRevision, 0);
    yield [bytesOf(name), writer.finish()];
  }
}

/** leasepb.Lease: id, granted and last known remaining seconds. */
export function leaseValue(id: LeaseId, ttlSeconds: number, remainingSeconds: number): Uint8Array {
  const writer = new ByteWriter(32);
  writer.u8(0x08);
  writeVarint64(writer, id);
  writer.u8(0x10);
  writer.varint(ttlSeconds);
  if (remainingSeconds > 0) {
    writer.u8(0x18);
    writer.varint(remainingSeconds);
  }
  return writer.finish();
}

/** Eight bytes, big-endian. */
export function leaseKey(id: LeaseId): Uint8Array {
  const key = new Uint8Array(8);
  new DataView(key.buffer).setBigInt64(0, id);
  return key;
}

/** An alarm is its own key: a marshalled etcdserverpb.AlarmMember. */
function alarmKey(memberId: NodeId, type: number): Uint8Array {
  const writer = new ByteWriter();
  writer.u8(0x08);
  writeVarint64(writer, BigInt(`0x${memberId}`));
  writer.u8(0x10);
  writer.varint(type);
  return writer.finish();
}

/** Hexadecimal without leading zeros. */
function memberKey(id: NodeId): Uint8Array {
  return bytesOf(BigInt(`0x${id}`).toString(16));
}

function memberJson(member: Member): Uint8Array {
  const urls = (list: readonly string[]): string => JSON.stringify(list);
  const fields = [`"id":${decimal(member.id)}`, `"peerURLs":${urls(member.peerUrls)}`];
  if (member.isLearner) fields.push('"isLearner":true');
  if (member.name !== '') fields.push(`"name":${JSON.stringify(member.name)}`);
  if (member.clientUrls.length > 0) fields.push(`"clientURLs":${urls(member.clientUrls)}`);
  return encodeUtf8(`{${fields.join()}}`);
}

/** raftpb.ConfState in JSON; ids are numbers beyond what a JavaScript number holds. */
function confStateJson(confState: ConfState): Uint8Array {
  const lists: readonly (readonly [string, readonly NodeId[]])[] = [
    ['voters', confState.voters],
    ['learners', confState.learners],
    ['voters_outgoing', confState.votersOutgoing],
    ['learners_next', confState.learnersNext],
  ];
  const fields = lists
    .filter(([, ids]) => ids.length > 0)
    .map(([name, ids]) => `"${name}":[${ids.map(decimal).join()}]`);
  return bytesOf(`{${[...fields, `"auto_leave":${confState.autoLeave}`].join()}}`);
}

function decimal(id: NodeId): string {
  return BigInt(`0x${id}`).toString();
}

function fixed64(value: number): Uint8Array {
  const writer = new ByteWriter(8);
  bigEndian64(writer, value);
  return writer.finish();
}

function sorted(pairs: readonly Pair[]): Pair[] {
  return [...pairs].sort(([left], [right]) => compareBytes(left, right));
}
