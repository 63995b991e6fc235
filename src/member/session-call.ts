/** One call of a session, and what it asks of the session that carries it. */
import type { StatusError } from '../api/errors.ts';
import { creditOf, type Metadata } from '../session/items.ts';

export interface SessionCall {
  /** The client's number for it. */
  readonly id: number;
  readonly host: CallHost;
  /** It lives on while the object sleeps: `save` in session-state.ts knows its kind. */
  readonly outlivesMemory: boolean;
  /** Set while the call has a deadline; src/session/deadlines.ts. */
  deadlineSlot: number | undefined;
  /** Another message of the client. */
  message(body: Uint8Array): void;
  /** No more messages come. */
  halfClose(): void;
  /** The client takes `bytes` more. */
  credit(bytes: number): void;
  /** The socket has room again. */
  uncongested(): void;
  /** The call is over, whoever ended it: frees what it holds. `byClient`: nobody waits for its effect. */
  ended(byClient: boolean): void;
}

export interface CallHost {
  /** More waits in the socket than streams may add to. */
  readonly isCongested: boolean;
  send(id: number, body: Uint8Array): void;
  headers(id: number, metadata: Metadata): void;
  /** Lets the client send more on this call. */
  grant(id: number, bytes: number): void;
  /** The only message of a call, and its end. */
  answer(call: SessionCall, body: Uint8Array): void;
  /** Undefined: OK. */
  end(call: SessionCall, error: StatusError | undefined): void;
  /** What would be saved has changed. */
  changed(): void;
  /** The call needs this memory for now. */
  stayAwake(): void;
}

/** What a client sends on a call that reads as it comes: grants it again by halves of a window. */
export class Intake {
  readonly #windowBytes: number;
  /** Not granted again yet; kept over the object's sleep, or credit would be lost by and by. */
  takenBytes: number;

  constructor(windowBytes: number, takenBytes = 0) {
    this.#windowBytes = windowBytes;
    this.takenBytes = takenBytes;
  }

  /** Returns what is to be granted now. */
  taken(body: Uint8Array): number {
    this.takenBytes += creditOf(body);
    if (this.takenBytes < this.#windowBytes / 2) return 0;
    const bytes = this.takenBytes;
    this.takenBytes = 0;
    return bytes;
  }
}
