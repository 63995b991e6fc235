/** Bugs of leases, locks and elections: what etcd and its clients had, and what rest could bring. */
import type { Mutant } from './mutant.ts';

const HOST = 'src/member/lease-host.ts';
const LESSOR = 'src/lease/lessor.ts';
const PRIMARY = 'src/lease/primary.ts';
const CANDIDATES = 'src/member/candidates.ts';

export const LEASE_MUTANTS: readonly Mutant[] = [
  {
    name: 'wake-extends-leases',
    bug: 'a leader that wakes gives every lease its whole time anew',
    patches: [
      {
        file: LESSOR,
        find: '      if (slot !== NONE) primary.setDeadline(slot, atMs);\n',
        replace: '      if (slot === NONE) primary.setDeadline(slot, atMs);\n',
      },
    ],
  },
  {
    name: 'rest-record-lost',
    bug: 'a leader comes to rest without writing when leases end',
    patches: [
      {
        file: LESSOR,
        find: '    this.#rest.write({ term: primary.term, grants, atMs: nowMs }, deadlines);\n',
        replace: '',
      },
    ],
  },
  {
    name: 'wake-adds-time',
    bug: 'an alarm that comes late gives leases some seconds more',
    patches: [
      {
        file: LESSOR,
        find: '      if (slot !== NONE) primary.setDeadline(slot, atMs);\n',
        replace:
          '      if (slot !== NONE) primary.setDeadline(slot, Math.max(atMs, nowMs + 3000));\n',
      },
    ],
  },
  {
    name: 'rest-without-alarm',
    bug: 'a leader at rest is not woken when a lease ends (bar 37)',
    patches: [
      {
        file: HOST,
        find: '      this.#alarm.wish(this.lessor.nextDeadline());',
        replace: '      this.#alarm.wish(undefined);',
      },
    ],
  },
  {
    name: 'leader-not-looked-after',
    bug: 'followers at rest are not woken to see whether their leader ended the leases',
    patches: [
      {
        file: HOST,
        find: '      this.#alarm.wishToCheck(clock.nowMs(), remainingMs, raft.leader !== NO_NODE);',
        replace: '      if (remainingMs < 0) this.#alarm.wish(clock.nowMs());',
      },
    ],
  },
  {
    name: 'step-back-extends-leases',
    bug: 'a clock that is set back gives leases that much more time',
    patches: [
      {
        file: 'src/lib/steady-clock.ts',
        find: 'this.offset = Math.max(this.offset, this.#last - wall);',
        replace: 'this.offset = 0;',
      },
    ],
  },
  {
    name: 'renewal-unconfirmed',
    bug: 'a renewal is answered by who believes to lead, without a round (etcd 12528, 15247)',
    patches: [
      {
        file: HOST,
        find: '      await this.#ports.confirm();\n      const renewal',
        replace: '      const renewal',
      },
    ],
  },
  {
    name: 'renewal-by-follower',
    bug: 'a follower answers renewals by itself',
    patches: [
      {
        file: HOST,
        find: '    return raft.leader === self ? undefined : addressOf(raft.leader);',
        replace: '    return raft.leader === self ? undefined : addressOf("");',
      },
      {
        file: HOST,
        find: "      if (term === undefined) return { kind: 'notLeader' };\n      await this.#ports.confirm();\n      const renewal",
        replace:
          "      if (term === undefined) return this.lessor.has(id) ? { kind: 'renewed', ttlSeconds: this.lessor.timeToLive(id)!.grantedSeconds } : { kind: 'unknown' };\n      await this.#ports.confirm();\n      const renewal",
      },
    ],
  },
  {
    name: 'time-left-unconfirmed',
    bug: 'the time that is left is told by who believes to lead, without a round',
    patches: [
      {
        file: HOST,
        find: "    await this.#ports.confirm();\n    if (!this.#leadsIn(term)) return { kind: 'notLeader' };\n    const time",
        replace: '    const time',
      },
    ],
  },
  {
    name: 'ended-lease-renewed',
    bug: 'a lease whose end is on its way through the log is renewed (etcd 20615)',
    patches: [
      {
        file: PRIMARY,
        find: 'return this.#revoking.has(slot) || this.#heap.deadlineOf(slot) <= nowMs;',
        replace: 'return false;',
      },
    ],
  },
  {
    name: 'stale-end-applied',
    bug: 'the end that a former leader found is applied under another term (etcd 12528, bar 32)',
    patches: [
      {
        file: 'src/apply/leases.ts',
        find: '  if (foundInTerm !== 0 && foundInTerm !== entryTerm) return [];\n',
        replace: '',
      },
    ],
  },
  {
    name: 'checkpoint-ignored',
    bug: 'a new leader gives every lease its whole time, whatever the log says to remain (bar 34)',
    patches: [
      {
        file: LESSOR,
        find: '      const seconds = leases.remainingOf(slot) || leases.ttlOf(slot);\n      primary.setDeadline',
        replace: '      const seconds = leases.ttlOf(slot);\n      primary.setDeadline',
      },
    ],
  },
  {
    name: 'checkpoint-outlives-renewal',
    bug: 'a renewal does not clear what the log says to remain: the next leader ends the lease early',
    patches: [
      {
        file: HOST,
        find: '          if (renewal.clearCheckpoint) await this.#clearCheckpoint(id, term);\n',
        replace: '',
      },
    ],
  },
  {
    name: 'end-in-pieces',
    bug: 'the keys of an ended lease go one by one, each at a revision of its own',
    patches: [
      {
        file: 'src/apply/leases.ts',
        find: '  const writer = new Writer(mvcc.begin(), leases);\n  for (const key of leases.keys(id)) writer.deleteRange(singleKey(key));\n  const changes = writer.commit();\n',
        replace:
          '  const changes: Change[] = [];\n  for (const key of leases.keys(id)) {\n    const writer = new Writer(mvcc.begin(), leases);\n    writer.deleteRange(singleKey(key));\n    changes.push(...writer.commit());\n  }\n',
      },
    ],
  },
  {
    name: 'moved-key-stays',
    bug: 'a key that moves to another lease still goes with the first',
    patches: [
      {
        file: 'src/apply/writer.ts',
        find: '    if (from !== to) this.#moves.push({ key, from, to });',
        replace:
          '    if (from !== to && (from === 0n || to === 0n)) this.#moves.push({ key, from, to });',
      },
    ],
  },
  {
    name: 'deleted-key-stays',
    bug: 'a key that is deleted, or put without a lease, still hangs on the lease it had',
    patches: [
      {
        file: 'src/apply/writer.ts',
        find: '      if (from !== 0n) this.leases.detach(from, key);\n',
        replace: '',
      },
    ],
  },
  {
    name: 'lock-after-lease-end',
    bug: 'Lock answers when nobody is before, though its own key went with its lease (etcd 11456)',
    patches: [
      {
        file: CANDIDATES,
        find: '        } else if (!exists) {',
        replace: '        } else if (!exists && revision === 0) {',
      },
    ],
  },
  {
    name: 'lock-for-all',
    bug: 'whoever enters is taken for the first (npm etcd3 176)',
    patches: [
      {
        file: CANDIDATES,
        find: 'isFirst: leader === undefined || toNumber(leader.create_revision) === rev,',
        replace: 'isFirst: leader !== undefined,',
      },
    ],
  },
  {
    name: 'unlock-by-name',
    bug: 'unlocking deletes all candidates of the lock, not its own key (etcd 22082)',
    patches: [
      {
        file: 'src/member/lock-service.ts',
        find: 'const deletion = DeleteRangeRequest.create({ key });',
        replace:
          'const slash = key.lastIndexOf(0x2f);\n        const deletion = DeleteRangeRequest.create({ key: key.subarray(0, slash + 1), range_end: Uint8Array.of(...key.subarray(0, slash), 0x30) });',
      },
    ],
  },
  {
    name: 'withdrawal-of-another',
    bug: 'who resigns deletes whatever key has that name now',
    patches: [
      {
        file: CANDIDATES,
        find: '      compare: [createdAt(key, rev)],\n      success: [{ request_delete_range: { key } }],',
        replace:
          '      compare: [],\n      success: [{ request_delete_range: { key: key.subarray(0, key.lastIndexOf(0x2f) + 1), range_end: Uint8Array.of(...key.subarray(0, key.lastIndexOf(0x2f)), 0x30) } }],',
      },
    ],
  },
];

