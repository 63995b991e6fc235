import { CLOSE } from '../src/api/close-codes.ts';
import { WATCH_SOCKETS_MAX } from '../src/constants.ts';
import {
  NEEDS_LEADER_QUERY,
  PING,
  PONG,
  WATCH_PATHS,
  type WatchKind,
} from '../src/member/watch-bridge.ts';
import type { WatchConnection } from '../src/member/watch-connection.ts';
import type { WatchHost } from '../src/member/watch-host.ts';
import { attachmentOf, HibernatingSocket } from './hibernating-socket.ts';

/** Tag of all sockets here; sockets without it are the peers'. */
const TAG = 'watch';

/**
 * Sockets that carry watch streams. All hibernate: the object may lose its memory while they stay open,
 * and finds them here when it is built again.
 */
export class WatchSockets {
  readonly #ctx: DurableObjectState;
  readonly #host: WatchHost;
  readonly #connections = new WeakMap<WebSocket, WatchConnection>();

  /** Takes up the sockets that the object slept with; `kept` says how many. */
  constructor(ctx: DurableObjectState, host: WatchHost) {
    this.#ctx = ctx;
    this.#host = host;
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
    const open = ctx.getWebSockets(TAG).filter((socket) => socket.readyState === WebSocket.OPEN);
    const connections = host.restore(
      open.map((socket) => ({
        socket: new HibernatingSocket(socket),
        attachment: attachmentOf(socket),
      })),
    );
    open.forEach((socket, index) => {
      const connection = connections[index];
      if (connection !== undefined) this.#connections.set(socket, connection);
    });
  }

  /** The kind of watch that a path of the object stands for. */
  static kindOf(path: string): WatchKind | undefined {
    if (path === WATCH_PATHS.bridge) return 'bridge';
    return path === WATCH_PATHS.json ? 'json' : undefined;
  }

  /** Answers an upgrade to one of the paths. */
  async accept(kind: WatchKind, request: Request): Promise<Response> {
    if (this.#host.connections >= WATCH_SOCKETS_MAX) {
      return new Response(`this member carries ${WATCH_SOCKETS_MAX} watch streams already`, {
        status: 503,
      });
    }
    await this.#host.current();
    const { 0: client, 1: server } = new WebSocketPair();
    this.#ctx.acceptWebSocket(server, [TAG]);
    const needsLeader = new URL(request.url).search === NEEDS_LEADER_QUERY;
    const connection = this.#host.open(kind, new HibernatingSocket(server), needsLeader);
    this.#connections.set(server, connection);
    const protocol = request.headers.get('sec-websocket-protocol');
    const headers = new Headers();
    if (protocol !== null) headers.set('Sec-WebSocket-Protocol', protocol);
    return new Response(null, { status: 101, webSocket: client, headers });
  }

  /** False: the socket is not one of these. */
  message(socket: WebSocket, data: ArrayBuffer | string): boolean {
    const connection = this.#connections.get(socket);
    if (connection === undefined) return false;
    connection.message(typeof data === 'string' ? data : new Uint8Array(data));
    return true;
  }

  closed(socket: WebSocket): void {
    this.#connections.get(socket)?.closed();
  }
}

/** The answer to a client's close, and the end of sockets that nobody knows. */
export function finishClose(socket: WebSocket): void {
  try {
    socket.close(CLOSE.DONE.code, CLOSE.DONE.reason);
  } catch {
    // The platform has answered.
  }
}
