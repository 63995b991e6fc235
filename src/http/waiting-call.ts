/**
 * A call of Lock or Campaign as the Worker holds it. Who need not wait is answered like any other call.
 * Who must wait has a session with a member that may sleep meanwhile, held here, where only computing is
 * billed. Entering twice with one lease is entering once (etcd's rule K3), so a call whose member is lost
 * goes on at another.
 */
import { Code, codeOf, StatusError } from '../api/errors.ts';
import {
  CampaignRequest,
  LeaseGrantRequest,
  LeaseGrantResponse,
  type Long,
  LockRequest,
  type MessageType,
} from '../api/messages.ts';
import { Session } from '../client/session.ts';
import {
  LOCK_LEASE_TTL_SECONDS,
  LOCK_RETRY_PAUSE_MS,
  LOCK_RETRY_TIMEOUT_MS,
} from '../constants.ts';
import { EMPTY_BYTES } from '../lib/bytes.ts';
import type { CallResult } from '../member/rpc.ts';
import { SESSION_PATH } from '../session/items.ts';
import { statusOf } from './calls.ts';
import { dialed } from './member-socket.ts';
import type { Router } from './router.ts';

interface Candidate {
  lease: Long;
}

/** Requests of the methods whose calls may wait. */
const REQUESTS: Readonly<Record<string, MessageType<Candidate, Candidate>>> = {
  'v3lockpb.Lock/Lock': LockRequest,
  'v3electionpb.Election/Campaign': CampaignRequest,
};

export function mayWait(method: string): boolean {
  return REQUESTS[method] !== undefined;
}

/**
 * The call of `method`, one that `mayWait`, with the request in `body`. A request without a lease gets one
 * here, so that it can be repeated with it. @throws StatusError
 */
export async function waitingCall(
  router: Router,
  method: string,
  body: Uint8Array,
): Promise<WaitingCall> {
  const type = REQUESTS[method];
  const message = type?.decode(body);
  if (type === undefined || message?.lease.isZero() !== true) {
    return new WaitingCall(router, method, body);
  }
  const grant = LeaseGrantRequest.encode({ TTL: LOCK_LEASE_TTL_SECONDS }).finish();
  const result = await router.write((member) =>
    member.call('etcdserverpb.Lease/LeaseGrant', grant),
  );
  if (result.code !== 0) throw statusOf(result);
  message.lease = LeaseGrantResponse.decode(result.body).ID;
  return new WaitingCall(router, method, type.encode(message).finish());
}

export class WaitingCall {
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
    if (this.#session !== undefined) leave(this.#session);
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
      if (this.#cancelled) leave(session);
    });
  }
}

/** Ends a session once the member knows of its call: that tells it whom to take out. */
function leave(session: Session): void {
  session.ready.then(
    () => setTimeout(() => session.close(), 0),
    () => undefined,
  );
}

/** Names nothing: the socket is dialed already. */
const MEMBER_URL = 'http://member';

function unavailable(error: unknown): CallResult {
  const { code, message } = StatusError.from(error);
  const served = { member: '', region: '', leader: undefined };
  return { code, message, body: EMPTY_BYTES, served };
}
