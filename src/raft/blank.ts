/**
 * A member whose log is empty and who does not know what was before the first entry: one that joined at
 * run time, or lost everything. The first members know it from their configuration. Until it has a
 * snapshot it takes no entries, and says so to a leader that sends some.
 */
import { bytesOf, equalBytes } from '../lib/bytes.ts';
import type { Core } from './core.ts';
import { type Message, MessageType, type NodeId } from './types.ts';

/** Context of a refusal that says more than "not matching": only a snapshot helps. */
const BLANK = bytesOf('blank');

export function isBlank(core: Core): boolean {
  return core.settings.blank && core.log.lastIndex === 0;
}

/** Answers an append whose entries follow `index`. */
export function askForSnapshot(core: Core, leader: NodeId, index: number): void {
  core.send(MessageType.appendResponse, leader, {
    index,
    reject: true,
    rejectHint: 0,
    context: BLANK,
  });
}

export function isAskedForSnapshot(message: Message): boolean {
  return message.reject && equalBytes(message.context, BLANK);
}
