/** Compares an answer with the one the model gives. */
import type { Pair, Result } from '../kv.ts';

/** What differs, in words, or undefined. */
export function differenceOf(seen: Result, expected: Result | undefined): string | undefined {
  if (expected === undefined)
    return `answered ${JSON.stringify(seen)} where the request is refused`;
  if (seen.kind !== expected.kind) return `answer of kind ${seen.kind} instead of ${expected.kind}`;
  switch (seen.kind) {
    case 'range': {
      const want = expected as typeof seen;
      if (seen.count !== want.count) return `count ${seen.count} instead of ${want.count}`;
      if (seen.more !== want.more) return `more ${seen.more} instead of ${want.more}`;
      return pairsDiffer(seen.pairs, want.pairs);
    }
    case 'put': {
      const want = expected as typeof seen;
      return pairsDiffer(listOf(seen.prev), listOf(want.prev));
    }
    case 'delete': {
      const want = expected as typeof seen;
      if (seen.deleted !== want.deleted)
        return `deleted ${seen.deleted} instead of ${want.deleted}`;
      return pairsDiffer(seen.prevs ?? [], want.prevs ?? []);
    }
    case 'txn': {
      const want = expected as typeof seen;
      if (seen.succeeded !== want.succeeded)
        return `succeeded ${seen.succeeded} instead of ${want.succeeded}`;
      if (seen.results.length !== want.results.length)
        return `${seen.results.length} results instead of ${want.results.length}`;
      for (const [at, part] of seen.results.entries()) {
        const difference = differenceOf(part, want.results[at]);
        if (difference !== undefined) return `result ${at}: ${difference}`;
      }
      return undefined;
    }
    case 'compact':
      return undefined;
  }
}

function listOf(pair: Pair | undefined): Pair[] {
  return pair === undefined ? [] : [pair];
}

function pairsDiffer(seen: readonly Pair[], want: readonly Pair[]): string | undefined {
  if (seen.length !== want.length) return `${seen.length} pairs instead of ${want.length}`;
  for (const [at, pair] of seen.entries()) {
    const other = want[at] as Pair;
    for (const field of ['key', 'value', 'create', 'mod', 'version'] as const) {
      if (pair[field] !== other[field]) {
        return `${field} of "${pair.key}" is ${JSON.stringify(pair[field])} instead of ${JSON.stringify(other[field])}`;
      }
    }
  }
  return undefined;
}
