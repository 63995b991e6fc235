/** /v3/session: the upgrade goes through to the nearest member that takes it (docs/internals/session.md). */
import { Hono } from 'hono';
import { Code, StatusError } from '../api/errors.ts';
import { SESSION_PATH, SESSION_PROTOCOL } from '../session/items.ts';
import type { RouterOf } from './calls.ts';
import { errorResponse } from './errors.ts';

export function sessionRoutes(routerOf: RouterOf): Hono {
  const app = new Hono();
  app.get(SESSION_PATH, async ({ req: { raw } }) => {
    if (raw.headers.get('upgrade')?.toLowerCase() !== 'websocket') {
      return errorResponse(new StatusError(Code.Unimplemented, 'Method Not Allowed'));
    }
    const offered = (raw.headers.get('sec-websocket-protocol') ?? '').split(',');
    // Browsers may send their token beside it, which stays here.
    if (!offered.some((protocol) => protocol.trim() === SESSION_PROTOCOL)) {
      const text = `open a session: WebSocket subprotocol ${SESSION_PROTOCOL} was not offered`;
      return errorResponse(new StatusError(Code.InvalidArgument, text));
    }
    const { socket, member } = await routerOf(raw).connect(SESSION_PATH);
    const headers = { 'Sec-WebSocket-Protocol': SESSION_PROTOCOL, 'X-Edgetcd-Member': member };
    return new Response(null, { status: 101, webSocket: socket, headers });
  });
  return app;
}
