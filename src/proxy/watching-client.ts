/** One client's watch stream whose watchers hang on a stream shared with others. */
import { Code } from '../api/errors.ts';
import {
  longOf,
  toBigInt,
  WatchRequest,
  type WatchCreateRequest,
  type WatchResponse,
} from '../api/messages.ts';
import type { CallHandlers, ClientCall, Status } from '../client/channel.ts';
import { PROXY_WATCH_UNREAD_BYTES_MAX } from '../constants.ts';
import { withWatchId, type WatchMember } from './shared-watch.ts';

/** The shared stream, as a client's stream needs it. */
export interface WatchRoute {
  join(client: WatchingClient): void;
  leave(client: WatchingClient, members: Iterable<WatchMember>): void;
  create(client: WatchingClient, member: WatchMember, request: WatchCreateRequest): void;
  remove(member: WatchMember): void;
  askProgress(client: WatchingClient): void;
  /** A message with a header of the cluster. */
  answer(fields: Partial<WatchResponse>): Uint8Array;
}

const OK: Status = { code: Code.OK, message: '' };
const CANCELLED: Status = { code: Code.Canceled, message: 'context canceled' };
/** In requests: choose one. In answers: none. */
const ID_AUTO = 0n;
const NO_ID = -1n;
const DUPLICATE_ID = 'mvcc: duplicate watch ID provided on the WatchStream';

export class WatchingClient implements ClientCall {
  readonly unsentBytes = 0;
  readonly #route: WatchRoute;
  readonly #handlers: CallHandlers;
  readonly #members = new Map<bigint, WatchMember>();
  #nextId = 0n;
  #isPaused = false;
  #isOver = false;
  /** Messages that the client has no room for. */
  #unread: Uint8Array[] = [];
  #unreadBytes = 0;

  constructor(route: WatchRoute, handlers: CallHandlers) {
    this.#route = route;
    this.#handlers = handlers;
    route.join(this);
  }

  send(body: Uint8Array): void {
    if (this.#isOver) return;
    const { create_request, cancel_request, progress_request } = WatchRequest.decode(body);
    if (create_request !== null) this.#create(create_request);
    else if (cancel_request !== null) this.#cancel(idOf(cancel_request.watch_id));
    else if (progress_request !== null && this.#members.size > 0) this.#route.askProgress(this);
  }

  halfClose(): void {
    queueMicrotask(() => this.ended(OK));
  }

  cancel(): void {
    this.#leave();
    queueMicrotask(() => this.ended(CANCELLED));
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    for (;;) {
      const body = this.#mayRead ? this.#unread.shift() : undefined;
      if (body === undefined) return;
      this.#unreadBytes -= body.length;
      this.#handlers.onMessage(body);
    }
  }

  get #mayRead(): boolean {
    return !this.#isPaused && !this.#isOver;
  }

  // For the shared stream.

  deliver(body: Uint8Array): void {
    if (this.#isOver) return;
    if (!this.#isPaused && this.#unread.length === 0) {
      this.#handlers.onMessage(body);
      return;
    }
    this.#unread.push(body);
    this.#unreadBytes += body.length;
    if (this.#unreadBytes > PROXY_WATCH_UNREAD_BYTES_MAX) this.ended(unread(this.#unreadBytes));
  }

  /** The cluster has not accepted a watcher: nothing of it is left. */
  refused(member: WatchMember, body: Uint8Array): void {
    this.#members.delete(member.id);
    this.deliver(withWatchId(body, NO_ID));
  }

  ended(status: Status): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#leave();
    this.#handlers.onEnd(status, []);
  }

  #leave(): void {
    this.#route.leave(this, this.#members.values());
    this.#members.clear();
  }

  #create(request: WatchCreateRequest): void {
    const chosen = idOf(request.watch_id);
    if (chosen !== ID_AUTO && this.#members.has(chosen)) {
      const fields = { created: true, canceled: true, cancel_reason: DUPLICATE_ID };
      this.deliver(this.#route.answer({ watch_id: longOf(NO_ID), ...fields }));
      return;
    }
    const id = chosen === ID_AUTO ? this.#newId() : chosen;
    const member: WatchMember = {
      id,
      first: 0,
      isFlowing: false,
      deliver: (body) => this.deliver(body),
      gone: () => this.#members.delete(id),
    };
    this.#members.set(id, member);
    this.#route.create(this, member, request);
  }

  #newId(): bigint {
    while (this.#members.has(this.#nextId)) this.#nextId++;
    return this.#nextId++;
  }

  /** An id that is not there is not answered, as in etcd. */
  #cancel(id: bigint): void {
    const member = this.#members.get(id);
    if (member === undefined) return;
    this.#members.delete(id);
    this.#route.remove(member);
    this.deliver(this.#route.answer({ watch_id: longOf(id), canceled: true }));
  }
}

function idOf(value: Parameters<typeof toBigInt>[0]): bigint {
  return BigInt.asIntN(64, toBigInt(value));
}

function unread(bytes: number): Status {
  return {
    code: Code.ResourceExhausted,
    message: `edgetcd: watch stream ended: ${bytes} bytes wait to be read, at most ${PROXY_WATCH_UNREAD_BYTES_MAX} may`,
  };
}
