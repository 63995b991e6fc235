import { SESSION_SOCKETS_MAX } from '../src/constants.ts';
import type { SessionConnection } from '../src/member/session-connection.ts';
import type { SessionHost } from '../src/member/session-host.ts';
import { SESSION_PROTOCOL } from '../src/session/items.ts';
import { attachmentOf, HibernatingSocket } from './hibernating-socket.ts';

/** Tag of all sockets here. */
const TAG = 'session';

/** Sockets that carry sessions. All hibernate: the object finds them here when it is built again. */
export class SessionSockets {
  readonly #ctx: DurableObjectState;
  readonly #host: SessionHost;
  readonly #sessions = new WeakMap<WebSocket, SessionConnection>();

  /** Takes up the sockets that the object slept with. */
  constructor(ctx: DurableObjectState, host: SessionHost) {
    this.#ctx = ctx;
    this.#host = host;
    const open = ctx.getWebSockets(TAG).filter((socket) => socket.readyState === WebSocket.OPEN);
    const sessions = host.restore(
      open.map((socket) => ({
        socket: new HibernatingSocket(socket),
        attachment: attachmentOf(socket),
      })),
    );
    open.forEach((socket, index) => {
      const session = sessions[index];
      if (session !== undefined) this.#sessions.set(socket, session);
    });
  }

  /** Answers an upgrade. */
  accept(): Response {
    if (this.#host.gauges.sessions >= SESSION_SOCKETS_MAX) {
      return new Response(`this member carries ${SESSION_SOCKETS_MAX} sessions already`, {
        status: 503,
      });
    }
    const { 0: client, 1: server } = new WebSocketPair();
    this.#ctx.acceptWebSocket(server, [TAG]);
    this.#sessions.set(server, this.#host.open(new HibernatingSocket(server)));
    const headers = { 'Sec-WebSocket-Protocol': SESSION_PROTOCOL };
    return new Response(null, { status: 101, webSocket: client, headers });
  }

  /** False: the socket is not one of these. */
  message(socket: WebSocket, data: ArrayBuffer | string): boolean {
    const session = this.#sessions.get(socket);
    if (session === undefined) return false;
    session.frame(typeof data === 'string' ? data : new Uint8Array(data));
    return true;
  }

  closed(socket: WebSocket): void {
    this.#sessions.get(socket)?.closed();
  }
}
