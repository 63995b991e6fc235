/** Bugs of the member's loop, its snapshots and what it promises to clients; and of the platform. */
import type { Mutant } from './mutant.ts';

export const MEMBER_MUTANTS: readonly Mutant[] = [
  {
    name: 'send-before-write',
    bug: 'acknowledges and votes before the write: a twin does so without any',
    patches: [
      {
        file: 'src/member/member.ts',
        find: '    this.#peers.send(ready.earlyMessages);\n',
        replace: '    this.#peers.send(ready.earlyMessages);\n    this.#send(ready.messages);\n',
      },
      {
        file: 'src/member/member.ts',
        find: '    this.#send(ready.messages);\n    for (const entry of',
        replace: '    for (const entry of',
      },
    ],
  },
  {
    name: 'no-output-gate',
    bug: 'the platform lets out what is sent before the write it rests on is durable (etcd 14370)',
    patches: [
      {
        file: 'test/sim/disk-session.ts',
        find: 'if (this.unconfirmed === 0) run();',
        replace: 'if (this.unconfirmed >= 0) run();',
      },
    ],
  },
  {
    name: 'torn-batch',
    bug: 'a crash keeps part of a transaction',
    patches: [
      { file: 'test/sim/cluster.ts', find: 'tornBatches: false,', replace: 'tornBatches: true,' },
    ],
  },
  {
    name: 'read-ahead-of-apply',
    bug: 'serves a confirmed read before its index is applied',
    patches: [
      {
        file: 'src/member/linearizable-reads.ts',
        find: 'const ready = this.#confirmed.filter((confirmed) => confirmed.index <= applied);',
        replace:
          'const ready = this.#confirmed.filter((confirmed) => confirmed.index <= applied + 3);',
      },
      {
        file: 'src/member/linearizable-reads.ts',
        find: 'this.#confirmed = this.#confirmed.filter((confirmed) => confirmed.index > applied);',
        replace:
          'this.#confirmed = this.#confirmed.filter((confirmed) => confirmed.index > applied + 3);',
      },
    ],
  },
  {
    name: 'unconfirmed-reads',
    bug: 'serves every read from its own state at once',
    patches: [
      {
        file: 'src/member/kv-service.ts',
        find: '      validateRange(request);\n      await member.readable(call.consistency ?? levelOf(request.serializable));',
        replace: '      validateRange(request);',
      },
    ],
  },
  {
    name: 'answer-of-another',
    bug: "takes the outcome of another instance's proposal for its own",
    patches: [
      {
        file: 'src/member/proposal-queue.ts',
        find: 'if (byteString(proposer) !== this.#nonceKey) return;',
        replace: 'if (byteString(proposer) === "") return;',
      },
    ],
  },
  {
    name: 'proposal-repeated',
    bug: 'a proposal that was taken is proposed once more with the next one',
    patches: [
      {
        file: 'src/member/proposal-queue.ts',
        find: 'if (taken > 0) this.#queued = this.#queued.slice(taken);',
        replace: 'if (taken > 0) this.#queued = this.#queued.slice(taken > 1 ? taken - 1 : taken);',
      },
    ],
  },
  {
    name: 'snapshot-without-state',
    bug: 'a snapshot brings the pages of one moment under the index of a later one',
    patches: [
      {
        file: 'src/member/snapshot-sender.ts',
        find: '    const meta = this.#ports.checkpoint();\n    const pages = this.#ports.state.mvcc.exportPages();',
        replace:
          '    const pages = this.#ports.state.mvcc.exportPages();\n    const meta = this.#ports.checkpoint();',
      },
    ],
  },
  {
    name: 'snapshot-keeps-log',
    bug: 'the log from before an installed snapshot stays',
    patches: [
      {
        file: 'src/member/member.ts',
        find: '    this.#wal.installSnapshot(meta);\n',
        replace: '',
      },
    ],
  },
  {
    name: 'txn-any-compare',
    bug: 'a transaction succeeds when one of its comparisons holds',
    patches: [
      {
        file: 'src/apply/txn.ts',
        find: 'const succeeded = comparesHold(view, request);',
        replace: 'const succeeded = request.compare.length === 1 || comparesHold(view, request);',
      },
    ],
  },
  {
    name: 'apply-differs',
    bug: 'what an entry does depends on the member that applies it',
    patches: [
      {
        file: 'src/apply/state-machine.ts',
        find: 'const outcome = settled(() => dispatch(this, request, at.term));',
        replace:
          'const skip = request.delete_range !== null && (this.saved?.index ?? 0) % 5 === 3;\n    const outcome: Outcome = skip ? { response: { header: { revision: this.mvcc.revision } }, changes: [] } : settled(() => dispatch(this, request, at.term));',
      },
    ],
  },
  {
    name: 'ticks-stop-at-work',
    bug: 'a member stops its ticks while proposals wait',
    patches: [
      {
        file: 'src/member/member.ts',
        find: 'const resting = this.#raft.resting && !waiting && this.#recovering === undefined;',
        replace: 'const resting = this.#raft.resting || waiting;',
      },
    ],
  },
];
