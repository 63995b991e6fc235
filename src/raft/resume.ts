import type { Core } from './core.ts';
import { isVoter } from './quorum/joint.ts';
import { maybeCommit } from './replicate.ts';

/**
 * Takes up the leadership of a term that this member won before it was restarted or put to sleep, with
 * no election. Called at construction and whenever more is applied, until it succeeds or is moot.
 *
 * Why this is safe. Raft lets a leader lose everything but term, vote and log: nextIndex and
 * matchIndex may start anew at their lowest, the commit index may fall back, and what makes it leader
 * is that it won the vote of its term, of which there is one winner for ever (paper 5.2). What must
 * hold is that a leader never makes two different entries for one index of its term and never
 * overwrites its own log (paper 5.3, Leader Append-Only). It does, because:
 *
 * 1. HardState.leader is written in the same write as the first entry of the term, and every entry is
 *    written before any byte of it is sent. So the stored log holds all entries of the term that
 *    anyone else can hold; new ones come after them. An entry that was made and lost was never sent.
 * 2. The mark is cleared in the write that raises the term, and a vote or acknowledgement in a later
 *    term leaves only after that write. So a marked member has promised nothing to another leader. If
 *    others have moved on, its messages are refused in a later term, and it steps down.
 * 3. Its own match is its stored log: all of it is written. The others' start at zero and are probed.
 *    Only entries of the term are committed by counting, as ever; the first one exists by 1.
 * 4. Configuration. A leader counts by the configuration of the last change it applied, and the log
 *    holds at most one change beyond that, whose quorums overlap with those of the one before (4.1,
 *    4.3). Both must hold after a restart, from a checkpoint that may be older. A second change j2 is
 *    appended only when the first, j1, is applied, so the write that holds j2 (here and at any
 *    follower) also holds a commit >= j1: the commit rides along with every write. So: leadership is
 *    taken up only when every change up to the stored commit is applied, and pendingConfIndex starts
 *    at the end of the log. A member that such a change removed does not resume.
 * 5. Reads. The stored commit may lag behind what an earlier instance committed and told clients, but
 *    nothing beyond the stored log was committed by it. So reads wait until the end of the log as it
 *    was found is committed (readBarIndex), and need a confirmed round like any other.
 * 6. Two instances. A stale instance of this very member may still act as leader of the same term.
 *    Its writes are no longer confirmed, so nothing it appends is ever sent, and its read rounds, which
 *    need a write of their own, are never answered. What it sends without a write is old: entries and
 *    commits that are stored here as well. Acknowledgements meant for one and counted by the other
 *    are facts about one and the same log; one beyond its end makes an instance step down.
 * 7. One voter alone. Its stored log is the quorum's: all of it is committed at once, also what was
 *    written and not answered before. A read needs a confirmed write as in 6.
 */
export function tryResume(core: Core): void {
  if (!core.leaderMark || core.role !== 'follower') return;
  if (core.log.lastUnappliedConfChange(core.settings.committedBytesPerReadyMax) > 0) return;
  if (!isVoter(core.config, core.id)) {
    core.leaderMark = false;
    return;
  }
  core.lead(core.log.firstIndexOf(core.term), core.log.lastIndex);
  maybeCommit(core);
}
