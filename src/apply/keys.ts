import { byteString } from '../lib/bytes.ts';
import type { Key, KeyRange } from '../mvcc/types.ts';

/**
 * The keys that a request's `key` and `range_end` mean (etcd's four spellings): no end is the key
 * alone, a single zero byte is everything from the key on, an end at or before the key is nothing.
 */
export function keyRange(key: Uint8Array, rangeEnd: Uint8Array): KeyRange {
  const start = byteString(key);
  if (rangeEnd.length === 0) return singleKey(start);
  if (isOpenEnd(rangeEnd)) return { start, end: undefined };
  const end = byteString(rangeEnd);
  return { start, end: end > start ? end : start };
}

/** The range that holds `key` and nothing else. */
export function singleKey(key: Key): KeyRange {
  return { start: key, end: `${key}\0` };
}

/** True for the `range_end` that stands for "no upper bound". */
export function isOpenEnd(rangeEnd: Uint8Array): boolean {
  return rangeEnd.length === 1 && rangeEnd[0] === 0;
}