/**
 * Bugs that show only when leadership is lost in the milliseconds in which a checkpoint, or its clearing, is on
 * its way, or a leader's object in those between its wake and its next rest. The tests of the lessor, its naive
 * twin, of what leases' entries do, and of the lease host hold their rules.
 */
export const RARE_LEASE_MUTANTS: readonly Mutant[] = [
  {
    name: 'rest-record-outlives-renewal',
    bug: 'what was written at rest counts after a wake, though leases were renewed since',
    patches: [
      {
        file: LESSOR,
        find: '    this.#rest.drop();\n    const ttlSeconds',
        replace: '    const ttlSeconds',
      },
    ],
  },
  {
    name: 'checkpoint-under-way-forgotten',
    bug: 'a lease is renewed while a checkpoint of it is on its way, and that counts after the renewal',
    patches: [
      {
        file: PRIMARY,
        find: 'if (this.#leases.remainingOf(slot) === 0 && !this.#checkpointing.has(slot)) return false;',
        replace: 'if (this.#leases.remainingOf(slot) === 0) return false;',
      },
    ],
  },
  {
    name: 'checkpoint-of-former-leader',
    bug: 'what a former leader knew to remain is noted under another term, over renewals since',
    patches: [
      {
        file: 'src/apply/leases.ts',
        find: '  if (knownInTerm !== 0 && knownInTerm !== entryTerm) return;\n',
        replace: '',
      },
    ],
  },
  {
    name: 'renewal-of-former-leader',
    bug: 'a renewal that had to clear a checkpoint is answered though another leads by then',
    patches: [
      {
        file: HOST,
        find: "          if (!this.#leadsIn(term)) return { kind: 'notLeader' };\n",
        replace: '',
      },
    ],
  },
];
