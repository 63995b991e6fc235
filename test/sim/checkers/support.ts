/** Short forms for the checkers' own tests. */
import assert from 'node:assert/strict';
import { bytesOf } from '../../../src/lib/bytes.ts';
import { type Entry, EntryKind, type Message, MessageType } from '../../../src/raft/types.ts';
import { messageOf } from '../../support/raft-message.ts';
import { Violation } from '../world.ts';

export { messageOf as message };

export function entry(index: number, term: number, text = `${index}`): Entry {
  return { index, term, kind: EntryKind.normal, data: bytesOf(text) };
}

/** An append of `entries` after (index, logTerm). */
export function append(
  from: string,
  term: number,
  index: number,
  logTerm: number,
  entries: Entry[],
): Message {
  return messageOf({ type: MessageType.append, from, term, index, logTerm, entries });
}

export function violates(property: string, run: () => void): void {
  assert.throws(run, (error: unknown) => error instanceof Violation && error.property === property);
}
