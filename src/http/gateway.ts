/** etcd's JSON gateway: every unary method under its paths, generated from the schema. */
import { Hono } from 'hono';
import { StatusError, codeOf } from '../api/errors.ts';
import { messageTypes, type MessageType, RangeRequest, TxnRequest } from '../api/messages.ts';
import { decodeJson, encodeJson, errorLine, resultLine } from '../api/json.ts';
import { type MethodSchema, methods } from '../api/schema.ts';
import { MESSAGE_BYTES_MAX } from '../constants.ts';
import type { CallResult } from '../member/rpc.ts';
import { readBody } from './body.ts';
import { errorResponse } from './errors.ts';
import type { Router } from './router.ts';

export type RouterOf = (request: Request) => Router;

/** A path of ours: etcd serves RangeStream over gRPC only. */
const RANGE_STREAM_PATH = '/v3/kv/rangestream';

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
  const requestType = typeNamed(method.request);
  const message = decodeJson(requestType, await readBody(request, JSON_BYTES_MAX));
  const body = requestType.encode(message).finish();
  const call = isRead(method, message) ? 'read' : 'write';
  const result = await router[call]((member) => member.call(method.path, body));
  if (result.code !== 0) return withServed(errorResponse(statusOf(result)), result);
  const responseType = typeNamed(method.response);
  const text = encodeJson(responseType, responseType.decode(result.body));
  return withServed(new Response(text, { headers: JSON_HEADERS }), result);
}

/** Newline-delimited `{"result":…}` lines, pulled from members page by page as the client reads. */
async function rangeStream(request: Request, router: Router): Promise<Response> {
  const message = decodeJson(RangeRequest, await readBody(request, JSON_BYTES_MAX));
  const body = RangeRequest.encode(message).finish();
  const pull = (cursor: Uint8Array | undefined): Promise<CallResult> =>
    router.read((member) => member.page('etcdserverpb.KV/RangeStream', body, cursor));
  const first = await pull(undefined);
  if (first.code !== 0) return withServed(errorResponse(statusOf(first)), first);
  const lines = new ReadableStream<Uint8Array>(new PageLines(first, pull));
  return withServed(new Response(lines, { headers: JSON_HEADERS }), first);
}

/** Source of a stream: one line a page, the next page fetched only once the line was taken. */
class PageLines implements UnderlyingSource<Uint8Array> {
  #page: CallResult;
  #sent = false;
  readonly #pull: (cursor: Uint8Array | undefined) => Promise<CallResult>;

  constructor(first: CallResult, pull: (cursor: Uint8Array | undefined) => Promise<CallResult>) {
    this.#page = first;
    this.#pull = pull;
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    if (this.#sent) {
      if (this.#page.cursor === undefined) {
        controller.close();
        return;
      }
      this.#page = await this.#pull(this.#page.cursor);
    }
    this.#sent = true;
    const failed = this.#page.code !== 0;
    controller.enqueue(TEXT.encode(failed ? errorLine(statusOf(this.#page)) : this.#line()));
    if (failed) controller.close();
  }

  #line(): string {
    const type = messageTypes['etcdserverpb.RangeStreamResponse'];
    return resultLine(type, type.decode(this.#page.body));
  }
}

/** JSON of a message is at most 4/3 of its bytes (base64), and some for names and braces. */
const JSON_BYTES_MAX = 2 * MESSAGE_BYTES_MAX;
const TEXT = new TextEncoder();
const JSON_HEADERS = { 'Content-Type': 'application/json' };

/** Reads go to the nearest member; a transaction is one when nothing in it can write. */
function isRead(method: MethodSchema, message: object): boolean {
  if (message instanceof TxnRequest) {
    return [...message.success, ...message.failure].every((op) => op.request_range !== null);
  }
  return READ_METHODS.has(method.path);
}

const READ_METHODS: ReadonlySet<string> = new Set([
  'etcdserverpb.KV/Range',
  'etcdserverpb.Lease/LeaseTimeToLive',
  'etcdserverpb.Lease/LeaseLeases',
  'etcdserverpb.Cluster/MemberList',
  'etcdserverpb.Maintenance/Status',
  'etcdserverpb.Maintenance/Hash',
  'etcdserverpb.Maintenance/HashKV',
]);

function statusOf(result: CallResult): StatusError {
  return new StatusError(codeOf(result.code), result.message);
}

function typeNamed(name: string): MessageType {
  const types: Readonly<Record<string, MessageType>> = messageTypes;
  const type = types[name];
  if (type === undefined) throw new RangeError(`serve ${name}: no such message type`);
  return type;
}

/** Tells the client who answered. */
function withServed(response: Response, { served }: CallResult): Response {
  response.headers.set('X-Edgetcd-Member', served.member);
  if (served.region !== '') response.headers.set('X-Edgetcd-Region', served.region);
  if (served.leader !== undefined) response.headers.set('X-Edgetcd-Leader', served.leader);
  return response;
}
