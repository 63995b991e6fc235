/** A Channel over one WebSocket at one endpoint: the client's half of docs/internals/session.md. */
import { CLOSE } from '../api/close-codes.ts';
import { Code, StatusError } from '../api/errors.ts';
import {
  SESSION_ANSWER_FRAME_BYTES_MAX,
  SESSION_DIAL_TIMEOUT_MS,
  SESSION_FRAME_BYTES,
  SESSION_PING_MS,
  SESSION_WINDOW_BYTES,
} from '../constants.ts';
import { DecodeError } from '../lib/binary.ts';
import { Deadlines, type Timers } from '../session/deadlines.ts';
import {
  type Hello,
  PING,
  PONG,
  SESSION_PATH,
  SESSION_PROTOCOL,
  SESSION_VERSION,
} from '../session/items.ts';
import { type ClientSink, readServerFrame } from '../session/reader.ts';
import { subprotocolOfToken } from '../session/token.ts';
import { FrameWriter } from '../session/writer.ts';
import type { CallOptions, Channel, Metadata, Status } from './channel.ts';
import { type SessionHandlers, SessionCall, type SessionLink } from './session-call.ts';
import { type ClientSocket, globalSocket, type SocketFactory } from './socket.ts';

export interface SessionOptions {
  /** Bearer token of the deployment. */
  readonly token?: string;
  /** How WebSockets are made; the platform's own unless given. */
  readonly socket?: SocketFactory;
  /** Said in HELLO. */
  readonly metadata?: Metadata;
  /** What each call may send us before we have taken it. */
  readonly windowBytes?: number;
  /**
   * When what was sent leaves; a microtask later unless given. A program that gets requests one event at a
   * time, all in one turn of its loop, gives `setImmediate`, and they share a frame.
   */
  readonly defer?: (run: () => void) => void;
}

/** Why a session is no more. */
export interface SessionClose {
  readonly code: number;
  readonly reason: string;
}

