/** Saved form of streams and watchers. Small: it has to fit into a socket's attachment. */
import { DecodeError, type ByteReader, type ByteWriter } from '../lib/binary.ts';
import type { Key, KeyRange } from '../mvcc/types.ts';
import type { WatchId } from './types.ts';
import { isSingleKey } from './watch-range.ts';
import { WatchState, type Watcher } from './watcher.ts';

/** Raised when older code could misread the new form; a stream of another version is not restored. */
const VERSION = 1;

/** What is kept of a stream besides its watchers. */
export interface SavedHead {
  /** The watchers follow in rows, not in the attachment. */
  readonly inRows: boolean;
  readonly nextId: number;
  readonly sentRevision: number;
  readonly unreadMessages: number;
  readonly unreadBytes: number;
}

/** What is kept of a watcher. */
export interface SavedWatcher {
  readonly id: WatchId;
  /** Bits of WatchFlag. */
  readonly flags: number;
  readonly range: KeyRange;
  /** False: it is behind, and `next` is where exactly. True: `next` is a lower bound. */
  readonly synced: boolean;
  readonly next: number;
}

export function writeHead(writer: ByteWriter, head: SavedHead): void {
  writer.u8(VERSION);
  writer.u8(head.inRows ? 1 : 0);
  writer.varint(head.nextId);
  writer.varint(head.sentRevision);
  writer.varint(head.unreadMessages);
  writer.varint(head.unreadBytes);
}

export function readHead(reader: ByteReader): SavedHead {
  const version = reader.u8();
  if (version !== VERSION) {
    throw new DecodeError(`restore watch stream: version ${version}, expected ${VERSION}`);
  }
  return {
    inRows: reader.u8() === 1,
    nextId: reader.varint(),
    sentRevision: reader.varint(),
    unreadMessages: reader.varint(),
    unreadBytes: reader.varint(),
  };
}

/** How the end of the range is written, in the two low bits of a record's first byte. */
const End = { SINGLE_KEY: 0, PREFIX: 1, NONE: 2, GIVEN: 3 } as const;
const SYNCED_BIT = 4;
/** The id is negative or beyond a safe integer, and takes 8 bytes. */
const WIDE_ID_BIT = 8;

export function writeWatcher(writer: ByteWriter, watcher: RecordedWatcher): void {
  const { id, group } = watcher;
  const end = endOf(group);
  const plainId = typeof id === 'number' && id >= 0 ? id : undefined;
  writer.u8(
    end |
      (watcher.state === WatchState.SYNCED ? SYNCED_BIT : 0) |
      (plainId === undefined ? WIDE_ID_BIT : 0),
  );
  writer.u8(watcher.flags);
  if (plainId === undefined) writer.u64(BigInt(id));
  else writer.varint(plainId);
  writer.string(group.start);
  if (end === End.GIVEN) writer.string(group.end ?? '');
  writer.varint(watcher.next);
}

/** What of a watcher goes into its record. */
type RecordedWatcher = Pick<Watcher, 'id' | 'flags' | 'state' | 'next'> & {
  readonly group: KeyRange;
};

export function readWatcher(reader: ByteReader): SavedWatcher {
  const shape = reader.u8();
  const flags = reader.u8();
  const id = (shape & WIDE_ID_BIT) === 0 ? reader.varint() : watchIdOf(reader.u64());
  const start = reader.string();
  const end = readEnd(reader, shape & 3, start);
  const synced = (shape & SYNCED_BIT) !== 0;
  return { id, flags, range: { start, end }, synced, next: reader.varint() };
}

/** Bytes of a watcher's record, at most. */
export function savedBytes(range: KeyRange): number {
  const endBytes = endOf(range) === End.GIVEN ? (range.end ?? '').length : 0;
  return RECORD_OVERHEAD_BYTES + range.start.length + endBytes;
}

/** Two bytes of bits, an id, two lengths and a revision. */
const RECORD_OVERHEAD_BYTES = 2 + 8 + 4 + 4 + 8;

/** The id as the hub keeps it; see WatchId. */
export function watchIdOf(value: bigint): WatchId {
  const signed = BigInt.asIntN(64, value);
  const number = Number(signed);
  return Number.isSafeInteger(number) ? number : signed;
}

function endOf(range: KeyRange): number {
  if (range.end === undefined) return End.NONE;
  if (isSingleKey(range)) return End.SINGLE_KEY;
  return range.end === prefixEnd(range.start) ? End.PREFIX : End.GIVEN;
}

function readEnd(reader: ByteReader, end: number, start: Key): Key | undefined {
  if (end === End.SINGLE_KEY) return start + '\0';
  if (end === End.PREFIX) return prefixEnd(start);
  return end === End.NONE ? undefined : reader.string();
}

/** First key after all that begin with `prefix`; undefined when there is none. */
function prefixEnd(prefix: Key): Key | undefined {
  let length = prefix.length;
  while (length > 0 && prefix.charCodeAt(length - 1) === 0xff) length--;
  if (length === 0) return undefined;
  const last = prefix.charCodeAt(length - 1);
  return prefix.slice(0, length - 1) + String.fromCharCode(last + 1);
}
