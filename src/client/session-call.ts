/** One call of a client's session. */
import { Code, StatusError } from '../api/errors.ts';
import { MESSAGE_BYTES_MAX } from '../constants.ts';
import { creditOf, type Hello, NO_METADATA, type Resumption } from '../session/items.ts';
import type { FrameWriter } from '../session/writer.ts';
import type { CallHandlers, CallOptions, ClientCall, Metadata, Status } from './channel.ts';

export interface SessionHandlers extends CallHandlers {
  /** Of a watch: every watcher but those `behind` was sent all events up to `revision`. */
  onPosition?(revision: number, behind: readonly bigint[]): void;
}

/** What a call asks of its session. */
export interface SessionLink {
  readonly writer: FrameWriter;
  /** `write` is to be called at the end of the turn. */
  touched(call: SessionCall): void;
  over(call: SessionCall): void;
  flushIfLong(): void;
}

export class SessionCall implements ClientCall {
  /** 0 until the session has admitted it. */
  id = 0;
  deadlineSlot: number | undefined = undefined;
  readonly #link: SessionLink;
  readonly #method: string;
  readonly #options: CallOptions;
  readonly #handlers: SessionHandlers;
  readonly #windowBytes: number;
  /** Messages that wait to be written, oldest first. */
  #outbox: Uint8Array[] = [];
  #unsentBytes = 0;
  #resumption: Resumption | undefined;
  /** What the server takes; one message may overdraw it. */
  #credit = 0;
  #halfClosed = false;
  #saidHalfClosed = false;
  #wasOpened = false;
  #isTouched = false;
  #takenBytes = 0;
  #isPaused = false;
  #isOver = false;

  constructor(
    link: SessionLink,
    method: string,
    options: CallOptions,
    handlers: SessionHandlers,
    windowBytes: number,
  ) {
    this.#link = link;
    this.#method = method;
    this.#options = options;
    this.#handlers = handlers;
    this.#windowBytes = windowBytes;
  }

  get unsentBytes(): number {
    return this.#unsentBytes;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** The server may have seen the call. */
  get wasSent(): boolean {
    return this.#wasOpened;
  }

  send(body: Uint8Array): void {
    if (this.#isOver || this.#halfClosed) return;
    if (body.length > MESSAGE_BYTES_MAX) {
      // As the server would say, without sending it all.
      const text = `grpc: received message larger than max (${body.length} vs. ${MESSAGE_BYTES_MAX})`;
      queueMicrotask(() => this.cancelWith(new StatusError(Code.ResourceExhausted, text)));
      return;
    }
    this.#outbox.push(body);
    this.#unsentBytes += body.length;
    this.#touch();
  }

  halfClose(): void {
    this.#halfClosed = true;
    this.#touch();
  }

  cancel(): void {
    this.cancelWith(StatusError.of('contextCanceled'));
  }

  /** Goes on with a watch that another session had; before anything is sent. */
  resumeWatch(resumption: Resumption): void {
    this.#resumption = resumption;
    this.#touch();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#grant();
  }

  // For the session.

  begin(id: number, hello: Hello): void {
    this.id = id;
    this.#credit = hello.windowBytes;
    this.#isTouched = false;
    this.#touch();
  }

  /** Writes what can be written now. */
  write(): void {
    this.#isTouched = false;
    if (this.#isOver) return;
    const { writer } = this.#link;
    if (!this.#wasOpened) this.#open();
    if (this.#resumption !== undefined) {
      writer.resume(this.id, this.#resumption);
      this.#resumption = undefined;
    }
    let count = 0;
    while (count < this.#outbox.length && this.#credit > 0) {
      const body = this.#outbox[count++] as Uint8Array;
      this.#sent(body);
      writer.message(this.id, body);
      this.#link.flushIfLong();
    }
    if (count > 0) this.#outbox.splice(0, count);
    if (this.#halfClosed && !this.#saidHalfClosed && this.#outbox.length === 0) {
      this.#saidHalfClosed = true;
      writer.halfClose(this.id);
    }
  }

  headers(metadata: Metadata): void {
    this.#handlers.onHeaders?.(metadata);
  }

  message(body: Uint8Array): void {
    this.#takenBytes += creditOf(body);
    this.#handlers.onMessage(body);
    if (!this.#isPaused && this.#takenBytes >= this.#windowBytes / 2) this.#grant();
  }

  answer(body: Uint8Array): void {
    this.#handlers.onMessage(body);
    this.#finish({ code: Code.OK, message: '' }, NO_METADATA);
  }

  ended(status: Status, trailers: Metadata): void {
    this.#finish(status, trailers);
  }

  credit(bytes: number): void {
    this.#credit += bytes;
    if (this.#outbox.length > 0) this.#touch();
  }

  position(revision: number, behind: readonly bigint[]): void {
    this.#handlers.onPosition?.(revision, behind);
  }

  /** Ends the call here, and tells the server. */
  cancelWith({ code, message }: StatusError): void {
    if (this.#isOver) return;
    if (this.#wasOpened) {
      this.#link.writer.cancel(this.id);
      this.#link.touched(this);
    }
    this.#finish({ code, message }, NO_METADATA);
  }

  /** The session is gone. */
  lost(status: Status): void {
    this.#finish(status, NO_METADATA);
  }

  #open(): void {
    const [body] = this.#resumption === undefined ? this.#outbox : [];
    this.#wasOpened = true;
    this.#saidHalfClosed = this.#halfClosed && this.#outbox.length <= (body === undefined ? 0 : 1);
    this.#link.writer.open(this.id, {
      method: this.#method,
      metadata: this.#options.metadata ?? NO_METADATA,
      timeoutMs: this.#options.timeoutMs,
      body,
      halfClosed: this.#saidHalfClosed,
    });
    if (body === undefined) return;
    this.#outbox.shift();
    this.#sent(body);
    this.#link.flushIfLong();
  }

  #sent(body: Uint8Array): void {
    this.#unsentBytes -= body.length;
    this.#credit -= creditOf(body);
  }

  #grant(): void {
    if (this.#isOver || this.id === 0 || this.#takenBytes === 0) return;
    this.#link.writer.credit(this.id, this.#takenBytes);
    this.#takenBytes = 0;
    this.#touch();
  }

  #touch(): void {
    if (this.#isTouched || this.#isOver || this.id === 0) return;
    this.#isTouched = true;
    this.#link.touched(this);
  }

  #finish(status: Status, trailers: Metadata): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#outbox = [];
    this.#link.over(this);
    this.#handlers.onEnd(status, trailers);
  }
}
