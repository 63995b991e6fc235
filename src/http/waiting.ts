/**
 * Lock and Campaign: calls that wait at a member, perhaps for long. Who need not wait is answered like
 * any other call. Who must wait has a session with a member that may sleep meanwhile, held here, where
 * only computing is billed. Entering twice with one lease is entering once (etcd's rule K3), so a call
 * whose member is lost goes on at another.
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
import { Session } from '../client/session.ts';
import {
  JSON_REQUEST_BYTES_MAX,
  LOCK_LEASE_TTL_SECONDS,
  LOCK_RETRY_PAUSE_MS,
  LOCK_RETRY_TIMEOUT_MS,
} from '../constants.ts';
import { EMPTY_BYTES } from '../lib/bytes.ts';
import type { CallResult } from '../member/rpc.ts';
import { SESSION_PATH } from '../session/items.ts';
import { readBody } from './body.ts';
import { type RouterOf, statusOf, withServed } from './calls.ts';
import { errorResponse } from './errors.ts';
import { dialed } from './member-socket.ts';
import { patientAnswer } from './patient-answer.ts';
import type { Router } from './router.ts';

interface Candidate {
  lease: Long;
}

export function waitingRoutes(routerOf: RouterOf): Hono {
  const app = new Hono();
  app.post('/v3/lock/lock', ({ req: { raw } }) =>
    json(LOCK, LockRequest, LockResponse, raw, routerOf(raw)),
  );
  app.post('/v3/election/campaign', ({ req: { raw } }) =>
    json(CAMPAIGN, CampaignRequest, CampaignResponse, raw, routerOf(raw)),
  );
  return app;
}

const LOCK = 'v3lockpb.Lock/Lock';
const CAMPAIGN = 'v3electionpb.Election/Campaign';

async function json<Q extends Candidate, A extends object>(
  method: string,
  requestType: MessageType<Q, Q>,
  responseType: MessageType<A, A>,
  request: Request,
  router: Router,
): Promise<Response> {
  const message = decodeJson(requestType, await readBody(request, JSON_REQUEST_BYTES_MAX));
  const call = new WaitingCall(router, method, await withLease(requestType, message, router));
  request.signal.addEventListener('abort', () => call.cancel());
  const answer = call.run().then((result) => {
    if (result.code !== 0) return errorResponse(statusOf(result));
    const text = encodeJson(responseType, responseType.decode(result.body));
    const headers = { 'Content-Type': 'application/json' };
    return withServed(new Response(text, { headers }), result);
  });
  return patientAnswer(answer, () => call.cancel());
}

/** The lease is known here, so that the call can be repeated with it. */
async function withLease<Q extends Candidate>(
  type: MessageType<Q, Q>,
  message: Q,
  router: Router,
): Promise<Uint8Array> {
  if (message.lease.isZero()) {
    const body = LeaseGrantRequest.encode({ TTL: LOCK_LEASE_TTL_SECONDS }).finish();
    const result = await router.write((member) =>
      member.call('etcdserverpb.Lease/LeaseGrant', body),
    );
    if (result.code !== 0) throw statusOf(result);
    message.lease = LeaseGrantResponse.decode(result.body).ID;
  }
  return type.encode(message).finish();
}

class WaitingCall {
  readonly #router: Router;
  readonly #method: string;
  readonly #body: Uint8Array;
  /** With the member that the call waits at. */
  #session: Session | undefined;
  #cancelled = false;

  constructor(router: Router, method: string, body: Uint8Array) {
    this.#router = router;
    this.#method = method;
    this.#body = body;
  }

  /** @throws StatusError Unavailable when no member answers for LOCK_RETRY_TIMEOUT_MS */
  async run(): Promise<CallResult> {
    let isQueued = false;
    for (let giveUpMs = Infinity; ;) {
      const beganMs = Date.now();
      const result = await (isQueued ? this.#wait() : this.#begin());
      if (result.waits === true) {
        isQueued = true;
        continue;
      }
      if (result.code !== Code.Unavailable || this.#cancelled) return result;
      // A member that was lost after a long wait is no reason to give up.
      if (giveUpMs === Infinity || Date.now() - beganMs > LOCK_RETRY_TIMEOUT_MS) {
        giveUpMs = Date.now() + LOCK_RETRY_TIMEOUT_MS;
      }
      if (Date.now() > giveUpMs) return result;
      await new Promise((resume) => setTimeout(resume, LOCK_RETRY_PAUSE_MS));
    }
  }

  /** The client is gone: the member takes the candidate out when the session ends. */
  cancel(): void {
    this.#cancelled = true;
    this.#session?.close();
  }

  #begin(): Promise<CallResult> {
    return this.#router
      .atLeader((member) => member.begin(this.#method, this.#body))
      .catch(unavailable);
  }

  async #wait(): Promise<CallResult> {
    try {
      const { socket, member } = await this.#router.connectAtLeader(SESSION_PATH);
      return await this.#waitOver(new Session(MEMBER_URL, { socket: dialed(socket) }), member);
    } catch (error) {
      return unavailable(error);
    }
  }

  #waitOver(session: Session, member: string): Promise<CallResult> {
    this.#session = session;
    const served = { member, region: '', leader: undefined };
    let body = EMPTY_BYTES;
    return new Promise((resolve) => {
      const call = session.open(
        this.#method,
        {},
        {
          onMessage: (message) => {
            body = message;
          },
          onEnd: ({ code, message, lost }) => {
            this.#session = undefined;
            session.close();
            // Whatever became of it may be asked for again.
            const known = lost === undefined ? codeOf(code) : Code.Unavailable;
            resolve({ code: known, message, body, served });
          },
        },
      );
      call.send(this.#body);
      call.halfClose();
      // Entered, but nobody is there any more: taken out by the same way.
      if (this.#cancelled) void session.ready.then(() => session.close());
    });
  }
}

/** Names nothing: the socket is dialed already. */
const MEMBER_URL = 'http://member';

function unavailable(error: unknown): CallResult {
  const { code, message } = StatusError.from(error);
  const served = { member: '', region: '', leader: undefined };
  return { code, message, body: EMPTY_BYTES, served };
}
