/**
 * The leader's side of the leases: when each of them ends, and which have. None of it is replicated; a
 * new leader begins anew. All times are those of the lease clock, in milliseconds.
 */
import {
  LEASE_CHECKPOINT_DRIFT_SECONDS_MAX,
  LEASE_CHECKPOINT_DRIFT_SECONDS_MIN,
  LEASE_CHECKPOINT_SLICE,
  LEASE_CHECKPOINT_SWEEP_MS,
  LEASE_EXPIRIES_PENDING_MAX,
  LEASE_EXPIRY_RETRY_MS,
} from '../constants.ts';
import type { LeaseId } from '../mvcc/types.ts';
import { DeadlineHeap } from './deadline-heap.ts';
import { ExpiryPace } from './expiry-pace.ts';
import type { LeaseTable } from './lease-table.ts';

/** What a log entry says about a lease's remaining time. */
export interface RemainingTime {
  readonly id: LeaseId;
  /** Whole seconds, rounded up. */
  readonly remainingSeconds: number;
}

export class Primary {
  readonly term: number;
  readonly #leases: LeaseTable;
  readonly #heap = new DeadlineHeap();
  readonly #pace: ExpiryPace;
  /**
   * Ended leases handed out for revocation and when to do so again; these are not in the heap.
   * Invariant: in the order of the times, which is that of insertion.
   */
  readonly #revoking = new Map<number, number>();
  /**
   * What is on its way through the log for a lease: a checkpoint, or after a renewal its clearing. While
   * there is anything, no checkpoint follows. One that is lost on its way leaves the lease without: then
   * the next leader gives it more time, not less.
   */
  readonly #checkpointing = new Map<number, 'set' | 'clear'>();
  /** Slots that the running round of checkpoints has not seen yet, undefined between rounds. */
  #sweepLeft: number | undefined;
  #sweepSlot: number;
  #sweepAtMs: number;

  constructor(leases: LeaseTable, term: number, nowMs: number) {
    this.#leases = leases;
    this.term = term;
    this.#pace = new ExpiryPace(nowMs);
    // At once, and not always from the first slot: a leader that soon rests again sees only a part.
    this.#sweepAtMs = nowMs;
    this.#sweepSlot = Math.floor(nowMs) % Math.max(leases.end, 1);
  }

  setDeadline(slot: number, atMs: number): void {
    this.#heap.set(slot, atMs);
  }

  deadlineOf(slot: number): number {
    return this.#heap.deadlineOf(slot);
  }

  /** True once a lease's time is over: it can no longer be renewed, whoever is late. */
  ended(slot: number, nowMs: number): boolean {
    return this.#revoking.has(slot) || this.#heap.deadlineOf(slot) <= nowMs;
  }

  /** The lease in `slot` is no more. */
  forget(slot: number): void {
    this.#heap.remove(slot);
    this.#revoking.delete(slot);
    this.#checkpointing.delete(slot);
  }

  /** At most `max` leases that have ended, earliest first, no faster than the limit allows. */
  takeExpired(max: number, nowMs: number): number[] {
    const slots: number[] = [];
    const limit = Math.min(max, this.#pace.available(nowMs));
    for (const [slot, retryAtMs] of this.#revoking) {
      if (retryAtMs > nowMs || slots.length >= limit) break;
      slots.push(slot);
    }
    for (const slot of slots) this.#revoking.delete(slot);
    while (
      slots.length < limit &&
      this.#revoking.size + slots.length < LEASE_EXPIRIES_PENDING_MAX
    ) {
      const slot = this.#heap.peek();
      if (slot === undefined || this.#heap.deadlineOf(slot) > nowMs) break;
      this.#heap.remove(slot);
      slots.push(slot);
    }
    for (const slot of slots) this.#revoking.set(slot, nowMs + LEASE_EXPIRY_RETRY_MS);
    this.#pace.take(slots.length);
    return slots;
  }

  /** When `takeExpired` will next have something, if nothing happens before. */
  nextMs(): number | undefined {
    let next: number | undefined;
    const slot = this.#heap.peek();
    if (slot !== undefined && this.#revoking.size < LEASE_EXPIRIES_PENDING_MAX) {
      next = this.#heap.deadlineOf(slot);
    }
    for (const retryAtMs of this.#revoking.values()) {
      next = Math.min(next ?? Infinity, retryAtMs);
      break;
    }
    return next === undefined ? undefined : Math.max(next, this.#pace.nextMs());
  }

  /**
   * A lease is renewed: does the log say that less remains of it, or is it about to? Then that is to be
   * cleared, and this counts as being under way.
   */
  clearsCheckpoint(slot: number): boolean {
    if (this.#leases.remainingOf(slot) === 0 && !this.#checkpointing.has(slot)) return false;
    this.#checkpointing.set(slot, 'clear');
    return true;
  }

  /** A checkpoint was applied. */
  checkpointed(slot: number): void {
    const isCleared = this.#leases.remainingOf(slot) === 0;
    if (isCleared || this.#checkpointing.get(slot) === 'set') this.#checkpointing.delete(slot);
  }

  /**
   * Leases whose replicated remaining time has fallen behind by more than the limit: one slice of a
   * round over all of them, the same work whatever their number.
   */
  takeCheckpoints(nowMs: number): RemainingTime[] {
    if (this.#sweepLeft === undefined) {
      if (nowMs < this.#sweepAtMs) return [];
      this.#sweepAtMs = nowMs + LEASE_CHECKPOINT_SWEEP_MS;
      this.#sweepLeft = this.#leases.end;
    }
    const count = Math.min(LEASE_CHECKPOINT_SLICE, this.#sweepLeft);
    this.#sweepLeft = count < this.#sweepLeft ? this.#sweepLeft - count : undefined;
    const checkpoints: RemainingTime[] = [];
    for (let seen = 0; seen < count; seen++) {
      if (this.#sweepSlot >= this.#leases.end) this.#sweepSlot = 0;
      const slot = this.#sweepSlot++;
      if (!this.#leases.used(slot) || this.ended(slot, nowMs)) continue;
      if (this.#checkpointing.has(slot)) continue;
      const remaining = (this.#heap.deadlineOf(slot) - nowMs) / 1000;
      const assumed = this.#leases.remainingOf(slot) || this.#leases.ttlOf(slot);
      if (assumed - remaining <= driftSeconds(this.#leases.ttlOf(slot))) continue;
      const id = this.#leases.idOf(slot);
      this.#checkpointing.set(slot, 'set');
      checkpoints.push({ id, remainingSeconds: Math.ceil(remaining) });
    }
    return checkpoints;
  }
}

/** How far the replicated remaining time of a lease may be off. */
export function driftSeconds(ttlSeconds: number): number {
  const half = Math.min(ttlSeconds / 2, LEASE_CHECKPOINT_DRIFT_SECONDS_MAX);
  return Math.max(half, LEASE_CHECKPOINT_DRIFT_SECONDS_MIN);
}
