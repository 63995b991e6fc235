/**
 * gRPC-Web: every call as `POST /service/method`. The client sends all its requests before it reads, so
 * streams both ways work as far as one direction at a time goes: a watch takes its requests first.
 */
import { Hono } from 'hono';
import { Code, StatusError } from '../../api/errors.ts';
import { LeaderRequest, LeaseKeepAliveResponse, WatchRequest } from '../../api/messages.ts';
import { type MethodSchema, methods } from '../../api/schema.ts';
import {
  callPage,
  callUnary,
  messageTypeNamed,
  PAGED_METHODS,
  type RouterOf,
  statusOf,
  withServed,
} from '../calls.ts';
import { renewalsOf } from '../keepalive.ts';
import { observe } from '../observe.ts';
import type { Router } from '../router.ts';
import { pagesFrom, streamOf } from '../streams.ts';
import { mayWait, waitingCall } from '../waiting-call.ts';
import { streamAnswer } from '../watch/routes.ts';
import { WatchSession } from '../watch/session.ts';
import { GRPC_WEB_WATCH } from './formats.ts';
import { answerMode, grpcWebMode } from './content-type.ts';
import { Deadline } from './deadline.ts';
import { refusal } from './errors.ts';
import { GRPC_WEB_FRAMES, inMode, unaryAnswer } from './formats.ts';
import { RequestMessages, timeoutOf } from './request.ts';

/** One call as it came in. */
interface Call {
  readonly method: MethodSchema;
  readonly request: Request;
  readonly router: Router;
  readonly messages: RequestMessages;
  readonly deadline: Deadline;
}

type Handler = (call: Call) => Promise<Response>;

export function grpcWebRoutes(routerOf: RouterOf): Hono {
  const app = new Hono();
  for (const method of methods) {
    const handler = handlerOf(method);
    app.post(`/${method.path}`, ({ req: { raw } }) => answer(method, handler, raw, routerOf));
  }
  return app;
}

function handlerOf(method: MethodSchema): Handler {
  if (PAGED_METHODS.has(method.path)) return paged;
  if (mayWait(method.path)) return waiting;
  const streaming = STREAMING[method.path];
  if (streaming !== undefined) return streaming;
  return method.clientStreaming || method.serverStreaming ? unserved : unary;
}

async function answer(
  method: MethodSchema,
  handler: Handler,
  request: Request,
  routerOf: RouterOf,
): Promise<Response> {
  const mode = grpcWebMode(request);
  if (mode === undefined) {
    return new Response('this path answers application/grpc-web and application/grpc-web-text\n', {
      status: 415,
    });
  }
  const deadline = new Deadline(timeoutOf(request.headers));
  try {
    const messages = new RequestMessages(request.body, mode);
    const call: Call = { method, request, router: routerOf(request), messages, deadline };
    return inMode(answerMode(request, mode), await handler(call));
  } catch (error) {
    deadline.cancel();
    return refusal(StatusError.from(error), answerMode(request, mode));
  }
}

async function unary({ method, request, router, messages, deadline }: Call): Promise<Response> {
  const body = await messages.one();
  const message = (): object => messageTypeNamed(method.request).decode(body);
  const result = await deadline.within(callUnary(request, router, method, body, message));
  if (result.code !== 0) throw statusOf(result);
  deadline.cancel();
  return withServed(unaryAnswer(result.body), result);
}

/** Lock and Campaign. */
async function waiting({ method, request, router, messages, deadline }: Call): Promise<Response> {
  const call = await waitingCall(router, method.path, await messages.one());
  request.signal.addEventListener('abort', () => call.cancel());
  deadline.onPassed(() => call.cancel());
  const result = await deadline.within(call.run());
  if (result.code !== 0) throw statusOf(result);
  deadline.cancel();
  return withServed(unaryAnswer(result.body), result);
}

async function paged({ method, request, router, messages, deadline }: Call): Promise<Response> {
  const body = await messages.one();
  const pull = (cursor?: Uint8Array) =>
    deadline.within(callPage(request, router, method.path, body, cursor));
  const first = await pull();
  if (first.code !== 0) throw statusOf(first);
  const pages = pagesFrom(first, pull);
  const type = messageTypeNamed(method.response);
  return withServed(streamOf(GRPC_WEB_FRAMES, type, pages), first);
}

async function watch({ request, router, messages, deadline }: Call): Promise<Response> {
  const session = await WatchSession.open(request, router, GRPC_WEB_WATCH);
  void pump(messages, session);
  return waitingAnswer(request, session, deadline);
}

async function pump(messages: RequestMessages, session: WatchSession): Promise<void> {
  try {
    for (;;) {
      const bodies = await messages.next();
      if (bodies === undefined) return;
      for (const body of bodies) session.request(WatchRequest.decode(body));
    }
  } catch (error) {
    session.fail(StatusError.from(error));
  }
}

async function keepAlive({ router, messages, deadline }: Call): Promise<Response> {
  const renewals = renewalsOf(router, () => messages.next());
  return streamOf(GRPC_WEB_FRAMES, LeaseKeepAliveResponse, () => deadline.within(renewals()));
}

async function observeElection(call: Call): Promise<Response> {
  const { request, router, messages, deadline } = call;
  const election = LeaderRequest.decode(await messages.one());
  return waitingAnswer(
    request,
    await observe(election, request, router, GRPC_WEB_FRAMES),
    deadline,
  );
}

/** Streams that wait for events. */
function waitingAnswer(request: Request, session: WatchSession, deadline: Deadline): Response {
  deadline.onPassed((error) => session.fail(error));
  return streamAnswer(request, session, GRPC_WEB_FRAMES.contentType);
}

function unserved({ method }: Call): Promise<Response> {
  return Promise.reject(
    new StatusError(
      Code.Unimplemented,
      `unknown method ${method.name} for service ${method.service}`,
    ),
  );
}

const STREAMING: Readonly<Record<string, Handler>> = {
  'etcdserverpb.Watch/Watch': watch,
  'etcdserverpb.Lease/LeaseKeepAlive': keepAlive,
  'v3electionpb.Election/Observe': observeElection,
};
