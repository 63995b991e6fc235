/**
 * Keys go with their lease: whatever ends a lease deletes exactly the keys that hung on it last, all at
 * one revision, in order; an end that a former leader found does nothing; no key hangs on a lease that
 * is not there. And clients see it so at every member: what a range shows is what stood at its revision.
 */
import type { LeasedPair } from '../lease/asks.ts';
import { isStale } from '../lease/lives.ts';
import { type Decision, describeAsk, type LeaseCall } from '../lease/record.ts';
import { Violation } from '../world.ts';

export const PROPERTY = 'keys go with their lease';

/** The store as the decisions made it. */
class Store {
  readonly pairs = new Map<string, LeasedPair>();
  readonly #leases = new Set<bigint>();
  revision = 1;

  decide(decision: Decision): void {
    const { act, error, changes } = decision;
    this.#checkRevision(decision);
    if (act.kind === 'revoke') this.#checkEnd(decision);
    if (error === '' && act.kind === 'grant') this.#leases.add(act.lease);
    if (error === '' && act.kind === 'revoke' && !isStale(decision)) this.#leases.delete(act.lease);
    for (const change of changes) {
      if (change.kind === 'delete') {
        this.pairs.delete(change.key);
        continue;
      }
      const { key, value, create, revision: mod, lease } = change;
      if (lease !== 0n && !this.#leases.has(lease)) {
        fail(decision, `${key} was hung on lease ${lease.toString(16)}, which is not there`);
      }
      if (act.kind === 'put') {
        const meant = act.ignoreLease ? (this.pairs.get(key)?.lease ?? 0n) : act.lease;
        if (lease !== meant) fail(decision, `${key} hangs on ${lease}, not on ${meant}`);
      }
      this.pairs.set(key, { key, value, create, mod, lease });
    }
  }

  /** One revision for all that an entry changes, and none for one that changes nothing. */
  #checkRevision(decision: Decision): void {
    const { changes, revision } = decision;
    const expected = this.revision + (changes.length > 0 ? 1 : 0);
    if (revision !== expected || changes.some((change) => change.revision !== expected)) {
      const own = changes.map((change) => change.revision).join(', ');
      fail(decision, `its changes have revisions ${own}, it leads to ${revision}, not ${expected}`);
    }
    this.revision = revision;
  }

  #checkEnd(decision: Decision): void {
    const { act, error, changes } = decision;
    if (act.kind !== 'revoke') return;
    const lives = this.#leases.has(act.lease);
    const ends = error === '' && !isStale(decision);
    if (ends && !lives) fail(decision, 'it ended a lease that was not there');
    const expected = ends
      ? [...this.pairs.values()].filter(({ lease }) => lease === act.lease).map(({ key }) => key)
      : [];
    const deleted = changes.map(({ kind, key }) => (kind === 'delete' ? key : `put of ${key}`));
    if (deleted.join() !== expected.sort().join()) {
      fail(decision, `it deleted [${deleted.join()}], and [${expected.join()}] hung on the lease`);
    }
  }
}

/** @throws Violation */
export function checkLeasedKeys(calls: readonly LeaseCall[], decisions: readonly Decision[]): void {
  const reads = calls
    .filter(({ ask, answer }) => ask.kind === 'range' && answer !== undefined)
    .sort((left, right) => revisionOf(left) - revisionOf(right));
  const store = new Store();
  let next = 0;
  const checkReads = (until: number): void => {
    for (; next < reads.length; next++) {
      const read = reads[next];
      if (read === undefined || revisionOf(read) >= until) return;
      checkRead(read, store);
    }
  };
  for (const decision of decisions) {
    checkReads(decision.revision);
    store.decide(decision);
  }
  checkReads(Infinity);
}

function checkRead(call: LeaseCall, store: Store): void {
  const { ask, answer } = call;
  if (ask.kind !== 'range') return;
  if (answer?.revision !== store.revision) {
    throw new Violation(PROPERTY, `there is no such revision: ${describeAsk(call)}`);
  }
  const expected = [...store.pairs.values()]
    .filter(({ key }) => key >= ask.key && key < ask.end)
    .sort((left, right) => (left.key < right.key ? -1 : 1));
  const line = ({ key, value, create, mod, lease }: LeasedPair): string =>
    `${key}=${value}@${create}/${mod} on ${lease.toString(16)}`;
  const seen = (answer.pairs ?? []).map(line).join(', ');
  const stood = expected.map(line).join(', ');
  if (seen !== stood) {
    throw new Violation(PROPERTY, `there stood [${stood}], but ${describeAsk(call)}`);
  }
}

function revisionOf(call: LeaseCall): number {
  return call.answer?.revision ?? 0;
}

function fail(decision: Decision, text: string): never {
  const { index, term, act } = decision;
  const what = act.kind === 'revoke' ? `end of ${act.lease.toString(16)} (${act.term})` : act.kind;
  throw new Violation(PROPERTY, `entry ${index} of term ${term}, ${what}: ${text}`);
}
