/** Bugs of clusters that sleep. */
import type { Mutant } from './mutant.ts';

const REST = 'src/raft/rest.ts';

export const REST_MUTANTS: readonly Mutant[] = [
  {
    name: 'wake-campaigns',
    bug: 'a member that is woken does not wait for the leader that it had, but stands for election',
    patches: [
      {
        file: REST,
        find: '  if (core.term > 0) core.holdVotesUntilTick = core.ticks + core.settings.electionTicks;\n',
        replace: '',
      },
      {
        file: REST,
        find: '    core.calling = true;\n    callAll(core);\n  }',
        replace: '    campaign(core, false);\n  }',
      },
    ],
  },
  {
    name: 'rest-forgets-commit',
    bug: 'at rest nobody writes down what was committed last: who sleeps does not know it when it wakes',
    patches: [
      {
        file: 'src/raft/ready-loop.ts',
        find: '      core.fenceDue ||\n      core.restDue;',
        replace: '      core.fenceDue;',
      },
    ],
  },
  {
    name: 'sleep-forgets-committed',
    bug: 'a member that wakes serves its last checkpoint, though its log holds what was committed since',
    patches: [
      {
        file: 'src/member/member.ts',
        find: '    this.#pace.begin();\n',
        replace: '',
      },
    ],
  },
];
