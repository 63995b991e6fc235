/** Items into frames. One writer gathers what becomes one frame; both sides use it. */
import { WatchCreateRequest } from '../api/messages.ts';
import { ByteWriter } from '../lib/binary.ts';
import { encodeUtf8 } from '../lib/utf8.ts';
import {
  EndFlag,
  type Hello,
  Kind,
  type Metadata,
  type Open,
  OpenFlag,
  type Resumption,
  type Status,
} from './items.ts';

export class FrameWriter {
  readonly #writer = new ByteWriter(INITIAL_BYTES);
  /** Of the last OPEN in this frame: the next one with the same need not name it. */
  #method = '';

  /** Bytes gathered so far. */
  get length(): number {
    return this.#writer.length;
  }

  /** Bytes of its buffer. */
  get capacity(): number {
    return this.#writer.capacity;
  }

  /** The frame, and the writer is empty again. */
  take(): Uint8Array {
    const frame = this.#writer.finish();
    this.#writer.reset();
    this.#method = '';
    return frame;
  }

  hello({ version, windowBytes, frameBytesMax, callsMax, metadata }: Hello): void {
    const writer = this.#writer;
    writer.u8(Kind.HELLO);
    writer.varint(version);
    writer.varint(windowBytes);
    writer.varint(frameBytesMax);
    writer.varint(callsMax);
    writeMetadata(writer, metadata);
  }

  open(id: number, { method, metadata, timeoutMs, body, halfClosed }: Open): void {
    const writer = this.#writer;
    writer.u8(Kind.OPEN);
    writer.varint(id);
    writer.u8(
      (body === undefined ? 0 : OpenFlag.BODY) |
        (halfClosed ? OpenFlag.HALF_CLOSED : 0) |
        (timeoutMs === undefined ? 0 : OpenFlag.TIMEOUT) |
        (metadata.length === 0 ? 0 : OpenFlag.METADATA),
    );
    writer.string(method === this.#method ? '' : method);
    this.#method = method;
    if (timeoutMs !== undefined) writer.varint(timeoutMs);
    if (metadata.length > 0) writeMetadata(writer, metadata);
    if (body !== undefined) writer.bytes(body);
  }

  message(id: number, body: Uint8Array): void {
    this.#head(Kind.MESSAGE, id);
    this.#writer.bytes(body);
  }

  halfClose(id: number): void {
    this.#head(Kind.HALF_CLOSE, id);
  }

  cancel(id: number): void {
    this.#head(Kind.CANCEL, id);
  }

  credit(id: number, bytes: number): void {
    this.#head(Kind.CREDIT, id);
    this.#writer.varint(bytes);
  }

  headers(id: number, metadata: Metadata): void {
    this.#head(Kind.HEADERS, id);
    writeMetadata(this.#writer, metadata);
  }

  /** The only message of a call, and its end with OK. */
  answer(id: number, body: Uint8Array): void {
    this.#head(Kind.ANSWER, id);
    this.#writer.bytes(body);
  }

  end(id: number, { code, message, details }: Status, trailers: Metadata): void {
    const writer = this.#writer;
    this.#head(Kind.END, id);
    writer.u8(
      (details === undefined ? 0 : EndFlag.DETAILS) |
        (trailers.length === 0 ? 0 : EndFlag.TRAILERS),
    );
    writer.varint(code);
    writer.bytes(encodeUtf8(message));
    if (details !== undefined) writer.bytes(details);
    if (trailers.length > 0) writeMetadata(writer, trailers);
  }

  position(id: number, revision: number, behind: readonly bigint[]): void {
    const writer = this.#writer;
    this.#head(Kind.POSITION, id);
    writer.varint(revision);
    writer.varint(behind.length);
    for (const watchId of behind) writer.u64(watchId);
  }

  resume(id: number, resumption: Resumption): void {
    this.#head(Kind.RESUME, id);
    writeResumption(this.#writer, resumption);
  }

  #head(kind: number, id: number): void {
    this.#writer.u8(kind);
    this.#writer.varint(id);
  }
}

const INITIAL_BYTES = 4096;

export function writeResumption(
  writer: ByteWriter,
  { nextId, sentRevision, watchers }: Resumption,
): void {
  writer.varint(nextId);
  writer.varint(sentRevision);
  writer.varint(watchers.length);
  for (const { id, next, request } of watchers) {
    writer.u64(id);
    writer.varint(next);
    writer.bytes(WatchCreateRequest.encode(request).finish());
  }
}

function writeMetadata(writer: ByteWriter, metadata: Metadata): void {
  writer.varint(metadata.length);
  for (const [name, value] of metadata) {
    writer.bytes(encodeUtf8(name));
    writer.bytes(typeof value === 'string' ? encodeUtf8(value) : value);
  }
}
