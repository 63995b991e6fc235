/**
 * Revisions are never reused and never go back: each write that was answered has a revision of its
 * own, and none that an answer has shown is higher than one a later linearizable call sees.
 */
import type { Call } from '../history.ts';
import { describeCall } from '../history.ts';
import { didWrite } from '../kv.ts';
import { Violation } from '../world.ts';

export const PROPERTY = 'revisions never reused or going back';

/** @throws Violation */
export function checkRevisions(calls: readonly Call[]): void {
  const owners = new Map<number, Call>();
  /** Answered calls in order of return, for the highest revision known at a moment. */
  const answered = calls
    .filter((call) => call.outcome?.kind === 'ok')
    .sort((left, right) => left.returned - right.returned);
  const called = [...answered].sort((left, right) => left.called - right.called);
  let highest: { call: Call; revision: number } | undefined;
  let at = 0;
  for (const call of called) {
    for (; at < answered.length && (answered[at] as Call).returned < call.called; at++) {
      const done = answered[at] as Call;
      const revision = revisionOf(done);
      if (highest === undefined || revision > highest.revision) highest = { call: done, revision };
    }
    const revision = revisionOf(call);
    checkOwner(owners, call, revision);
    if (call.request.kind !== 'compact' && call.request.serializable === true) continue;
    if (highest !== undefined && revision < highest.revision) {
      throw new Violation(
        PROPERTY,
        `${describeCall(call)} goes back behind ${describeCall(highest.call)}`,
      );
    }
  }
}

function checkOwner(owners: Map<number, Call>, call: Call, revision: number): void {
  if (call.outcome?.kind !== 'ok' || !didWrite(call.outcome.result)) return;
  const owner = owners.get(revision);
  if (owner !== undefined) {
    throw new Violation(
      PROPERTY,
      `revision ${revision} of ${describeCall(owner)} reused by ${describeCall(call)}`,
    );
  }
  owners.set(revision, call);
}

function revisionOf(call: Call): number {
  return call.outcome?.kind === 'ok' ? call.outcome.result.revision : 0;
}
