/** Bugs of the consensus core. */
import type { Mutant } from './mutant.ts';

export const RAFT_MUTANTS: readonly Mutant[] = [
  {
    name: 'vote-twice',
    bug: 'grants its vote to everyone who asks in a term (paper 5.2)',
    patches: [
      {
        file: 'src/raft/election.ts',
        find: '(core.vote === NO_NODE && core.leader === NO_NODE) ||',
        replace: 'true ||',
      },
    ],
  },
  {
    name: 'vote-for-stale-log',
    bug: 'grants its vote whatever the candidate lacks (paper 5.4.1)',
    patches: [
      {
        file: 'src/raft/election.ts',
        find: '!core.recovering && core.log.isUpToDate(candidateLog)',
        replace: '!core.recovering',
      },
    ],
  },
  {
    name: 'length-ignored',
    bug: 'grants its vote to a candidate whose log ends in the same term but is shorter (paper 5.4.1)',
    patches: [
      {
        file: 'src/raft/log.ts',
        find: 'return point.term > term || (point.term === term && point.index >= index);',
        replace: 'return point.term > term || (point.term === term && index >= 0);',
      },
    ],
  },
  {
    name: 'quorum-one-short',
    bug: 'takes half of the members for a majority when counting what is stored',
    patches: [
      {
        file: 'src/raft/quorum/majority.ts',
        find: 'return values[count >> 1] as number;',
        replace: 'return values[Math.max(0, (count >> 1) - 1)] as number;',
      },
    ],
  },
  {
    name: 'election-one-short',
    bug: 'takes half of the votes for a majority',
    patches: [
      {
        file: 'src/raft/quorum/majority.ts',
        find: 'const needed = (voters.size >> 1) + 1;',
        replace: 'const needed = Math.max(1, voters.size >> 1);',
      },
    ],
  },
  {
    name: 'append-without-match',
    bug: 'a follower takes entries though it lacks the one before them (paper 5.3)',
    patches: [
      {
        file: 'src/raft/log.ts',
        find: 'if (!this.matches(previous)) return false;',
        replace: 'if (previous.index > this.lastIndex) return false;',
      },
    ],
  },
  {
    name: 'truncate-what-matches',
    bug: 'a late append cuts off entries that were acknowledged since',
    patches: [
      {
        file: 'src/raft/log.ts',
        find: 'const fresh = entries.findIndex((entry) => this.term(entry.index) !== entry.term);',
        replace: 'const fresh = entries.findIndex((entry) => entry.index > this.commit);',
      },
    ],
  },
  {
    name: 'refused-and-acknowledged',
    bug: 'a follower acknowledges an append that does not fit its log',
    patches: [
      {
        file: 'src/raft/step-follower.ts',
        find: '    const hint = log.agreement(Math.min(index, log.lastIndex), logTerm);\n',
        replace:
          '    if (index >= 0) {\n      acknowledge(core, message, index);\n      return;\n    }\n    const hint = log.agreement(Math.min(index, log.lastIndex), logTerm);\n',
      },
    ],
  },
  {
    name: 'sent-taken-for-stored',
    bug: 'a leader counts what it sent as stored',
    patches: [
      {
        file: 'src/raft/replicate.ts',
        find: '(tracker.progress.get(member)?.match ?? 0),',
        replace: '(tracker.progress.get(member)?.next ?? 1) - 1,',
      },
    ],
  },
  {
    name: 'commit-news-unchecked',
    bug: 'a follower follows the commit of a heartbeat without comparing terms',
    patches: [
      {
        file: 'src/raft/step-follower.ts',
        find: 'if (commit > 0 && core.log.matches({ index: commit, term })) core.log.commitTo(commit);',
        replace: 'if (term >= 0) core.log.commitTo(Math.min(commit, core.log.lastIndex));',
      },
      {
        file: 'src/raft/replicate.ts',
        find: 'const known = Math.min(progress.match, core.log.commit);',
        replace: 'const known = core.log.commit;',
      },
    ],
  },
  {
    name: 'reject-taken-for-acknowledgement',
    bug: 'a leader counts a refused append as stored',
    patches: [
      {
        file: 'src/raft/step-leader.ts',
        find: '    hearReject(core, message, progress);\n    return;',
        replace: '    hearReject(core, message, progress);',
      },
    ],
  },
  {
    name: 'leader-mark-kept',
    bug: 'still claims the leadership of its own term after it moved on to a later one',
    patches: [
      {
        file: 'src/raft/core.ts',
        find: '    this.leader = NO_NODE;\n    this.leaderMark = false;',
        replace: '    this.leader = NO_NODE;',
      },
      {
        file: 'src/raft/core.ts',
        find: '      !this.leaderMark || (this.vote === this.id && lastTerm === this.term),',
        replace: '      true,',
      },
    ],
  },
  {
    name: 'resume-reads-at-once',
    bug: 'a leader that was restarted serves reads before it knows what it had committed',
    patches: [
      {
        file: 'src/raft/resume.ts',
        find: 'core.lead(core.log.firstIndexOf(core.term), core.log.lastIndex);',
        replace: 'core.lead(core.log.firstIndexOf(core.term), 0);',
      },
    ],
  },
  {
    name: 'read-before-own-commit',
    bug: 'a new leader serves reads before an entry of its own term is committed (etcd PR 21375)',
    patches: [
      {
        file: 'src/raft/reads.ts',
        find: 'return core.log.commit >= core.readBarIndex && (core.requests.due || core.rounds.hasRemote);',
        replace: 'return core.requests.due || core.rounds.hasRemote;',
      },
    ],
  },
  {
    name: 'read-without-quorum',
    bug: 'a leader answers reads without asking whether it still leads (thesis 6.4)',
    patches: [
      {
        file: 'src/raft/reads.ts',
        find: 'member === id ? rounds.fenced : (tracker.progress.get(member)?.ackedRound ?? 0),',
        replace:
          'member === id ? rounds.fenced : tracker.progress.has(member) ? rounds.fenced : 0,',
      },
    ],
  },
  {
    name: 'own-voice-unwritten',
    bug: 'a leader counts its own voice in a read round without a confirmed write: its stale twin does so too',
    patches: [
      {
        file: 'src/member/member.ts',
        find: '    else if (fence) this.#wal.fence();',
        replace: '',
      },
    ],
  },
  {
    name: 'read-answer-shared',
    bug: 'a read is served by the answer to a request that was sent before it began',
    patches: [
      {
        file: 'src/member/linearizable-reads.ts',
        find: '    const readers = this.#take(id);\n    if',
        replace: '    const readers = this.#take(id).length > 0 ? [...this.#waiting] : [];\n    if',
      },
    ],
  },
  {
    name: 'read-id-reused',
    bug: 'every read request of a member has the same id, so an old answer serves a new read (etcd 20418)',
    patches: [
      {
        file: 'src/member/linearizable-reads.ts',
        find: 'writer.varint(++this.#counter);',
        replace: 'writer.varint(this.#counter);',
      },
    ],
  },
  {
    name: 'wake-unheard',
    bug: 'a resting leader does not hear that there is work',
    patches: [
      {
        file: 'src/raft/step.ts',
        find: '    wake(core, !isFromLeader(message.type) && message.type !== MessageType.wake);',
        replace:
          '    if (core.role !== "leader") wake(core, !isFromLeader(message.type) && message.type !== MessageType.wake);',
      },
    ],
  },
  {
    name: 'snapshot-over-newer',
    bug: 'a late snapshot replaces newer state (etcd 18055)',
    patches: [
      {
        file: 'src/raft/membership.ts',
        find: '  if (meta.index <= log.commit) return;\n  if (log.matches(meta)) {',
        replace: '  if (meta.index <= log.commit - 1000) return;\n  if (meta.index < 0) {',
      },
    ],
  },
];

