/**
 * Binary form of what Raft stores and sends. Integers are varints, ids eight bytes (all zero: no
 * member). Every decoder throws DecodeError on input no encoder wrote, and nothing else; data and
 * contexts are views of the input, not copies.
 */
import { ByteReader, ByteWriter, DecodeError } from '../lib/binary.ts';
import { entryBytes } from './entry.ts';
import { NODE_ID_BYTES, readNodeId, writeNodeId } from './node-id.ts';
import {
  type ConfChange,
  type ConfChangeStep,
  ConfChangeType,
  type ConfState,
  type Entry,
  EntryKind,
  type HardState,
  type Message,
  MessageType,
  NO_NODE,
  type NodeId,
  type SnapshotMeta,
} from './types.ts';

/** First byte of a batch of messages. A receiver refuses what it does not know. */
const MESSAGES_FORMAT = 1;
/** First byte of a conf change: it is stored in the log for good. */
const CONF_CHANGE_FORMAT = 1;
/** What a message takes at most beside entries, context and snapshot. */
const MESSAGE_OVERHEAD_BYTES = 64;

/** entryBytes is what an entry usually takes; numbers of 53 bits and their lengths may take more. */
const ENTRY_SLACK_BYTES = 16;

/** Small frames, which most are, are written here and copied out: that is cheaper than a buffer for each. */
const scratch = new ByteWriter(1024);

const KINDS: readonly EntryKind[] = Object.values(EntryKind);
const MESSAGE_TYPES: ReadonlySet<number> = new Set(Object.values(MessageType));
const CHANGE_TYPES: ReadonlySet<number> = new Set(Object.values(ConfChangeType));
const FLAG_REJECT = 1;
const FLAG_SNAPSHOT = 2;

export function writeEntry(writer: ByteWriter, entry: Entry): void {
  writer.varint(entry.term);
  writer.varint(entry.index);
  writer.u8(entry.kind);
  writer.bytes(entry.data);
}

export function readEntry(reader: ByteReader): Entry {
  const term = reader.varint();
  const index = reader.varint();
  const kind = KINDS[reader.u8()];
  if (kind === undefined) throw new DecodeError(`decode entry ${index}: unknown kind`);
  return { term, index, kind, data: reader.bytes() };
}

/** Entries with their count. */
export function writeEntries(writer: ByteWriter, entries: readonly Entry[]): void {
  writer.varint(entries.length);
  for (const entry of entries) writeEntry(writer, entry);
}

export function readEntries(reader: ByteReader): Entry[] {
  const count = readCount(reader, 'entries');
  const entries: Entry[] = [];
  for (let at = 0; at < count; at++) entries.push(readEntry(reader));
  return entries;
}

export function writeHardState(writer: ByteWriter, state: HardState): void {
  writer.varint(state.term);
  writeNodeId(writer, state.vote);
  writer.varint(state.commit);
  writer.u8(state.leader ? 1 : 0);
}

export function readHardState(reader: ByteReader): HardState {
  const term = reader.varint();
  const vote = readNodeId(reader);
  const commit = reader.varint();
  return { term, vote, commit, leader: readFlag(reader, 'leader mark') };
}

export function writeConfState(writer: ByteWriter, state: ConfState): void {
  writeNodeIds(writer, state.voters);
  writeNodeIds(writer, state.learners);
  writeNodeIds(writer, state.votersOutgoing);
  writeNodeIds(writer, state.learnersNext);
  writer.u8(state.autoLeave ? 1 : 0);
}

export function readConfState(reader: ByteReader): ConfState {
  const voters = readNodeIds(reader);
  const learners = readNodeIds(reader);
  const votersOutgoing = readNodeIds(reader);
  const learnersNext = readNodeIds(reader);
  const autoLeave = readFlag(reader, 'autoLeave');
  return { voters, learners, votersOutgoing, learnersNext, autoLeave };
}

export function writeSnapshotMeta(writer: ByteWriter, meta: SnapshotMeta): void {
  writer.varint(meta.index);
  writer.varint(meta.term);
  writeConfState(writer, meta.confState);
}

export function readSnapshotMeta(reader: ByteReader): SnapshotMeta {
  const index = reader.varint();
  const term = reader.varint();
  return { index, term, confState: readConfState(reader) };
}

/** The data of a confChange entry. */
export function encodeConfChange(change: ConfChange): Uint8Array {
  const writer = new ByteWriter();
  writer.u8(CONF_CHANGE_FORMAT);
  writer.u8(change.transition === 'explicit' ? 1 : 0);
  writer.varint(change.steps.length);
  for (const step of change.steps) {
    writer.u8(step.type);
    writeNodeId(writer, step.node);
  }
  writer.bytes(change.context);
  return writer.finish();
}

/** @throws DecodeError when `bytes` is not the data of a confChange entry. */
export function decodeConfChange(bytes: Uint8Array): ConfChange {
  const reader = new ByteReader(bytes);
  const format = reader.u8();
  if (format !== CONF_CHANGE_FORMAT) {
    throw new DecodeError(`decode conf change: format ${format}, known is ${CONF_CHANGE_FORMAT}`);
  }
  const transition = readFlag(reader, 'transition') ? 'explicit' : 'auto';
  const count = readCount(reader, 'conf change steps');
  const steps: ConfChangeStep[] = [];
  for (let at = 0; at < count; at++) {
    const type = reader.u8();
    if (!isChangeType(type)) throw new DecodeError(`decode conf change: unknown step ${type}`);
    const node = readNodeId(reader);
    if (node === NO_NODE) throw new DecodeError('decode conf change: step without a member');
    steps.push({ type, node });
  }
  const context = reader.bytes();
  expectEnd(reader, 'conf change');
  return { steps, transition, context };
}

