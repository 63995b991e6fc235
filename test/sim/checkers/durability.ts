/**
 * What was acknowledged is there: after faults and healing, every member's store holds, at the
 * revision of each acknowledged put that was not compacted, exactly what was put.
 */
import type { Call } from '../history.ts';
import { describeCall } from '../history.ts';
import type { Pair } from '../kv.ts';
import { didWrite } from '../kv.ts';
import { Violation } from '../world.ts';

export const PROPERTY = 'acknowledged writes durable';

/** One member's store at the end of a run. */
export interface FinalStore {
  readonly id: string;
  readonly revision: number;
  readonly compactRevision: number;
  /** The pair as it stood at `revision`, or undefined. */
  at(key: string, revision: number): Pair | undefined;
}

/** @throws Violation */
export function checkDurable(calls: readonly Call[], stores: readonly FinalStore[]): void {
  for (const call of calls) {
    if (call.outcome?.kind !== 'ok' || !didWrite(call.outcome.result)) continue;
    const { revision } = call.outcome.result;
    for (const store of stores) checkOne(call, revision, store);
  }
}

function checkOne(call: Call, revision: number, store: FinalStore): void {
  if (store.revision < revision) {
    throw new Violation(
      PROPERTY,
      `${store.id} ends at revision ${store.revision}, without ${describeCall(call)}`,
    );
  }
  const { request } = call;
  if (request.kind !== 'put' || revision < store.compactRevision) return;
  const pair = store.at(request.key, revision);
  if (pair?.mod !== revision || pair.value !== request.value) {
    throw new Violation(
      PROPERTY,
      `${store.id} holds ${JSON.stringify(pair)} at revision ${revision}, not what ${describeCall(call)} put`,
    );
  }
}
