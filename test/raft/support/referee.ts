/** Judges what a chaos run shows: the safety properties of the paper (figure 3) and of reads. */
import assert from 'node:assert/strict';
import { byteString } from '../../../src/lib/bytes.ts';
import {
  type Entry,
  MessageType,
  type NodeId,
  type ReadState,
  type Ready,
  type SnapshotMeta,
} from '../../../src/raft/types.ts';
import type { MemoryLog } from './memory-log.ts';

interface Committed {
  readonly term: number;
  readonly data: string;
  /** Term of the member that applied it first: it was committed in this term or before. */
  readonly seenIn: number;
}

/** Neither votes nor acknowledgements nor entries. */
const MAY_LEAVE_EARLY: ReadonlySet<MessageType> = new Set([
  MessageType.heartbeat,
  MessageType.commit,
  MessageType.propose,
  MessageType.readIndex,
  MessageType.wake,
]);

export class Referee {
  /** What was applied in anybody's sight, by index. */
  readonly committed = new Map<number, Committed>();
  /** Highest index in `committed`. */
  top = 0;
  readonly #leaders = new Map<number, NodeId>();
  /** Data by "term/index": one leader a term, one entry an index of it. */
  readonly #entries = new Map<string, string>();
  /** What a read must see: the top when it began. */
  readonly #reads = new Map<string, number>();
  readsAnswered = 0;
  readsAborted = 0;

  get elections(): number {
    return this.#leaders.size;
  }

  /** The twins rule: what a member vouches for leaves behind a write, a read round's answer included. */
  ready(ready: Ready): void {
    for (const { type } of ready.earlyMessages) {
      assert.ok(MAY_LEAVE_EARLY.has(type), `a message of type ${type} leaves before the write`);
    }
    const vouches = ready.messages.some(
      ({ type, context }) => type === MessageType.heartbeatResponse && context.length > 0,
    );
    assert.ok(!vouches || ready.fence, 'a read round was answered without a write');
  }

  /** Election Safety: at most one leader a term. */
  leads(id: NodeId, term: number): void {
    const known = this.#leaders.get(term);
    assert.ok(known === undefined || known === id, `${known} and ${id} both lead term ${term}`);
    this.#leaders.set(term, id);
  }

  /** Leader Completeness: everything committed in earlier terms is in a new leader's log. */
  elected(term: number, log: MemoryLog): void {
    for (const [index, entry] of this.committed) {
      if (entry.seenIn >= term || index < log.firstIndex()) continue;
      assert.equal(
        log.term(index),
        entry.term,
        `leader of term ${term} lacks entry ${entry.term}/${index}, committed in ${entry.seenIn}`,
      );
    }
  }

  /** State Machine Safety: nobody ever applies anything else at an index. */
  applied(entry: Entry, seenIn: number): void {
    const data = byteString(entry.data);
    const known = this.committed.get(entry.index);
    if (known === undefined) {
      this.committed.set(entry.index, { term: entry.term, data, seenIn });
      this.top = Math.max(this.top, entry.index);
      return;
    }
    assert.deepEqual(
      { term: entry.term, data },
      { term: known.term, data: known.data },
      `index ${entry.index} was applied with two contents`,
    );
  }

  installed(meta: SnapshotMeta): void {
    const known = this.committed.get(meta.index);
    assert.ok(
      known === undefined || known.term === meta.term,
      `snapshot ${meta.term}/${meta.index}`,
    );
    this.top = Math.max(this.top, meta.index);
  }

  /** Log Matching: equal index and term mean equal entries; terms never fall along a log. */
  stored(log: MemoryLog): void {
    let term = 0;
    for (const entry of log.all()) {
      assert.ok(entry.term >= term, `terms fall at ${entry.index}`);
      ({ term } = entry);
      const key = `${entry.term}/${entry.index}`;
      const data = byteString(entry.data);
      const known = this.#entries.get(key);
      assert.ok(known === undefined || known === data, `two entries ${key}`);
      this.#entries.set(key, data);
    }
    assert.ok(log.hardState.commit <= log.lastIndex(), 'stored commit beyond the stored log');
    assert.ok(log.hardState.term >= term, 'stored term behind the stored log');
  }

  readBegan(context: Uint8Array): void {
    this.#reads.set(byteString(context), this.top);
  }

  /** Linearizable: a read sees whatever anybody saw before it began. */
  readAnswered({ context, index }: ReadState): void {
    const floor = this.#reads.get(byteString(context));
    assert.ok(floor !== undefined, 'answer to a read nobody asked for, or a second answer');
    assert.ok(index >= floor, `read at ${index}, but ${floor} was applied before it began`);
    this.#reads.delete(byteString(context));
    this.readsAnswered++;
  }

  readAborted(context: Uint8Array): void {
    this.#reads.delete(byteString(context));
    this.readsAborted++;
  }
}
