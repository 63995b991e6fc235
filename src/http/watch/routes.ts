/**
 * /v3/watch in all its forms: etcd's gateway over HTTP and over WebSocket, and server-sent events. The
 * HTTP forms end here; a client's own WebSocket goes through to the member.
 */
import { Hono } from 'hono';
import { Code, StatusError } from '../../api/errors.ts';
import { decodeJson } from '../../api/json.ts';
import { WatchRequest } from '../../api/messages.ts';
import { errorResponse } from '../errors.ts';
import type { Router } from '../router.ts';
import { readEventsRequest } from './events-request.ts';
import { LINES, SERVER_SENT_EVENTS } from './formats.ts';
import { RequestValues } from './request-values.ts';
import { watchPath, WatchSession } from './session.ts';

export const WATCH_PATH = '/v3/watch';

export function watchRoutes(routerOf: (request: Request) => Router): Hono {
  const app = new Hono();
  app.get(WATCH_PATH, ({ req: { raw } }) => {
    if (raw.headers.get('upgrade')?.toLowerCase() === 'websocket') {
      return webSocket(raw, routerOf(raw));
    }
    if (wantsEvents(raw)) return serverSentEvents(raw, routerOf(raw));
    return errorResponse(new StatusError(Code.Unimplemented, 'Method Not Allowed'));
  });
  app.post(WATCH_PATH, ({ req: { raw } }) =>
    wantsEvents(raw) ? serverSentEvents(raw, routerOf(raw)) : lines(raw, routerOf(raw)),
  );
  return app;
}

function wantsEvents(request: Request): boolean {
  return request.headers.get('accept')?.includes('text/event-stream') === true;
}

/** The member speaks to the client itself: a Worker in between would have nothing to add. */
async function webSocket(request: Request, router: Router): Promise<Response> {
  const headers = new Headers();
  const offered = request.headers.get('sec-websocket-protocol') ?? '';
  // The token beside it is for us alone. etcd confirms the first.
  const [protocol = ''] = offered.split(',').map((part) => part.trim());
  if (protocol !== '') headers.set('Sec-WebSocket-Protocol', protocol);
  const { socket, member } = await router.connect(watchPath('json', request), headers);
  headers.set('X-Edgetcd-Member', member);
  return new Response(null, { status: 101, webSocket: socket, headers });
}

/** etcd's gateway: the body is a stream of requests, the answer a stream of lines. */
async function lines(request: Request, router: Router): Promise<Response> {
  const values = new RequestValues(request.body);
  // What is wrong with the first request is told by the status.
  const first = await values.next();
  const requests = first?.map((value) => decodeJson(WatchRequest, value)) ?? [];
  const session = await WatchSession.open(request, router, LINES);
  for (const each of requests) session.request(each);
  void pump(values, session);
  return streamAnswer(request, session, 'application/json');
}

async function pump(values: RequestValues, session: WatchSession): Promise<void> {
  try {
    for (;;) {
      const pieces = await values.next();
      // The body's end is not the stream's: etcd goes on until the client hangs up.
      if (pieces === undefined) return;
      for (const value of pieces) session.request(decodeJson(WatchRequest, value));
    }
  } catch (error) {
    session.fail(StatusError.from(error));
  }
}

/** One watcher, created from the query or from a create_request in the body. */
async function serverSentEvents(request: Request, router: Router): Promise<Response> {
  const create = await readEventsRequest(request);
  const session = await WatchSession.open(request, router, SERVER_SENT_EVENTS);
  session.request(WatchRequest.create({ create_request: create }));
  return streamAnswer(request, session, 'text/event-stream');
}

/** The answer to a stream's client, which reads as fast as it likes. */
export function streamAnswer(
  request: Request,
  session: WatchSession,
  contentType: string,
): Response {
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const chunk = await session.read();
        if (chunk === undefined) controller.close();
        else controller.enqueue(chunk);
      },
      cancel: () => session.close(),
    },
    { highWaterMark: 0 },
  );
  request.signal.addEventListener('abort', () => session.close());
  return new Response(body, {
    headers: {
      'Content-Type': contentType,
      'Cache-Control': 'no-cache',
      'X-Edgetcd-Member': session.member,
    },
  });
}
