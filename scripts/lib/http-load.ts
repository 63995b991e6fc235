/**
 * An HTTP/1.1 client that costs little: the machine's cores are shared with what is being measured.
 * One request at a time per connection, over plain sockets, answers read only as far as needed.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A request as it goes over the wire. */
export function httpRequest(method: 'GET' | 'POST', path: string, body = ''): Buffer {
  const length = Buffer.byteLength(body);
  const head = `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n`;
  const entity =
    method === 'GET' ? '' : `Content-Type: application/json\r\nContent-Length: ${length}\r\n`;
  return Buffer.from(`${head}${entity}\r\n${body}`);
}

export interface LoadOptions {
  readonly endpoints: readonly string[];
  /** Spread over the endpoints in turn. */
  readonly connections: number;
  readonly durationMs: number;
  /** The next request; called once per request, so that each may differ. */
  readonly next: () => Buffer;
}

export interface LoadResult {
  readonly requests: number;
  readonly perSecond: number;
  /** Milliseconds from the last byte sent to the last byte received, ascending. */
  readonly latenciesMs: Float64Array;
}

/** @throws Error with the answer when one is not 2xx, or a connection breaks. */
export async function httpLoad(options: LoadOptions): Promise<LoadResult> {
  const connections = await Promise.all(
    Array.from({ length: options.connections }, (_, index) =>
      HttpConnection.open(options.endpoints[index % options.endpoints.length] ?? ''),
    ),
  );
  const latencies: number[] = [];
  const startMs = performance.now();
  const endMs = startMs + options.durationMs;
  try {
    await Promise.all(
      connections.map(async (connection) => {
        let sentMs = performance.now();
        while (sentMs < endMs) {
          await connection.send(options.next());
          const nowMs = performance.now();
          latencies.push(nowMs - sentMs);
          sentMs = nowMs;
        }
      }),
    );
  } finally {
    for (const connection of connections) connection.close();
  }
  const seconds = (performance.now() - startMs) / 1000;
  return {
    requests: latencies.length,
    perSecond: latencies.length / seconds,
    latenciesMs: Float64Array.from(latencies).sort(),
  };
}

const HEAD_END = Buffer.from('\r\n\r\n');
const CHUNKED_END = Buffer.from('\r\n0\r\n\r\n');

interface Waiter {
  readonly resolve: (body: Buffer) => void;
  readonly reject: (error: Error) => void;
}

/** One keep-alive connection with at most one request under way. */
export class HttpConnection {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #waiter: Waiter | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
      this.#advance();
    });
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the server closed the connection')));
  }

  static async open(endpoint: string): Promise<HttpConnection> {
    const { hostname, port } = new URL(endpoint);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    return new HttpConnection(socket);
  }

  /** Sends a request made by `httpRequest`; the body of the answer, chunk framing included if it has any. */
  send(request: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #advance(): void {
    const headEnd = this.#received.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const head = this.#received.toString('latin1', 0, headEnd + 2).toLowerCase();
    const bodyStart = headEnd + HEAD_END.length;
    const bodyEnd = endOfBody(head, this.#received, bodyStart);
    if (bodyEnd === undefined) return;
    const body = this.#received.subarray(bodyStart, bodyEnd);
    this.#received = this.#received.subarray(bodyEnd);
    const waiter = this.#waiter;
    this.#waiter = undefined;
    if (head.startsWith('http/1.1 2')) waiter?.resolve(body);
    else waiter?.reject(new Error(`${head.slice(0, head.indexOf('\r'))}: ${body.toString()}`));
  }

  #fail(error: Error): void {
    this.#waiter?.reject(error);
    this.#waiter = undefined;
  }
}

/** Offset after the body, or undefined while some of it is missing. */
function endOfBody(head: string, received: Buffer, bodyStart: number): number | undefined {
  const at = head.indexOf('\r\ncontent-length:');
  if (at >= 0) {
    const end = bodyStart + Number.parseInt(head.slice(at + '\r\ncontent-length:'.length), 10);
    return received.length >= end ? end : undefined;
  }
  // The last chunk is empty. Only answers to our own requests come here, none with trailers.
  // It may be the only one: then its first line end is the head's last.
  const start = received.indexOf(CHUNKED_END, bodyStart - 2);
  return start < 0 ? undefined : start + CHUNKED_END.length;
}
