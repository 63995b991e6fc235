/** Lock and Campaign over etcd's gateway: calls that may wait for long (src/http/waiting-call.ts). */
import { Hono } from 'hono';
import { decodeJson, encodeJson } from '../api/json.ts';
import {
  CampaignRequest,
  CampaignResponse,
  LockRequest,
  LockResponse,
  type MessageType,
} from '../api/messages.ts';
import { JSON_REQUEST_BYTES_MAX } from '../constants.ts';
import { readBody } from './body.ts';
import { type RouterOf, statusOf, withServed } from './calls.ts';
import { errorResponse } from './errors.ts';
import { patientAnswer } from './patient-answer.ts';
import type { Router } from './router.ts';
import { waitingCall } from './waiting-call.ts';

export function waitingRoutes(routerOf: RouterOf): Hono {
  const app = new Hono();
  app.post('/v3/lock/lock', ({ req: { raw } }) =>
    json('v3lockpb.Lock/Lock', LockRequest, LockResponse, raw, routerOf(raw)),
  );
  app.post('/v3/election/campaign', ({ req: { raw } }) =>
    json('v3electionpb.Election/Campaign', CampaignRequest, CampaignResponse, raw, routerOf(raw)),
  );
  return app;
}

async function json<Q extends object, A extends object>(
  method: string,
  requestType: MessageType<Q, Q>,
  responseType: MessageType<A, A>,
  request: Request,
  router: Router,
): Promise<Response> {
  const message = decodeJson(requestType, await readBody(request, JSON_REQUEST_BYTES_MAX));
  const call = await waitingCall(router, method, requestType.encode(message).finish());
  request.signal.addEventListener('abort', () => call.cancel());
  const answer = call.run().then((result) => {
    if (result.code !== 0) return errorResponse(statusOf(result));
    const text = encodeJson(responseType, responseType.decode(result.body));
    const headers = { 'Content-Type': 'application/json' };
    return withServed(new Response(text, { headers }), result);
  });
  return patientAnswer(answer, () => call.cancel());
}
