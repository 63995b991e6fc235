/** Bugs of reads between linearizable and serializable. */
import type { Mutant } from './mutant.ts';

const FRESH = 'src/member/fresh-reads.ts';
const KV = 'src/member/kv-service.ts';
const MEMBER = 'src/member/member.ts';

export const LEVEL_MUTANTS: readonly Mutant[] = [
  {
    name: 'level-linearizable-local',
    bug: 'who asks for a linearizable read by name is served from the state at hand',
    patches: [
      {
        file: FRESH,
        find: 'const isFresh = !level.linearizable && this.#isWithin(level.maxStalenessMs);',
        replace: 'const isFresh = this.#isWithin(level.maxStalenessMs);',
      },
    ],
  },
  {
    name: 'serializable-from-saved-state',
    bug: 'serializable reads are served from the state as it was a few revisions ago',
    patches: [
      {
        file: KV,
        find: 'return member.read((state) => state.range(request));',
        replace:
          'return member.read((state) => request.serializable && state.mvcc.revision % 7 === 0 ? state.range({ ...request, revision: fromNumber(Math.max(1, state.mvcc.compactRevision, state.mvcc.revision - 5)) }) : state.range(request));',
      },
      {
        file: KV,
        find: 'import {\n  CompactionRequest,',
        replace: 'import {\n  fromNumber,\n  CompactionRequest,',
      },
    ],
  },
  {
    name: 'min-revision-after-round',
    bug: 'after a round a read is served, though the state lacks the revision asked for',
    patches: [
      {
        file: FRESH,
        find: '    await new Promise<void>((serve, fail) => {\n',
        replace:
          '    if (level.minRevision > 0) return;\n    await new Promise<void>((serve, fail) => {\n',
      },
    ],
  },
  {
    name: 'min-revision-one-early',
    bug: 'a read that waits for a revision is served by the one before it',
    patches: [
      {
        file: FRESH,
        find: 'if (waiter.revision > revision) continue;',
        replace: 'if (waiter.revision > revision + 1) continue;',
      },
    ],
  },
  {
    name: 'future-at-once',
    bug: 'a revision that this member lacks is refused as of the future, though the others have it',
    patches: [
      {
        file: FRESH,
        find: '    await new Promise<void>((serve, fail) => {\n',
        replace:
          "    if (level.minRevision > 0) throw StatusError.of('futureRev');\n    await new Promise<void>((serve, fail) => {\n",
      },
      {
        file: FRESH,
        find: '    // Where the others are already is a round away.\n    if (isFresh) await this.confirm();\n',
        replace: '',
      },
    ],
  },
  {
    name: 'future-never-refused',
    bug: 'a read of a revision that does not come is never answered',
    patches: [
      {
        file: FRESH,
        find: 'if (waiter.deadlineMs > nowMs) continue;',
        replace: 'if (waiter.deadlineMs > 0) continue;',
      },
    ],
  },
  {
    name: 'revision-comes-unnoticed',
    bug: 'a read that waits for a revision is not served when it comes',
    patches: [
      {
        file: FRESH,
        find: '      if (waiter.revision > revision) continue;\n',
        replace: '      if (waiter.deadlineMs > 0) continue;\n',
      },
    ],
  },
  {
    name: 'staleness-unbounded',
    bug: 'a member that once knew how fresh it was serves reads however old that is',
    patches: [
      {
        file: FRESH,
        find: 'if (ageMs === undefined || ageMs > maxStalenessMs) return false;',
        replace: 'if (ageMs === undefined) return false;',
      },
    ],
  },
  {
    name: 'age-from-end-of-round',
    bug: 'freshness counts from the end of a round: what was committed during it may be missing',
    patches: [
      {
        file: FRESH,
        find: '    await this.#host.confirm();\n',
        replace: '    await this.#host.confirm();\n    Object.assign(began, this.#now());\n',
      },
    ],
  },
  {
    name: 'failed-round-counts',
    bug: 'a round that failed counts as one that was confirmed',
    patches: [
      {
        file: FRESH,
        find: '    await this.#host.confirm();\n',
        replace: '    await this.#host.confirm().catch(() => undefined);\n',
      },
    ],
  },
  {
    name: 'age-by-wall-clock',
    bug: 'the age of a state is taken from the wall clock alone, which may be set back',
    patches: [
      {
        file: FRESH,
        find: '    if (now.offset !== offset) return undefined;\n    return Math.max(now.atMs - atMs, (now.tick - tick) * TICK_MS);',
        replace: '    return tick < 0 ? 0 : Math.max(0, now.atMs - now.offset - atMs + offset);',
      },
    ],
  },
  {
    name: 'fresh-since-commit-news',
    bug: 'any turn of a member counts as proof that it is fresh, also one without word from a leader',
    patches: [
      {
        file: FRESH,
        find: '  advanced(): void {\n',
        replace:
          '  advanced(): void {\n    if (this.#asOf !== undefined) this.#asOf = this.#now();\n',
      },
    ],
  },
  {
    name: 'deadline-by-wall-clock',
    bug: 'a clock that is set back makes everyone who waits wait that much longer',
    patches: [
      {
        file: MEMBER,
        find: 'this.#steady.nowMs() + PROPOSAL_TIMEOUT_MS',
        replace: 'this.ports.clock.nowMs() + PROPOSAL_TIMEOUT_MS',
      },
      {
        file: FRESH,
        find: 'const nowMs = this.#host.clock.nowMs();',
        replace: 'const nowMs = this.#host.clock.nowMs() - this.#host.clock.offset;',
      },
    ],
  },
];
