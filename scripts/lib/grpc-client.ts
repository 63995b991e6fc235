/** A gRPC client that costs little, on node:http2, for tests and benchmarks: bodies are encoded messages. */
import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';

const HEAD_BYTES = 5;

export interface GrpcOptions {
  readonly metadata?: Readonly<Record<string, string>>;
  /** Sent as grpc-timeout. */
  readonly timeoutMs?: number;
}

/** A call that did not end with status 0. */
export class GrpcError extends Error {
  override readonly name = 'GrpcError';
  readonly code: number;
  /** grpc-message, decoded. */
  readonly text: string;

  constructor(method: string, code: number, text: string) {
    super(`call ${method}: status ${code}, ${text}`);
    this.code = code;
    this.text = text;
  }
}

export class GrpcClient {
  readonly #session: ClientHttp2Session;

  private constructor(session: ClientHttp2Session) {
    this.#session = session;
  }

  /** @param endpoint such as http://127.0.0.1:2379 */
  static open(endpoint: string): Promise<GrpcClient> {
    const session = connect(endpoint, {
      settings: { initialWindowSize: 4 * 1024 * 1024, enablePush: false },
    });
    return new Promise((resolve, reject) => {
      session.on('error', reject);
      session.once('connect', () => {
        session.setLocalWindowSize(16 * 1024 * 1024);
        resolve(new GrpcClient(session));
      });
    });
  }

  /** @param method full name, such as `etcdserverpb.KV/Put`. @throws GrpcError */
  unary(method: string, body: Uint8Array, options: GrpcOptions = {}): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const stream = this.#request(method, options);
      const answer = new Collector();
      let status: Status | undefined;
      stream.on('response', (headers) => (status = statusOf(headers)));
      stream.on('trailers', (headers: Headers) => (status = statusOf(headers)));
      stream.on('data', (chunk: Buffer) => answer.push(chunk));
      stream.on('error', reject);
      stream.on('close', () => {
        const [message] = answer.messages;
        if (status?.code === 0 && message !== undefined) resolve(message);
        else reject(errorOf(method, status));
      });
      stream.end(framed(body));
    });
  }

  stream(method: string, options: GrpcOptions = {}): GrpcStream {
    return new GrpcStream(method, this.#request(method, options));
  }

  close(): void {
    this.#session.destroy();
  }

  #request(method: string, { metadata, timeoutMs }: GrpcOptions): ClientHttp2Stream {
    return this.#session.request({
      ':method': 'POST',
      ':path': `/${method}`,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...(timeoutMs === undefined ? {} : { 'grpc-timeout': `${timeoutMs}m` }),
      ...metadata,
    });
  }
}

/** A stream both ways; iterating over it gives the messages and ends with the call. */
export class GrpcStream {
  readonly #method: string;
  readonly #stream: ClientHttp2Stream;
  readonly #collector = new Collector();
  #status: Status | undefined;
  #closed = false;
  #wake: (() => void) | undefined;

  constructor(method: string, stream: ClientHttp2Stream) {
    this.#method = method;
    this.#stream = stream;
    stream.on('response', (headers) => (this.#status = statusOf(headers)));
    stream.on('trailers', (headers: Headers) => (this.#status = statusOf(headers)));
    stream.on('data', (chunk: Buffer) => {
      this.#collector.push(chunk);
      this.#wake?.();
    });
    stream.on('error', () => undefined);
    stream.on('close', () => {
      this.#closed = true;
      this.#wake?.();
    });
  }

  send(body: Uint8Array): void {
    this.#stream.write(framed(body));
  }

  halfClose(): void {
    this.#stream.end();
  }

  /** As a client that goes away: RST_STREAM. */
  cancel(): void {
    this.#stream.close(constants.NGHTTP2_CANCEL);
  }

  /** The next message, or undefined after the last of a call that ended well. @throws GrpcError */
  async next(): Promise<Buffer | undefined> {
    for (;;) {
      const message = this.#collector.messages.shift();
      if (message !== undefined) return message;
      if (this.#closed) {
        if (this.#status?.code === 0) return undefined;
        throw errorOf(this.#method, this.#status);
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (let message = await this.next(); message !== undefined; message = await this.next()) {
      yield message;
    }
  }
}

interface Status {
  readonly code: number;
  readonly text: string;
}

type Headers = Readonly<Record<string, string | string[] | number | undefined>>;

function statusOf(headers: Headers): Status | undefined {
  const code = headers['grpc-status'];
  if (code === undefined) {
    const http = headers[':status'];
    return http === undefined || http === 200
      ? undefined
      : { code: 2, text: `HTTP ${String(http)}` };
  }
  const text = headers['grpc-message'];
  return { code: Number(code), text: text === undefined ? '' : decodeURIComponent(String(text)) };
}

function errorOf(method: string, status: Status | undefined): GrpcError {
  return new GrpcError(
    method,
    status?.code ?? 14,
    status?.text ?? 'the stream ended without a status',
  );
}

function framed(body: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(HEAD_BYTES + body.length);
  frame[0] = 0;
  frame.writeUInt32BE(body.length, 1);
  frame.set(body, HEAD_BYTES);
  return frame;
}

/** Messages out of chunks. */
class Collector {
  readonly messages: Buffer[] = [];
  #pending: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): void {
    let bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    while (bytes.length >= HEAD_BYTES) {
      const end = HEAD_BYTES + bytes.readUInt32BE(1);
      if (bytes.length < end) break;
      this.messages.push(bytes.subarray(HEAD_BYTES, end));
      bytes = bytes.subarray(end);
    }
    this.#pending = bytes;
  }
}
