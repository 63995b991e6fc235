/** The WebSocket between the Worker and the member that has one client's stream. */
import { CLOSE } from '../../api/close-codes.ts';
import { WATCH_PING_MS } from '../../constants.ts';
import {
  encodeToMember,
  PING,
  readToWorker,
  type ToMember,
  type ToWorker,
} from '../../member/watch-bridge.ts';

export interface LinkEvents {
  items(items: readonly ToWorker[]): void;
  /** The member is gone, or answers nothing any more. Called once, and not after `close`. */
  lost(): void;
  /** Called every WATCH_PING_MS while the link stands. */
  ticked(): void;
}

export class WatchLink {
  readonly #socket: WebSocket;
  readonly #events: LinkEvents;
  readonly #pinging: ReturnType<typeof setInterval>;
  /** A ping was sent and nothing came since. */
  #isSilent = false;
  #closed = false;

  /** @param socket of the member's answer to the upgrade, not accepted yet */
  constructor(socket: WebSocket, events: LinkEvents) {
    this.#socket = socket;
    this.#events = events;
    socket.binaryType = 'arraybuffer';
    socket.accept();
    socket.addEventListener('message', ({ data }) => this.#message(data));
    socket.addEventListener('close', () => this.#lose());
    socket.addEventListener('error', () => this.#lose());
    this.#pinging = setInterval(() => this.#ping(), WATCH_PING_MS);
  }

  send(items: readonly ToMember[]): void {
    if (!this.#closed) this.#socket.send(encodeToMember(items));
  }

  close(): void {
    if (this.#closed) return;
    this.#end();
    this.#socket.close(CLOSE.DONE.code);
  }

  #message(data: unknown): void {
    this.#isSilent = false;
    if (this.#closed || !(data instanceof ArrayBuffer)) return;
    this.#events.items(readToWorker(new Uint8Array(data)));
  }

  /** A member answers a ping without waking up; one that does not is out of reach. */
  #ping(): void {
    if (this.#isSilent) {
      this.#lose();
      return;
    }
    this.#isSilent = true;
    this.#socket.send(PING);
    this.#events.ticked();
  }

  #lose(): void {
    if (this.#closed) return;
    this.#end();
    try {
      this.#socket.close(CLOSE.DONE.code);
    } catch {
      // It is closed already.
    }
    this.#events.lost();
  }

  #end(): void {
    this.#closed = true;
    clearInterval(this.#pinging);
  }
}
