/** What happened to leases in a run: what clients asked and were told, and what the cluster decided. */
import { InternalRequest } from '../../../src/api/messages.ts';
import type { AppliedEntry } from '../../../src/apply/state-machine.ts';
import { byteString } from '../../../src/lib/bytes.ts';
import type { LeaseId } from '../../../src/mvcc/types.ts';
import { leaseIdOf, toNumber } from '../../../src/api/messages.ts';
import type { Entry } from '../../../src/raft/types.ts';
import type { Answer, Ask } from './asks.ts';

/** A moment, in simulated time and in that of leader-time.ts. Milliseconds both. */
export interface Moment {
  readonly atMs: number;
  readonly leaderMs: number;
}

export interface LeaseCall {
  readonly client: string;
  readonly ask: Ask;
  readonly called: Moment;
  /** Undefined until it returns, and for ever when its caller gave up. */
  returned: Moment | undefined;
  answer: Answer | undefined;
  /** etcd's text, when it was refused. */
  error: string | undefined;
}

export interface LeasedChange {
  readonly kind: 'put' | 'delete';
  readonly key: string;
  readonly revision: number;
  /** Puts only; '', 0 and 0n otherwise. */
  readonly value: string;
  readonly create: number;
  readonly lease: LeaseId;
}

/** What an entry of the log did. */
export interface Decision {
  readonly index: number;
  readonly term: number;
  /** When the first member had applied it, durably. */
  readonly moment: Moment;
  /** The store's revision after it. */
  readonly revision: number;
  /** Why it was refused; '' if it was not. */
  readonly error: string;
  readonly changes: readonly LeasedChange[];
  readonly act: Act;
}

export type Act =
  | { readonly kind: 'grant'; readonly lease: LeaseId; readonly ttl: number }
  /** `term` 0: a client asked for it. */
  | { readonly kind: 'revoke'; readonly lease: LeaseId; readonly term: number }
  | {
      readonly kind: 'checkpoint';
      readonly remaining: readonly { readonly lease: LeaseId; readonly seconds: number }[];
      readonly term: number;
    }
  | { readonly kind: 'put'; readonly lease: LeaseId; readonly ignoreLease: boolean }
  | { readonly kind: 'other' };

export interface Living {
  readonly lease: LeaseId;
  /** Seconds. */
  readonly ttl: number;
}

export class LeaseRecord {
  readonly calls: LeaseCall[] = [];
  /** By index: those that a member has applied durably. */
  readonly #decisions = new Map<number, Decision>();
  /**
   * By index: what members applied there. It may have been lost again, or a twin's that nobody ever heard
   * of; or be durable though nobody noticed, when a member saved its state and ended at once.
   */
  readonly #applying = new Map<number, Decision[]>();
  readonly #now: () => Moment;

  constructor(now: () => Moment) {
    this.#now = now;
  }

