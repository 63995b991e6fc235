/** The far end of a client's sockets, played by a test. */
import type { SocketEvents, SocketFactory } from '../../src/client/socket.ts';
import { NO_METADATA, type Open } from '../../src/session/items.ts';
import { readClientFrame } from '../../src/session/reader.ts';
import { FrameWriter } from '../../src/session/writer.ts';
import { collector, type Item } from '../session/items.ts';

export class FakeSocket {
  readonly url: string;
  readonly protocols: readonly string[];
  /** What the client has said in binary frames, without HELLO. */
  readonly items: Item[] = [];
  frames = 0;
  isClosed = false;
  readonly #events: SocketEvents;

  constructor(url: string, protocols: readonly string[], events: SocketEvents) {
    this.url = url;
    this.protocols = protocols;
    this.#events = events;
  }

  /** Takes the client in and greets it. */
  accept({ callsMax = 100, windowBytes = 1 << 20 } = {}): void {
    this.#events.opened();
    this.say((writer) =>
      writer.hello({
        version: 1,
        windowBytes,
        frameBytesMax: 1 << 20,
        callsMax,
        metadata: NO_METADATA,
      }),
    );
  }

  refuse(): void {
    this.#events.closed(1006, 'nobody there');
  }

  say(write: (writer: FrameWriter) => void): void {
    const writer = new FrameWriter();
    write(writer);
    this.#events.message(writer.take());
  }

  sayBytes(frame: Uint8Array): void {
    this.#events.message(frame);
  }

  break(code = 1006, reason = ''): void {
    this.#events.closed(code, reason);
  }

  /** Names and call ids of what the client has said, such as `open 1`. */
  get heard(): string[] {
    return this.items.map(([name, id]) => `${name} ${String(id)}`);
  }

  opened(id: number): Open | undefined {
    return this.items.find(([name, call]) => name === 'open' && call === id)?.[2] as Open;
  }

  take(data: Uint8Array | string): void {
    if (typeof data === 'string') return;
    this.frames++;
    const { sink, items } = collector();
    readClientFrame(data.slice(), sink);
    this.items.push(...items.filter(([name]) => name !== 'hello'));
  }
}

/** Hands out sockets, which wait until the test takes them in. */
export class FakeServer {
  readonly sockets: FakeSocket[] = [];

  readonly socket: SocketFactory = (url, protocols, events) => {
    const socket = new FakeSocket(url, protocols, events);
    this.sockets.push(socket);
    return {
      send: (data) => socket.take(data),
      close: () => {
        socket.isClosed = true;
      },
    };
  };

  /** The newest socket. */
  get last(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error('take a socket: nobody has dialled');
    return socket;
  }

  /** Waits until the client has dialled for the `count`th time. */
  async dialled(count: number): Promise<FakeSocket> {
    while (this.sockets.length < count) await turn();
    return this.last;
  }
}

/** Lets everything happen that is due. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}
