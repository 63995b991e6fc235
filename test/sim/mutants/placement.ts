/** Bugs in how leadership is handed over, and in where it goes. */
import type { Mutant } from './mutant.ts';

export const PLACEMENT_MUTANTS: readonly Mutant[] = [
  {
    name: 'hands-over-to-the-late',
    bug: 'a leader hands over to a voter that lacks some of its log (thesis 3.10)',
    patches: [
      {
        file: 'src/raft/transfer.ts',
        find: 'if (core.leadTransferee !== to || progress.match !== core.log.lastIndex) return;',
        replace: 'if (core.leadTransferee !== to || progress.match === 0) return;',
      },
    ],
  },
  {
    name: 'hands-over-to-a-learner',
    bug: 'a learner is given leadership when the writers are near it',
    patches: [
      {
        file: 'src/member/placement-host.ts',
        find: 'const candidates = voters.map((id) => this.#candidate(id, status));',
        replace:
          'const candidates = [...voters, ...status.confState.learners].map((id) => this.#candidate(id, status));',
      },
      {
        file: 'src/raft/transfer.ts',
        find: 'if (progress === undefined || to === core.id || !isVoter(core.config, to)) return;',
        replace: 'if (progress === undefined || to === core.id) return;',
      },
    ],
  },
  {
    name: 'leadership-flaps',
    bug: 'leadership goes to whoever is better in one round',
    patches: [
      {
        file: 'src/member/leader-placement.ts',
        find: 'return this.#rounds < PLACEMENT_ROUNDS_MIN ? undefined : better;',
        replace: 'return better;',
      },
    ],
  },
  {
    name: 'held-proposals-repeated',
    bug: 'a proposal that came during a transfer is sent on twice',
    patches: [
      {
        file: 'src/raft/propose.ts',
        find: '  core.forward.push(...core.held);\n',
        replace: '  core.forward.push(...core.held, ...core.held);\n',
      },
    ],
  },
];
