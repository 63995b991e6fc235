/**
 * /v3/lease/keepalive: the body is a stream of requests, the answer one line for each, in order. It ends
 * when the body does.
 */
import { Hono } from 'hono';
import { decodeJson } from '../api/json.ts';
import { LeaseKeepAliveRequest, LeaseKeepAliveResponse } from '../api/messages.ts';
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
  const values = new RequestValues(request.body);
  const renewals = renewalsOf(router, async () =>
    (await values.next())?.map((value) =>
      LeaseKeepAliveRequest.encode(decodeJson(LeaseKeepAliveRequest, value)).finish(),
    ),
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
