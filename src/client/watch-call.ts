/** A watch stream that outlives the session it is on. */
import { Code, StatusError } from '../api/errors.ts';
import { WatchRequest } from '../api/messages.ts';
import { SESSION_RESUME_TIMEOUT_MS } from '../constants.ts';
import { Positions } from '../session/watch-positions.ts';
import { scanWatchResponse } from '../session/watch-scan.ts';
import { ConnectionCall } from './connection-call.ts';
import type { SessionCall } from './session-call.ts';

export class WatchCall extends ConnectionCall {
  readonly #positions = new Positions();
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
    this.#positions.sent(scanWatchResponse(body));
    this.handlers.onMessage(body);
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
    if (!this.#positions.isWithinRevision) return true;
    // The rest of the revision cannot be had without what was told of it.
    this.fail(new StatusError(Code.Unavailable, LOST_WITHIN_REVISION));
    return false;
  }
}

const LOST_WITHIN_REVISION =
  'edgetcd: the member was lost between two fragments of one revision: watch again from it';
