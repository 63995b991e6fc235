/** gRPC over HTTP/2: streams become calls of a Channel. Written on Node's own HTTP/2; see docs/internals/proxy.md. */
import {
  constants,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { Code, StatusError } from '../api/errors.ts';
import { methodByPath, methods } from '../api/schema.ts';
import type { Channel, Status } from '../client/channel.ts';
import { PROXY_CONNECTION_WINDOW_BYTES } from '../constants.ts';
import { GrpcCall, type CallObserver } from './grpc-call.ts';
import { statusHeaders } from './headers.ts';
import { keepAlive, type KeepAliveOptions } from './keepalive.ts';
import { reflectionMethod } from './reflection.ts';

const SERVICES: ReadonlySet<string> = new Set(methods.map(({ service }) => service));

export class GrpcServer {
  readonly #channel: Channel;
  readonly #observer: CallObserver;
  readonly #keepAlive: KeepAliveOptions | undefined;
  readonly #calls = new Set<GrpcCall>();
  readonly #sessions = new Set<ServerHttp2Session>();
  #stopping = false;
  readonly #forget = (call: GrpcCall): void => void this.#calls.delete(call);

  constructor(channel: Channel, observer: CallObserver, keepAlive?: KeepAliveOptions) {
    this.#channel = channel;
    this.#observer = observer;
    this.#keepAlive = keepAlive;
  }

  /** Serves what arrives at an HTTP/2 server made with the options of http2-options.ts. */
  attach(server: Http2Server): void {
    server.on('session', (session) => this.#session(session));
    server.on('stream', (stream, headers) => this.#stream(stream, headers));
  }

  /**
   * Lets unary calls end, ends streams so that their clients go elsewhere, and closes all connections,
   * after `graceMs` at the latest.
   */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    for (const call of this.#calls) {
      if (call.method.serverStreaming || call.method.clientStreaming) call.end(stopped());
    }
    const closed = [...this.#sessions].map(async (session) => {
      // Its own callback is not called when the client has begun to close it.
      const isClosed = new Promise<void>((resolve) => session.once('close', resolve));
      session.close();
      await isClosed;
    });
    const timer = setTimeout(() => {
      for (const session of this.#sessions) session.destroy();
    }, graceMs);
    await Promise.all(closed);
    clearTimeout(timer);
  }

  #session(session: ServerHttp2Session): void {
    this.#sessions.add(session);
    session.setLocalWindowSize(PROXY_CONNECTION_WINDOW_BYTES);
    if (this.#keepAlive !== undefined) keepAlive(session, this.#keepAlive);
    session.on('close', () => this.#sessions.delete(session));
    // The session is destroyed by it, and every stream of it closes: nothing else to do.
    session.on('error', () => undefined);
  }

  #stream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const refusal = httpRefusal(headers);
    if (refusal !== undefined) {
      stream.on('error', () => undefined);
      stream.respond({ ':status': refusal }, { endStream: true });
      stream.close(constants.NGHTTP2_NO_ERROR);
      return;
    }
    const path = (headers[':path'] ?? '').slice(1);
    const method = methodByPath(path) ?? reflectionMethod(path);
    if (method === undefined || this.#stopping) {
      refuse(stream, method === undefined ? unknownMethod(path) : stopped());
      return;
    }
    this.#calls.add(
      new GrpcCall(stream, headers, method, this.#channel, this.#observer, this.#forget),
    );
  }
}

/** HTTP status for what is no gRPC request at all. */
function httpRefusal(headers: IncomingHttpHeaders): number | undefined {
  if (headers[':method'] !== 'POST') return 405;
  const type = headers['content-type'] ?? '';
  return /^application\/grpc($|[+;])/.test(type) ? undefined : 415;
}

/** As Go's server says it. */
function unknownMethod(path: string): Status {
  const slash = path.lastIndexOf('/');
  if (slash < 0) return status(Code.Unimplemented, `malformed method name: "/${path}"`);
  const service = path.slice(0, slash);
  const text = SERVICES.has(service)
    ? `unknown method ${path.slice(slash + 1)} for service ${service}`
    : `unknown service ${service}`;
  return status(Code.Unimplemented, text);
}

function stopped(): Status {
  const { code, message } = StatusError.of('stopped');
  return { code, message };
}

function status(code: Code, message: string): Status {
  return { code, message };
}

function refuse(stream: ServerHttp2Stream, end: Status): void {
  stream.on('error', () => undefined);
  const headers = { ':status': 200, 'content-type': 'application/grpc', ...statusHeaders(end, []) };
  stream.respond(headers, { endStream: true });
  stream.resume();
  stream.close(constants.NGHTTP2_NO_ERROR);
}
