/**
 * Lock and Campaign: calls that wait at a member, perhaps for long. Entering twice with one lease is
 * entering once (etcd's rule K3), so a call whose member is lost goes on at another.
 */
import { Hono } from 'hono';
import { Code, codeOf, StatusError } from '../api/errors.ts';
import { decodeJson, encodeJson } from '../api/json.ts';
import {
  CampaignRequest,
  CampaignResponse,
  LeaseGrantRequest,
  LeaseGrantResponse,
  type Long,
  LockRequest,
  LockResponse,
  type MessageType,
} from '../api/messages.ts';
import {
  JSON_REQUEST_BYTES_MAX,
  LOCK_LEASE_TTL_SECONDS,
  LOCK_RETRY_PAUSE_MS,
  LOCK_RETRY_TIMEOUT_MS,
} from '../constants.ts';
import type { CallResult, MemberRpc } from '../member/rpc.ts';
import { readBody } from './body.ts';
import { errorResponse } from './errors.ts';
import type { RouterOf } from './calls.ts';
import type { Router } from './router.ts';

interface Candidate {
  lease: Long;
}

export function waitingRoutes(routerOf: RouterOf): Hono {
  const app = new Hono();
  app.post('/v3/lock/lock', ({ req: { raw } }) =>
    wait('v3lockpb.Lock/Lock', LockRequest, LockResponse, raw, routerOf(raw)),
  );
  app.post('/v3/election/campaign', ({ req: { raw } }) =>
    wait('v3electionpb.Election/Campaign', CampaignRequest, CampaignResponse, raw, routerOf(raw)),
  );
  return app;
}

async function wait<Q extends Candidate, A extends object>(
  method: string,
  requestType: MessageType<Q, Q>,
  responseType: MessageType<A, A>,
  request: Request,
  router: Router,
): Promise<Response> {
  const message = decodeJson(requestType, await readBody(request, JSON_REQUEST_BYTES_MAX));
  if (message.lease.isZero()) message.lease = await grant(router);
  const body = requestType.encode(message).finish();
  const call = new WaitingCall(router, method, body);
  request.signal.addEventListener('abort', () => call.cancel());
  const result = await call.run();
  const headers = {
    'Content-Type': 'application/json',
    'X-Edgetcd-Member': result.served.member,
  };
  if (result.code !== 0) {
    return errorResponse(new StatusError(codeOf(result.code), result.message));
  }
  return new Response(encodeJson(responseType, responseType.decode(result.body)), { headers });
}

/** The lease is known here, so that the call can be repeated with it. */
async function grant(router: Router): Promise<Long> {
  const body = LeaseGrantRequest.encode({ TTL: LOCK_LEASE_TTL_SECONDS }).finish();
  const result = await router.write((member) => member.call('etcdserverpb.Lease/LeaseGrant', body));
  if (result.code !== 0) throw new StatusError(codeOf(result.code), result.message);
  return LeaseGrantResponse.decode(result.body).ID;
}

class WaitingCall {
  readonly #router: Router;
  readonly #method: string;
  readonly #body: Uint8Array;
  readonly #callId = crypto.randomUUID();
  /** The member that the call waits at. */
  #member: MemberRpc | undefined;
  #cancelled = false;

  constructor(router: Router, method: string, body: Uint8Array) {
    this.#router = router;
    this.#method = method;
    this.#body = body;
  }

  /** @throws StatusError Unavailable when no member answers for LOCK_RETRY_TIMEOUT_MS */
  async run(): Promise<CallResult> {
    for (let giveUpMs = Infinity; ;) {
      const beganMs = Date.now();
      const result = await this.#attempt();
      if (typeof result === 'object' && result.code !== Code.Unavailable) return result;
      // A member that was lost after a long wait is no reason to give up.
      if (giveUpMs === Infinity || Date.now() - beganMs > LOCK_RETRY_TIMEOUT_MS) {
        giveUpMs = Date.now() + LOCK_RETRY_TIMEOUT_MS;
      }
      if (this.#cancelled || Date.now() > giveUpMs) {
        if (typeof result === 'object') return result;
        throw new StatusError(Code.Unavailable, result);
      }
      await new Promise((resume) => setTimeout(resume, LOCK_RETRY_PAUSE_MS));
    }
  }

  /** The client is gone. */
  cancel(): void {
    this.#cancelled = true;
    this.#member?.cancel(this.#callId).catch(() => {
      // Without its client and its member the candidate goes when its lease ends.
    });
  }

  /** The member's answer, or why there is none. */
  async #attempt(): Promise<CallResult | string> {
    try {
      return await this.#router.atLeader((member) => {
        this.#member = member;
        return member.call(this.#method, this.#body, this.#callId);
      });
    } catch (error) {
      return StatusError.from(error).message;
    }
  }
}
