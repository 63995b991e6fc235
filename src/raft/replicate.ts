/** The leader's side of log replication (paper 5.3): what goes to whom, and what is committed by it. */
import { assert } from '../lib/assert.ts';
import type { ProposeResult } from './config.ts';
import type { Core } from './core.ts';
import { entriesBytes, entryBytes } from './entry.ts';
import { jointReached } from './quorum/joint.ts';
import type { Progress } from './tracker/progress.ts';
import { type Entry, type EntryKind, MessageType, NO_NODE, type NodeId } from './types.ts';

/** Appends a proposal to the leader's log; it goes out with the next Ready. */
export function appendProposal(core: Core, kind: EntryKind, data: Uint8Array): ProposeResult {
  if (core.leadTransferee !== NO_NODE) return 'dropped';
  const index = core.log.lastIndex + 1;
  const entry: Entry = { term: core.term, index, kind, data };
  const bytes = entryBytes(entry);
  // One proposal beyond the limit is let in, or an oversized one could never get through.
  const { uncommittedBytesMax } = core.settings;
  if (core.uncommittedBytes > 0 && core.uncommittedBytes + bytes > uncommittedBytesMax) {
    return 'dropped';
  }
  core.uncommittedBytes += bytes;
  core.log.append(entry);
  core.idleTicks = 0;
  core.sendsDue = true;
  return 'ok';
}

/** Entries proposed in this term were applied: room for new ones. */
export function releaseUncommitted(core: Core, applied: readonly Entry[]): void {
  if (core.uncommittedBytes === 0) return;
  core.uncommittedBytes = Math.max(0, core.uncommittedBytes - entriesBytes(applied));
}

/**
 * Commits what a quorum stores, if it reaches an entry of the leader's own term (paper 5.4.2). This
 * member counts up to where its own writes were issued, the others up to what they acknowledged.
 */
export function maybeCommit(core: Core): boolean {
  const { log, tracker, id } = core;
  const reached = jointReached(tracker.config, (member) =>
    member === id ? log.stable : (tracker.progress.get(member)?.match ?? 0),
  );
  if (reached < core.termStartIndex || !log.commitTo(reached)) return false;
  core.idleTicks = 0;
  core.sendsDue = true;
  return true;
}

/** Queues all appends and snapshots that may go out now: one message a member where one is enough. */
export function sendAppends(core: Core): void {
  core.sendsDue = false;
  for (const [id, progress] of core.peers()) sendAppendsTo(core, id, progress);
}

function sendAppendsTo(core: Core, to: NodeId, progress: Progress): void {
  const { log } = core;
  if (progress.probeDue && progress.state === 'replicate' && progress.inflights.full) {
    sendAppend(core, to, progress, false);
  }
  while (progress.state !== 'snapshot' && !progress.paused) {
    const entriesDue = progress.next <= log.lastIndex;
    if (!entriesDue && progress.state === 'replicate' && !progress.probeDue) {
      sendCommit(core, to, progress);
      return;
    }
    // In state probe an empty append is due as well, until its answer shows that nothing is missing.
    if (!entriesDue && !progress.probeDue && progress.match === log.lastIndex) return;
    if (!sendAppend(core, to, progress, entriesDue)) return;
  }
}

/** False: the log no longer reaches down to what the member needs; it gets a snapshot if it lives. */
function sendAppend(core: Core, to: NodeId, progress: Progress, withEntries: boolean): boolean {
  const { log } = core;
  const { next } = progress;
  const logTerm = log.term(next - 1);
  if (next < log.firstIndex || logTerm === undefined) {
    sendSnapshot(core, to, progress);
    return false;
  }
  const { commit } = log;
  const { messageBytesMax } = core.settings;
  const entries = withEntries ? log.slice(next, log.lastIndex + 1, messageBytesMax) : [];
  core.send(MessageType.append, to, { index: next - 1, logTerm, entries, commit });
  progress.sentEntries(entries.length, entriesBytes(entries));
  progress.sentCommit = commit;
  progress.probeDue = false;
  return true;
}

/** News for a member that has been sent everything. Lost news is made up for by heartbeats. */
function sendCommit(core: Core, to: NodeId, progress: Progress): void {
  const { commit } = core.log;
  if (progress.sentCommit >= commit) return;
  core.send(MessageType.commit, to, { commit, logTerm: core.log.mustTerm(commit) });
  progress.sentCommit = commit;
}

/** Nothing is sent to a member that does not answer: the host would stream in vain. */
export function sendSnapshot(core: Core, to: NodeId, progress: Progress): void {
  if (!core.isAlive(progress)) return;
  const snapshot = core.settings.storage.snapshot();
  assert(
    snapshot.index >= core.log.firstIndex - 1,
    `snapshot ${snapshot.index} ends before the log begins at ${core.log.firstIndex}`,
  );
  core.send(MessageType.snapshot, to, { snapshot });
  progress.becomeSnapshot(snapshot.index);
  core.idleTicks = 0;
}

/** To one member; `context` is the id of a read round or empty. */
export function sendHeartbeat(
  core: Core,
  to: NodeId,
  progress: Progress,
  context?: Uint8Array,
): void {
  // Only what the member stores, by what it acknowledged; it checks the term all the same, because
  // another instance of it may have done so (log matching then proves the prefix equal).
  const known = Math.min(progress.match, core.log.commit);
  const logTerm = core.log.term(known);
  const fields = logTerm === undefined ? { commit: 0 } : { commit: known, logTerm };
  core.send(MessageType.heartbeat, to, context === undefined ? fields : { ...fields, context });
}

/** Begins a read round at the voters, whose answers count: what is read beside the leader costs learners nothing. */
export function broadcastRound(core: Core, round: Uint8Array): void {
  let all = true;
  for (const [id, progress] of core.peers()) {
    if (progress.learner) all = false;
    else sendHeartbeat(core, id, progress, round);
  }
  if (all) core.heartbeatElapsed = 0;
}

/** To all; the id of a read round that is tried again goes to voters only, whose answers count. */
export function broadcastHeartbeat(core: Core, round?: Uint8Array): void {
  core.heartbeatElapsed = 0;
  for (const [id, progress] of core.peers()) {
    sendHeartbeat(core, id, progress, progress.learner ? undefined : round);
  }
}
