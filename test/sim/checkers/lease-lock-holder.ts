/**
 * At most one holds a lock, and one leads an election: the candidate whose key was created first. Who is
 * told that it holds one was the first at the revision it was told, so its lease was still there; what is
 * written under a lock is written by the first; and fencing tokens (create revisions) never go back.
 */
import type { LeasedPair } from '../lease/asks.ts';
import { ELECTION_NAME } from '../lease/elector.ts';
import { guardedKey, LOCK_NAMES } from '../lease/locker.ts';
import { type Decision, describeAsk, type LeaseCall, type LeasedChange } from '../lease/record.ts';
import { Violation } from '../world.ts';

export const PROPERTY = 'one holder of a lock';

const NAMES: readonly string[] = [...LOCK_NAMES, ELECTION_NAME];

/** @throws Violation */
export function checkLockHolders(
  calls: readonly LeaseCall[],
  decisions: readonly Decision[],
): void {
  const claims = calls
    .filter(({ answer }) => answer !== undefined)
    .filter(({ ask }) => CLAIMS.has(ask.kind))
    .sort((left, right) => revisionOf(left) - revisionOf(right));
  const candidates = new Candidates();
  let next = 0;
  const checkClaims = (until: number): void => {
    for (; next < claims.length; next++) {
      const claim = claims[next];
      if (claim === undefined || revisionOf(claim) >= until) return;
      checkClaim(claim, candidates);
    }
  };
  for (const decision of decisions) {
    checkClaims(decision.revision);
    for (const change of decision.changes) candidates.change(change);
  }
  checkClaims(Infinity);
}

const CLAIMS: ReadonlySet<string> = new Set(['lock', 'campaign', 'proclaim', 'leader']);

class Candidates {
  /** By name, in the order of their creation. */
  readonly #byName = new Map<string, LeasedPair[]>(NAMES.map((name) => [name, []]));
  readonly #tokens = new Map<string, number>();

  first(name: string): LeasedPair | undefined {
    return this.#byName.get(name)?.[0];
  }

  change(change: LeasedChange): void {
    for (const [name, pairs] of this.#byName) {
      if (change.key === guardedKey(name)) this.#guarded(name, change);
      if (!change.key.startsWith(`${name}/`)) continue;
      const at = pairs.findIndex(({ key }) => key === change.key);
      const { key, value, create, revision: mod, lease } = change;
      const pair = { key, value, create, mod, lease };
      if (change.kind === 'delete') pairs.splice(at, at < 0 ? 0 : 1);
      else if (at < 0) pairs.push(pair);
      else pairs[at] = pair;
    }
  }

  /** The writer names its candidate key at the head of what it writes. */
  #guarded(name: string, { value, revision }: LeasedChange): void {
    const holder = value.split(' ', 1)[0];
    const first = this.first(name);
    if (first === undefined || first.key !== holder) {
      throw new Violation(
        PROPERTY,
        `${value} was written at revision ${revision} under ${name}, which ${first?.key ?? 'nobody'} held`,
      );
    }
    const token = this.#tokens.get(name) ?? 0;
    if (first.create < token) {
      throw new Violation(
        PROPERTY,
        `token ${first.create} was used at revision ${revision} under ${name} after ${token}`,
      );
    }
    this.#tokens.set(name, first.create);
  }
}

function checkClaim(call: LeaseCall, candidates: Candidates): void {
  const { ask, answer } = call;
  switch (ask.kind) {
    case 'lock': {
      const [key] = answer?.keys ?? [];
      if (candidates.first(ask.name)?.key !== key) fail(call, candidates.first(ask.name));
      return;
    }
    case 'campaign':
    case 'proclaim': {
      const leader = ask.kind === 'proclaim' ? ask.leader : answer?.leader;
      const first = candidates.first(leader?.name ?? '');
      if (first?.key !== leader?.key || first?.create !== leader?.rev) fail(call, first);
      return;
    }
    case 'leader': {
      const [seen] = answer?.pairs ?? [];
      const first = candidates.first(ask.name);
      if (first?.key !== seen?.key || first?.value !== seen?.value) fail(call, first);
      return;
    }
    default:
  }
}

function revisionOf(call: LeaseCall): number {
  return call.answer?.revision ?? 0;
}

function fail(call: LeaseCall, first: LeasedPair | undefined): never {
  const held = first === undefined ? 'nobody' : `${first.key} created at ${first.create}`;
  throw new Violation(PROPERTY, `${held} was first at that revision: ${describeAsk(call)}`);
}
