import { EMPTY_BYTES } from '../lib/bytes.ts';
import { type Message, MessageType, type NodeId } from './types.ts';

/** What a message says beside its type and receiver; the rest is zero. */
export type MessageFields = Partial<Omit<Message, 'type' | 'from' | 'to'>>;

const NO_ENTRIES: Message['entries'] = [];

export function messageOf(
  type: MessageType,
  from: NodeId,
  to: NodeId,
  fields: MessageFields,
): Message {
  const message = {
    type,
    from,
    to,
    term: fields.term ?? 0,
    logTerm: fields.logTerm ?? 0,
    index: fields.index ?? 0,
    entries: fields.entries ?? NO_ENTRIES,
    commit: fields.commit ?? 0,
    reject: fields.reject ?? false,
    rejectHint: fields.rejectHint ?? 0,
    context: fields.context ?? EMPTY_BYTES,
  };
  return fields.snapshot === undefined ? message : { ...message, snapshot: fields.snapshot };
}

/** Messages that stand outside terms: requests to whoever leads, and answers that hold for good. */
const TERMLESS: ReadonlySet<MessageType> = new Set([
  MessageType.propose,
  MessageType.readIndex,
  MessageType.readIndexResponse,
  MessageType.transferLeader,
  MessageType.wake,
]);

export function isTermless(type: MessageType): boolean {
  return TERMLESS.has(type);
}

/**
 * Sent before this member's own write is durable. None of these is a vote, an acknowledgement or an
 * entry: whatever a stale twin says with them is either true for good or no more than a hint.
 */
const EARLY: ReadonlySet<MessageType> = new Set([
  MessageType.heartbeat,
  MessageType.commit,
  MessageType.propose,
  MessageType.readIndex,
  MessageType.wake,
]);

export function isEarly(type: MessageType): boolean {
  return EARLY.has(type);
}

/**
 * Messages that mean work, and so end rest. Answers and news of a commit do not: they may be late ones
 * from before it.
 */
const WORK: ReadonlySet<MessageType> = new Set([
  MessageType.propose,
  MessageType.append,
  MessageType.vote,
  MessageType.preVote,
  MessageType.snapshot,
  MessageType.heartbeat,
  MessageType.readIndex,
  MessageType.timeoutNow,
  MessageType.transferLeader,
  MessageType.wake,
]);

export function isWork(type: MessageType): boolean {
  return WORK.has(type);
}

/** Only the leader of a term sends these in it. */
const FROM_LEADER: ReadonlySet<MessageType> = new Set([
  MessageType.append,
  MessageType.heartbeat,
  MessageType.commit,
  MessageType.snapshot,
  MessageType.rest,
]);

export function isFromLeader(type: MessageType): boolean {
  return FROM_LEADER.has(type);
}

/** A message no member of this program sends, whatever its state: ignored rather than believed. */
export function isMalformed(message: Message): boolean {
  if (isTermless(message.type) !== (message.term === 0)) return true;
  switch (message.type) {
    case MessageType.append:
      return !entriesFollow(message);
    case MessageType.snapshot:
      return message.snapshot === undefined || message.snapshot.term > message.term;
    default:
      return false;
  }
}

/** Entries continue from `index` without a gap, with terms that never fall and end at the sender's. */
function entriesFollow(message: Message): boolean {
  let { index, logTerm: term } = message;
  for (const entry of message.entries) {
    if (entry.index !== index + 1 || entry.term < term || entry.term > message.term) return false;
    ({ index, term } = entry);
  }
  return true;
}
