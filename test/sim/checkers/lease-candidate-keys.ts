/**
 * A candidate's key goes only with its lease, or by the will of its owner: by an unlock, a deletion or a
 * resignation that names it, or since a call that waited for it was given up. Nobody loses a lock, or a
 * place in its queue, by what others do.
 */
import { candidateKey } from '../lease/asks.ts';
import { ELECTION_NAME } from '../lease/elector.ts';
import { LOCK_NAMES } from '../lease/locker.ts';
import type { Decision, LeaseCall } from '../lease/record.ts';
import { Violation } from '../world.ts';

export const PROPERTY = 'candidates go by themselves';

const PREFIXES = [...LOCK_NAMES, ELECTION_NAME].map((name) => `${name}/`);

/** @throws Violation */
export function checkCandidateKeys(
  calls: readonly LeaseCall[],
  decisions: readonly Decision[],
): void {
  const givenUp = new Map<string, number>();
  for (const call of calls) {
    const key = givesUp(call);
    const atMs = call.called.atMs;
    if (key !== undefined) givenUp.set(key, Math.min(atMs, givenUp.get(key) ?? Infinity));
  }
  for (const { changes, act, moment, index } of decisions) {
    for (const { kind, key } of changes) {
      if (kind !== 'delete' || !PREFIXES.some((prefix) => key.startsWith(prefix))) continue;
      if (act.kind === 'revoke' && key.endsWith(`/${act.lease.toString(16)}`)) continue;
      if ((givenUp.get(key) ?? Infinity) <= moment.atMs) continue;
      throw new Violation(
        PROPERTY,
        `entry ${index} deleted ${key} at ${moment.atMs.toFixed(1)} ms, and its owner had not asked for it`,
      );
    }
  }
}

/** The key that the call gives up, or may. */
function givesUp({ ask, answer }: LeaseCall): string | undefined {
  switch (ask.kind) {
    case 'unlock':
    case 'delete':
      return ask.key;
    case 'resign':
      return ask.leader.key;
    case 'lock':
    case 'campaign':
      return answer === undefined ? candidateKey(ask.name, ask.lease) : undefined;
    default:
      return undefined;
  }
}
