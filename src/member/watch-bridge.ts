/**
 * What the Worker and a member say to each other over the WebSocket that carries one client's watch
 * stream. The client's HTTP answer ends in the Worker; the member holds a socket that may hibernate.
 *
 * A binary frame is a sequence of items, each a byte of kind and its fields. The Worker sends
 * requests, tells how much the client has read, and begins with RESUME when another member had the
 * stream before. The member sends messages, with what the Worker needs to go on elsewhere.
 */
import { ByteReader, ByteWriter, DecodeError } from '../lib/binary.ts';
import { decodeUtf8, encodeUtf8 } from '../lib/utf8.ts';
import type { Resumption } from '../session/items.ts';
import { readResumption } from '../session/reader.ts';
import { writeResumption } from '../session/writer.ts';

/** Paths at the member's object; each is upgraded to a WebSocket. No client can name them. */
export const WATCH_PATHS = {
  /** This protocol. */
  bridge: '/watch/bridge',
  /** A client's own socket: etcd's gateway frames. */
  json: '/watch/json',
} as const;
export type WatchKind = keyof typeof WATCH_PATHS;

/** Behind a path: the stream is to end when the member has no leader for a while (etcd's `hasleader`). */
export const NEEDS_LEADER_QUERY = '?needs-leader';

export { PING, PONG } from '../session/items.ts';

export type ToMember =
  /** An encoded etcdserverpb.WatchRequest. */
  | { readonly kind: 'request'; readonly body: Uint8Array }
  /** The client has read the `count` oldest messages. */
  | { readonly kind: 'read'; readonly count: number }
  | { readonly kind: 'resume'; readonly resumption: Resumption };

export interface BridgedMessage {
  readonly kind: 'message';
  readonly watchId: bigint;
  /** Of the header. */
  readonly revision: number;
  /** Revision after the last event; 0 when the message holds none. */
  readonly next: number;
  readonly created: boolean;
  readonly canceled: boolean;
  /** More of the same revision follows. */
  readonly fragment: boolean;
  /** `{"result":{…}}` */
  readonly line: Uint8Array;
}

export type ToWorker =
  | BridgedMessage
  /** Tell soon what was read, though it be little: memory is short. */
  | { readonly kind: 'ask' }
  /** Every watcher was sent all events up to `revision`, but for those `behind`. */
  | { readonly kind: 'position'; readonly revision: number; readonly behind: readonly bigint[] }
  /** The stream has ended by an error (gRPC code and text). The member closes the socket. */
  | { readonly kind: 'end'; readonly code: number; readonly message: string };

const Kind = { MESSAGE: 1, ASK: 2, POSITION: 3, END: 4, REQUEST: 5, READ: 6, RESUME: 7 } as const;
const Flag = { CREATED: 1, CANCELED: 2, FRAGMENT: 4 } as const;

export function writeToWorker(writer: ByteWriter, item: ToWorker): void {
  switch (item.kind) {
    case 'message':
      writer.u8(Kind.MESSAGE);
      writer.u8(
        (item.created ? Flag.CREATED : 0) |
          (item.canceled ? Flag.CANCELED : 0) |
          (item.fragment ? Flag.FRAGMENT : 0),
      );
      writer.u64(item.watchId);
      writer.varint(item.revision);
      writer.varint(item.next);
      writer.bytes(item.line);
      return;
    case 'ask':
      writer.u8(Kind.ASK);
      return;
    case 'position':
      writer.u8(Kind.POSITION);
      writer.varint(item.revision);
      writer.varint(item.behind.length);
      for (const id of item.behind) writer.u64(id);
      return;
    case 'end':
      writer.u8(Kind.END);
      writer.varint(item.code);
      writer.bytes(encodeUtf8(item.message));
  }
}

/** @throws DecodeError */
export function readToWorker(frame: Uint8Array): ToWorker[] {
  const reader = new ByteReader(frame);
  const items: ToWorker[] = [];
  while (!reader.done) items.push(readWorkerItem(reader));
  return items;
}

function readWorkerItem(reader: ByteReader): ToWorker {
  const kind = reader.u8();
  switch (kind) {
    case Kind.MESSAGE: {
      const flags = reader.u8();
      return {
        kind: 'message',
        watchId: readId(reader),
        revision: reader.varint(),
        next: reader.varint(),
        created: (flags & Flag.CREATED) !== 0,
        canceled: (flags & Flag.CANCELED) !== 0,
        fragment: (flags & Flag.FRAGMENT) !== 0,
        line: reader.bytes(),
      };
    }
    case Kind.ASK:
      return { kind: 'ask' };
    case Kind.POSITION: {
      const revision = reader.varint();
      const behind = Array.from({ length: readCount(reader, ID_BYTES) }, () => readId(reader));
      return { kind: 'position', revision, behind };
    }
    case Kind.END:
      return { kind: 'end', code: reader.varint(), message: decodeUtf8(reader.bytes()) ?? '' };
    default:
      throw new DecodeError(`read a frame of a member: kind ${kind}, expected 1 to 4`);
  }
}

export function encodeToMember(items: readonly ToMember[]): Uint8Array {
  const writer = new ByteWriter();
  for (const item of items) writeMemberItem(writer, item);
  return writer.finish();
}

function writeMemberItem(writer: ByteWriter, item: ToMember): void {
  switch (item.kind) {
    case 'request':
      writer.u8(Kind.REQUEST);
      writer.bytes(item.body);
      return;
    case 'read':
      writer.u8(Kind.READ);
      writer.varint(item.count);
      return;
    case 'resume':
      writer.u8(Kind.RESUME);
      writeResumption(writer, item.resumption);
  }
}

/** @throws DecodeError */
export function readToMember(frame: Uint8Array): ToMember[] {
  const reader = new ByteReader(frame);
  const items: ToMember[] = [];
  while (!reader.done) items.push(readMemberItem(reader));
  return items;
}

function readMemberItem(reader: ByteReader): ToMember {
  const kind = reader.u8();
  switch (kind) {
    case Kind.REQUEST:
      return { kind: 'request', body: reader.bytes() };
    case Kind.READ:
      return { kind: 'read', count: reader.varint() };
    case Kind.RESUME:
      return { kind: 'resume', resumption: readResumption(reader) };
    default:
      throw new DecodeError(`read a frame of the Worker: kind ${kind}, expected 5 to 7`);
  }
}

const ID_BYTES = 8;

function readId(reader: ByteReader): bigint {
  return BigInt.asIntN(64, reader.u64());
}

/** A count of things of at least `bytesEach`: what is left must be able to hold them. */
function readCount(reader: ByteReader, bytesEach: number): number {
  const count = reader.varint();
  if (count * bytesEach > reader.remaining) {
    throw new DecodeError(
      `read a bridged frame: ${count} items announced, ${reader.remaining} bytes are left`,
    );
  }
  return count;
}
