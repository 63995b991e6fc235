/**
 * RangeStream (etcd 3.7, rule G13): one Range in pages, all read at the first page's revision. A page
 * ends with a cursor that any member can go on from, so that nothing is held open between pages.
 */
import { toClampedNumber, type RangeRequest, type RangeResponseInput } from '../api/messages.ts';
import { RANGE_STREAM_FIRST_PAGE_KEYS, REQUEST_BYTES_MAX } from '../constants.ts';
import { ByteReader, ByteWriter } from '../lib/binary.ts';
import { byteString } from '../lib/bytes.ts';
import type { Key, KeyRange, KeyValue, ReadView } from '../mvcc/types.ts';
import { keyRange } from './keys.ts';
import { executeRange, pairWriter } from './range.ts';

/** Where a stream stands between two pages. */
export interface RangeCursor {
  /** Where the next page starts. */
  readonly key: Key;
  /** All pages are read at this revision. */
  readonly revision: number;
  /** Newest revision when the stream began; what its header says. */
  readonly headerRevision: number;
  /** Keys the next page aims at. */
  readonly pageKeys: number;
  /** Keys in the pages so far. */
  readonly sent: number;
}

export interface RangePage {
  /** Header, `more` and `count` are on the last page only. */
  readonly response: RangeResponseInput;
  /** Undefined after the last page. */
  readonly next: RangeCursor | undefined;
}

/** What a pair's numbers and field headers add to its key and value on the wire, about. */
const PAIR_OVERHEAD_BYTES = 32;

/**
 * The page at `cursor`, the first one without.
 * @throws CompactedError, FutureRevisionError; on later pages too, when compaction overtakes the reader
 */
export function rangePage(
  view: ReadView,
  request: RangeRequest,
  cursor: RangeCursor = firstCursor(view, request),
): RangePage {
  if (request.count_only) {
    return { response: executeRange(view, request, view.revision), next: undefined };
  }
  const limit = toClampedNumber(request.limit);
  const total = limit > 0 ? limit : Number.MAX_SAFE_INTEGER;
  const wanted = Math.min(cursor.pageKeys, total - cursor.sent);
  const range = { ...keyRange(request.key, request.range_end), start: cursor.key };
  const found = view.range(range, {
    revision: cursor.revision,
    limit: wanted + 1,
    keysOnly: request.keys_only,
    countOnly: false,
    skipCount: true,
  });
  const kept = found.kvs.slice(0, wanted);
  const kvs = kept.map(pairWriter(request));
  const more = found.kvs.length > wanted;
  const sent = cursor.sent + kvs.length;
  const key = keyAfter(kept);
  if (more && sent < total) {
    const next = { ...cursor, key, pageKeys: nextPageKeys(cursor, kept), sent };
    return { response: { kvs }, next };
  }
  const rest = more ? countFrom(view, { ...range, start: key }, cursor.revision) : 0;
  const header = { revision: cursor.headerRevision };
  return { response: { header, kvs, more, count: sent + rest }, next: undefined };
}

/** A cursor as bytes, to travel with a page. */
export function encodeCursor(cursor: RangeCursor): Uint8Array {
  const writer = new ByteWriter();
  writer.string(cursor.key);
  writer.varint(cursor.revision);
  writer.varint(cursor.headerRevision);
  writer.varint(cursor.pageKeys);
  writer.varint(cursor.sent);
  return writer.finish();
}

/** @throws DecodeError on anything but an encoded cursor */
export function decodeCursor(bytes: Uint8Array): RangeCursor {
  const reader = new ByteReader(bytes);
  return {
    key: reader.string(),
    revision: reader.varint(),
    headerRevision: reader.varint(),
    pageKeys: reader.varint(),
    sent: reader.varint(),
  };
}

function firstCursor(view: ReadView, request: RangeRequest): RangeCursor {
  const asked = toClampedNumber(request.revision);
  return {
    key: byteString(request.key),
    revision: asked > 0 ? asked : view.revision,
    headerRevision: view.revision,
    pageKeys: RANGE_STREAM_FIRST_PAGE_KEYS,
    sent: 0,
  };
}

function keyAfter(kvs: readonly KeyValue[]): Key {
  return `${kvs.at(-1)?.key ?? ''}\0`;
}

function countFrom(view: ReadView, range: KeyRange, revision: number): number {
  return view.range(range, { revision, limit: 0, keysOnly: true, countOnly: true }).count;
}

/** Twice as many after a page of less than half the aim, half as many after one of more than twice. */
function nextPageKeys(cursor: RangeCursor, kvs: readonly KeyValue[]): number {
  let bytes = 0;
  for (const { key, value } of kvs) bytes += key.length + value.length + PAIR_OVERHEAD_BYTES;
  if (bytes < REQUEST_BYTES_MAX / 2) return cursor.pageKeys * 2;
  if (bytes > REQUEST_BYTES_MAX * 2) return Math.max(1, Math.floor(cursor.pageKeys / 2));
  return cursor.pageKeys;
}
