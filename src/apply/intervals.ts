/** Sets of keys as sorted, disjoint half-open intervals: which keys a transaction deletes. */
import { byteString } from '../lib/bytes.ts';
import type { DeleteRangeRequest } from '../api/messages.ts';
import type { Key } from '../mvcc/types.ts';

interface Interval {
  readonly start: Key;
  readonly end: Key;
}

export class KeyIntervals {
  /** Invariant: ascending, each end below the next start. */
  #intervals: readonly Interval[] = [];

  /**
   * The keys these deletions cover. An open-ended one (`range_end` a zero byte) covers none here, for
   * etcd's check takes that byte for an ordinary end, which lies below every key.
   */
  static of(requests: readonly DeleteRangeRequest[]): KeyIntervals {
    const intervals = requests.map(intervalOf).filter(({ start, end }) => start < end);
    const set = new KeyIntervals();
    set.#intervals = disjoint(
      intervals.sort((left, right) => compareKeys(left.start, right.start)),
    );
    return set;
  }

  add(other: KeyIntervals): void {
    if (other.#intervals.length === 0) return;
    this.#intervals = disjoint(mergeByStart(this.#intervals, other.#intervals));
  }

  has(key: Key): boolean {
    let low = 0;
    let high = this.#intervals.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const interval = this.#intervals[middle] as Interval;
      if (key < interval.start) high = middle;
      else if (key >= interval.end) low = middle + 1;
      else return true;
    }
    return false;
  }
}

function intervalOf(request: DeleteRangeRequest): Interval {
  const start = byteString(request.key);
  const end = request.range_end.length === 0 ? `${start}\0` : byteString(request.range_end);
  return { start, end };
}

function mergeByStart(left: readonly Interval[], right: readonly Interval[]): Interval[] {
  const merged: Interval[] = [];
  let at = 0;
  for (const interval of left) {
    for (
      let next = right[at];
      next !== undefined && next.start < interval.start;
      next = right[at]
    ) {
      merged.push(next);
      at += 1;
    }
    merged.push(interval);
  }
  return merged.concat(right.slice(at));
}

/** Joins neighbours that touch or overlap. `sorted` ascends by start. */
function disjoint(sorted: readonly Interval[]): Interval[] {
  const joined: Interval[] = [];
  for (const interval of sorted) {
    const last = joined.at(-1);
    if (last === undefined || last.end < interval.start) joined.push(interval);
    else if (last.end < interval.end) {
      joined[joined.length - 1] = { start: last.start, end: interval.end };
    }
  }
  return joined;
}

function compareKeys(left: Key, right: Key): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
