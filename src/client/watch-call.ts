/** A watch stream that outlives the session it is on. */
import type { StatusError } from '../api/errors.ts';
import { WatchRequest } from '../api/messages.ts';
import { SESSION_RESUME_TIMEOUT_MS } from '../constants.ts';
import { Positions } from '../session/watch-positions.ts';
import { WholeResponses } from '../session/whole-responses.ts';
import { scanWatchResponse } from '../session/watch-scan.ts';
import { ConnectionCall } from './connection-call.ts';
import type { SessionCall } from './session-call.ts';

export class WatchCall extends ConnectionCall {
  readonly #positions = new Positions();
  readonly #responses = new WholeResponses<Received>();
  /** Since when there is no session. */
  #lostMs: number | undefined;

  override send(body: Uint8Array): void {
    if (this.isOver) return;
    try {
      this.#positions.asked(WatchRequest.decode(body));
    } catch {
      // The server says what is wrong with it.
    }
    this.inner?.send(body);
  }

  override onMessage(body: Uint8Array): void {
    const scanned = scanWatchResponse(body);
    const { fragment } = scanned;
    // What is kept must not be a part of a frame that is over.
    const kept = fragment ? body.slice() : body;
    for (const whole of this.#responses.take({ fragment, scanned, body: kept })) {
      this.#positions.sent(whole.scanned);
      this.handlers.onMessage(whole.body);
    }
  }

  override onPosition(revision: number, behind: readonly bigint[]): void {
    this.#positions.reached(revision, behind);
  }

  override wait(): void {
    this.#lostMs ??= Date.now();
    super.wait();
  }

  /** A watch waits for an endpoint to come back. */
  override unreachable(error: StatusError): void {
    if (Date.now() - (this.#lostMs ?? 0) > SESSION_RESUME_TIMEOUT_MS) this.fail(error);
  }

  protected override begin(inner: SessionCall): void {
    this.#lostMs = undefined;
    const { resumption, unanswered } = this.#positions;
    if (resumption !== undefined) inner.resumeWatch(resumption);
    for (const request of unanswered) inner.send(WatchRequest.encode(request).finish());
  }

  protected override mayGoOn(): boolean {
    this.#responses.drop();
    return true;
  }
}

interface Received {
  readonly fragment: boolean;
  readonly scanned: ReturnType<typeof scanWatchResponse>;
  readonly body: Uint8Array;
}
