/** etcd's JSON gateway: every unary method under its paths, generated from the schema. */
import { Hono } from 'hono';
import { decodeJson, encodeJson } from '../api/json.ts';
import { RangeRequest, RangeStreamResponse } from '../api/messages.ts';
import { type MethodSchema, methods } from '../api/schema.ts';
import { RANGE_STREAM_PATH } from '../api/transports.ts';
import { MESSAGE_BYTES_MAX } from '../constants.ts';
import { readBody } from './body.ts';
import {
  callPage,
  callUnary,
  messageTypeNamed,
  type RouterOf,
  statusOf,
  withServed,
} from './calls.ts';
import { errorResponse } from './errors.ts';
import type { Router } from './router.ts';
import { JSON_LINES, pagesFrom, streamOf } from './streams.ts';

const RANGE_STREAM = 'etcdserverpb.KV/RangeStream';

export function gatewayRoutes(routerOf: RouterOf): Hono {
  const app = new Hono();
  for (const method of methods) {
    if (method.clientStreaming || method.serverStreaming) continue;
    for (const path of method.gatewayPaths) {
      app.post(path, async (context) => unary(method, context.req.raw, routerOf(context.req.raw)));
    }
  }
  app.post(RANGE_STREAM_PATH, async (context) =>
    rangeStream(context.req.raw, routerOf(context.req.raw)),
  );
  return app;
}

async function unary(method: MethodSchema, request: Request, router: Router): Promise<Response> {
  const requestType = messageTypeNamed(method.request);
  const message = decodeJson(requestType, await readBody(request, JSON_BYTES_MAX));
  const result = await callUnary(
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
async function rangeStream(request: Request, router: Router): Promise<Response> {
  const message = decodeJson(RangeRequest, await readBody(request, JSON_BYTES_MAX));
  const body = RangeRequest.encode(message).finish();
  const first = await callPage(router, RANGE_STREAM, body, undefined);
  if (first.code !== 0) return withServed(errorResponse(statusOf(first)), first);
  const pages = pagesFrom(first, (cursor) => callPage(router, RANGE_STREAM, body, cursor));
  return withServed(streamOf(JSON_LINES, RangeStreamResponse, pages), first);
}

/** JSON of a message is at most 4/3 of its bytes (base64), and some for names and braces. */
const JSON_BYTES_MAX = 2 * MESSAGE_BYTES_MAX;
const JSON_HEADERS = { 'Content-Type': 'application/json' };
