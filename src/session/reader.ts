/**
 * Frames into items. Strict: what is not an item in full is refused, and the connection ends. Items
 * before it in the frame were handed on; a sender that breaks the protocol is told by the close.
 */
import { WatchCreateRequest, WireError } from '../api/messages.ts';
import {
  SESSION_FRAME_ITEMS_MAX,
  SESSION_METADATA_BYTES_MAX,
  SESSION_METHOD_BYTES_MAX,
} from '../constants.ts';
import { ByteReader, DecodeError } from '../lib/binary.ts';
import { decodeUtf8 } from '../lib/utf8.ts';
import {
  EndFlag,
  type Hello,
  Kind,
  type Metadata,
  NO_METADATA,
  type Open,
  OpenFlag,
  type Resumption,
  type Status,
} from './items.ts';

/** What a client may say to a server. Bodies share the frame's memory. */
export interface ServerSink {
  hello(hello: Hello): void;
  open(id: number, open: Open): void;
  message(id: number, body: Uint8Array): void;
  halfClose(id: number): void;
  cancel(id: number): void;
  credit(id: number, bytes: number): void;
  resume(id: number, resumption: Resumption): void;
}

/** What a server may say to a client. Bodies share the frame's memory. */
export interface ClientSink {
  hello(hello: Hello): void;
  headers(id: number, metadata: Metadata): void;
  message(id: number, body: Uint8Array): void;
  answer(id: number, body: Uint8Array): void;
  end(id: number, status: Status, trailers: Metadata): void;
  credit(id: number, bytes: number): void;
  position(id: number, revision: number, behind: readonly bigint[]): void;
}

/** @throws DecodeError */
export function readClientFrame(frame: Uint8Array, sink: ServerSink): void {
  const reader = new ByteReader(frame);
  let method = '';
  for (let count = 0; !reader.done; count++) {
    refuseTooMany(count);
    const kind = reader.u8();
    if (kind === Kind.OPEN) {
      const id = reader.varint();
      const open = readOpen(reader, method);
      method = open.method;
      sink.open(id, open);
    } else {
      readClientItem(kind, reader, sink);
    }
  }
}

function readClientItem(kind: number, reader: ByteReader, sink: ServerSink): void {
  if (kind === Kind.HELLO) {
    sink.hello(readHello(reader));
    return;
  }
  const id = readId(kind, reader);
  switch (kind) {
    case Kind.MESSAGE:
      return sink.message(id, reader.bytes());
    case Kind.HALF_CLOSE:
      return sink.halfClose(id);
    case Kind.CANCEL:
      return sink.cancel(id);
    case Kind.CREDIT:
      return sink.credit(id, reader.varint());
    case Kind.RESUME:
      return sink.resume(id, readResumption(reader));
    default:
      throw new DecodeError(`read a client's frame: an item of kind ${kind} is a server's`);
  }
}

/** @throws DecodeError */
export function readServerFrame(frame: Uint8Array, sink: ClientSink): void {
  const reader = new ByteReader(frame);
  for (let count = 0; !reader.done; count++) {
    refuseTooMany(count);
    const kind = reader.u8();
    if (kind === Kind.ANSWER) sink.answer(reader.varint(), reader.bytes());
    else readServerItem(kind, reader, sink);
  }
}

function readServerItem(kind: number, reader: ByteReader, sink: ClientSink): void {
  if (kind === Kind.HELLO) {
    sink.hello(readHello(reader));
    return;
  }
  const id = readId(kind, reader);
  switch (kind) {
    case Kind.MESSAGE:
      return sink.message(id, reader.bytes());
    case Kind.END: {
      const flags = readFlags(reader, EndFlag.DETAILS | EndFlag.TRAILERS);
      const code = reader.varint();
      const message = readText(reader);
      const hasDetails = (flags & EndFlag.DETAILS) !== 0;
      const status = hasDetails ? { code, message, details: reader.bytes() } : { code, message };
      const trailers = (flags & EndFlag.TRAILERS) === 0 ? NO_METADATA : readMetadata(reader);
      return sink.end(id, status, trailers);
    }
    case Kind.CREDIT:
      return sink.credit(id, reader.varint());
    case Kind.HEADERS:
      return sink.headers(id, readMetadata(reader));
    case Kind.POSITION: {
      const revision = reader.varint();
      const count = readCount(reader, WATCH_ID_BYTES);
      return sink.position(
        id,
        revision,
        Array.from({ length: count }, () => readWatchId(reader)),
      );
    }
    default:
      throw new DecodeError(`read a server's frame: an item of kind ${kind} is a client's`);
  }
}

