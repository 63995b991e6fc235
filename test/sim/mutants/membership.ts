/** Bugs in how the membership changes. */
import type { Mutant } from './mutant.ts';

const ELECTION = 'src/raft/election.ts';
const JOINT = 'src/raft/quorum/joint.ts';
const PROPOSE = 'src/raft/propose.ts';
const SEAT = 'src/member/seat.ts';

export const MEMBERSHIP_MUTANTS: readonly Mutant[] = [
  {
    name: 'learners-commit',
    bug: 'learners count as voters when an entry is to be committed',
    patches: [
      {
        file: 'src/raft/replicate.ts',
        find: 'const reached = jointReached(tracker.config, (member) =>',
        replace:
          'const { config } = tracker;\n  const all = new Set([...config.incoming, ...config.learners]);\n  const reached = jointReached({ incoming: all, outgoing: config.outgoing }, (member) =>',
      },
    ],
  },
  {
    name: 'learners-elect',
    bug: 'learners are asked for votes, and counted',
    patches: [
      { file: ELECTION, find: '    if (progress.learner) continue;\n', replace: '' },
      {
        file: ELECTION,
        find: 'for (const [to, progress] of core.peers()) {',
        replace: 'for (const [to] of core.peers()) {',
      },
      {
        file: ELECTION,
        find: 'const result = jointVote(core.config, (id)',
        replace:
          'const all = new Set([...core.config.incoming, ...core.config.learners]);\n  const result = jointVote({ incoming: all, outgoing: core.config.outgoing }, (id)',
      },
    ],
  },
  {
    name: 'joint-commit-by-new-half',
    bug: 'in a joint phase the new half alone commits (thesis 4.3)',
    patches: [
      {
        file: JOINT,
        find: '    majorityReached(config.outgoing, reachedBy),\n',
        replace: '    majorityReached(config.incoming, reachedBy),\n',
      },
    ],
  },
  {
    name: 'joint-elected-by-old-half',
    bug: 'in a joint phase the old half alone elects (thesis 4.3)',
    patches: [
      {
        file: JOINT,
        find: '  if (incoming === outgoing) return incoming;\n',
        replace:
          '  if (config.outgoing.size > 0) return outgoing;\n  if (incoming === outgoing) return incoming;\n',
      },
    ],
  },
  {
    name: 'change-in-force-unapplied',
    bug: 'a leader counts by the new configuration as soon as it has proposed it',
    patches: [
      {
        file: PROPOSE,
        find: "  if (result === 'ok') core.pendingConfIndex = core.log.lastIndex;\n",
        replace:
          "  if (result === 'ok') core.pendingConfIndex = core.log.lastIndex;\n  const early = changed(core.config, change).config;\n  if (result === 'ok' && early) core.tracker = core.trackerFor(early, core.tracker.progress);\n",
      },
    ],
  },
  {
    name: 'two-changes-at-once',
    bug: 'a change is proposed before the one before it is applied (thesis 4.1)',
    patches: [
      {
        file: PROPOSE,
        find: "  if (core.pendingConfIndex > core.log.applied) return 'pending';\n",
        replace: '',
      },
    ],
  },
  {
    name: 'joint-left-unapplied',
    bug: 'a leader leaves the joint phase in its own mind before that is committed by both halves',
    patches: [
      {
        file: PROPOSE,
        find: '  appendConfChange(core, LEAVE_JOINT, encodeConfChange(LEAVE_JOINT));\n',
        replace:
          "  if (appendConfChange(core, LEAVE_JOINT, encodeConfChange(LEAVE_JOINT)) !== 'ok') return;\n  const left = changed(core.config, LEAVE_JOINT).config;\n  if (left) core.tracker = core.trackerFor(left, core.tracker.progress);\n",
      },
    ],
  },
  {
    name: 'replaced-without-joint',
    bug: 'a learner takes a voter’s place in one simple change, without a joint phase (thesis 4.3)',
    patches: [
      {
        file: 'src/raft/confchange/changer.ts',
        find: 'votersChanged(config, simple.config) <= 1) return simple;',
        replace: 'votersChanged(config, simple.config) <= 2) return simple;',
      },
    ],
  },
  {
    name: 'removed-leader-goes-on',
    bug: 'a leader that was removed goes on leading (raft 83)',
    patches: [
      {
        file: 'src/raft/membership.ts',
        find: "  if (core.role === 'leader') {\n    if (!isVoter(config, core.id)) {",
        replace: "  if (core.role === 'leader') {\n    if (config.incoming.size === 0) {",
      },
      {
        file: SEAT,
        find: 'return this.#markedRemoved || membership.isRemoved(identity.id);',
        replace: 'return this.#markedRemoved && !membership.isRemoved(identity.id);',
      },
    ],
  },
  {
    name: 'removed-is-forgotten',
    bug: 'that an id was removed is not noted, so it may return (etcd 20967)',
    patches: [
      { file: 'src/apply/membership.ts', find: '        removed.add(step.node);\n', replace: '' },
    ],
  },
  {
    name: 'promotion-of-the-late',
    bug: 'a learner is promoted however little of the log it has (etcd rule M4)',
    patches: [
      {
        file: 'src/member/membership-rules.ts',
        find: '  if (matchOf(id) < matchOf(self) * LEARNER_MATCH_SHARE_MIN) {',
        replace: '  if (matchOf(id) < matchOf(self) * LEARNER_MATCH_SHARE_MIN - Infinity) {',
      },
    ],
  },
  {
    name: 'snapshot-without-configuration',
    bug: 'a snapshot leaves the configuration as it was',
    patches: [
      {
        file: 'src/raft/membership.ts',
        find: '  core.tracker = core.trackerFor(configOf(meta.confState), new Map());\n',
        replace: '',
      },
    ],
  },
  {
    name: 'beginning-guessed',
    bug: 'a member that joins takes the first entries though it does not know what was before them',
    patches: [
      {
        file: 'src/raft/blank.ts',
        find: 'return core.settings.blank && core.log.lastIndex === 0;',
        replace: 'return core.settings.blank && core.log.lastIndex < 0;',
      },
    ],
  },
  {
    name: 'watch-at-a-removed-member',
    bug: 'a member that was removed takes watch streams and tells them nothing',
    patches: [
      {
        file: 'src/member/watch-host.ts',
        find: '    this.touched();\n    this.#restartWhenStopped();\n    return connection;\n',
        replace: '    this.touched();\n    return connection;\n',
      },
    ],
  },
];

/**
 * Needs one of two members removed, and the other to lose what it knows of it before it is told again. The test of
 * a leader that is taken out of two, asleep before the other knows (test/member/membership.test.ts), holds it.
 */
export const RARE_MEMBERSHIP_MUTANTS: readonly Mutant[] = [
  {
    name: 'removed-is-silent',
    bug: 'a removed member answers no request for its vote: the one that is left is never elected',
    patches: [
      {
        file: SEAT,
        find: 'return !this.removed || type === MessageType.vote || type === MessageType.preVote;',
        replace: 'return !this.removed && type !== undefined;',
      },
    ],
  },
];
