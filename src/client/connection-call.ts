/** One call over whatever sessions there are. */
import { StatusError } from '../api/errors.ts';
import type { CallHandlers, CallOptions, ClientCall, Metadata, Status } from './channel.ts';
import type { Session } from './session.ts';
import type { SessionCall, SessionHandlers } from './session-call.ts';

/** What a call asks of its connection. */
export interface CallRoute {
  /** Attaches the call to a session, now or once there is one. */
  place(call: ConnectionCall): void;
  /** The call waits no more. */
  forget(call: ConnectionCall): void;
  lost(session: Session): void;
}

/** Calls without effect: asked twice, they answer as asked once. */
const REPEATABLE: ReadonlySet<string> = new Set([
  'etcdserverpb.KV/Range',
  'etcdserverpb.KV/RangeStream',
  'etcdserverpb.Lease/LeaseTimeToLive',
  'etcdserverpb.Lease/LeaseLeases',
  'etcdserverpb.Cluster/MemberList',
  'etcdserverpb.Maintenance/Status',
  'etcdserverpb.Maintenance/Hash',
  'etcdserverpb.Maintenance/HashKV',
  'etcdserverpb.Auth/AuthStatus',
  'v3electionpb.Election/Leader',
]);

export class ConnectionCall implements ClientCall, SessionHandlers {
  protected readonly route: CallRoute;
  protected readonly handlers: CallHandlers;
  protected inner: SessionCall | undefined;
  protected session: Session | undefined;
  readonly #method: string;
  readonly #options: CallOptions;
  readonly #isRepeatable: boolean;
  /** When the call ends at the latest. */
  readonly #deadlineMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** What was given to `send` and would have to be sent again. */
  #bodies: Uint8Array[] = [];
  #halfClosed = false;
  #isPaused = false;
  /** Something has come back: a repetition would be seen. */
  #hasAnswer = false;
  #isOver = false;

  constructor(route: CallRoute, method: string, options: CallOptions, handlers: CallHandlers) {
    this.route = route;
    this.handlers = handlers;
    this.#method = method;
    this.#options = options;
    this.#isRepeatable = REPEATABLE.has(method);
    this.#deadlineMs = options.timeoutMs === undefined ? Infinity : Date.now() + options.timeoutMs;
  }

  get unsentBytes(): number {
    if (this.inner !== undefined) return this.inner.unsentBytes;
    return this.#bodies.reduce((sum, body) => sum + body.length, 0);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  send(body: Uint8Array): void {
    if (this.#isOver) return;
    // What was sent and must not be repeated need not be kept.
    if (!this.#isRepeatable && this.inner?.wasSent === true) this.#bodies = [];
    else this.#bodies.push(body);
    this.inner?.send(body);
  }

  halfClose(): void {
    this.#halfClosed = true;
    this.inner?.halfClose();
  }

  cancel(): void {
    if (this.inner !== undefined) this.inner.cancel();
    else this.fail(StatusError.of('contextCanceled'));
  }

  pause(): void {
    this.#isPaused = true;
    this.inner?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.inner?.resume();
  }

  // For the connection.

  /** There is no session now. */
  wait(): void {
    if (this.#deadlineMs === Infinity || this.#timer !== undefined) return;
    this.#timer = setTimeout(
      () => this.fail(StatusError.of('contextDeadlineExceeded')),
      Math.max(0, this.#deadlineMs - Date.now()),
    );
  }

  attach(session: Session): void {
    this.#endTimer();
    this.session = session;
    const { metadata } = this.#options;
    this.inner = session.open(
      this.#method,
      {
        ...(metadata === undefined ? {} : { metadata }),
        ...(this.#deadlineMs === Infinity
          ? {}
          : { timeoutMs: Math.max(0, this.#deadlineMs - Date.now()) }),
      },
      this,
    );
    if (this.#isPaused) this.inner.pause();
    this.begin(this.inner);
    if (this.#halfClosed) this.inner.halfClose();
  }

  /** No endpoint answers. */
  unreachable(error: StatusError): void {
    this.fail(error);
  }

  fail({ code, message }: StatusError): void {
    this.finish({ code, message }, []);
  }

  // For the session.

  onHeaders(metadata: Metadata): void {
    this.#hasAnswer = true;
    this.handlers.onHeaders?.(metadata);
  }

  onMessage(body: Uint8Array): void {
    this.#hasAnswer = true;
    this.handlers.onMessage(body);
  }

  onPosition(_revision: number, _behind: readonly bigint[]): void {
    // Of use to those who resume.
  }

  onEnd(status: Status, trailers: Metadata): void {
    const { session } = this;
    this.inner = undefined;
    this.session = undefined;
    if (status.lost === undefined || session === undefined) {
      this.finish(status, trailers);
      return;
    }
    this.route.lost(session);
    if (this.mayGoOn(status.lost)) this.route.place(this);
    else this.finish(status, trailers);
  }

  /** Sends again what the former session was given. */
  protected begin(inner: SessionCall): void {
    for (const body of this.#bodies) inner.send(body);
  }

  /** May the call be given to another session? */
  protected mayGoOn(lost: 'unsent' | 'unknown'): boolean {
    return lost === 'unsent' || (this.#isRepeatable && !this.#hasAnswer);
  }

  protected finish(status: Status, trailers: Metadata): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#bodies = [];
    this.#endTimer();
    this.route.forget(this);
    this.handlers.onEnd(status, trailers);
  }

  #endTimer(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
