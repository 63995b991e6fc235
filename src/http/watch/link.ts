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
import type { StreamClock } from './clock.ts';

export interface LinkEvents {
  items(items: readonly ToWorker[]): void;
  /**
   * The member is gone, or answers nothing any more; another may go on. Called once, and not after
   * `close`; the same holds for `refused`.
   */
  lost(): void;
  /** The member does not take what it is sent, and no other would. */
  refused(why: string): void;
  /** Called every WATCH_PING_MS while the link stands. */
  ticked(): void;
}

const REFUSALS = [CLOSE.BAD_REQUEST, CLOSE.NOT_READING, CLOSE.TOO_BIG];

export class WatchLink {
  readonly #socket: WebSocket;
  readonly #events: LinkEvents;
  readonly #clock: StreamClock;
  #cancelPing: () => void;
  /** A ping was sent and nothing came since. */
  #isSilent = false;
  #closed = false;

  /** @param socket of the member's answer to the upgrade, not accepted yet */
  constructor(socket: WebSocket, events: LinkEvents, clock: StreamClock) {
    this.#clock = clock;
    this.#socket = socket;
    this.#events = events;
    socket.binaryType = 'arraybuffer';
    socket.accept();
    socket.addEventListener('message', ({ data }) => this.#message(data));
    socket.addEventListener('close', ({ code, reason }) => this.#closedBy(code, reason));
    socket.addEventListener('error', () => this.#lose());
    this.#cancelPing = clock.after(WATCH_PING_MS, () => this.#ping());
  }

  /** What is sent to a member that has just gone is lost; `lost` says so soon. */
  send(items: readonly ToMember[]): void {
    this.#sendFrame(encodeToMember(items));
  }

  close(): void {
    if (this.#closed) return;
    this.#end();
    this.#socket.close(CLOSE.DONE.code);
  }

  #message(data: unknown): void {
    this.#isSilent = false;
    if (this.#closed || !(data instanceof ArrayBuffer)) return;
    let items;
    try {
      items = readToWorker(new Uint8Array(data));
    } catch (error) {
      this.#refuse(`member sent what is no frame: ${String(error)}`);
      return;
    }
    this.#events.items(items);
  }

  #closedBy(code: number, reason: string): void {
    const isRefusal = REFUSALS.some((close) => close.code === code);
    if (isRefusal) this.#refuse(`member closed the stream: ${code} ${reason}`);
    else this.#lose();
  }

  #refuse(why: string): void {
    if (this.#closed) return;
    this.#end();
    this.#closeSocket();
    this.#events.refused(why);
  }

  /** A member answers a ping without waking up; one that does not is out of reach. */
  #ping(): void {
    if (this.#isSilent) {
      this.#lose();
      return;
    }
    this.#isSilent = true;
    this.#cancelPing = this.#clock.after(WATCH_PING_MS, () => this.#ping());
    this.#sendFrame(PING);
    this.#events.ticked();
  }

  #sendFrame(frame: string | Uint8Array): void {
    if (this.#closed) return;
    try {
      this.#socket.send(frame);
    } catch {
      this.#lose();
    }
  }

  #lose(): void {
    if (this.#closed) return;
    this.#end();
    this.#closeSocket();
    this.#events.lost();
  }

  #closeSocket(): void {
    try {
      this.#socket.close(CLOSE.DONE.code);
    } catch {
      // It is closed already.
    }
  }

  #end(): void {
    this.#closed = true;
    this.#cancelPing();
  }
}
