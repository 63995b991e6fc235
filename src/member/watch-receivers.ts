/** The far ends of watch streams: a client's own socket, and the socket of a Worker that bridges. */
import { errorLine } from '../api/json.ts';
import type { Close } from '../api/close-codes.ts';
import type { StatusError } from '../api/errors.ts';
import { toBigInt } from '../api/messages.ts';
import { WATCH_FRAME_BYTES } from '../constants.ts';
import { ByteWriter } from '../lib/binary.ts';
import type { WatchMessage } from '../watch/message.ts';
import type { WatchReceiver } from '../watch/types.ts';
import { type ToWorker, writeToWorker } from './watch-bridge.ts';
import { watchLine, watchLineBytes } from './watch-json.ts';

/** A WebSocket whose other end may be far away. */
export interface WatchSocket {
  /** Bytes handed to `send` and not yet taken by the network. */
  readonly bufferedBytes: number;
  /** Never throws; what is sent to a closed socket is lost. */
  send(data: string | Uint8Array): void;
  close(close: Close): void;
  /** Keeps `state` with the socket while the object sleeps: at most 16,384 bytes with some overhead. */
  attach(state: Uint8Array): void;
}

/** What a receiver asks of those who drive it. */
export interface ReceiverHost {
  /** Call `flush` at the end of this turn. */
  flushSoon(receiver: BridgeReceiver): void;
  /** Ask `drainedCount` now and then until it has nothing left. */
  pollSoon(receiver: JsonReceiver): void;
  /** The hub closed the stream. */
  ended(error: StatusError): void;
}

/**
 * etcd's gateway frames to a client's own socket: one text frame a message. How much the client has read
 * is told by what the socket still buffers; a client that keeps up costs nothing but the sending.
 */
export class JsonReceiver implements WatchReceiver {
  readonly #socket: WatchSocket;
  readonly #host: ReceiverHost;
  /** Bytes of the messages taken as `queued`, oldest first. */
  #queued: number[] = [];

  constructor(socket: WatchSocket, host: ReceiverHost) {
    this.#socket = socket;
    this.#host = host;
  }

  get queuedCount(): number {
    return this.#queued.length;
  }

  send(message: WatchMessage): 'sent' | 'queued' {
    const line = watchLine(message);
    const keepsUp = this.#socket.bufferedBytes === 0 && this.#queued.length === 0;
    this.#socket.send(line);
    if (keepsUp) return 'sent';
    this.#queued.push(line.length);
    this.#host.pollSoon(this);
    return 'queued';
  }

  /** How many of the queued messages have left since the last call. */
  drainedCount(): number {
    let { bufferedBytes } = this.#socket;
    let left = 0;
    for (let at = this.#queued.length - 1; at >= 0 && bufferedBytes > 0; at--) {
      bufferedBytes -= this.#queued[at] ?? 0;
      left++;
    }
    const drained = this.#queued.length - left;
    this.#queued.splice(0, drained);
    return drained;
  }

  end(error: StatusError): void {
    this.#socket.send(errorLine(error).trimEnd());
    this.#host.ended(error);
  }

  mayRead(): undefined {
    return undefined;
  }
}

/** Items of the bridge, all of one turn in one frame. The Worker tells what was read. */
export class BridgeReceiver implements WatchReceiver {
  readonly #socket: WatchSocket;
  readonly #host: ReceiverHost;
  /** Items that wait for the end of the turn; kept small between turns. */
  #writer: ByteWriter | undefined;
  /** Messages sent by this instance that the Worker has not yet told to be read. */
  #unreadCount = 0;
  /** The Worker was asked to tell, and has not done so yet. */
  #asked = false;

  constructor(socket: WatchSocket, host: ReceiverHost) {
    this.#socket = socket;
    this.#host = host;
  }

  send(message: WatchMessage): 'queued' {
    const { batch, fields, header, watchId } = message;
    this.#unreadCount++;
    this.#write({
      kind: 'message',
      watchId: toBigInt(watchId),
      revision: header.revision,
      next: batch === undefined ? 0 : (batch.events.at(-1)?.revision ?? 0) + 1,
      created: fields.created === true,
      canceled: fields.canceled === true,
      fragment: fields.fragment === true,
      line: watchLineBytes(message),
    });
    return 'queued';
  }

  /** Memory is short: the Worker should tell what was read. */
  ask(): void {
    if (this.#asked || this.#unreadCount === 0) return;
    this.#asked = true;
    this.#write({ kind: 'ask' });
  }

  /** The Worker has told that `count` more messages were read. */
  told(count: number): void {
    this.#asked = false;
    this.#unreadCount = Math.max(0, this.#unreadCount - count);
  }

  position(revision: number, behind: readonly bigint[]): void {
    this.#write({ kind: 'position', revision, behind });
  }

  end(error: StatusError): void {
    this.#write({ kind: 'end', code: error.code, message: error.message });
    this.flush();
    this.#host.ended(error);
  }

  mayRead(): undefined {
    return undefined;
  }

  flush(): void {
    if (this.#writer === undefined) return;
    const frame = this.#writer.finish();
    this.#writer = undefined;
    this.#socket.send(frame);
  }

  #write(item: ToWorker): void {
    if (this.#writer === undefined) {
      this.#writer = new ByteWriter();
      this.#host.flushSoon(this);
    }
    writeToWorker(this.#writer, item);
    if (this.#writer.length >= WATCH_FRAME_BYTES) this.flush();
  }
}