function refuseTooMany(count: number): void {
  if (count < SESSION_FRAME_ITEMS_MAX) return;
  throw new DecodeError(`read a frame: more than ${SESSION_FRAME_ITEMS_MAX} items`);
}

/** The call id of an item of a known kind. */
function readId(kind: number, reader: ByteReader): number {
  if (kind > Kind.RESUME || kind === 0) {
    throw new DecodeError(`read a frame: an item of kind ${kind}, expected 1 to ${Kind.RESUME}`);
  }
  return reader.varint();
}

function readHello(reader: ByteReader): Hello {
  return {
    version: reader.varint(),
    windowBytes: reader.varint(),
    frameBytesMax: reader.varint(),
    callsMax: reader.varint(),
    metadata: readMetadata(reader),
  };
}

const OPEN_FLAGS = OpenFlag.BODY | OpenFlag.HALF_CLOSED | OpenFlag.TIMEOUT | OpenFlag.METADATA;

/** @param former method of the last OPEN in the frame, which this one may mean */
function readOpen(reader: ByteReader, former: string): Open {
  const flags = readFlags(reader, OPEN_FLAGS);
  const length = reader.varint();
  if (length > SESSION_METHOD_BYTES_MAX) {
    throw new DecodeError(
      `read a frame: a method of ${length} bytes, at most ${SESSION_METHOD_BYTES_MAX} are taken`,
    );
  }
  const method = length === 0 ? former : textOf(reader.raw(length));
  if (method === '') throw new DecodeError('read a frame: its first OPEN names no method');
  return {
    method,
    timeoutMs: (flags & OpenFlag.TIMEOUT) === 0 ? undefined : reader.varint(),
    metadata: (flags & OpenFlag.METADATA) === 0 ? NO_METADATA : readMetadata(reader),
    body: (flags & OpenFlag.BODY) === 0 ? undefined : reader.bytes(),
    halfClosed: (flags & OpenFlag.HALF_CLOSED) !== 0,
  };
}

function readFlags(reader: ByteReader, known: number): number {
  const flags = reader.u8();
  if ((flags & ~known) !== 0) {
    throw new DecodeError(`read a frame: flags ${flags}, of which only ${known} are known`);
  }
  return flags;
}

function readMetadata(reader: ByteReader): Metadata {
  const start = reader.offset;
  const count = readCount(reader, 2);
  const metadata: [string, string | Uint8Array][] = [];
  for (let index = 0; index < count; index++) {
    const name = readText(reader);
    metadata.push([name, name.endsWith('-bin') ? reader.bytes() : readText(reader)]);
  }
  const length = reader.offset - start;
  if (length > SESSION_METADATA_BYTES_MAX) {
    throw new DecodeError(
      `read a frame: ${length} bytes of metadata, at most ${SESSION_METADATA_BYTES_MAX} are taken`,
    );
  }
  return metadata;
}

/** @throws DecodeError */
export function readResumption(reader: ByteReader): Resumption {
  const nextId = reader.varint();
  const sentRevision = reader.varint();
  const count = readCount(reader, WATCH_ID_BYTES + 2);
  const watchers = Array.from({ length: count }, () => ({
    id: readWatchId(reader),
    next: reader.varint(),
    request: readCreateRequest(reader.bytes()),
  }));
  return { nextId, sentRevision, watchers };
}

function readCreateRequest(bytes: Uint8Array): WatchCreateRequest {
  try {
    return WatchCreateRequest.decode(bytes);
  } catch (error) {
    if (error instanceof WireError || error instanceof RangeError || error instanceof Error) {
      throw new DecodeError(`read a frame: a watcher's request is none: ${String(error)}`);
    }
    throw error;
  }
}

const WATCH_ID_BYTES = 8;

function readWatchId(reader: ByteReader): bigint {
  return BigInt.asIntN(64, reader.u64());
}

/** A count of things of at least `bytesEach`: what is left must be able to hold them. */
function readCount(reader: ByteReader, bytesEach: number): number {
  const count = reader.varint();
  if (count * bytesEach > reader.remaining) {
    throw new DecodeError(
      `read a frame: ${count} things announced, ${reader.remaining} bytes are left`,
    );
  }
  return count;
}

function readText(reader: ByteReader): string {
  return textOf(reader.bytes());
}

function textOf(bytes: Uint8Array): string {
  const text = decodeUtf8(bytes);
  if (text === undefined) throw new DecodeError('read a frame: a text is not UTF-8');
  return text;
}
