/** Calls of a session that are answered once, or page by page. */
import { Code, StatusError } from '../api/errors.ts';
import { RESPONSE_BYTES_MAX } from '../constants.ts';
import { creditOf } from '../session/items.ts';
import type { Call } from './call.ts';
import { type PagedMethod, type Stamp, type UnaryMethod } from './method-table.ts';
import type { CallHost, SessionCall } from './session-call.ts';

export abstract class OneRequestCall implements SessionCall {
  readonly id: number;
  deadlineSlot: number | undefined = undefined;
  readonly host: CallHost;
  #started = false;

  constructor(id: number, host: CallHost) {
    this.id = id;
    this.host = host;
  }

  get outlivesMemory(): boolean {
    return false;
  }

  /** The request; any further message is passed over, as gRPC's servers do. */
  message(body: Uint8Array): void {
    if (this.#started) return;
    this.#started = true;
    this.start(body);
  }

  /** A later instance goes on with the call: its request was taken. */
  protected started(): void {
    this.#started = true;
  }

  halfClose(): void {
    if (this.#started) return;
    this.host.end(this, new StatusError(Code.Internal, 'edgetcd: half-closed without a request'));
  }

  credit(_bytes: number): void {
    // One answer needs none.
  }

  uncongested(): void {
    // Nor room.
  }

  abstract ended(byClient: boolean): void;
  protected abstract start(body: Uint8Array): void;
}

/** What of a member's sessions is in memory for requests that wait. */
export interface RequestTally {
  /** @throws StatusError requestTooManyRequests, or for a message that is too long */
  admit(bytes: number): void;
  release(bytes: number): void;
}

export class UnaryCall extends OneRequestCall {
  readonly #run: UnaryMethod;
  readonly #stamp: Stamp;
  readonly #tally: RequestTally;
  readonly #call: Call;
  #bytes = 0;
  #over = false;

  constructor(
    id: number,
    host: CallHost,
    run: UnaryMethod,
    stamp: Stamp,
    tally: RequestTally,
    call: Call,
  ) {
    super(id, host);
    this.#call = call;
    this.#run = run;
    this.#stamp = stamp;
    this.#tally = tally;
  }

  ended(byClient: boolean): void {
    this.#over = true;
    this.#tally.release(this.#bytes);
    if (byClient) this.#call.cancel();
  }

  protected start(body: Uint8Array): void {
    try {
      this.#tally.admit(body.length);
    } catch (error) {
      this.host.end(this, StatusError.from(error));
      return;
    }
    this.#bytes = body.length;
    this.#run(body, this.#stamp, this.#call).then(
      (answer) => {
        if (this.#over) return;
        if (answer.length <= RESPONSE_BYTES_MAX) this.host.answer(this, answer);
        else this.host.end(this, tooLarge(answer.length));
      },
      (error: unknown) => {
        if (!this.#over) this.host.end(this, StatusError.from(error));
      },
    );
  }
}

/** A server stream whose pages are made as the client takes them. */
export class PagedCall extends OneRequestCall {
  readonly #call: Call;
  readonly #run: PagedMethod;
  readonly #stamp: Stamp;
  readonly #tally: RequestTally;
  #credit: number;
  #body: Uint8Array | undefined;
  #cursor: Uint8Array | undefined;
  #busy = false;
  #over = false;

  constructor(
    id: number,
    host: CallHost,
    credit: number,
    run: PagedMethod,
    stamp: Stamp,
    tally: RequestTally,
    call: Call,
  ) {
    super(id, host);
    this.#call = call;
    this.#credit = credit;
    this.#run = run;
    this.#stamp = stamp;
    this.#tally = tally;
  }

  override credit(bytes: number): void {
    this.#credit += bytes;
    void this.#pump();
  }

  override uncongested(): void {
    void this.#pump();
  }

  ended(): void {
    this.#over = true;
    this.#tally.release(this.#body?.length ?? 0);
  }

  protected start(body: Uint8Array): void {
    try {
      this.#tally.admit(body.length);
    } catch (error) {
      this.host.end(this, StatusError.from(error));
      return;
    }
    // The frame that it came in need not stay for as long as the stream.
    this.#body = body.slice();
    void this.#pump();
  }

  #maySend(): boolean {
    return !this.#over && this.#credit > 0 && !this.host.isCongested;
  }

  async #pump(): Promise<void> {
    if (this.#body === undefined || this.#busy) return;
    this.#busy = true;
    try {
      while (this.#maySend()) {
        const page = await this.#run(this.#body, this.#cursor, this.#stamp, this.#call);
        if (this.#over) return;
        this.#cursor = page.next;
        this.#credit -= creditOf(page.body);
        this.host.send(this.id, page.body);
        if (page.next === undefined) this.host.end(this, undefined);
      }
    } catch (error) {
      if (!this.#over) this.host.end(this, StatusError.from(error));
    } finally {
      this.#busy = false;
    }
  }
}

function tooLarge(bytes: number): StatusError {
  return new StatusError(
    Code.ResourceExhausted,
    `edgetcd: the answer has ${bytes} bytes, at most ${RESPONSE_BYTES_MAX} are sent at once: use limit, or RangeStream`,
  );
}
