/** Proposals at the leader, its own and those other members forward (thesis 6.2). */
import { DecodeError } from '../lib/binary.ts';
import { EMPTY_BYTES } from '../lib/bytes.ts';
import { decodeConfChange, encodeConfChange } from './codec.ts';
import { changed, leavesJoint } from './confchange/changer.ts';
import type { ProposeConfChangeResult } from './config.ts';
import type { Core } from './core.ts';
import { appendProposal } from './replicate.ts';
import { isJoint } from './tracker/tracker.ts';
import { type ConfChange, type Entry, EntryKind } from './types.ts';

/** Forwarded proposals; what cannot be taken is dropped, and the proposer's deadline tells it. */
export function acceptProposals(core: Core, entries: readonly Entry[]): void {
  for (const { kind, data } of entries) {
    if (kind === EntryKind.confChange) acceptConfChange(core, data);
    else appendProposal(core, kind, data);
  }
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
