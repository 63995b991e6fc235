/**
 * etcd's key-value store, written as simply as it can be said: for each key the list of its versions.
 * The checkers replay histories in it. It knows nothing of the production code.
 */
import type { Compare, DeleteOp, Op, Pair, PutOp, RangeOp, Request, Result, TxnOp } from './kv.ts';
import { COMPACTED, FUTURE_REVISION, inRange } from './kv.ts';

interface Version {
  readonly mod: number;
  /** Undefined: deleted at `mod`. */
  readonly pair: Pair | undefined;
}

/** A request the store refuses. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
}

export class KvModel {
  /** Newest revision; 1 in a fresh store. */
  revision = 1;
  /** Oldest revision that can be read; 0 when nothing was compacted. */
  compacted = 0;
  readonly #versions = new Map<string, Version[]>();
  /** Keys that have any version, ascending. */
  readonly #keys: string[] = [];
  /** Keys changed by each revision, for `rollback`. */
  readonly #changed = new Map<number, string[]>();

  /** Runs a request and returns etcd's answer. Changes the store only by a new revision. */
  apply(request: Request): Result {
    if (request.kind === 'compact') return this.#compact(request.revision);
    const writing = this.revision + 1;
    let result: Result;
    try {
      result = this.#run(request, writing);
    } catch (error) {
      // A refused transaction leaves nothing behind.
      this.revision = writing;
      this.rollback(writing - 1);
      throw error;
    }
    if (this.#changed.has(writing)) this.revision = writing;
    return withRevision(result, this.revision);
  }

  /** Forgets every revision above `revision`. */
  rollback(revision: number): void {
    for (let undone = this.revision; undone > revision; undone--) {
      for (const key of this.#changed.get(undone) ?? []) this.#versions.get(key)?.pop();
      this.#changed.delete(undone);
    }
    this.revision = Math.min(this.revision, revision);
  }

  /** The pair as it stands at `revision` (also of the transaction that is being run). */
  at(key: string, revision: number): Pair | undefined {
    const versions = this.#versions.get(key);
    if (versions === undefined) return undefined;
    for (let at = versions.length - 1; at >= 0; at--) {
      const version = versions[at] as Version;
      if (version.mod <= revision) return version.pair;
    }
    return undefined;
  }

  /** Keys that `revision` changed. */
  changedAt(revision: number): readonly string[] {
    return this.#changed.get(revision) ?? [];
  }

  /** All pairs at `revision`, ascending by key. */
  pairs(revision: number = this.revision): Pair[] {
    const found: Pair[] = [];
    for (const key of this.#keys) {
      const pair = this.at(key, revision);
      if (pair !== undefined) found.push(pair);
    }
    return found;
  }

  #run(op: Op, writing: number): Result {
    switch (op.kind) {
      case 'range':
        return this.#range(op, writing);
      case 'put':
        return this.#put(op, writing);
      case 'delete':
        return this.#delete(op, writing);
      case 'txn':
        return this.#txn(op, writing);
    }
  }

  #range(op: RangeOp, writing: number): Result {
    const asked = op.revision ?? 0;
    if (asked > this.revision) throw new ModelError(FUTURE_REVISION);
    if (asked > 0 && asked < this.compacted) throw new ModelError(COMPACTED);
    const found = this.#inRange(op.key, op.end, asked > 0 ? asked : writing);
    const limit = op.limit ?? 0;
    const shown = op.countOnly === true ? [] : limit > 0 ? found.slice(0, limit) : found;
    return {
      kind: 'range',
      revision: 0,
      pairs: op.keysOnly === true ? shown.map((pair) => ({ ...pair, value: '' })) : shown,
      count: found.length,
      more: op.countOnly !== true && limit > 0 && found.length > limit,
    };
  }

  #put(op: PutOp, writing: number): Result {
    const before = this.at(op.key, writing);
    this.#write(op.key, writing, {
      key: op.key,
      value: op.value,
      create: before?.create ?? writing,
      mod: writing,
      version: (before?.version ?? 0) + 1,
    });
    return { kind: 'put', revision: 0, prev: op.prev === true ? before : undefined };
  }

  #delete(op: DeleteOp, writing: number): Result {
    const doomed = this.#inRange(op.key, op.end, writing);
    for (const pair of doomed) this.#write(pair.key, writing, undefined);
    return {
      kind: 'delete',
      revision: 0,
      deleted: doomed.length,
      prevs: op.prev === true ? doomed : [],
    };
  }

  #txn(op: TxnOp, writing: number): Result {
    const succeeded = op.compares.every((compare) => this.#holds(compare, writing));
    const branch = succeeded ? op.success : op.failure;
    return {
      kind: 'txn',
      revision: 0,
      succeeded,
      results: branch.map((each) => this.#run(each, writing)),
    };
  }

  #holds(compare: Compare, writing: number): boolean {
    if (compare.end === undefined) return holds(compare, this.at(compare.key, writing));
    const pairs = this.#inRange(compare.key, compare.end, writing);
    // Over an empty range etcd compares with the absent key, but refuses a comparison of values.
    if (pairs.length === 0) return compare.target !== 'value' && holds(compare, undefined);
    return pairs.every((pair) => holds(compare, pair));
  }

  #compact(revision: number): Result {
    if (revision <= this.compacted) throw new ModelError(COMPACTED);
    if (revision > this.revision) throw new ModelError(FUTURE_REVISION);
    this.compacted = revision;
    return { kind: 'compact', revision: this.revision };
  }

  #inRange(start: string, end: string | undefined, revision: number): Pair[] {
    if (end === undefined) {
      const pair = this.at(start, revision);
      return pair === undefined ? [] : [pair];
    }
    const found: Pair[] = [];
    for (const key of this.#keys) {
      if (!inRange(key, start, end)) continue;
      const pair = this.at(key, revision);
      if (pair !== undefined) found.push(pair);
    }
    return found;
  }

  #write(key: string, mod: number, pair: Pair | undefined): void {
    let versions = this.#versions.get(key);
    if (versions === undefined) {
      versions = [];
      this.#versions.set(key, versions);
      const at = this.#keys.findIndex((other) => other > key);
      this.#keys.splice(at < 0 ? this.#keys.length : at, 0, key);
    }
    versions.push({ mod, pair });
    const changed = this.#changed.get(mod);
    if (changed === undefined) this.#changed.set(mod, [key]);
    else changed.push(key);
  }
}

function holds(compare: Compare, pair: Pair | undefined): boolean {
  if (pair === undefined && compare.target === 'value') return false;
  const actual = pair === undefined ? 0 : pair[compare.target];
  const { against, relation } = compare;
  switch (relation) {
    case '=':
      return actual === against;
    case '!=':
      return actual !== against;
    case '<':
      return actual < against;
    case '>':
      return actual > against;
  }
}

/** Sets the header's revision, which every part of an answer shares. */
function withRevision(result: Result, revision: number): Result {
  if (result.kind !== 'txn') return { ...result, revision };
  return {
    ...result,
    revision,
    results: result.results.map((each) => withRevision(each, revision)),
  };
}
