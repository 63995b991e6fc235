/** Range over a view of the store: filters, order, limit (etcd rules G2 to G9). */
import {
  SortOrder,
  SortTarget,
  toClampedNumber,
  type KeyValueInput,
  type RangeRequest,
  type RangeResponseInput,
} from '../api/messages.ts';
import { bytesOf, compareBytes } from '../lib/bytes.ts';
import type { KeyValue, ReadView } from '../mvcc/types.ts';
import { keyRange } from './keys.ts';
import { pairMessage } from './pairs.ts';

/**
 * @param viewRevision what the header says: the newest revision the view shows, which inside a
 *   transaction that has written is one more than the committed one (rule R7)
 * @throws CompactedError, FutureRevisionError
 */
export function executeRange(
  view: ReadView,
  request: RangeRequest,
  viewRevision: number,
): RangeResponseInput {
  const limit = Math.max(0, toClampedNumber(request.limit));
  const found = view.range(keyRange(request.key, request.range_end), {
    revision: toClampedNumber(request.revision),
    limit: fetchLimit(request, limit),
    keysOnly: isIndexOnly(request),
    countOnly: request.count_only,
  });
  const header = { revision: viewRevision };
  if (request.count_only) return { header, kvs: [], more: false, count: found.count };
  const ordered = sorted(request, filtered(request, found.kvs));
  const more = limit > 0 && ordered.length > limit;
  const kept = more ? ordered.slice(0, limit) : ordered;
  return { header, kvs: kept.map(pairWriter(request)), more, count: found.count };
}

/** Natural order is what the store delivers: ascending by key. */
export function isNaturalOrder(request: RangeRequest): boolean {
  if (request.sort_order === SortOrder.NONE) return true;
  return request.sort_order === SortOrder.ASCEND && request.sort_target === SortTarget.KEY;
}

export function hasRevisionFilter(request: RangeRequest): boolean {
  return (
    !request.min_mod_revision.isZero() ||
    !request.max_mod_revision.isZero() ||
    !request.min_create_revision.isZero() ||
    !request.max_create_revision.isZero()
  );
}

/**
 * One more than asked for, which tells `more`; everything when the limit comes after a sort or a
 * filter. A sort target with no order counts as natural order here, and is sorted only after the cut:
 * etcd does so, and clients see it (rule G8).
 */
function fetchLimit(request: RangeRequest, limit: number): number {
  if (limit === 0 || !isNaturalOrder(request) || hasRevisionFilter(request)) return 0;
  return limit + 1;
}

/** Served from the index alone, which does not know leases (etcd 3.7, rule G6). */
function isIndexOnly(request: RangeRequest): boolean {
  return request.keys_only && request.sort_target !== SortTarget.VALUE;
}

function filtered(request: RangeRequest, kvs: readonly KeyValue[]): readonly KeyValue[] {
  if (!hasRevisionFilter(request)) return kvs;
  const maxMod = upperBound(toClampedNumber(request.max_mod_revision));
  const minMod = toClampedNumber(request.min_mod_revision);
  const maxCreate = upperBound(toClampedNumber(request.max_create_revision));
  const minCreate = toClampedNumber(request.min_create_revision);
  return kvs.filter(
    (kv) =>
      kv.modRevision <= maxMod &&
      kv.modRevision >= minMod &&
      kv.createRevision <= maxCreate &&
      kv.createRevision >= minCreate,
  );
}

/** 0 is no bound; a negative one is a bound that nothing meets. */
function upperBound(revision: number): number {
  return revision === 0 ? Infinity : revision;
}

function sorted(request: RangeRequest, kvs: readonly KeyValue[]): readonly KeyValue[] {
  const order = sortOrder(request);
  if (order === SortOrder.NONE) return kvs;
  const compare = comparison(request.sort_target);
  if (order === SortOrder.DESCEND) return kvs.toSorted((left, right) => compare(right, left));
  return kvs.toSorted(compare);
}

function sortOrder(request: RangeRequest): number {
  if (request.sort_target === SortTarget.KEY) {
    return request.sort_order === SortOrder.DESCEND ? SortOrder.DESCEND : SortOrder.NONE;
  }
  return request.sort_order === SortOrder.NONE ? SortOrder.ASCEND : request.sort_order;
}

function comparison(target: number): (left: KeyValue, right: KeyValue) => number {
  switch (target) {
    case SortTarget.VERSION:
      return (left, right) => left.version - right.version;
    case SortTarget.CREATE:
      return (left, right) => left.createRevision - right.createRevision;
    case SortTarget.MOD:
      return (left, right) => left.modRevision - right.modRevision;
    case SortTarget.VALUE:
      return (left, right) => compareBytes(left.value, right.value);
    default:
      return (left, right) => (left.key < right.key ? -1 : left.key > right.key ? 1 : 0);
  }
}

/** How a request wants its pairs shown: with or without values. */
export function pairWriter(request: RangeRequest): (kv: KeyValue) => KeyValueInput {
  if (!request.keys_only) return pairMessage;
  const indexOnly = isIndexOnly(request);
  return (kv) => ({
    key: bytesOf(kv.key),
    create_revision: kv.createRevision,
    mod_revision: kv.modRevision,
    version: kv.version,
    lease: indexOnly ? 0n : kv.lease,
  });
}
