/**
 * A member whose stored log was damaged and thrown away. It kept term and vote, but it has acknowledged
 * entries that it no longer holds, so until it holds them again:
 *
 * - it neither votes nor campaigns: a candidate without such an entry could win by its vote;
 * - it tells the leader, whose `match` for it is too high. Lowering `match` is always safe: what was
 *   committed stays so, and only what is held now counts for what comes.
 *
 * Acknowledgements of entries it receives anew are true and count. The host decides when it has caught
 * up (member/recovery.ts) and calls endRecovery.
 */
import { bytesOf, equalBytes } from '../lib/bytes.ts';
import type { Core } from './core.ts';
import type { Progress } from './tracker/progress.ts';
import { type Message, MessageType, type NodeId } from './types.ts';

/** Context of a refusal that says more than "not matching": what was acknowledged is gone. */
const LOST = bytesOf('lost');

/** Answers a leader whose news this log does not reach. */
export function reportLostLog(core: Core, leader: NodeId): void {
  const { index, term: logTerm } = core.log.last;
  core.send(MessageType.appendResponse, leader, {
    index,
    reject: true,
    rejectHint: index,
    logTerm,
    context: LOST,
  });
}

/** True when a refusal is such a report and changed what the leader believes. */
export function hearLostLog(message: Message, progress: Progress): boolean {
  if (!equalBytes(message.context, LOST) || progress.match <= message.rejectHint) return false;
  progress.forget();
  return true;
}
