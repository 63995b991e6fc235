/** The lives of leases, from the decisions of the log. One id may have several, one after the other. */
import type { LeaseId } from '../../../src/mvcc/types.ts';
import type { Decision, LeaseCall } from './record.ts';

export interface Life {
  readonly lease: LeaseId;
  /** Seconds. */
  readonly ttl: number;
  readonly granted: Decision;
  ended: Decision | undefined;
}

export function livesOf(decisions: readonly Decision[]): Life[] {
  const lives: Life[] = [];
  const current = new Map<LeaseId, Life>();
  for (const decision of decisions) {
    const { act, error } = decision;
    if (error !== '') continue;
    if (act.kind === 'grant') {
      const life: Life = { lease: act.lease, ttl: act.ttl, granted: decision, ended: undefined };
      lives.push(life);
      current.set(act.lease, life);
    } else if (act.kind === 'revoke' && !isStale(decision)) {
      const life = current.get(act.lease);
      if (life !== undefined) life.ended = decision;
      current.delete(act.lease);
    }
  }
  return lives;
}

/** Is the decision an end that a former leader found? It has to do nothing. */
export function isStale({ act, term }: Decision): boolean {
  return act.kind === 'revoke' && act.term !== 0 && act.term !== term;
}

/**
 * The lives that a call may have met. What the log decided was so at the latest when the first member
 * had applied it; it may have been so a little earlier.
 */
export function livesMet(lives: readonly Life[], call: LeaseCall, lease: LeaseId): Life[] {
  const returnedMs = call.returned?.atMs ?? Infinity;
  return lives.filter(
    (life) =>
      life.lease === lease &&
      life.granted.moment.atMs <= returnedMs &&
      (life.ended === undefined || life.ended.moment.atMs >= call.called.atMs),
  );
}

/** A life that lasted from before a call until after its return. */
export function lifeThroughout(
  lives: readonly Life[],
  call: LeaseCall,
  lease: LeaseId,
): Life | undefined {
  const returnedMs = call.returned?.atMs ?? Infinity;
  return lives.find(
    (life) =>
      life.lease === lease &&
      life.granted.moment.atMs < call.called.atMs &&
      (life.ended === undefined || life.ended.moment.atMs > returnedMs),
  );
}
