/**
 * No lease lives on past the bound. Once the faults have ended and the cluster works (`calmMs`), a lease
 * that nobody renews is gone after its TTL, one election timeout (a new leader adds it, since nobody
 * could renew in an election) and a grace for what the log and the ticks take. If the leader is then lost
 * for good while the cluster rests, the others look for it once the first lease should have ended, and
 * LEASE_FOLLOWER_GRACE_MS later; they elect another, which gives every lease its time anew.
 */
import {
  ELECTION_TICKS,
  LEASE_FOLLOWER_GRACE_MS,
  PROPOSAL_TIMEOUT_MS,
  TICK_MS,
} from '../../../src/constants.ts';
import { type Life, livesOf } from '../lease/lives.ts';
import type { Decision, LeaseCall } from '../lease/record.ts';
import { Violation } from '../world.ts';

export const PROPERTY = 'no lease lives on';

/** What a new leader adds, whatever the timeout of this run's elections. */
const EXTENSION_MS = 1_000;
/** A tick, a commit, a wake, and a proposal that has to be made again. */
const GRACE_MS = 1_500;
/**
 * What those take besides where members live in regions. An end waits for two rounds at most: one in which a
 * leader that was built anew learns what is committed, or in which what was sent before is acknowledged, and
 * one that commits the end. Once all is calm (CALM_DELAYS_MAX) each takes 0.9 s at most, and a tick and four
 * writes 0.2 s: 2 s together, of which GRACE_MS holds 1.5 s. As much again is for who is held up by a turn.
 */
const FAR_GRACE_MS = 1_000;
/** Elections until one is won: votes may be split. */
const ELECTIONS = 5;

export interface Calm {
  /** When all that disturbs had ended. */
  readonly calmMs: number;
  /** The end of the run. */
  readonly nowMs: number;
  /** The leader was taken away for good at rest. */
  readonly leaderLost: boolean;
  /** Leases that are granted longer are not judged. */
  readonly waitedTtlSecondsMax: number;
  /** Members live in regions. */
  readonly far?: boolean;
}

/** When a lease must have ended that nobody touched after `touchedMs`. */
export function lifeBoundMs(
  touchedMs: number,
  ttlSeconds: number,
  { leaderLost, far = false }: Pick<Calm, 'leaderLost' | 'far'>,
): number {
  const onceMs = ttlSeconds * 1_000 + EXTENSION_MS + GRACE_MS + (far ? FAR_GRACE_MS : 0);
  if (!leaderLost) return touchedMs + onceMs;
  const electionMs = ELECTIONS * 2 * ELECTION_TICKS * TICK_MS;
  return touchedMs + 2 * onceMs + LEASE_FOLLOWER_GRACE_MS + electionMs;
}

/** @throws Violation */
export function checkBoundedLife(
  calls: readonly LeaseCall[],
  decisions: readonly Decision[],
  calm: Calm,
): void {
  for (const life of livesOf(decisions)) {
    if (life.ttl > calm.waitedTtlSecondsMax) continue;
    const boundMs = lifeBoundMs(touchedMs(life, calls, calm), life.ttl, calm);
    const endMs = life.ended?.moment.atMs ?? calm.nowMs;
    if (endMs <= boundMs) continue;
    throw new Violation(
      PROPERTY,
      `lease ${life.lease.toString(16)} of ${life.ttl} s ${life.ended === undefined ? 'still lives' : 'ended'} at ${endMs.toFixed(0)} ms; all was calm since ${calm.calmMs.toFixed(0)} ms, and it had to end until ${boundMs.toFixed(0)} ms`,
    );
  }
}

/** The last moment at which its time may have begun anew. */
function touchedMs(life: Life, calls: readonly LeaseCall[], { calmMs }: Calm): number {
  let lastMs = Math.max(calmMs, life.granted.moment.atMs);
  for (const { ask, called, returned } of calls) {
    if (ask.kind !== 'keepAlive' || ask.lease !== life.lease) continue;
    lastMs = Math.max(lastMs, returned?.atMs ?? called.atMs + PROPOSAL_TIMEOUT_MS);
  }
  return lastMs;
}
