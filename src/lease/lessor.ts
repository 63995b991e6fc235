/**
 * The lessor of a member. Two sides:
 *
 * - replicated: which leases there are and which keys hang on them; changed by applied entries;
 * - primary, on the leader alone: when each lease ends. Renewals change it without a log entry.
 *
 * A lease never ends before its TTL is over by the leader's clock. It may live longer: by an election
 * timeout and the drift of its checkpoint after a change of leader (see `driftSeconds`), and by the
 * pace of expiry when very many end at once.
 */
import { LEASE_EXPIRIES_BURST } from '../constants.ts';
import { assert } from '../lib/assert.ts';
import type { RowStore } from '../lib/row-store.ts';
import type { Key, LeaseId } from '../mvcc/types.ts';
import { NONE } from './id-index.ts';
import { SteadyClock, type WallClock } from '../lib/steady-clock.ts';
import { Primary, type RemainingTime } from './primary.ts';
import { ReplicatedLeases } from './replicated-leases.ts';
import { type Deadline, RestRecord } from './rest-record.ts';

export type Renewal =
  | {
      readonly kind: 'renewed';
      readonly ttlSeconds: number;
      /**
       * The log says, or is about to say, that less time remains than was granted. Propose a
       * checkpoint of 0 and answer once it is applied: else the next leader would end the lease early.
       */
      readonly clearCheckpoint: boolean;
    }
  /** Its time is over and its revocation under way: answer TTL 0 once the lease is gone. */
  | { readonly kind: 'ended' }
  | { readonly kind: 'unknown' }
  /** Not leader, or not in the term in which leadership was confirmed: ask the leader. */
  | { readonly kind: 'notPrimary' };

export interface TimeToLive {
  readonly grantedSeconds: number;
  /** Whole seconds, rounded down; undefined unless this member is primary. */
  readonly remainingSeconds: number | undefined;
}

/** A revocation to propose: with the term, so that it is dropped if leadership changes before. */
export interface Expiry {
  readonly id: LeaseId;
  readonly term: number;
}

export class Lessor {
  readonly #replicated: ReplicatedLeases;
  readonly #clock: SteadyClock;
  readonly #rest: RestRecord;
  /** Offset of the clock when the record's times were those of the wall clock. */
  #restOffset = 0;
  #primary: Primary | undefined;

  private constructor(store: RowStore, wall: WallClock) {
    this.#replicated = new ReplicatedLeases(store);
    this.#rest = new RestRecord(store);
    this.#clock = new SteadyClock(wall);
  }

  /** The leases as of the last flush, on the follower's side. @throws CorruptLeasesError */
  static open(store: RowStore, wall: WallClock): Lessor {
    return new Lessor(store, wall);
  }

  // Replicated: the same on all members.

  has(id: LeaseId): boolean {
    return this.#replicated.has(id);
  }

