/** The range of a WatchCreateRequest, in etcd's reading of key and range_end (rules of section Watch). */
import type { WatchCreateRequest } from '../api/messages.ts';
import { byteString } from '../lib/bytes.ts';
import type { Key, KeyRange } from '../mvcc/types.ts';

/** The smallest key; as a range_end it means "no upper bound". */
const ZERO_KEY: Key = '\0';

/**
 * No key is the smallest key; no range_end is the key alone; range_end "\0" is every key from `key` on.
 * Undefined when the range holds no key.
 */
export function watchRange(request: WatchCreateRequest): KeyRange | undefined {
  const start = request.key.length === 0 ? ZERO_KEY : byteString(request.key);
  if (request.range_end.length === 0) return { start, end: start + ZERO_KEY };
  const end = byteString(request.range_end);
  if (end === ZERO_KEY) return { start, end: undefined };
  return start < end ? { start, end } : undefined;
}

/** True when the range holds exactly one key. */
export function isSingleKey(range: KeyRange): boolean {
  const { start, end } = range;
  return end?.length === start.length + 1 && end.startsWith(start) && end.endsWith(ZERO_KEY);
}
