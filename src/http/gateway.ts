/** etcd's JSON gateway: every method with one request under its paths, generated from the schema. */
import { Hono } from 'hono';
import { decodeJson, encodeJson } from '../api/json.ts';
import { type MethodSchema, methods } from '../api/schema.ts';
import { jsonPathsOf } from '../api/transports.ts';
import { MESSAGE_BYTES_MAX } from '../constants.ts';
import { readBody } from './body.ts';
import {
  callPage,
  callUnary,
  messageTypeNamed,
  PAGED_METHODS,
  type RouterOf,
  statusOf,
  withServed,
} from './calls.ts';
import { errorResponse } from './errors.ts';
import type { Router } from './router.ts';
import { JSON_LINES, pagesFrom, streamOf } from './streams.ts';

export function gatewayRoutes(routerOf: RouterOf): Hono {
  const app = new Hono();
  for (const method of methods) {
    const isPaged = PAGED_METHODS.has(method.path);
    if ((method.clientStreaming || method.serverStreaming) && !isPaged) continue;
    const run = isPaged ? paged : unary;
    for (const path of jsonPathsOf(method)) {
      app.post(path, async ({ req: { raw } }) => run(method, raw, routerOf(raw)));
    }
  }
  return app;
}

async function unary(method: MethodSchema, request: Request, router: Router): Promise<Response> {
  const requestType = messageTypeNamed(method.request);
  const message = decodeJson(requestType, await readBody(request, JSON_BYTES_MAX));
  const result = await callUnary(
    request,
    router,
    method,
    requestType.encode(message).finish(),
    () => message,
  );
  if (result.code !== 0) return withServed(errorResponse(statusOf(result)), result);
  const responseType = messageTypeNamed(method.response);
  const text = encodeJson(responseType, responseType.decode(result.body));
  return withServed(new Response(text, { headers: JSON_HEADERS }), result);
}

/** Newline-delimited `{"result":…}` lines, pulled from members page by page as the client reads. */
async function paged(method: MethodSchema, request: Request, router: Router): Promise<Response> {
  const requestType = messageTypeNamed(method.request);
  const message = decodeJson(requestType, await readBody(request, JSON_BYTES_MAX));
  const body = requestType.encode(message).finish();
  const pull = (cursor?: Uint8Array) => callPage(request, router, method.path, body, cursor);
  const first = await pull();
  if (first.code !== 0) return withServed(errorResponse(statusOf(first)), first);
  const responseType = messageTypeNamed(method.response);
  return withServed(streamOf(JSON_LINES, responseType, pagesFrom(first, pull)), first);
}

/** JSON of a message is at most 4/3 of its bytes (base64), and some for names and braces. */
const JSON_BYTES_MAX = 2 * MESSAGE_BYTES_MAX;
const JSON_HEADERS = { 'Content-Type': 'application/json' };