export class Session implements Channel {
  readonly endpoint: string;
  /** Resolves with the server's HELLO; rejects with Unavailable when the session cannot be opened. */
  readonly ready: Promise<Hello>;
  readonly closed: Promise<SessionClose>;
  readonly #socket: ClientSocket;
  readonly #options: SessionOptions;
  readonly #writer = new FrameWriter();
  readonly #calls = new Map<number, SessionCall>();
  /** Calls that have something to write. */
  #dirty: SessionCall[] = [];
  /** Calls that wait until the server has room for one more. */
  #queued: SessionCall[] = [];
  readonly #deadlines = new Deadlines<SessionCall>(TIMERS, (call) =>
    call.cancelWith(StatusError.of('contextDeadlineExceeded')),
  );
  readonly #link: SessionLink;
  readonly #sink: ClientSink;
  #hello: Hello | undefined;
  #nextId = 1;
  #isFlushing = false;
  #isOver = false;
  #isSilent = false;
  #timer: ReturnType<typeof setInterval> | undefined;
  #dialTimer: ReturnType<typeof setTimeout> | undefined;
  #settleReady: { resolve: (hello: Hello) => void; reject: (error: StatusError) => void };
  #settleClosed: (close: SessionClose) => void;

  /** Begins to connect. @param endpoint `http(s)://host[:port]`, of a cluster besides the default one with `/c/NAME` */
  constructor(endpoint: string, options: SessionOptions = {}) {
    this.endpoint = endpoint;
    this.#options = options;
    const ready = Promise.withResolvers<Hello>();
    const closed = Promise.withResolvers<SessionClose>();
    // Nobody has to look at it: calls are told as well.
    ready.promise.catch(() => undefined);
    this.ready = ready.promise;
    this.closed = closed.promise;
    this.#settleReady = ready;
    this.#settleClosed = closed.resolve;
    this.#link = {
      writer: this.#writer,
      touched: (call) => this.#touched(call),
      over: (call) => this.#forget(call),
      flushIfLong: () => this.#flushIfLong(),
    };
    this.#sink = this.#sinkOfCalls();
    const url = endpoint.replace(/^http/, 'ws').replace(/\/+$/, '') + SESSION_PATH;
    const { token, socket = globalSocket } = options;
    const protocols = [
      SESSION_PROTOCOL,
      ...(token === undefined ? [] : ['Bearer', subprotocolOfToken(token)]),
    ];
    this.#socket = socket(url, protocols, {
      opened: () => this.#opened(),
      message: (data) => this.#message(data),
      closed: (code, reason) => this.#end({ code, reason }),
    });
    this.#dialTimer = setTimeout(() => {
      this.#drop(`no answer within ${SESSION_DIAL_TIMEOUT_MS} ms`);
    }, SESSION_DIAL_TIMEOUT_MS);
  }

  get openCalls(): number {
    return this.#calls.size + this.#queued.length;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  open(method: string, options: CallOptions, handlers: SessionHandlers): SessionCall {
    const windowBytes = this.#options.windowBytes ?? SESSION_WINDOW_BYTES;
    const call = new SessionCall(this.#link, method, options, handlers, windowBytes);
    if (this.#isOver) {
      queueMicrotask(() => call.lost(this.#lostStatus('the session is closed', 'unsent')));
      return call;
    }
    if (options.timeoutMs !== undefined) this.#deadlines.add(call, options.timeoutMs);
    if (this.#hello === undefined || this.#calls.size >= this.#hello.callsMax) {
      this.#queued.push(call);
    } else {
      this.#admit(call, this.#hello);
    }
    return call;
  }

  close(): void {
    if (this.#isOver) return;
    this.#end({ code: CLOSE.DONE.code, reason: 'closed here' }, StatusError.of('contextCanceled'));
    this.#socket.close();
  }

  #opened(): void {
    const { metadata = [], windowBytes = SESSION_WINDOW_BYTES } = this.#options;
    const frameBytesMax = SESSION_ANSWER_FRAME_BYTES_MAX;
    const version = SESSION_VERSION;
    this.#writer.hello({ version, windowBytes, frameBytesMax, callsMax: 0, metadata });
    this.#socket.send(this.#writer.take());
    this.#timer = setInterval(() => this.#ping(), SESSION_PING_MS);
  }

  #message(data: Uint8Array | string): void {
    this.#isSilent = false;
    if (this.#isOver) return;
    if (typeof data === 'string') {
      if (data !== PONG) this.#drop('the server sent a text frame');
      return;
    }
    try {
      readServerFrame(data, this.#sink);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#drop(error.message);
    }
  }

  #sinkOfCalls(): ClientSink {
    const calls = this.#calls;
    // Items of a call that is over cross its end on the way: nothing is wrong with them.
    return {
      hello: (hello) => this.#greeted(hello),
      headers: (id, metadata) => calls.get(id)?.headers(metadata),
      message: (id, body) => calls.get(id)?.message(body),
      answer: (id, body) => calls.get(id)?.answer(body),
      end: (id, status, trailers) => calls.get(id)?.ended(status, trailers),
      credit: (id, bytes) => calls.get(id)?.credit(bytes),
      position: (id, revision, behind) => calls.get(id)?.position(revision, behind),
    };
  }

  #greeted(hello: Hello): void {
    this.#dialed();
    this.#hello = hello;
    this.#settleReady.resolve(hello);
    this.#admitQueued(hello);
  }

  #dialed(): void {
    if (this.#dialTimer !== undefined) clearTimeout(this.#dialTimer);
    this.#dialTimer = undefined;
  }

  #admitQueued(hello: Hello): void {
    let count = 0;
    while (count < this.#queued.length && this.#calls.size < hello.callsMax) {
      const call = this.#queued[count++];
      if (call?.isOver === false) this.#admit(call, hello);
    }
    if (count > 0) this.#queued = this.#queued.slice(count);
  }

  #admit(call: SessionCall, hello: Hello): void {
    const id = this.#nextId++;
    this.#calls.set(id, call);
    call.begin(id, hello);
  }

  #touched(call: SessionCall): void {
    this.#dirty.push(call);
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    (this.#options.defer ?? queueMicrotask)(() => this.#flush());
  }

  #flush(): void {
    const calls = this.#dirty;
    this.#dirty = [];
    this.#isFlushing = false;
    if (this.#isOver) return;
    for (const call of calls) call.write();
    if (this.#writer.length > 0) this.#socket.send(this.#writer.take());
  }

  #flushIfLong(): void {
    if (this.#writer.length >= SESSION_FRAME_BYTES) this.#socket.send(this.#writer.take());
  }

  #forget(call: SessionCall): void {
    this.#deadlines.remove(call);
    if (call.id === 0) return;
    this.#calls.delete(call.id);
    if (this.#queued.length > 0 && this.#hello !== undefined) this.#admitQueued(this.#hello);
  }

  #ping(): void {
    if (this.#isSilent) {
      this.#drop('the server answers no ping');
      return;
    }
    this.#isSilent = true;
    this.#socket.send(PING);
  }

  /** The other side is of no use any more. */
  #drop(why: string): void {
    if (this.#isOver) return;
    this.#end({ code: 1006, reason: why });
    this.#socket.close();
  }

  #end(close: SessionClose, error?: StatusError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#timer !== undefined) clearInterval(this.#timer);
    this.#dialed();
    const calls = [...this.#calls.values(), ...this.#queued];
    this.#calls.clear();
    this.#queued = [];
    this.#deadlines.stop();
    const why = `${close.code} ${close.reason}`.trimEnd();
    this.#settleReady.reject(new StatusError(Code.Unavailable, unreachable(this.endpoint, why)));
    this.#settleClosed(close);
    for (const call of calls) {
      const status =
        error === undefined
          ? this.#lostStatus(why, call.wasSent ? 'unknown' : 'unsent')
          : { code: error.code, message: error.message };
      call.lost(status);
    }
  }

  #lostStatus(why: string, lost: 'unsent' | 'unknown'): Status {
    if (lost === 'unsent') {
      return { code: Code.Unavailable, message: unreachable(this.endpoint, why), lost };
    }
    const { code, message } = StatusError.of('timeoutDueToConnectionLost');
    return { code, message, lost };
  }
}

function unreachable(endpoint: string, why: string): string {
  return `edgetcd: no session with ${endpoint}: ${why}`;
}

const TIMERS: Timers = {
  nowMs: () => Date.now(),
  setTimer: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};