/**
 * Bugs that need a chain of events too rare for a few hundred runs. The tests of the core hold them
 * (test/raft/paper.test.ts and twins.test.ts); `--only NAME` hunts them here all the same.
 */
export const RARE_RAFT_MUTANTS: readonly Mutant[] = [
  {
    name: 'promise-unwritten',
    bug: 'term and vote are written only when entries are, so a restart forgets what was promised',
    patches: [
      {
        file: 'src/wal/wal.ts',
        find: 'if (!equalHardStates(next, this.#hardState)) this.#writeHardState(next);',
        replace:
          'if (next.leader && !equalHardStates(next, this.#hardState)) this.#writeHardState(next);',
      },
    ],
  },
  {
    name: 'old-term-obeyed',
    bug: 'takes messages of a term that is over (paper 5.1)',
    patches: [
      {
        file: 'src/raft/step.ts',
        find: 'if (!isTermless(message.type) && message.term < core.term) {',
        replace: 'if (!isTermless(message.type) && message.term < core.term - 1) {',
      },
    ],
  },
  {
    name: 'commit-older-term-by-counting',
    bug: 'commits an entry of an earlier term once a quorum stores it (paper 5.4.2, figure 8)',
    patches: [
      {
        file: 'src/raft/replicate.ts',
        find: 'if (reached < core.termStartIndex || !log.commitTo(reached)) return false;',
        replace: 'if (!log.commitTo(reached)) return false;',
      },
    ],
  },
];
