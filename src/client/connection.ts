/**
 * A Channel over several endpoints: one session at a time, to the first endpoint that answers. When it is
 * lost, calls without effect are repeated at the next; a write whose fate is unknown never is. Watches can
 * go on there without loss or repetition.
 */
import { StatusError } from '../api/errors.ts';
import { SESSION_REDIAL_MS_MAX, SESSION_REDIAL_MS_MIN } from '../constants.ts';
import type { CallHandlers, CallOptions, Channel, ClientCall } from './channel.ts';
import { type CallRoute, ConnectionCall } from './connection-call.ts';
import { Session, type SessionClose, type SessionOptions } from './session.ts';
import { WatchCall } from './watch-call.ts';

export interface ConnectionOptions extends SessionOptions {
  /**
   * Watches outlive their session: they go on at the next, with the same ids and nothing lost or told
   * twice. Otherwise they end with Unavailable, and the caller watches again.
   */
  readonly resumeWatches?: boolean;
  /** Told of each session that was opened. */
  readonly onConnect?: (endpoint: string) => void;
  /** Told of each session that was lost or could not be opened. */
  readonly onLost?: (endpoint: string, why: string) => void;
}

const WATCH = 'etcdserverpb.Watch/Watch';

export class Connection implements Channel, CallRoute {
  readonly #endpoints: readonly string[];
  readonly #options: ConnectionOptions;
  /** The session that takes calls. */
  #session: Session | undefined;
  /** Index of the endpoint that is tried next. */
  #next = 0;
  #isDialing = false;
  /** Not open yet. */
  #dialed: Session | undefined;
  /** When the last session was opened; undefined once that has been looked at. */
  #openedMs: number | undefined;
  /** How long to wait after the next attempt that fails. */
  #pauseMs = SESSION_REDIAL_MS_MIN;
  /** Calls without a session, in order. */
  readonly #waiting = new Set<ConnectionCall>();
  #isOver = false;

  /** @param endpoints `http(s)://host[:port][/c/NAME]`, at least one; the first that answers is used */
  constructor(endpoints: readonly string[], options: ConnectionOptions = {}) {
    if (endpoints.length === 0)
      throw new Error('connect: no endpoint is given, at least one is needed');
    this.#endpoints = endpoints;
    this.#options = options;
  }

  /** The endpoint of the session that takes calls now. */
  get endpoint(): string | undefined {
    return this.#session?.endpoint;
  }

  get openCalls(): number {
    return this.#waiting.size + (this.#session?.openCalls ?? 0);
  }

  open(method: string, options: CallOptions, handlers: CallHandlers): ClientCall {
    const call =
      method === WATCH && this.#options.resumeWatches === true
        ? new WatchCall(this, method, options, handlers)
        : new ConnectionCall(this, method, options, handlers);
    this.place(call);
    return call;
  }

  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#session?.close();
    this.#dialed?.close();
    for (const call of [...this.#waiting]) call.fail(StatusError.of('contextCanceled'));
  }

  place(call: ConnectionCall): void {
    if (this.#isOver) {
      queueMicrotask(() => call.fail(StatusError.of('contextCanceled')));
      return;
    }
    if (this.#session !== undefined && !this.#session.isOver) {
      call.attach(this.#session);
      return;
    }
    this.#waiting.add(call);
    call.wait();
    if (!this.#isDialing) void this.#dial();
  }

  forget(call: ConnectionCall): void {
    this.#waiting.delete(call);
  }

  /** Tries one endpoint after the other while calls wait. */
  async #dial(): Promise<void> {
    this.#isDialing = true;
    // An endpoint that takes sessions and drops them at once is not to be asked again and again.
    if (this.#openedMs !== undefined) {
      const isStable = Date.now() - this.#openedMs >= SESSION_REDIAL_MS_MAX;
      this.#openedMs = undefined;
      if (isStable) this.#pauseMs = SESSION_REDIAL_MS_MIN;
      else await this.#pause();
    }
    for (let tried = 1; this.#waiting.size > 0 && !this.#isOver; tried++) {
      const endpoint = this.#endpoints[this.#next % this.#endpoints.length] as string;
      const session = (this.#dialed = new Session(endpoint, this.#options));
      try {
        await session.ready;
        this.#adopt(session);
        break;
      } catch (error) {
        if (this.#wasClosed()) break;
        this.#next++;
        const refusal = StatusError.from(error);
        this.#options.onLost?.(endpoint, textOf(await session.closed));
        if (tried % this.#endpoints.length > 0) continue;
        for (const call of [...this.#waiting]) call.unreachable(refusal);
        await this.#pause();
      }
    }
    this.#isDialing = false;
  }

  #wasClosed(): boolean {
    return this.#isOver;
  }

  async #pause(): Promise<void> {
    const ms = this.#pauseMs;
    this.#pauseMs = Math.min(2 * ms, SESSION_REDIAL_MS_MAX);
    await new Promise((resolve) => setTimeout(resolve, ms));
  }

  #adopt(session: Session): void {
    if (this.#isOver) {
      session.close();
      return;
    }
    this.#session = session;
    this.#openedMs = Date.now();
    this.#options.onConnect?.(session.endpoint);
    void session.closed.then((close) => {
      if (this.#session === session) this.#session = undefined;
      if (this.#isOver) return;
      this.#options.onLost?.(session.endpoint, textOf(close));
    });
    const calls = [...this.#waiting];
    this.#waiting.clear();
    for (const call of calls) call.attach(session);
  }

  /** The session that a call had is gone: the next is another endpoint's. */
  lost(session: Session): void {
    if (this.#session !== session) return;
    this.#session = undefined;
    this.#next++;
  }
}

function textOf({ code, reason }: SessionClose): string {
  return `${code} ${reason}`.trimEnd();
}
