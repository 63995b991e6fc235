/** LeaseKeepAlive over a session: renewals run at once, so that they share rounds; answers keep their order. */
import { StatusError } from '../api/errors.ts';
import { SESSION_WINDOW_BYTES } from '../constants.ts';
import { creditOf } from '../session/items.ts';
import { Call } from './call.ts';
import { type Stamp, type UnaryMethod } from './method-table.ts';
import { type CallHost, Intake, type SessionCall } from './session-call.ts';

interface Renewal {
  readonly request: Uint8Array;
  answer: Uint8Array | undefined;
}

export interface SavedKeepAliveCall {
  readonly credit: number;
  /** What the client has sent and not been granted again. */
  readonly taken: number;
}

export class KeepAliveCall implements SessionCall {
  readonly id: number;
  deadlineSlot: number | undefined = undefined;
  readonly host: CallHost;
  readonly #renew: UnaryMethod;
  readonly #stamp: Stamp;
  readonly #intake: Intake;
  #credit: number;
  /** Asked and not answered to the client, in order. Bounded by what the client may send. */
  readonly #pending: Renewal[] = [];
  #halfClosed = false;
  #over = false;

  constructor(
    id: number,
    host: CallHost,
    { credit, taken }: SavedKeepAliveCall,
    renew: UnaryMethod,
    stamp: Stamp,
  ) {
    this.id = id;
    this.host = host;
    this.#credit = credit;
    this.#intake = new Intake(SESSION_WINDOW_BYTES, taken);
    this.#renew = renew;
    this.#stamp = stamp;
  }

  /** Renewals that are answered and wait for credit are in memory only. */
  get outlivesMemory(): boolean {
    return this.#pending.length === 0;
  }

  get saved(): SavedKeepAliveCall {
    return { credit: this.#credit, taken: this.#intake.takenBytes };
  }

  message(body: Uint8Array): void {
    const renewal: Renewal = { request: body, answer: undefined };
    this.#pending.push(renewal);
    this.host.stayAwake();
    this.#renew(body, this.#stamp, new Call()).then(
      (answer) => {
        renewal.answer = answer;
        this.#drain();
      },
      (error: unknown) => {
        if (!this.#over) this.host.end(this, StatusError.from(error));
      },
    );
  }

  halfClose(): void {
    this.#halfClosed = true;
    this.#drain();
  }

  credit(bytes: number): void {
    this.#credit += bytes;
    this.host.changed();
    this.#drain();
  }

  uncongested(): void {
    this.#drain();
  }

  ended(): void {
    this.#over = true;
    this.#pending.length = 0;
  }

  #drain(): void {
    let count = 0;
    let granted = 0;
    while (!this.#over && this.#credit > 0 && !this.host.isCongested) {
      const renewal = this.#pending[count];
      if (renewal?.answer === undefined) break;
      count++;
      this.#credit -= creditOf(renewal.answer);
      granted += this.#intake.taken(renewal.request);
      this.host.send(this.id, renewal.answer);
    }
    this.#pending.splice(0, count);
    if (granted > 0) this.host.grant(this.id, granted);
    if (count > 0) this.host.changed();
    if (this.#halfClosed && this.#pending.length === 0 && !this.#over) {
      this.host.end(this, undefined);
    }
  }
}
