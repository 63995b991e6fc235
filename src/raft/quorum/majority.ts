import type { NodeId } from '../types.ts';

/** The outcome of an election so far (paper 5.2). */
export type VoteResult = 'won' | 'lost' | 'pending';

/** Members of which a majority must agree. */
export type MajorityConfig = ReadonlySet<NodeId>;

/**
 * The highest value that a majority of `voters` has reached, given each one's own (an index, or the
 * number of a read round). No voters: no constraint, Infinity.
 */
export function majorityReached(voters: MajorityConfig, reachedBy: (id: NodeId) => number): number {
  const count = voters.size;
  if (count === 0) return Infinity;
  const values: number[] = [];
  for (const id of voters) insertDescending(values, reachedBy(id));
  // The value at place floor(n/2), counted from the greatest, is reached by floor(n/2)+1 voters.
  return values[count >> 1] as number;
}

/** Insertion sort: configurations are small, and an ack must not cost an allocation-heavy sort. */
function insertDescending(values: number[], value: number): void {
  let at = values.length;
  values.push(value);
  while (at > 0 && (values[at - 1] as number) < value) {
    values[at] = values[at - 1] as number;
    at--;
  }
  values[at] = value;
}

/** Undefined as a vote: no answer yet. No voters: won, so that a joint half may be empty. */
export function majorityVote(
  voters: MajorityConfig,
  voteOf: (id: NodeId) => boolean | undefined,
): VoteResult {
  if (voters.size === 0) return 'won';
  let granted = 0;
  let missing = 0;
  for (const id of voters) {
    const vote = voteOf(id);
    if (vote === undefined) missing++;
    else if (vote) granted++;
  }
  const needed = (voters.size >> 1) + 1;
  if (granted >= needed) return 'won';
  return granted + missing >= needed ? 'pending' : 'lost';
}