  /** In the order of the log. */
  get decisions(): readonly Decision[] {
    const decisions: Decision[] = [];
    let revision = 1;
    let index = 1;
    const known = [...this.#decisions.values()].sort((left, right) => left.index - right.index);
    for (const decision of known) {
      const before = decision.revision - Math.min(1, decision.changes.length);
      decisions.push(...(this.#unnoticed(index, decision.index, revision, before) ?? []));
      decisions.push(decision);
      revision = decision.revision;
      index = decision.index + 1;
    }
    return decisions;
  }

  /** Leases that have been granted and have not ended. */
  get living(): readonly Living[] {
    const living = new Map<LeaseId, Living>();
    for (const { act, term, error } of this.decisions) {
      if (error !== '') continue;
      if (act.kind === 'grant') living.set(act.lease, act);
      const ends = act.kind === 'revoke' && (act.term === 0 || act.term === term);
      if (ends) living.delete(act.lease);
    }
    return [...living.values()];
  }

  begin(client: string, ask: Ask): LeaseCall {
    const call: LeaseCall = {
      client,
      ask,
      called: this.#now(),
      returned: undefined,
      answer: undefined,
      error: undefined,
    };
    this.calls.push(call);
    return call;
  }

  end(call: LeaseCall, result: { readonly answer: Answer } | { readonly error: string }): void {
    call.returned = this.#now();
    if ('answer' in result) call.answer = result.answer;
    else call.error = result.error;
  }

  /** A member applies an entry, and may lose it again. */
  applying(entry: Entry, applied: AppliedEntry, revision: number): void {
    if (this.#decisions.has(entry.index)) return;
    const known = this.#applying.get(entry.index) ?? [];
    this.#applying.set(entry.index, [...known, this.#decisionOf(entry, applied, revision)]);
  }

  /** What a member applied is durable, and so is all before it. */
  applied(entry: Entry, applied: AppliedEntry, revision: number): void {
    if (this.#decisions.has(entry.index)) return;
    this.#decisions.set(entry.index, this.#decisionOf(entry, applied, revision));
    this.#applying.delete(entry.index);
  }

  /**
   * What must have been applied from `index` on and before `end`, to lead from one revision to the other;
   * undefined when nothing does. The youngest comes first: what is replaced in the log is older.
   */
  #unnoticed(index: number, end: number, revision: number, until: number): Decision[] | undefined {
    let at = index;
    while (at < end && !this.#applying.has(at)) at++;
    if (at === end) return revision === until ? [] : undefined;
    for (const decision of (this.#applying.get(at) ?? []).toReversed()) {
      if (decision.revision !== revision + Math.min(1, decision.changes.length)) continue;
      const rest = this.#unnoticed(at + 1, end, decision.revision, until);
      if (rest !== undefined) return [decision, ...rest];
    }
    // All that was seen there was lost, and what stands there now is no request.
    return this.#unnoticed(at + 1, end, revision, until);
  }

  #decisionOf(entry: Entry, applied: AppliedEntry, revision: number): Decision {
    const { outcome } = applied;
    return {
      index: entry.index,
      term: entry.term,
      moment: this.#now(),
      revision,
      error: outcome.error?.message ?? '',
      changes: outcome.changes.map(({ type, kv }) => ({
        kind: type,
        key: kv.key,
        revision: kv.modRevision,
        value: byteString(kv.value),
        create: kv.createRevision,
        lease: kv.lease,
      })),
      act: actOf(InternalRequest.decode(entry.data), applied),
    };
  }
}

function actOf(request: InternalRequest, { outcome }: AppliedEntry): Act {
  const { lease_grant: grant, lease_revoke: revoke, lease_checkpoint: checkpoint, put } = request;
  if (grant !== null) {
    const response = outcome.response as { readonly TTL?: number } | undefined;
    return { kind: 'grant', lease: leaseIdOf(grant.ID), ttl: response?.TTL ?? 0 };
  }
  if (revoke !== null) {
    return { kind: 'revoke', lease: leaseIdOf(revoke.ID), term: toNumber(revoke.term) };
  }
  if (checkpoint !== null) {
    const remaining = checkpoint.checkpoints.map(({ ID, remaining_TTL }) => ({
      lease: leaseIdOf(ID),
      seconds: toNumber(remaining_TTL),
    }));
    return { kind: 'checkpoint', remaining, term: toNumber(checkpoint.term) };
  }
  if (put !== null) {
    return { kind: 'put', lease: leaseIdOf(put.lease), ignoreLease: put.ignore_lease };
  }
  return { kind: 'other' };
}

export function describeAsk(call: LeaseCall): string {
  const plain = (_: string, value: unknown): unknown =>
    typeof value === 'bigint' ? value.toString(16) : value;
  const end = call.returned?.atMs.toFixed(1) ?? 'never';
  const result = call.answer ?? call.error ?? 'no answer';
  return `${call.client} [${call.called.atMs.toFixed(1)}..${end} ms] ${JSON.stringify(call.ask, plain)} -> ${JSON.stringify(result, plain)}`;
}
