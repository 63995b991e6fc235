/** One-line renderings of what Raft says and stores, for golden traces and for operators' logs. */
import { byteString, hexOf } from '../lib/bytes.ts';
import { DecodeError } from '../lib/binary.ts';
import { decodeConfChange } from './codec.ts';
import type { RaftStatus } from './config.ts';
import {
  type ConfChange,
  ConfChangeType,
  type ConfState,
  type Entry,
  EntryKind,
  type HardState,
  type Message,
  MessageType,
  NO_NODE,
  type NodeId,
  type Ready,
  type SnapshotMeta,
} from './types.ts';

/** Longer data is cut: a trace line stays a line. */
const DATA_CHARS_MAX = 24;

const TYPE_NAMES = new Map<number, string>(
  Object.entries(MessageType).map(([name, type]) => [type, name]),
);
const CHANGE_NAMES = new Map<number, string>(
  Object.entries(ConfChangeType).map(([name, type]) => [type, name]),
);

/** An id without its leading zeros. */
export function describeId(id: NodeId): string {
  return id === NO_NODE ? 'none' : id.replace(/^0+(?=.)/, '');
}

export function describeData(data: Uint8Array): string {
  const text = byteString(data.subarray(0, DATA_CHARS_MAX));
  const shown = /^[ -~]*$/.test(text) ? JSON.stringify(text) : hexOf(data.subarray(0, 12));
  return data.length > DATA_CHARS_MAX ? `${shown}+${data.length - DATA_CHARS_MAX}` : shown;
}

/** `term/index data`. */
export function describeEntry(entry: Entry): string {
  const at = `${entry.term}/${entry.index}`;
  if (entry.kind === EntryKind.normal) return `${at} ${describeData(entry.data)}`;
  try {
    return `${at} ${describeConfChange(decodeConfChange(entry.data))}`;
  } catch (error) {
    if (error instanceof DecodeError) return `${at} unreadable conf change`;
    throw error;
  }
}

export function describeConfChange(change: ConfChange): string {
  if (change.steps.length === 0) return 'leave joint';
  const steps = change.steps.map(
    ({ type, node }) => `${CHANGE_NAMES.get(type) ?? type} ${describeId(node)}`,
  );
  const joined = steps.join(', ');
  return change.transition === 'explicit' ? `${joined} (explicit)` : joined;
}

export function describeConfState(state: ConfState): string {
  const parts = [`voters ${idsOf(state.voters)}`];
  if (state.votersOutgoing.length > 0) parts.push(`outgoing ${idsOf(state.votersOutgoing)}`);
  if (state.learners.length > 0) parts.push(`learners ${idsOf(state.learners)}`);
  if (state.learnersNext.length > 0) parts.push(`learners next ${idsOf(state.learnersNext)}`);
  if (state.autoLeave) parts.push('auto leave');
  return parts.join(', ');
}

export function describeHardState(state: HardState): string {
  const mark = state.leader ? ' leader' : '';
  return `term ${state.term} vote ${describeId(state.vote)} commit ${state.commit}${mark}`;
}

export function describeSnapshot(meta: SnapshotMeta): string {
  return `${meta.term}/${meta.index} (${describeConfState(meta.confState)})`;
}

/** @param contextOf how to show a context; ids of rounds are binary. */
export function describeMessage(
  message: Message,
  contextOf: (context: Uint8Array) => string = hexOf,
): string {
  const { type, from, to, term } = message;
  const name = TYPE_NAMES.get(type) ?? `type ${type}`;
  const parts = [`${describeId(from)}->${describeId(to)} ${name}`];
  if (term > 0) parts.push(`term ${term}`);
  parts.push(...detailsOf(message));
  if (message.context.length > 0) parts.push(`context ${contextOf(message.context)}`);
  return parts.join(' ');
}

function detailsOf(message: Message): string[] {
  const { index, logTerm, commit, entries, reject, rejectHint, snapshot } = message;
  const point = `${logTerm}/${index}`;
  switch (message.type) {
    case MessageType.append:
      return [`after ${point}`, `commit ${commit}`, `[${entries.map(describeEntry).join(', ')}]`];
    case MessageType.propose:
      return [`[${entries.map(({ data }) => describeData(data)).join(', ')}]`];
    case MessageType.appendResponse:
      return reject ? [`refused ${index}, hint ${logTerm}/${rejectHint}`] : [`up to ${index}`];
    case MessageType.vote:
    case MessageType.preVote:
      return [`log ${point}`];
    case MessageType.voteResponse:
    case MessageType.preVoteResponse:
      return [reject ? 'refused' : 'granted', `commit ${logTerm}/${commit}`];
    case MessageType.heartbeat:
    case MessageType.commit:
      return [`commit ${logTerm}/${commit}`];
    case MessageType.rest:
      return [`at ${point} commit ${commit}`];
    case MessageType.snapshot:
      return snapshot === undefined ? ['without snapshot'] : [describeSnapshot(snapshot)];
    case MessageType.readIndexResponse:
      return [`index ${index}`];
    case MessageType.heartbeatResponse:
    case MessageType.readIndex:
    case MessageType.timeoutNow:
    case MessageType.transferLeader:
    case MessageType.wake:
      return [];
  }
}

/** A Ready as lines, in the order in which the host acts. */
export function describeReady(
  ready: Ready,
  contextOf: (context: Uint8Array) => string = hexOf,
): string[] {
  const lines: string[] = [];
  for (const message of ready.earlyMessages) {
    lines.push(`early ${describeMessage(message, contextOf)}`);
  }
  if (ready.snapshot !== undefined) lines.push(`install ${describeSnapshot(ready.snapshot)}`);
  if (ready.hardState !== undefined) lines.push(`write ${describeHardState(ready.hardState)}`);
  if (ready.entries.length > 0) lines.push(`write ${ready.entries.map(describeEntry).join(', ')}`);
  if (ready.fence) lines.push('fence');
  for (const message of ready.messages) lines.push(`send ${describeMessage(message, contextOf)}`);
  if (ready.committedEntries.length > 0) {
    lines.push(`apply ${ready.committedEntries.map(describeEntry).join(', ')}`);
  }
  for (const { context, index } of ready.readStates) {
    lines.push(`read ${describeData(context)} at ${index}`);
  }
  for (const context of ready.abortedReads) lines.push(`abort read ${describeData(context)}`);
  if (ready.rest) lines.push('rest');
  return lines;
}

export function describeStatus(status: RaftStatus): string[] {
  const { role, term, leader, commit, applied, lastIndex } = status;
  const notes = status.resting ? ' resting' : '';
  const handing =
    status.leadTransferee === NO_NODE
      ? ''
      : ` handing over to ${describeId(status.leadTransferee)}`;
  const head =
    `${role} term ${term} leader ${describeId(leader)} commit ${commit} applied ${applied}` +
    ` last ${lastIndex}${notes}${handing}`;
  const members = status.progress.map(
    (each) =>
      `${describeId(each.id)}: match ${each.match} next ${each.next} ${each.state}` +
      `${each.learner ? ' learner' : ''}${each.active ? '' : ' silent'}`,
  );
  return [head, describeConfState(status.confState), ...members];
}

function idsOf(ids: readonly NodeId[]): string {
  return ids.map(describeId).join(' ');
}
