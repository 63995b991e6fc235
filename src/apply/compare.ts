/** Compares of a transaction (etcd rules T6 to T8). */
import {
  CompareResult,
  CompareTarget,
  leaseIdOf,
  toClampedNumber,
  type Compare,
  type Int64Input,
  type TxnRequest,
} from '../api/messages.ts';
import { compareBytes, EMPTY_BYTES, byteString } from '../lib/bytes.ts';
import type { KeyMeta, KeyValue, ReadView } from '../mvcc/types.ts';
import { keyRange } from './keys.ts';

/** A key that does not exist, for every target but VALUE, is one whose numbers are all zero. */
const MISSING: KeyMeta = { key: '', createRevision: 0, modRevision: 0, version: 0, lease: 0n };

/** True if all compares hold; so does an empty list. */
export function comparesHold(view: ReadView, request: TxnRequest): boolean {
  return request.compare.every((compare) => compareHolds(view, compare));
}

function compareHolds(view: ReadView, compare: Compare): boolean {
  if (compare.target === CompareTarget.VALUE) {
    const found = valuesOf(view, compare);
    const wanted = compare.value ?? EMPTY_BYTES;
    // No value at all differs from the empty value, but protobuf cannot say so: never equal, never unequal.
    if (found.length === 0) return false;
    return found.every((kv) => resultIs(compare.result, compareBytes(kv.value, wanted)));
  }
  const found = metasOf(view, compare);
  if (found.length === 0) return resultIs(compare.result, compareNumbers(MISSING, compare));
  return found.every((meta) => resultIs(compare.result, compareNumbers(meta, compare)));
}

function valuesOf(view: ReadView, compare: Compare): readonly KeyValue[] {
  if (compare.range_end.length > 0) return pairsOf(view, compare, false);
  const kv = view.get(byteString(compare.key));
  return kv === undefined ? [] : [kv];
}

function metasOf(view: ReadView, compare: Compare): readonly KeyMeta[] {
  if (compare.range_end.length > 0) return pairsOf(view, compare, true);
  const meta = view.meta(byteString(compare.key));
  return meta === undefined ? [] : [meta];
}

function pairsOf(view: ReadView, compare: Compare, keysOnly: boolean): readonly KeyValue[] {
  const range = keyRange(compare.key, compare.range_end);
  return view.range(range, { revision: 0, limit: 0, keysOnly, countOnly: false }).kvs;
}

/** Sign of stored minus wanted. A target of a newer version compares zero with zero. */
function compareNumbers(meta: KeyMeta, compare: Compare): number {
  switch (compare.target) {
    case CompareTarget.VERSION:
      return meta.version - targetOf(compare.version);
    case CompareTarget.CREATE:
      return meta.createRevision - targetOf(compare.create_revision);
    case CompareTarget.MOD:
      return meta.modRevision - targetOf(compare.mod_revision);
    case CompareTarget.LEASE: {
      const wanted = compare.lease === null ? 0n : leaseIdOf(compare.lease);
      return meta.lease < wanted ? -1 : meta.lease > wanted ? 1 : 0;
    }
    default:
      return 0;
  }
}

/** What is compared with; nothing given stands for 0 (rule T8). */
function targetOf(given: Int64Input | null): number {
  return given === null ? 0 : toClampedNumber(given);
}

/** A relation of a newer version holds always, as in etcd. */
function resultIs(result: number, order: number): boolean {
  switch (result) {
    case CompareResult.EQUAL:
      return order === 0;
    case CompareResult.NOT_EQUAL:
      return order !== 0;
    case CompareResult.GREATER:
      return order > 0;
    case CompareResult.LESS:
      return order < 0;
    default:
      return true;
  }
}
