/** One gRPC call on an HTTP/2 stream, handed on through a Channel. */
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { gunzipSync } from 'node:zlib';
import { Code, receivedTooLarge, StatusError } from '../api/errors.ts';
import type { MethodSchema } from '../api/schema.ts';
import type { CallHandlers, Channel, ClientCall, Metadata, Status } from '../client/channel.ts';
import {
  MESSAGE_BYTES_MAX,
  PROXY_UNSENT_BYTES_MAX,
  PROXY_UNSENT_RECHECK_MS,
} from '../constants.ts';
import { framed, MessageReader, type FramedMessage } from './framing.ts';
import { addMetadata, metadataOf, statusHeaders, timeoutMsOf } from './headers.ts';

/** What is counted of calls. */
export interface CallObserver {
  started(method: MethodSchema): void;
  received(method: MethodSchema, bytes: number): void;
  sent(method: MethodSchema, bytes: number): void;
  ended(method: MethodSchema, code: number, startMs: number): void;
}

const RESPONSE_HEADERS = { ':status': 200, 'content-type': 'application/grpc' } as const;
/** As Node takes them with the least work; there are as many of these as calls. */
const RAW_RESPONSE_HEADERS = [':status', '200', 'content-type', 'application/grpc'];
const RESPOND = { waitForTrailers: true, sendDate: false };
const RESPOND_AND_END = { endStream: true, sendDate: false };
const NO_METADATA: Metadata = [];

export class GrpcCall implements CallHandlers {
  readonly method: MethodSchema;
  readonly #stream: ServerHttp2Stream;
  readonly #headers: IncomingHttpHeaders;
  readonly #channel: Channel;
  readonly #observer: CallObserver;
  readonly #reader = new MessageReader(MESSAGE_BYTES_MAX);
  readonly #startMs = performance.now();
  #call: ClientCall | undefined;
  /** Of a call with one answer: kept until its status is known, so that all leaves together. */
  #answer: Uint8Array | undefined;
  #metadata: Metadata = NO_METADATA;
  #responded = false;
  /** The client has yet to read what was written. */
  #isFull = false;
  #ended = false;

