/** Raft's messages with all that does not matter to a test at its zero value. */
import { EMPTY_BYTES } from '../../src/lib/bytes.ts';
import { type Message, MessageType } from '../../src/raft/types.ts';

/** A heartbeat of term 1 from "a" to "b", but for `fields`. */
export function messageOf(fields: Partial<Message>): Message {
  return {
    type: MessageType.heartbeat,
    from: 'a',
    to: 'b',
    term: 1,
    logTerm: 0,
    index: 0,
    entries: [],
    commit: 0,
    reject: false,
    rejectHint: 0,
    context: EMPTY_BYTES,
    ...fields,
  };
}
