/**
 * /v3/lease/keepalive: the body is a stream of requests, the answer one line for each, in order. It ends
 * when the body does.
 */
import { Hono } from 'hono';
import { decodeJson, JsonSplitter, resultLine } from '../api/json.ts';
import { LeaseKeepAliveRequest, LeaseKeepAliveResponse } from '../api/messages.ts';
import { KEEPALIVE_WHOLE_BODY_BYTES_MAX } from '../constants.ts';
import { type RouterOf, statusOf } from './calls.ts';
import type { Router } from './router.ts';
import { JSON_LINES, type PullMessages, streamOf } from './streams.ts';
import { RequestValues } from './watch/request-values.ts';

export const KEEPALIVE_PATH = '/v3/lease/keepalive';

const METHOD = 'etcdserverpb.Lease/LeaseKeepAlive';

export function keepAliveRoutes(routerOf: RouterOf): Hono {
  const app = new Hono();
  app.post(KEEPALIVE_PATH, ({ req: { raw } }) => keepAlive(raw, routerOf(raw)));
  return app;
}

async function keepAlive(request: Request, router: Router): Promise<Response> {
  const announced = request.headers.get('content-length');
  if (announced !== null && Number(announced) <= KEEPALIVE_WHOLE_BODY_BYTES_MAX) {
    return keepAliveWhole(new Uint8Array(await request.arrayBuffer()), router);
  }
  const values = new RequestValues(request.body);
  const renewals = renewalsOf(router, async () =>
    (await values.next())?.map((value) => encoded(value)),
  );
  // What is wrong with the first request is told by the status.
  const first = await renewals();
  let isFirst = true;
  return streamOf(JSON_LINES, LeaseKeepAliveResponse, async () => {
    if (!isFirst) return renewals();
    isFirst = false;
    return first;
  });
}

/** The usual request: a body that is there at once. Streams would take several times as long. */
async function keepAliveWhole(body: Uint8Array, router: Router): Promise<Response> {
  const splitter = new JsonSplitter();
  const values = splitter.push(body);
  const rest = splitter.end();
  if (rest !== undefined) values.push(rest);
  const answers = await Promise.all(values.map((value) => renew(encoded(value), router)));
  const lines = answers.map((answer) =>
    resultLine(LeaseKeepAliveResponse, LeaseKeepAliveResponse.decode(answer)),
  );
  return new Response(lines.join(''), { headers: { 'Content-Type': JSON_LINES.contentType } });
}

/** @throws StatusError InvalidArgument */
function encoded(value: Uint8Array): Uint8Array {
  return LeaseKeepAliveRequest.encode(decodeJson(LeaseKeepAliveRequest, value)).finish();
}

/**
 * An answer for every request that `requests` gives, encoded both. Renewals that came together go
 * together, and share the leader's round.
 */
export function renewalsOf(router: Router, requests: PullMessages): PullMessages {
  return async () => {
    const bodies = await requests();
    return bodies && Promise.all(bodies.map((body) => renew(body, router)));
  };
}

async function renew(body: Uint8Array, router: Router): Promise<Uint8Array> {
  const result = await router.atLeader((member) => member.call(METHOD, body));
  if (result.code !== 0) throw statusOf(result);
  return result.body;
}
