/**
 * Reads at old revisions: the content is checked with every other answer (linearizability); here, the
 * refusals. "Compacted" needs somebody who asked for that compaction; a compaction that was answered
 * is in force for every linearizable read after it; and a revision that was answered is no future one.
 */
import type { Call } from '../history.ts';
import { describeCall } from '../history.ts';
import { COMPACTED, FUTURE_REVISION } from '../kv.ts';
import { Violation } from '../world.ts';

export const PROPERTY = 'reads at old revisions';

/** @throws Violation */
export function checkOldReads(calls: readonly Call[]): void {
  const compactions = calls.filter(({ request }) => request.kind === 'compact');
  for (const call of calls) {
    const { request, outcome } = call;
    if (request.kind !== 'range' || outcome === undefined || outcome.kind === 'unknown') continue;
    const revision = request.revision ?? 0;
    if (revision <= 0) continue;
    if (outcome.kind === 'ok') checkServed(call, revision, compactions);
    else if (outcome.error === COMPACTED) checkCompacted(call, revision, compactions);
    else if (outcome.error === FUTURE_REVISION) checkFuture(call, revision, calls);
  }
}

function compactsTo(call: Call): number {
  return call.request.kind === 'compact' ? call.request.revision : 0;
}

function checkServed(call: Call, revision: number, compactions: readonly Call[]): void {
  if (call.request.kind === 'range' && call.request.serializable === true) return;
  const done = compactions.find(
    (other) =>
      other.outcome?.kind === 'ok' && compactsTo(other) > revision && other.returned < call.called,
  );
  if (done === undefined) return;
  throw new Violation(PROPERTY, `${describeCall(call)} was served after ${describeCall(done)}`);
}

function checkCompacted(call: Call, revision: number, compactions: readonly Call[]): void {
  const cause = compactions.find(
    (other) =>
      other.outcome?.kind !== 'failed' &&
      compactsTo(other) > revision &&
      other.called < call.returned,
  );
  if (cause === undefined)
    throw new Violation(PROPERTY, `nobody compacted what ${describeCall(call)} asks for`);
}

function checkFuture(call: Call, revision: number, calls: readonly Call[]): void {
  if (call.request.kind === 'range' && call.request.serializable === true) return;
  const known = calls.find(
    (other) =>
      other.outcome?.kind === 'ok' &&
      other.outcome.result.revision >= revision &&
      other.returned < call.called,
  );
  if (known !== undefined) {
    throw new Violation(PROPERTY, `${describeCall(call)} was refused after ${describeCall(known)}`);
  }
}