/** Upper bound of what a message adds to a batch. */
export function messageBytes(message: Message): number {
  let bytes = MESSAGE_OVERHEAD_BYTES + message.context.length;
  for (const entry of message.entries) bytes += entryBytes(entry) + ENTRY_SLACK_BYTES;
  const conf = message.snapshot?.confState;
  if (conf !== undefined) {
    const { voters, learners, votersOutgoing, learnersNext } = conf;
    const ids = voters.length + learners.length + votersOutgoing.length + learnersNext.length;
    bytes += MESSAGE_OVERHEAD_BYTES + ids * NODE_ID_BYTES;
  }
  return bytes;
}

/** One frame: messages of one member to one other, in order. */
export function encodeMessages(messages: readonly Message[]): Uint8Array {
  let capacity = MESSAGE_OVERHEAD_BYTES;
  for (const message of messages) capacity += messageBytes(message);
  const isSmall = capacity <= scratch.capacity;
  const writer = isSmall ? scratch : new ByteWriter(capacity);
  writer.reset();
  const first = messages[0];
  writer.u8(MESSAGES_FORMAT);
  writeNodeId(writer, first?.from ?? NO_NODE);
  writeNodeId(writer, first?.to ?? NO_NODE);
  writer.varint(messages.length);
  for (const message of messages) {
    if (message.from !== first?.from || message.to !== first.to) {
      throw new RangeError(
        `encode messages: ${message.from} to ${message.to} in a frame of ${first?.from ?? ''} to ${first?.to ?? ''}`,
      );
    }
    writeMessage(writer, message);
  }
  return isSmall ? writer.finish() : writer.view();
}

/** @throws DecodeError when `bytes` is not a whole frame of a known format. */
export function decodeMessages(bytes: Uint8Array): Message[] {
  const reader = new ByteReader(bytes);
  const format = reader.u8();
  if (format !== MESSAGES_FORMAT) {
    throw new DecodeError(`decode messages: format ${format}, known is ${MESSAGES_FORMAT}`);
  }
  const from = readNodeId(reader);
  const to = readNodeId(reader);
  const count = readCount(reader, 'messages');
  const messages: Message[] = [];
  for (let at = 0; at < count; at++) messages.push(readMessage(reader, from, to));
  expectEnd(reader, 'messages');
  return messages;
}

function writeMessage(writer: ByteWriter, message: Message): void {
  writer.u8(message.type);
  writer.u8(
    (message.reject ? FLAG_REJECT : 0) | (message.snapshot === undefined ? 0 : FLAG_SNAPSHOT),
  );
  writer.varint(message.term);
  writer.varint(message.logTerm);
  writer.varint(message.index);
  writer.varint(message.commit);
  writer.varint(message.rejectHint);
  writer.bytes(message.context);
  writeEntries(writer, message.entries);
  if (message.snapshot !== undefined) writeSnapshotMeta(writer, message.snapshot);
}

function readMessage(reader: ByteReader, from: NodeId, to: NodeId): Message {
  const type = reader.u8();
  if (!isMessageType(type)) throw new DecodeError(`decode message: unknown type ${type}`);
  const flags = reader.u8();
  if (flags > (FLAG_REJECT | FLAG_SNAPSHOT)) {
    throw new DecodeError(`decode message: unknown flags ${flags}`);
  }
  const message = {
    type,
    from,
    to,
    term: reader.varint(),
    logTerm: reader.varint(),
    index: reader.varint(),
    commit: reader.varint(),
    reject: (flags & FLAG_REJECT) !== 0,
    rejectHint: reader.varint(),
    context: reader.bytes(),
    entries: readEntries(reader),
  };
  if ((flags & FLAG_SNAPSHOT) === 0) return message;
  return { ...message, snapshot: readSnapshotMeta(reader) };
}

function writeNodeIds(writer: ByteWriter, ids: readonly NodeId[]): void {
  writer.varint(ids.length);
  for (const id of ids) writeNodeId(writer, id);
}

function readNodeIds(reader: ByteReader): NodeId[] {
  const count = readCount(reader, 'member ids');
  const ids: NodeId[] = [];
  for (let at = 0; at < count; at++) ids.push(readNodeId(reader));
  return ids;
}

/** A count of things that take at least a byte each: never more than what is left of the input. */
function readCount(reader: ByteReader, what: string): number {
  const count = reader.varint();
  if (count > reader.remaining) {
    throw new DecodeError(`decode ${count} ${what}: only ${reader.remaining} bytes are left`);
  }
  return count;
}

function readFlag(reader: ByteReader, what: string): boolean {
  const value = reader.u8();
  if (value > 1) throw new DecodeError(`decode ${what}: ${value} is neither 0 nor 1`);
  return value === 1;
}

function expectEnd(reader: ByteReader, what: string): void {
  if (!reader.done) throw new DecodeError(`decode ${what}: ${reader.remaining} bytes too many`);
}

function isMessageType(value: number): value is MessageType {
  return MESSAGE_TYPES.has(value);
}

function isChangeType(value: number): value is ConfChangeType {
  return CHANGE_TYPES.has(value);
}
