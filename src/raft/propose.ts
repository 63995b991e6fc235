/** Proposals at the leader, its own and those other members forward (thesis 6.2). */
import { DecodeError } from '../lib/binary.ts';
import { EMPTY_BYTES } from '../lib/bytes.ts';
import { decodeConfChange, encodeConfChange } from './codec.ts';
import { changed, leavesJoint } from './confchange/changer.ts';
import type { ProposeConfChangeResult } from './config.ts';
import type { Core } from './core.ts';
import { entryBytes } from './entry.ts';
import { appendProposal } from './replicate.ts';
import { isJoint } from './tracker/tracker.ts';
import { type ConfChange, type Entry, EntryKind, NO_NODE } from './types.ts';

/** A transfer takes one at most, and the election after one that failed two more. */
const HOLD_ELECTION_TIMEOUTS = 3;

/** Forwarded proposals; what cannot be taken is dropped, and the proposer's deadline tells it. */
export function acceptProposals(core: Core, entries: readonly Entry[]): void {
  if (core.leadTransferee !== NO_NODE) {
    holdProposals(core, entries);
    return;
  }
  for (const { kind, data } of entries) {
    if (kind === EntryKind.confChange) acceptConfChange(core, data);
    else appendProposal(core, kind, data);
  }
}

/**
 * Keeps forwarded proposals that come while leadership is handed over, or between two leaders: dropped,
 * each would cost its client the whole deadline. None of them is in a log, so each may go to whoever
 * leads next, as it would have if it had come later.
 */
export function holdProposals(core: Core, entries: readonly Entry[]): void {
  for (const entry of entries) {
    if (core.heldBytes >= core.settings.uncommittedBytesMax) return;
    if (core.held.length === 0) {
      core.heldUntilTick = core.ticks + HOLD_ELECTION_TIMEOUTS * core.settings.electionTicks;
    }
    core.held.push(entry);
    core.heldBytes += entryBytes(entry);
  }
}

/** Somebody leads again who takes proposals. */
export function maySendHeld(core: Core): boolean {
  return core.held.length > 0 && core.leader !== NO_NODE && core.leadTransferee === NO_NODE;
}

/** Sends what was held on its way. */
export function sendHeld(core: Core): void {
  if (!maySendHeld(core)) return;
  core.forward.push(...core.held);
  dropHeld(core);
}

/** Nobody has led for long: those who wait have given up, or will soon. */
export function tickHeld(core: Core): void {
  if (core.held.length > 0 && core.ticks >= core.heldUntilTick) dropHeld(core);
}

function dropHeld(core: Core): void {
  core.held = [];
  core.heldBytes = 0;
}

function acceptConfChange(core: Core, data: Uint8Array): void {
  try {
    appendConfChange(core, decodeConfChange(data), data);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
  }
}

/** One change at a time: the next only when the one before is applied here (thesis 4.1). */
export function appendConfChange(
  core: Core,
  change: ConfChange,
  data: Uint8Array,
): ProposeConfChangeResult {
  if (core.pendingConfIndex > core.log.applied) return 'pending';
  if (isJoint(core.config) && !leavesJoint(change)) return 'pending';
  if (changed(core.config, change).config === undefined) return 'invalid';
  const result = appendProposal(core, EntryKind.confChange, data);
  if (result === 'ok') core.pendingConfIndex = core.log.lastIndex;
  return result;
}

const LEAVE_JOINT: ConfChange = { steps: [], transition: 'auto', context: EMPTY_BYTES };

/** Leaves a joint phase that asks for it, once the change that began it is applied. */
export function autoLeaveJoint(core: Core): void {
  if (core.role !== 'leader' || !isJoint(core.config) || !core.config.autoLeave) return;
  appendConfChange(core, LEAVE_JOINT, encodeConfChange(LEAVE_JOINT));
}
