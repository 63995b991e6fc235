/** The replicated state that is not in the store's pages, packed. For rows and for snapshots alike. */
import { idOf, idToLong, MemberDescription } from '../api/messages.ts';
import { ByteReader, ByteWriter, DecodeError } from '../lib/binary.ts';
import type { ConfState, NodeId, SnapshotMeta } from '../raft/types.ts';
import type { Alarm } from './alarms.ts';
import type { Member } from './membership.ts';

export interface ReplicatedState {
  /** How much of the log the state stands for, and the configuration at that point. */
  readonly point: SnapshotMeta;
  /** Version of the API that all members serve, such as 3.7.0. */
  readonly clusterVersion: string;
  readonly members: readonly Member[];
  readonly removed: readonly NodeId[];
  readonly alarms: readonly Alarm[];
  /** Upload of a restore under way; empty: none. */
  readonly upload: string;
}

const FORMAT_VERSION = 1;

export function encodeState(state: ReplicatedState): Uint8Array {
  const writer = new ByteWriter();
  writer.u8(FORMAT_VERSION);
  writer.varint(state.point.index);
  writer.varint(state.point.term);
  writeConfState(writer, state.point.confState);
  writer.string(state.clusterVersion);
  writer.varint(state.members.length);
  for (const member of state.members) writer.bytes(encodeMember(member));
  writeIds(writer, state.removed);
  writer.varint(state.alarms.length);
  for (const { memberId, type } of state.alarms) {
    writer.string(memberId);
    writer.varint(type);
  }
  // Only a new cluster has one, so all others are written as before.
  if (state.upload !== '') writer.string(state.upload);
  return writer.finish();
}

/** @throws DecodeError on anything but what encodeState made */
export function decodeState(bytes: Uint8Array): ReplicatedState {
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  if (version !== FORMAT_VERSION) {
    throw new DecodeError(
      `decode replicated state: format ${version}, this version reads ${FORMAT_VERSION}`,
    );
  }
  const point = {
    index: reader.varint(),
    term: reader.varint(),
    confState: readConfState(reader),
  };
  const clusterVersion = reader.string();
  const members = readList(reader, () => decodeMember(reader.bytes()));
  const removed = readIds(reader);
  const alarms = readList(reader, () => ({ memberId: reader.string(), type: reader.varint() }));
  const upload = reader.done ? undefined : reader.string();
  if (!reader.done || upload === '') {
    throw new DecodeError(`decode replicated state: ${reader.remaining} bytes follow its end`);
  }
  return { point, clusterVersion, members, removed, alarms, upload: upload ?? '' };
}

/** What StateMachine.exportState packs together. */
export function splitExport(bytes: Uint8Array): {
  readonly state: Uint8Array;
  readonly leases: Uint8Array;
} {
  const reader = new ByteReader(bytes);
  return { state: reader.bytes(), leases: reader.bytes() };
}

function encodeMember(member: Member): Uint8Array {
  return MemberDescription.encode({
    ID: idToLong(member.id),
    name: member.name,
    peer_urls: member.peerUrls,
    client_urls: member.clientUrls,
    region: member.region,
    is_learner: member.isLearner,
  }).finish();
}

function decodeMember(bytes: Uint8Array): Member {
  let description: MemberDescription;
  try {
    description = MemberDescription.decode(bytes);
  } catch (cause) {
    throw new DecodeError(`decode replicated state: a member cannot be read: ${String(cause)}`);
  }
  return {
    id: idOf(description.ID),
    name: description.name,
    peerUrls: description.peer_urls,
    clientUrls: description.client_urls,
    region: description.region,
    isLearner: description.is_learner,
  };
}

function writeConfState(writer: ByteWriter, confState: ConfState): void {
  writeIds(writer, confState.voters);
  writeIds(writer, confState.learners);
  writeIds(writer, confState.votersOutgoing);
  writeIds(writer, confState.learnersNext);
  writer.u8(confState.autoLeave ? 1 : 0);
}

function readConfState(reader: ByteReader): ConfState {
  return {
    voters: readIds(reader),
    learners: readIds(reader),
    votersOutgoing: readIds(reader),
    learnersNext: readIds(reader),
    autoLeave: reader.u8() === 1,
  };
}

function writeIds(writer: ByteWriter, ids: readonly NodeId[]): void {
  writer.varint(ids.length);
  for (const id of ids) writer.string(id);
}

function readIds(reader: ByteReader): NodeId[] {
  return readList(reader, () => reader.string());
}

function readList<T>(reader: ByteReader, read: () => T): T[] {
  const count = reader.varint();
  const list: T[] = [];
  for (let at = 0; at < count; at++) list.push(read());
  return list;
}
