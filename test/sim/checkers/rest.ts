/**
 * A sleeping cluster loses nothing: a lease ends in time though nobody is awake, a watch is told of what
 * comes after, the first write after sleep finds leadership where it was, and what a member could be read
 * for before it slept, it still has when it wakes.
 */
import type { Outcome } from '../kv.ts';
import { Violation } from '../world.ts';

export const END_PROPERTY = 'leases end at rest';
export const LEADERSHIP_PROPERTY = 'leadership outlives sleep';
export const WATCH_PROPERTY = 'watches at rest are told';
export const STATE_PROPERTY = 'a member has after sleep what it had before';

export interface RestRead {
  readonly member: string;
  /** Revision of its store when it was put to sleep. */
  readonly slept: number;
  readonly outcome: Outcome;
}

/** What happened after all faults had ended. */
export interface RestStory {
  /** Of a key that hung on it while all slept. */
  readonly lease: { readonly boundMs: number; endedMs: number | undefined } | undefined;
  /** The first after all had slept; undefined when it never came to that. */
  readonly write:
    | {
        readonly outcome: Outcome;
        /** Leaders that began to lead a term between call and answer. */
        readonly elections: number;
        readonly tookMs: number;
      }
    | undefined;
  /** Serializable, at each member, as the first thing after sleep. */
  readonly reads: readonly RestRead[];
  /** First revision that the watch has not been told of. */
  readonly heard: number;
  /** Revision that it has to be told of. */
  readonly due: number;
}

/** @throws Violation */
export function checkEndAtRest({ lease }: RestStory): void {
  if (lease === undefined) return;
  const { boundMs, endedMs } = lease;
  if (endedMs !== undefined && endedMs <= boundMs) return;
  const what = endedMs === undefined ? 'never ended' : `ended at ${endedMs.toFixed(0)} ms`;
  throw new Violation(
    END_PROPERTY,
    `a lease ${what} while all slept; it had to end until ${boundMs.toFixed(0)} ms`,
  );
}

/** @throws Violation */
export function checkLeadershipKept({ write }: RestStory): void {
  if (write === undefined) return;
  const { outcome, elections, tookMs } = write;
  if (outcome.kind !== 'ok') {
    throw new Violation(
      LEADERSHIP_PROPERTY,
      `the first write after sleep failed after ${tookMs.toFixed(0)} ms: ${outcome.error}`,
    );
  }
  if (elections === 0) return;
  throw new Violation(
    LEADERSHIP_PROPERTY,
    `the first write after sleep took ${tookMs.toFixed(0)} ms, and ${elections} election(s), though no fault had struck`,
  );
}

/** @throws Violation */
export function checkWatchAtRest({ heard, due }: RestStory): void {
  if (heard > due) return;
  throw new Violation(
    WATCH_PROPERTY,
    `a watch was told of everything before ${heard}, and waits for ${due}`,
  );
}

/** @throws Violation */
export function checkStateKept({ reads }: RestStory): void {
  for (const { member, slept, outcome } of reads) {
    if (outcome.kind !== 'ok') {
      throw new Violation(
        STATE_PROPERTY,
        `the first read of ${member} after sleep failed: ${outcome.error}`,
      );
    }
    const { revision } = outcome.result;
    if (revision >= slept) continue;
    throw new Violation(
      STATE_PROPERTY,
      `${member} slept with its store at revision ${slept}, and then showed that of ${revision}`,
    );
  }
}
