/**
 * Linearizable reads without log entries (thesis 6.4).
 *
 * The leader confirms its leadership in rounds: heartbeats that carry the round's id go to all voters,
 * and the round is confirmed when a quorum answered it and this member's own voice, a storage write
 * issued after the round began, is in. Rounds are numbered upwards; an answer to a later round proves
 * whatever an earlier one asks, so one number per member is all there is to count.
 *
 * A member's own reads wait here whatever its role. They are numbered too: with the round they joined
 * or with the request that carried them to the leader.
 */
import { ByteReader, ByteWriter, DecodeError } from '../lib/binary.ts';
import { assert } from '../lib/assert.ts';
import { equalBytes } from '../lib/bytes.ts';
import type { NodeId, ReadState } from './types.ts';

export const NONCE_BYTES = 8;

/**
 * Ids of rounds and requests: the nonce of this construction and a number that only rises. No id is
 * ever used twice, not for a retry and not by another instance of the same member, so an answer always
 * belongs to the question this instance asked (bar: etcd #20418).
 */
export class ReadIds {
  readonly #nonce: Uint8Array;
  #newest = 0;

  constructor(nonce: Uint8Array) {
    assert(nonce.length === NONCE_BYTES, `nonce has ${nonce.length} bytes, not ${NONCE_BYTES}`);
    this.#nonce = nonce;
  }

  next(): number {
    return ++this.#newest;
  }

  encode(number: number): Uint8Array {
    const writer = new ByteWriter(2 * NONCE_BYTES);
    writer.raw(this.#nonce);
    writer.varint(number);
    return writer.finish();
  }

  /** Undefined: not an id of this instance. */
  decode(id: Uint8Array): number | undefined {
    const reader = new ByteReader(id);
    if (id.length <= NONCE_BYTES || !equalBytes(reader.raw(NONCE_BYTES), this.#nonce)) {
      return undefined;
    }
    try {
      const number = reader.varint();
      return number <= this.#newest && reader.done ? number : undefined;
    } catch (error) {
      if (error instanceof DecodeError) return undefined;
      throw error;
    }
  }
}

interface Request {
  readonly context: Uint8Array;
  readonly sinceTick: number;
  /** Round or request that covers this read; 0: none yet. Later ones cover it too. */
  number: number;
}

/** Reads of this member that wait for an index, oldest first. */
export class ReadRequests {
  /** Invariant: sinceTick rises; so do the numbers, with the zeros at the end. */
  #waiting: Request[] = [];
  /** A new round or request must go out: a read is not covered, or those before may be lost. */
  due = false;
  #sentTick = 0;

  get size(): number {
    return this.#waiting.length;
  }

  add(context: Uint8Array, tick: number): void {
    this.#waiting.push({ context, sinceTick: tick, number: 0 });
    this.due = true;
  }

  /** What was asked may be lost (other leader, no answer): ask for everything again. */
  askAgain(): void {
    this.due = this.#waiting.length > 0;
  }

  /** The last asking is at least `ticks` old. */
  isOverdue(tick: number, ticks: number): boolean {
    return this.#waiting.length > 0 && !this.due && tick - this.#sentTick >= ticks;
  }

  cover(number: number, tick: number): void {
    for (let at = this.#waiting.length - 1; at >= 0; at--) {
      const request = this.#waiting[at] as Request;
      if (request.number !== 0) break;
      request.number = number;
    }
    this.due = false;
    this.#sentTick = tick;
  }

  /** Everything covered by `number` may be read at `index`. */
  answer(number: number, index: number): ReadState[] {
    const open = this.#waiting.findIndex((each) => each.number === 0 || each.number > number);
    const answered = this.#waiting.splice(0, open < 0 ? this.#waiting.length : open);
    if (this.#waiting.length === 0) this.due = false;
    return answered.map(({ context }) => ({ context, index }));
  }

  /** Takes out the reads that wait since before `tick`. */
  expire(tick: number): Uint8Array[] {
    const fresh = this.#waiting.findIndex((each) => each.sinceTick >= tick);
    if (fresh === 0 || this.#waiting.length === 0) return [];
    const expired = this.#waiting.splice(0, fresh < 0 ? this.#waiting.length : fresh);
    if (this.#waiting.length === 0) this.due = false;
    return expired.map(({ context }) => context);
  }
}

export interface ReadRound {
  readonly number: number;
  /** The commit when the round began: what a read of this round must see. */
  readonly index: number;
  /** Requests of other members it answers: id by member. */
  readonly remote: ReadonlyMap<NodeId, Uint8Array>;
}

/** The leader's rounds. Emptied whenever leadership begins or ends. */
export class ReadRounds {
  /** Not confirmed yet, oldest first. */
  #open: ReadRound[] = [];
  /**
   * Newest request of each member that no round covers. A member's newer request also stands for its
   * older ones, so one a member is enough.
   */
  #remote = new Map<NodeId, Uint8Array>();
  /** Newest round or retry sent out. */
  #newest = 0;
  #newestTick = 0;
  /** Newest round for which this member's own write was issued after it began. */
  fenced = 0;

  get idle(): boolean {
    return this.#open.length === 0 && this.#remote.size === 0;
  }

  get hasRemote(): boolean {
    return this.#remote.size > 0;
  }

  clear(): void {
    this.#open = [];
    this.#remote.clear();
    this.fenced = 0;
  }

  request(from: NodeId, id: Uint8Array): void {
    this.#remote.set(from, id);
  }

  begin(number: number, index: number, tick: number): void {
    this.#open.push({ number, index, remote: this.#remote });
    this.#remote = new Map();
    this.#newest = number;
    this.#newestTick = tick;
  }

  /** Open rounds have waited for `ticks`: heartbeats should ask again, under a new id. */
  isOverdue(tick: number, ticks: number): boolean {
    return this.#open.length > 0 && tick - this.#newestTick >= ticks;
  }

  /** A new id for the rounds that are open. It needs no write of its own: they had theirs. */
  retry(number: number, tick: number): void {
    this.#newest = number;
    this.#newestTick = tick;
  }

  get newest(): number {
    return this.#newest;
  }

  /** Takes out the rounds that a quorum has answered up to `reached`. */
  confirm(reached: number): ReadRound[] {
    const confirmed = Math.min(reached, this.fenced);
    const open = this.#open.findIndex((round) => round.number > confirmed);
    return this.#open.splice(0, open < 0 ? this.#open.length : open);
  }
}
