/** Calls of a session that may wait for long: Lock and Campaign. The object may sleep meanwhile. */
import { StatusError } from '../api/errors.ts';
import { Call } from './call.ts';
import { type Stamp, type WaitingMethod } from './method-table.ts';
import type { CallHost } from './session-call.ts';
import { OneRequestCall, type RequestTally } from './session-unary.ts';

export interface SavedWaitingCall {
  readonly method: string;
  readonly state: Uint8Array;
}

export class WaitingCall extends OneRequestCall {
  readonly #name: string;
  readonly #method: WaitingMethod;
  readonly #stamp: Stamp;
  readonly #tally: RequestTally;
  readonly #call = new Call();
  /** Undefined until the call waits. */
  #state: Uint8Array | undefined;
  /** Of the request, until the call waits. */
  #bytes = 0;
  #over = false;

  constructor(
    id: number,
    host: CallHost,
    name: string,
    method: WaitingMethod,
    stamp: Stamp,
    tally: RequestTally,
  ) {
    super(id, host);
    this.#name = name;
    this.#method = method;
    this.#stamp = stamp;
    this.#tally = tally;
  }

  override get outlivesMemory(): boolean {
    return this.#state !== undefined;
  }

  get saved(): SavedWaitingCall | undefined {
    return this.#state && { method: this.#name, state: this.#state };
  }

  restore({ state }: SavedWaitingCall): void {
    this.started();
    this.#state = state;
    void this.#run(() => this.#method.wait(state, this.#stamp, this.#call));
  }

  /** Also after a deadline: nobody waits any more. */
  ended(): void {
    this.#over = true;
    this.#tally.release(this.#bytes);
    this.#call.cancel();
  }

  protected start(body: Uint8Array): void {
    void this.#run(async () => {
      this.#tally.admit(body.length);
      this.#bytes = body.length;
      const begun = await this.#method.begin(body, this.#stamp);
      if (begun.body !== undefined) return begun.body;
      if (!this.#over) this.#waits(begun.state);
      return this.#method.wait(begun.state, this.#stamp, this.#call);
    });
  }

  #waits(state: Uint8Array): void {
    this.#state = state;
    this.#tally.release(this.#bytes);
    this.#bytes = 0;
    this.host.changed();
  }

  async #run(run: () => Promise<Uint8Array>): Promise<void> {
    try {
      const answer = await run();
      if (!this.#over) this.host.answer(this, answer);
    } catch (error) {
      if (!this.#over) this.host.end(this, StatusError.from(error));
    }
  }
}
