import { StatusError } from '../api/errors.ts';
import { InternalRequest, type InternalRequestInput } from '../api/messages.ts';
import type { Outcome } from '../apply/state-machine.ts';
import { validateRequestBytes } from '../apply/validate.ts';
import { PROPOSALS_WAITING_MAX } from '../constants.ts';
import { byteString } from '../lib/bytes.ts';
import type { ProposeResult } from '../raft/raw-node.ts';

/** The mutation itself: exactly one of InternalRequest's kinds. */
export type Proposal = Omit<InternalRequestInput, 'proposer' | 'sequence'>;

interface Waiter {
  readonly deadlineMs: number;
  readonly settle: (outcome: Outcome) => void;
  readonly fail: (error: StatusError) => void;
}

/**
 * Proposals of this instance from their arrival until they are applied. A waiter ends in exactly one
 * way: applied, past its deadline (then the fate of the write is unknown), or the member stopped.
 */
export class ProposalQueue {
  readonly #nonce: Uint8Array;
  readonly #nonceKey: string;
  #sequence = 0;
  /** Proposals that ended without an outcome. */
  failed = 0;
  /** Not yet taken by Raft, in order of arrival. */
  #queued: { readonly sequence: number; readonly data: Uint8Array }[] = [];
  /** By sequence number, in order of arrival, which is order of deadline. */
  readonly #waiting = new Map<number, Waiter>();

  /** @param nonce random bytes of this construction: another instance's entries are never taken for ours. */
  constructor(nonce: Uint8Array) {
    this.#nonce = nonce;
    this.#nonceKey = byteString(nonce);
  }

  get waiting(): boolean {
    return this.#waiting.size > 0;
  }

  get count(): number {
    return this.#waiting.size;
  }

  /**
   * @throws StatusError requestTooLarge, or requestTooManyRequests when PROPOSALS_WAITING_MAX are
   *   waiting already
   */
  add(proposal: Proposal, deadlineMs: number): Promise<Outcome> {
    const sequence = this.#reserve();
    const request = { ...proposal, proposer: this.#nonce, sequence };
    const data = InternalRequest.encode(request).finish();
    validateRequestBytes(data.length);
    this.#queued.push({ sequence, data });
    return this.#wait(sequence, deadlineMs);
  }

  /** Hands what is queued to Raft, in order, until it takes no more. */
  flush(propose: (data: Uint8Array) => ProposeResult): void {
    let taken = 0;
    for (const { sequence, data } of this.#queued) {
      if (this.#waiting.has(sequence) && propose(data) !== 'ok') break;
      taken++;
    }
    if (taken > 0) this.#queued = this.#queued.slice(taken);
  }

  /** An entry was applied here; tells its waiter if it was ours. */
  settle(proposer: Uint8Array, sequence: number, outcome: Outcome): void {
    if (byteString(proposer) !== this.#nonceKey) return;
    const waiter = this.#waiting.get(sequence);
    if (waiter === undefined) return;
    this.#waiting.delete(sequence);
    waiter.settle(outcome);
  }

  /** Ends waiters past their deadline. */
  expire(nowMs: number): void {
    for (const [sequence, waiter] of this.#waiting) {
      if (waiter.deadlineMs > nowMs) return;
      this.#waiting.delete(sequence);
      this.failed++;
      waiter.fail(StatusError.of('timeout'));
    }
  }

  failAll(error: StatusError): void {
    const waiters = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#queued = [];
    for (const waiter of waiters) waiter.fail(error);
  }

  #reserve(): number {
    if (this.#waiting.size >= PROPOSALS_WAITING_MAX) {
      throw StatusError.of('requestTooManyRequests');
    }
    return ++this.#sequence;
  }

  #wait(sequence: number, deadlineMs: number): Promise<Outcome> {
    return new Promise((settle, fail) => {
      this.#waiting.set(sequence, { deadlineMs, settle, fail });
    });
  }
}
