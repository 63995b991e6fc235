/**
 * What clients do: etcd's robustness traffic (its etcd mix and its Kubernetes mix), drawn from a seed.
 * A generator knows what its client has seen, as real clients do, and writes every value once.
 */
import type { Prng } from '../../src/lib/prng.ts';
import type { Op, Outcome, Pair, Request } from './kv.ts';
import { pairsOf } from './kv.ts';

export interface Generator {
  next(): Request;
  /** What came back for the request drawn last. */
  learn(request: Request, outcome: Outcome): void;
}

export type Mix = 'etcd' | 'kubernetes' | 'churn';

export function generatorOf(mix: Mix, client: string, prng: Prng, keys: number): Generator {
  switch (mix) {
    case 'etcd':
      return new EtcdMix(client, prng, keys);
    case 'kubernetes':
      return new KubernetesMix(client, prng, keys, { update: 90, create: 5, remove: 5 });
    case 'churn':
      return new KubernetesMix(client, prng, keys, { update: 0, create: 60, remove: 40 });
  }
}

/** Picks by weight. */
function draw<T>(prng: Prng, weighted: readonly (readonly [number, T])[]): T {
  let total = 0;
  for (const [weight] of weighted) total += weight;
  let left = prng.below(total);
  for (const [weight, choice] of weighted) {
    left -= weight;
    if (left < 0) return choice;
  }
  throw new Error('draw by weight: no choice');
}

/** What a client knows and how it names things. */
class Knowledge {
  readonly prng: Prng;
  readonly #client: string;
  readonly #keys: number;
  #writes = 0;
  /** Highest revision any answer named. */
  revision = 1;
  /** Newest known pair by key. */
  readonly pairs = new Map<string, Pair>();

  constructor(client: string, prng: Prng, keys: number) {
    this.#client = client;
    this.prng = prng;
    this.#keys = keys;
  }

  key(): string {
    return `key/${this.prng.below(this.#keys)}`;
  }

  /** Never the same twice; now and then large. */
  value(): string {
    const name = `${this.#client}.${++this.#writes}`;
    return this.prng.bool(0.02) ? name.padEnd(200 + this.prng.below(4_000), '.') : name;
  }

  oldRevision(): number {
    return Math.max(1, this.revision - this.prng.below(60));
  }

  learn(outcome: Outcome): void {
    if (outcome.kind !== 'ok') return;
    this.revision = Math.max(this.revision, outcome.result.revision);
    for (const pair of pairsOf(outcome.result)) {
      const known = this.pairs.get(pair.key);
      if (known === undefined || known.mod < pair.mod) this.pairs.set(pair.key, pair);
    }
  }
}

const ALL = { key: 'key/', end: 'key0' } as const;

/** etcd's own mix, leases aside. Weights of 100 as in its robustness suite. */
class EtcdMix implements Generator {
  readonly #known: Knowledge;
  readonly #choices: readonly (readonly [number, () => Request])[];

