import type { Close } from '../src/api/close-codes.ts';
import type { WatchSocket } from '../src/member/watch-receivers.ts';

/** A client's socket that stays open while the object sleeps. */
export class HibernatingSocket implements WatchSocket {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  send(data: string | Uint8Array): void {
    try {
      this.#socket.send(data);
    } catch {
      // Closed meanwhile; its close event is on the way.
    }
  }

  close({ code, reason }: Close): void {
    try {
      this.#socket.close(code, reason);
    } catch {
      // Closed already.
    }
  }

  attach(state: Uint8Array): void {
    this.#socket.serializeAttachment(state);
  }
}

/** What was last attached to it. */
export function attachmentOf(socket: WebSocket): Uint8Array | undefined {
  const attachment: unknown = socket.deserializeAttachment();
  return attachment instanceof Uint8Array ? attachment : undefined;
}
