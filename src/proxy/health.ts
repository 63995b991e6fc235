/** grpc.health.v1: the proxy answers for itself, as etcd does. */
import { Code } from '../api/errors.ts';
import {
  HealthCheckRequest,
  HealthCheckResponse,
  HealthListResponse,
  ServingStatus,
} from '../api/messages.ts';
import type { CallHandlers, CallOptions, Channel, ClientCall, Status } from '../client/channel.ts';

const PREFIX = 'grpc.health.v1.Health/';
/** The whole server; no service has a state of its own. */
const SERVER = '';
const OK: Status = { code: Code.OK, message: '' };
const UNKNOWN_SERVICE: Status = { code: Code.NotFound, message: 'unknown service' };

/** Everything else goes on to `channel`. */
export function withHealth(channel: Channel): Channel {
  return {
    open: (method: string, options: CallOptions, handlers: CallHandlers): ClientCall =>
      method.startsWith(PREFIX)
        ? new HealthCall(method.slice(PREFIX.length), handlers)
        : channel.open(method, options, handlers),
    close: () => channel.close(),
  };
}

class HealthCall implements ClientCall {
  readonly unsentBytes = 0;
  readonly #method: string;
  readonly #handlers: CallHandlers;
  #isOver = false;

  constructor(method: string, handlers: CallHandlers) {
    this.#method = method;
    this.#handlers = handlers;
  }

  send(body: Uint8Array): void {
    // No handler is called before `open` has returned and the caller has its call.
    queueMicrotask(() => this.#answer(body));
  }

  halfClose(): void {
    // The request says all.
  }

  cancel(): void {
    if (this.#isOver) return;
    this.#end({ code: Code.Canceled, message: 'context canceled' });
  }

  pause(): void {
    // Answers are few and small.
  }

  resume(): void {
    // Nothing was paused.
  }

  #answer(body: Uint8Array): void {
    if (this.#isOver) return;
    if (this.#method === 'List') {
      const statuses = [{ key: SERVER, value: { status: ServingStatus.SERVING } }];
      this.#handlers.onMessage(HealthListResponse.encode({ statuses }).finish());
      this.#end(OK);
      return;
    }
    const known = HealthCheckRequest.decode(body).service === SERVER;
    const watched = this.#method === 'Watch';
    if (!known && !watched) {
      this.#end(UNKNOWN_SERVICE);
      return;
    }
    const status = known ? ServingStatus.SERVING : ServingStatus.SERVICE_UNKNOWN;
    this.#handlers.onMessage(HealthCheckResponse.encode({ status }).finish());
    // A watch goes on until the server stops or the client leaves.
    if (!watched) this.#end(OK);
  }

  #end(status: Status): void {
    this.#isOver = true;
    this.#handlers.onEnd(status, []);
  }
}