  /** Returns the TTL granted. @throws StatusError leaseNotFound (id 0), leaseTTLTooLarge, leaseExist */
  grant(id: LeaseId, ttlSeconds: number): number {
    const granted = this.#replicated.grant(id, ttlSeconds);
    const point = this.#rest.point;
    // The record may hold a deadline of an earlier lease with this id.
    if (point !== undefined && this.#replicated.grants > point.grants) this.#rest.drop();
    const slot = this.#replicated.table.find(id);
    this.#primary?.setDeadline(slot, this.#clock.nowMs() + granted * 1000);
    return granted;
  }

  /** Forgets a lease and what hangs on it. Unknown ids are passed over. */
  revoke(id: LeaseId): void {
    const slot = this.#replicated.table.find(id);
    if (slot === NONE) return;
    this.#primary?.forget(slot);
    this.#replicated.revoke(id);
  }

  /** The keys attached to a lease in bytewise order; none if it is unknown. */
  keys(id: LeaseId): readonly Key[] {
    return this.#replicated.keys(id);
  }

  attach(id: LeaseId, key: Key): void {
    this.#replicated.attach(id, key);
  }

  detach(id: LeaseId, key: Key): void {
    this.#replicated.detach(id, key);
  }

  hasRoom(count: number, bytes: number): boolean {
    return this.#replicated.hasRoom(count, bytes);
  }

  /** What a new leader will assume to remain of a lease; 0: its TTL. @throws StatusError leaseNotFound */
  checkpoint(id: LeaseId, remainingSeconds: number): void {
    this.#replicated.checkpoint(id, remainingSeconds);
    this.#primary?.checkpointed(this.#replicated.table.find(id));
  }

  get changes(): number {
    return this.#replicated.changes;
  }

  /** How many leases there are. */
  get size(): number {
    return this.#replicated.table.size;
  }

  /** The least that a new leader would assume to remain of any lease; undefined: there are none. */
  shortestAssumedSeconds(): number | undefined {
    const { table } = this.#replicated;
    let shortest: number | undefined;
    for (const slot of table.slots()) {
      const seconds = table.remainingOf(slot) || table.ttlOf(slot);
      if (shortest === undefined || seconds < shortest) shortest = seconds;
    }
    return shortest;
  }

  encode(): Uint8Array {
    return this.#replicated.encode();
  }

  /** Replaces everything by what `encode` returned; this member is not primary after it. */
  restore(bytes: Uint8Array): void {
    this.demote();
    this.#replicated.restore(bytes);
  }

  /** Writes what changed; belongs into the transaction that saves the applied index. */
  flush(): void {
    this.#replicated.flush();
  }

  // Primary: on the leader.

  /** The term this member is primary in, or undefined. */
  get primaryTerm(): number | undefined {
    return this.#primary?.term;
  }

  /**
   * This member leads in `term`. Call it once everything is applied that was in the log when it began
   * to lead (its own first entry, after an election): a revocation that is still on its way must not
   * meet a lease that was renewed since.
   *
   * If the leader came to rest in this term and woke, leases end when they would have. Otherwise each
   * has what the log says to remain, and `extendMs` on top: an election timeout, in which nobody could
   * renew.
   */
  promote(term: number, extendMs: number): void {
    const leases = this.#replicated.table;
    const rested = this.#restedDeadlines(term);
    const nowMs = this.#clock.nowMs();
    const primary = new Primary(leases, term, nowMs);
    for (const slot of leases.slots()) {
      const seconds = leases.remainingOf(slot) || leases.ttlOf(slot);
      primary.setDeadline(slot, nowMs + seconds * 1000 + extendMs);
    }
    for (const { id, atMs } of rested) {
      const slot = leases.find(id);
      if (slot !== NONE) primary.setDeadline(slot, atMs);
    }
    this.#primary = primary;
  }

  /** This member no longer leads: it neither renews nor ends leases, and forgets when they end. */
  demote(): void {
    this.#primary = undefined;
  }

  /**
   * Gives a lease its full TTL again. `term`: the term in which the waiting renewals' round confirmed
   * this member's leadership; the round must have begun after the request arrived.
   */
  renew(id: LeaseId, term: number): Renewal {
    const primary = this.#primary;
    if (primary?.term !== term) return { kind: 'notPrimary' };
    const leases = this.#replicated.table;
    const slot = leases.find(id);
    if (slot === NONE) return { kind: 'unknown' };
    const nowMs = this.#clock.nowMs();
    if (primary.ended(slot, nowMs)) return { kind: 'ended' };
    // The answer leaves only when this is durable: a wake can no longer bring back the old deadline.
    this.#rest.drop();
    const ttlSeconds = leases.ttlOf(slot);
    // A new leader gave it more, which somebody may have been told: a renewal takes nothing away.
    const deadlineMs = Math.max(nowMs + ttlSeconds * 1000, primary.deadlineOf(slot));
    primary.setDeadline(slot, deadlineMs);
    return { kind: 'renewed', ttlSeconds, clearCheckpoint: primary.clearsCheckpoint(slot) };
  }

  /** Undefined if there is no such lease. Only a confirmed leader's answer is the truth. */
  timeToLive(id: LeaseId): TimeToLive | undefined {
    const slot = this.#replicated.table.find(id);
    if (slot === NONE) return undefined;
    const grantedSeconds = this.#replicated.table.ttlOf(slot);
    const primary = this.#primary;
    if (primary === undefined) return { grantedSeconds, remainingSeconds: undefined };
    const leftMs = primary.deadlineOf(slot) - this.#clock.nowMs();
    return { grantedSeconds, remainingSeconds: Math.max(0, Math.floor(leftMs / 1000)) };
  }

  /** All ids: by the time that remains on the primary, by id elsewhere. */
  leases(): LeaseId[] {
    const { table } = this.#replicated;
    const primary = this.#primary;
    const slots = [...table.slots()];
    if (primary !== undefined) {
      slots.sort((left, right) => primary.deadlineOf(left) - primary.deadlineOf(right));
      return slots.map((slot) => table.idOf(slot));
    }
    return [...BigInt64Array.from(slots, (slot) => table.idOf(slot)).sort()];
  }

  /**
   * Leases whose time is over, to be revoked through the log: at most `max`, and no more a second than
   * LEASE_EXPIRIES_PER_SECOND_MAX. One that is still there after LEASE_EXPIRY_RETRY_MS comes again.
   */
  expired(max: number = LEASE_EXPIRIES_BURST): Expiry[] {
    const primary = this.#primary;
    if (primary === undefined) return [];
    const { table } = this.#replicated;
    return primary
      .takeExpired(max, this.#clock.nowMs())
      .map((slot) => ({ id: table.idOf(slot), term: primary.term }));
  }

  /** When to call `expired` next, by the wall clock: an alarm's time. Undefined: no lease can end. */
  nextDeadline(): number | undefined {
    // Looks at the clock first: it may have been set back since the last call.
    this.#clock.nowMs();
    const next = this.#primary?.nextMs();
    return next === undefined ? undefined : this.#clock.wallTimeOf(next);
  }

  /**
   * Checkpoints to propose: leases whose replicated remaining time is too far from the truth. One slice
   * a call, mostly empty; call it at every tick.
   */
  checkpoints(): RemainingTime[] {
    return this.#primary?.takeCheckpoints(this.#clock.nowMs()) ?? [];
  }

  /** The cluster comes to rest: writes the deadlines, unless they stand in storage as they are. */
  rest(): void {
    const primary = this.#primary;
    assert(primary !== undefined, 'write the deadlines for rest: this member is not primary');
    const nowMs = this.#clock.wallTimeOf(this.#clock.nowMs());
    const sameClock = this.#clock.offset === this.#restOffset;
    if (this.#rest.point?.term === primary.term && sameClock) return;
    const { table, grants } = this.#replicated;
    const deadlines: Deadline[] = [];
    for (const slot of table.slots()) {
      const atMs = this.#clock.wallTimeOf(primary.deadlineOf(slot));
      deadlines.push({ id: table.idOf(slot), atMs });
    }
    this.#rest.write({ term: primary.term, grants, atMs: nowMs }, deadlines);
    this.#restOffset = this.#clock.offset;
  }

  /** What the record of the rest in `term` says; nothing if there is none or it is damaged. */
  #restedDeadlines(term: number): readonly Deadline[] {
    const point = this.#rest.point;
    if (point?.term !== term) return [];
    const deadlines = this.#rest.read();
    if (deadlines === undefined) return [];
    // If the clock was set back meanwhile, no lease gets more time for it.
    this.#clock.notBefore(point.atMs);
    return deadlines;
  }
}
