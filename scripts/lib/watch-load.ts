/**
 * Watch streams over WebSocket, read as cheaply as can be: thousands of them share the machine with what
 * is measured. Messages are counted by their frames; their text is kept only when asked for.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface WatchTarget {
  readonly key: string;
  readonly rangeEnd?: string;
  readonly startRevision?: number;
  readonly watchId?: number;
}

/** One frame of the gateway asking for a watcher. Keys are plain text. */
export function createFrame({ key, rangeEnd, startRevision, watchId }: WatchTarget): string {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  return JSON.stringify({
    create_request: {
      key: base64(key),
      ...(rangeEnd === undefined ? {} : { range_end: base64(rangeEnd) }),
      ...(startRevision === undefined ? {} : { start_revision: String(startRevision) }),
      ...(watchId === undefined ? {} : { watch_id: watchId }),
    },
  });
}

/** Called with each message of a stream. */
export type OnMessage = (text: Buffer) => void;

export class WatchSocket {
  readonly #socket: Socket;
  readonly #onMessage: OnMessage;
  #received: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket, onMessage: OnMessage) {
    this.#socket = socket;
    this.#onMessage = onMessage;
  }

  static async open(endpoint: string, onMessage: OnMessage): Promise<WatchSocket> {
    const { hostname, port, host } = new URL(endpoint);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    socket.setNoDelay(true);
    socket.write(
      `GET /v3/watch HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    );
    const [head] = (await once(socket, 'data')) as [Buffer];
    const end = head.indexOf('\r\n\r\n');
    if (!head.toString('latin1').startsWith('HTTP/1.1 101') || end < 0) {
      throw new Error(`open a watch at ${endpoint}: ${head.toString()}`);
    }
    const stream = new WatchSocket(socket, onMessage);
    stream.#take(head.subarray(end + 4));
    socket.on('data', (chunk: Buffer) => stream.#take(chunk));
    socket.on('error', () => socket.destroy());
    return stream;
  }

  send(text: string): void {
    const payload = Buffer.from(text);
    const length = payload.length;
    const head =
      length < 126
        ? Buffer.from([0x81, 0x80 | length])
        : Buffer.from([0x81, 0x80 | 126, length >> 8, length & 0xff]);
    // A mask of zeros: the payload as it stands.
    this.#socket.write(Buffer.concat([head, Buffer.alloc(4), payload]));
  }

  /** Takes nothing more from the connection until `resume`. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    let rest = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    for (;;) {
      const frame = frameOf(rest);
      if (frame === undefined) break;
      rest = rest.subarray(frame.end);
      if (frame.isText) this.#onMessage(frame.payload);
    }
    this.#received = rest;
  }
}

interface Frame {
  readonly isText: boolean;
  readonly payload: Buffer;
  readonly end: number;
}

/** A whole unmasked frame at the beginning of `bytes`. */
function frameOf(bytes: Buffer): Frame | undefined {
  const [kind, short] = bytes;
  if (kind === undefined || short === undefined) return undefined;
  let start = 2;
  let length = short;
  if (short === 126) {
    if (bytes.length < 4) return undefined;
    length = bytes.readUInt16BE(2);
    start = 4;
  } else if (short === 127) {
    if (bytes.length < 10) return undefined;
    length = Number(bytes.readBigUInt64BE(2));
    start = 10;
  }
  const end = start + length;
  if (bytes.length < end) return undefined;
  return { isText: (kind & 0x0f) === 1, payload: bytes.subarray(start, end), end };
}

/** Counts messages, and lets one wait for a number of them. */
export class Counter {
  count = 0;
  #goal = Infinity;
  #reached: (() => void) | undefined;

  add(by = 1): void {
    this.count += by;
    if (this.count >= this.#goal) this.#reached?.();
  }

  /** Resolves when `goal` is reached. @throws Error after `timeoutMs` */
  async reach(goal: number, timeoutMs = 120_000): Promise<void> {
    if (this.count >= goal) return;
    this.#goal = goal;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`wait for ${goal} messages: ${this.count} after ${timeoutMs} ms`)),
        timeoutMs,
      );
      this.#reached = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#goal = Infinity;
  }
}