  constructor(client: string, prng: Prng, keys: number) {
    this.#known = new Knowledge(client, prng, keys);
    const known = this.#known;
    this.#choices = [
      [15, () => ({ kind: 'range', key: known.key() })],
      [5, () => ({ kind: 'range', key: known.key(), serializable: true })],
      [7, () => ({ kind: 'range', ...ALL, limit: prng.below(6) })],
      [4, () => ({ kind: 'range', ...ALL, keysOnly: true })],
      [2, () => ({ kind: 'range', ...ALL, countOnly: true })],
      [10, () => ({ kind: 'range', key: known.key(), revision: known.oldRevision() })],
      [
        8,
        () => ({ kind: 'range', ...ALL, revision: known.oldRevision(), serializable: prng.bool() }),
      ],
      [7, () => this.#delete()],
      [12, () => this.#multi()],
      [8, () => this.#compareAndSet()],
      [25, () => ({ kind: 'put', key: known.key(), value: known.value(), prev: prng.bool(0.3) })],
    ];
  }

  next(): Request {
    return draw(this.#known.prng, this.#choices)();
  }

  learn(_request: Request, outcome: Outcome): void {
    this.#known.learn(outcome);
  }

  #delete(): Request {
    const { prng } = this.#known;
    const prev = prng.bool(0.5);
    if (!prng.bool(0.2)) return { kind: 'delete', key: this.#known.key(), prev };
    const key = this.#known.key();
    return {
      kind: 'delete',
      key,
      end: `${key.slice(0, -1)}${String.fromCharCode(key.charCodeAt(key.length - 1) + 2)}`,
      prev,
    };
  }

  /** Up to four operations on different keys, now and then with a transaction inside. */
  #multi(): Request {
    const { prng } = this.#known;
    const ops: Op[] = [];
    const used = new Set<string>();
    for (let count = 1 + prng.below(4); count > 0; count--) {
      const key = this.#known.key();
      if (used.has(key)) continue;
      used.add(key);
      ops.push(this.#part(key));
    }
    if (!prng.bool(0.2)) return { kind: 'txn', compares: [], success: ops, failure: [] };
    const nested: Op = { kind: 'txn', compares: [], success: ops, failure: [] };
    return { kind: 'txn', compares: [], success: [{ kind: 'range', ...ALL }, nested], failure: [] };
  }

  #part(key: string): Op {
    return draw<() => Op>(this.#known.prng, [
      [5, () => ({ kind: 'put', key, value: this.#known.value() })],
      [2, () => ({ kind: 'delete', key })],
      [2, () => ({ kind: 'range', key })],
      [1, () => ({ kind: 'range', key, revision: this.#known.oldRevision() })],
    ])();
  }

  #compareAndSet(): Request {
    const { prng, pairs } = this.#known;
    const key = this.#known.key();
    const pair = pairs.get(key);
    const compare = prng.pick([
      { key, target: 'mod', relation: '=', against: pair?.mod ?? 0 },
      { key, target: 'value', relation: '=', against: pair?.value ?? 'absent' },
      { key, target: 'version', relation: '<', against: (pair?.version ?? 0) + 1 },
      { key, target: 'create', relation: '!=', against: pair?.create ?? 0 },
      { ...ALL, target: 'mod', relation: '>', against: this.#known.oldRevision() },
    ] as const);
    return {
      kind: 'txn',
      compares: [compare],
      success: [{ kind: 'put', key, value: this.#known.value() }],
      failure: [{ kind: 'range', key }],
    };
  }
}

interface WriteWeights {
  readonly update: number;
  readonly create: number;
  readonly remove: number;
}

/** What Kubernetes' API server does to etcd: lists, then guarded updates, creations and deletions. */
class KubernetesMix implements Generator {
  readonly #known: Knowledge;
  readonly #weights: WriteWeights;

  constructor(client: string, prng: Prng, keys: number, weights: WriteWeights) {
    this.#known = new Knowledge(client, prng, keys);
    this.#weights = weights;
  }

  next(): Request {
    const known = this.#known;
    if (known.prng.bool(0.5)) return this.#write();
    return draw<() => Request>(known.prng, [
      [80, () => ({ kind: 'range', ...ALL })],
      [8, () => ({ kind: 'range', ...ALL, revision: known.oldRevision(), limit: 5 })],
      [5, () => ({ kind: 'range', key: known.key() })],
      [2, () => ({ kind: 'range', key: known.key(), serializable: true })],
      [5, () => ({ kind: 'range', ...ALL, serializable: true })],
    ])();
  }

  learn(request: Request, outcome: Outcome): void {
    this.#known.learn(outcome);
    if (request.kind !== 'range' || request.end === undefined || outcome.kind !== 'ok') return;
    if (outcome.result.kind !== 'range' || outcome.result.more || (request.revision ?? 0) > 0)
      return;
    // A full list says what is gone, too.
    const present = new Set(outcome.result.pairs.map((pair) => pair.key));
    for (const key of this.#known.pairs.keys())
      if (!present.has(key)) this.#known.pairs.delete(key);
  }

  #write(): Request {
    const { prng, pairs } = this.#known;
    const { update, create, remove } = this.#weights;
    const kind = draw(prng, [
      [update, 'update'],
      [create, 'create'],
      [remove, 'remove'],
    ] as const);
    const existing = [...pairs.values()];
    if (kind === 'create' || existing.length === 0) return this.#create();
    const pair = prng.pick(existing);
    const op: Op =
      kind === 'update'
        ? { kind: 'put', key: pair.key, value: this.#known.value() }
        : { kind: 'delete', key: pair.key };
    return guarded(pair.key, pair.mod, op);
  }

  #create(): Request {
    const key = this.#known.key();
    return guarded(key, 0, { kind: 'put', key, value: this.#known.value() });
  }
}

/** `op` if `key` was last modified at `mod`; otherwise a look at it. */
function guarded(key: string, mod: number, op: Op): Request {
  return {
    kind: 'txn',
    compares: [{ key, target: 'mod', relation: '=', against: mod }],
    success: [op],
    failure: [{ kind: 'range', key }],
  };
}

/** Compacts behind the revisions its clients see, and now and then where it must be refused. */
export class Compactor implements Generator {
  readonly #prng: Prng;
  #revision = 1;
  #compacted = 0;

  constructor(prng: Prng) {
    this.#prng = prng;
  }

  next(): Request {
    const choice = this.#prng.below(20);
    if (choice === 0) return { kind: 'compact', revision: Math.max(1, this.#compacted) };
    if (choice === 1) return { kind: 'compact', revision: this.#revision + 1_000_000 };
    if (choice < 8) return { kind: 'range', ...ALL, countOnly: true };
    const kept = this.#prng.bool(0.3) ? 0 : this.#prng.below(50);
    return { kind: 'compact', revision: Math.max(1, this.#revision - kept) };
  }

  learn(request: Request, outcome: Outcome): void {
    if (outcome.kind !== 'ok') return;
    this.#revision = Math.max(this.#revision, outcome.result.revision);
    if (request.kind === 'compact') this.#compacted = Math.max(this.#compacted, request.revision);
  }
}
