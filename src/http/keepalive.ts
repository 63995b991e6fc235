/**
 * /v3/lease/keepalive: the body is a stream of requests, the answer one line for each, in order. It ends
 * when the body does.
 */
import { Hono } from 'hono';
import { codeOf, StatusError } from '../api/errors.ts';
import { decodeJson, errorLine, resultLine } from '../api/json.ts';
import { LeaseKeepAliveRequest, LeaseKeepAliveResponse } from '../api/messages.ts';
import { encodeUtf8 } from '../lib/utf8.ts';
import type { RouterOf } from './gateway.ts';
import type { Router } from './router.ts';
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
  // What is wrong with the first request is told by the status.
  const first = await renewAll((await values.next()) ?? [], router);
  const lines = new ReadableStream<Uint8Array>(new RenewalLines(first, values, router), {
    highWaterMark: 0,
  });
  return new Response(lines, { headers: { 'Content-Type': 'application/json' } });
}

/** Renewals that came together go together, and share the leader's round. */
async function renewAll(values: readonly Uint8Array[], router: Router): Promise<Uint8Array> {
  const requests = values.map((value) => decodeJson(LeaseKeepAliveRequest, value));
  const lines = await Promise.all(requests.map((request) => renew(request, router)));
  return encodeUtf8(lines.join(''));
}

async function renew(request: LeaseKeepAliveRequest, router: Router): Promise<string> {
  const body = LeaseKeepAliveRequest.encode(request).finish();
  const result = await router.atLeader((member) => member.call(METHOD, body));
  if (result.code !== 0) throw new StatusError(codeOf(result.code), result.message);
  return resultLine(LeaseKeepAliveResponse, LeaseKeepAliveResponse.decode(result.body));
}

/** Source of the answer: requests are read only as fast as the client takes their answers. */
class RenewalLines implements UnderlyingSource<Uint8Array> {
  #first: Uint8Array | undefined;
  readonly #values: RequestValues;
  readonly #router: Router;

  constructor(first: Uint8Array, values: RequestValues, router: Router) {
    this.#first = first.length === 0 ? undefined : first;
    this.#values = values;
    this.#router = router;
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    try {
      const lines = this.#first ?? (await this.#next());
      this.#first = undefined;
      if (lines === undefined) controller.close();
      else controller.enqueue(lines);
    } catch (error) {
      controller.enqueue(encodeUtf8(errorLine(StatusError.from(error))));
      controller.close();
    }
  }

  async #next(): Promise<Uint8Array | undefined> {
    const values = await this.#values.next();
    return values === undefined ? undefined : renewAll(values, this.#router);
  }
}