  /** @param closed called when nothing of the call is left */
  constructor(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    method: MethodSchema,
    channel: Channel,
    observer: CallObserver,
    closed: (call: GrpcCall) => void,
  ) {
    this.method = method;
    this.#stream = stream;
    this.#headers = headers;
    this.#channel = channel;
    this.#observer = observer;
    observer.started(method);
    stream.on('data', (chunk: Buffer) => this.#guarded(() => this.#receive(chunk)));
    stream.on('end', () => this.#guarded(() => this.#receiveEnd()));
    stream.on('close', () => {
      this.#closed();
      closed(this);
    });
    // A reset stream also closes, and that is where it is dealt with.
    stream.on('error', () => undefined);
    if (method.clientStreaming) this.#guarded(() => (this.#call = this.#open()));
  }

  /** Ends the call from this side, wherever it stands. */
  end(status: Status): void {
    if (this.#ended) return;
    this.#call?.cancel();
    this.onEnd(status, NO_METADATA);
  }

  onHeaders(metadata: Metadata): void {
    this.#metadata = metadata;
    // A watcher may have nothing to say for hours; its client wants to know that it is being served.
    if (this.method.serverStreaming) this.#respond();
  }

  onMessage(body: Uint8Array): void {
    if (this.#ended) return;
    this.#observer.sent(this.method, body.length);
    if (!this.method.serverStreaming) {
      this.#answer = body;
      return;
    }
    this.#respond();
    if (this.#write(body) || this.#isFull) return;
    // A client that does not read is not read from either, or it could ask without end.
    this.#isFull = true;
    this.#call?.pause();
    this.#stream.pause();
    this.#stream.once('drain', () => {
      this.#isFull = false;
      this.#call?.resume();
      this.#stream.resume();
    });
  }

  onEnd(status: Status, trailers: Metadata): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#observer.ended(this.method, status.code, this.#startMs);
    const stream = this.#stream;
    if (stream.destroyed || stream.closed) return;
    const last = statusHeaders(status, trailers);
    if (!this.#responded && (this.#answer === undefined || status.code !== Code.OK)) {
      addMetadata(last, this.#metadata);
      stream.respond({ ...RESPONSE_HEADERS, ...last }, RESPOND_AND_END);
      this.#release();
    } else {
      this.#respond();
      stream.once('wantTrailers', () => {
        stream.sendTrailers(last);
        this.#release();
      });
      if (this.#answer !== undefined && status.code === Code.OK) this.#write(this.#answer);
      stream.end();
    }
  }

  /** The client need not send the rest of what nobody reads. Its end is mostly on the way by itself. */
  #release(): void {
    const stream = this.#stream;
    if (stream.readableEnded) return;
    stream.resume();
    setImmediate(() => {
      if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
    });
  }

  #guarded(run: () => void): void {
    if (this.#ended) return;
    try {
      run();
    } catch (error) {
      const { code, message } = StatusError.from(error);
      this.end({ code, message });
    }
  }

  #receive(chunk: Buffer): void {
    for (const message of this.#reader.push(chunk)) {
      if (this.#ended) return;
      const body = this.#plain(message);
      this.#observer.received(this.method, body.length);
      if (this.method.clientStreaming) this.#call?.send(body);
      else this.#request(body);
    }
    this.#slowDown();
  }

  /** The one request of a call that takes one. */
  #request(body: Uint8Array): void {
    if (this.#call !== undefined) {
      throw new StatusError(Code.Internal, 'grpc: client sent more than one request message');
    }
    const call = this.#open();
    this.#call = call;
    call.send(body);
    call.halfClose();
  }

  #receiveEnd(): void {
    if (!this.#reader.isEmpty) {
      throw new StatusError(Code.Internal, 'grpc: the stream ended within a message');
    }
    if (this.#call === undefined) {
      throw new StatusError(Code.Internal, 'grpc: client sent no request message');
    }
    if (this.method.clientStreaming) this.#call.halfClose();
  }

  #open(): ClientCall {
    const timeout = this.#headers['grpc-timeout'];
    const timeoutMs = typeof timeout === 'string' ? timeoutMsOf(timeout) : undefined;
    if (timeoutMs === 0) throw StatusError.of('contextDeadlineExceeded');
    const metadata = metadataOf(this.#headers);
    const options = timeoutMs === undefined ? { metadata } : { metadata, timeoutMs };
    return this.#channel.open(this.method.path, options, this);
  }

  #plain({ body, compressed }: FramedMessage): Uint8Array {
    if (!compressed) return body;
    const encoding = this.#headers['grpc-encoding'];
    if (encoding === undefined || encoding === 'identity') {
      throw new StatusError(
        Code.Internal,
        'grpc: compressed flag set with identity or empty encoding',
      );
    }
    if (encoding !== 'gzip') {
      throw new StatusError(
        Code.Unimplemented,
        `grpc: Decompressor is not installed for grpc-encoding "${String(encoding)}"`,
      );
    }
    return gunzipped(body);
  }

  /** Lets the client wait while the member takes less than it sends. */
  #slowDown(): void {
    const call = this.#call;
    if (call === undefined || call.unsentBytes <= PROXY_UNSENT_BYTES_MAX) return;
    this.#stream.pause();
    const recheck = (): void => {
      if (this.#ended || call.unsentBytes <= PROXY_UNSENT_BYTES_MAX) this.#stream.resume();
      else setTimeout(recheck, PROXY_UNSENT_RECHECK_MS);
    };
    setTimeout(recheck, PROXY_UNSENT_RECHECK_MS);
  }

  #respond(): void {
    if (this.#responded || this.#stream.destroyed || this.#stream.closed) return;
    this.#responded = true;
    if (this.#metadata.length === 0) {
      this.#stream.respond(RAW_RESPONSE_HEADERS, RESPOND);
      return;
    }
    const headers = { ...RESPONSE_HEADERS };
    addMetadata(headers, this.#metadata);
    this.#stream.respond(headers, RESPOND);
  }

  /** False when the client should read first. */
  #write(body: Uint8Array): boolean {
    const stream = this.#stream;
    if (stream.destroyed || stream.writableEnded) return true;
    const pieces = framed(body);
    if (pieces.length === 1) return stream.write(pieces[0]);
    stream.cork();
    let more = true;
    for (const piece of pieces) more = stream.write(piece);
    stream.uncork();
    return more;
  }

  #closed(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#call?.cancel();
    this.#observer.ended(this.method, Code.Canceled, this.#startMs);
  }
}

function gunzipped(body: Uint8Array): Uint8Array {
  try {
    return gunzipSync(body, { maxOutputLength: MESSAGE_BYTES_MAX });
  } catch (error) {
    if (error instanceof RangeError)
      throw receivedTooLarge(MESSAGE_BYTES_MAX + 1, MESSAGE_BYTES_MAX);
    const text = error instanceof Error ? error.message : String(error);
    throw new StatusError(
      Code.Internal,
      `grpc: failed to decompress the received message: ${text}`,
    );
  }
}
