import type { StateMachine } from '../apply/state-machine.ts';
import { assert } from '../lib/assert.ts';
import type { PageImport } from '../mvcc/types.ts';
import type { SnapshotMeta } from '../raft/types.ts';
import {
  decodeSnapshotRequest,
  encodeSnapshotAnswer,
  PAGES_END,
  type SnapshotBegin,
  type SnapshotChunk,
  type SnapshotFinish,
  SnapshotStep,
} from './snapshot-messages.ts';

interface Incoming {
  readonly begin: SnapshotBegin;
  readonly pages: PageImport;
  /** Position of the next page; PAGES_END once complete. */
  expected: number;
}

/**
 * Receives a snapshot beside the state that goes on serving, and installs it when Raft accepts its
 * point. At most one transfer at a time: a newer one replaces it, an older one is refused.
 */
export class SnapshotReceiver {
  readonly #state: StateMachine;
  /** Steps the frame that holds Raft's snapshot message, and installs the snapshot if Raft accepts it. */
  readonly #step: (frame: Uint8Array) => void;
  #incoming: Incoming | undefined;
  #finishing = false;
  /** The transfer installed last: its sender may ask again whether it was. */
  #installed: string | undefined;

  constructor(state: StateMachine, step: (frame: Uint8Array) => void) {
    this.#state = state;
    this.#step = step;
  }

  /** Answers one request. @throws Error when the transfer is unknown or too old: the sender gives up */
  handle(body: Uint8Array): Uint8Array {
    const request = decodeSnapshotRequest(body);
    switch (request.step) {
      case SnapshotStep.begin:
        return encodeSnapshotAnswer(this.#begin(request));
      case SnapshotStep.chunk:
        return encodeSnapshotAnswer(this.#chunk(request));
      case SnapshotStep.finish:
        return encodeSnapshotAnswer(this.#finish(request));
    }
  }

  /** Raft hears of the received snapshot right now: an installation may not wait, a newer one may begin. */
  get isFinishing(): boolean {
    return this.#finishing;
  }

  /** Makes the received state the member's own; part of the caller's transaction. */
  install(meta: SnapshotMeta): void {
    const incoming = this.#incoming;
    assert(
      incoming !== undefined &&
        incoming.expected === PAGES_END &&
        incoming.begin.meta.index === meta.index &&
        incoming.begin.meta.term === meta.term,
      `install snapshot ${meta.index}/${meta.term}: what was received is ${describe(incoming)}`,
    );
    const { revision, compactRevision, state } = incoming.begin;
    incoming.pages.install(revision, compactRevision);
    this.#state.installState(state);
    this.#installed = incoming.begin.transfer;
    this.#incoming = undefined;
  }

  /** Forgets a transfer that Raft did not want. */
  abandon(): void {
    this.#incoming?.pages.abort();
    this.#incoming = undefined;
  }

  #begin(begin: SnapshotBegin): number {
    const current = this.#incoming;
    if (current?.begin.transfer === begin.transfer) return current.expected;
    const newest = Math.max(this.#state.applied.index, current?.begin.meta.index ?? 0);
    if (begin.meta.index <= this.#state.applied.index || begin.meta.index < newest) {
      throw new Error(
        `receive snapshot of index ${begin.meta.index}: this member already stands at or expects ${newest}`,
      );
    }
    this.abandon();
    this.#incoming = { begin, pages: this.#state.mvcc.importPages(), expected: 0 };
    return 0;
  }

  #chunk(chunk: SnapshotChunk): number {
    const incoming = this.#known(chunk.transfer);
    if (chunk.position !== incoming.expected) return incoming.expected;
    incoming.pages.add(chunk.pages);
    incoming.expected = chunk.next;
    return chunk.next;
  }

  #finish(finish: SnapshotFinish): number {
    if (finish.transfer === this.#installed) return PAGES_END;
    const incoming = this.#known(finish.transfer);
    if (incoming.expected === PAGES_END) {
      this.#finishing = true;
      this.#step(finish.frame);
      this.#finishing = false;
    }
    return incoming.expected;
  }

  #known(transfer: string): Incoming {
    if (this.#incoming?.begin.transfer !== transfer) {
      throw new Error(`receive snapshot: transfer ${transfer} is not under way here`);
    }
    return this.#incoming;
  }
}

function describe(incoming: Incoming | undefined): string {
  if (incoming === undefined) return 'nothing';
  const { meta } = incoming.begin;
  return `${meta.index}/${meta.term}, next page ${incoming.expected}`;
}
