/** One socket that carries a watch stream: what comes in from it, and what is kept with it. */
import { CLOSE, type Close } from '../api/close-codes.ts';
import { StatusError } from '../api/errors.ts';
import { decodeJson, errorLine, JsonSplitter } from '../api/json.ts';
import { toBigInt, WatchRequest, WireError } from '../api/messages.ts';
import { JSON_REQUEST_BYTES_MAX, MESSAGE_BYTES_MAX, WATCH_UNREAD_POLLS_MAX } from '../constants.ts';
import { ByteReader, ByteWriter, DecodeError } from '../lib/binary.ts';
import { encodeUtf8 } from '../lib/utf8.ts';
import type { Resumption } from '../session/items.ts';
import { savedStreamAt } from '../watch/resumption.ts';
import type { WatchStream } from '../watch/stream.ts';
import type { SavedRow } from '../watch/types.ts';
import { WatchState } from '../watch/watcher.ts';
import { readToMember, type ToMember, type WatchKind } from './watch-bridge.ts';
import type { WatchHost } from './watch-host.ts';
import {
  BridgeReceiver,
  JsonReceiver,
  type ReceiverHost,
  type WatchSocket,
} from './watch-receivers.ts';

/** Raised when older code could misread the new form. */
const VERSION = 1;
const KINDS: readonly WatchKind[] = ['bridge', 'json'];
const Flag = { PARTIAL: 1, NEEDS_LEADER: 2 } as const;

interface ConnectionHead {
  /** Names the stream; unique among the sockets of the member, also over its sleep. */
  readonly number: number;
  readonly kind: WatchKind;
  /** The stream ends when the member has no leader. */
  readonly needsLeader: boolean;
}

/** What is attached to a socket. */
export interface SavedConnection extends ConnectionHead {
  /** A part of a request was in memory, and is lost. */
  readonly isPartial: boolean;
  /** Of the stream. */
  readonly attachment: Uint8Array;
}

/** Undefined for what this version did not write. */
export function readSavedConnection(bytes: Uint8Array): SavedConnection | undefined {
  try {
    const reader = new ByteReader(bytes);
    if (reader.u8() !== VERSION) return undefined;
    const kind = KINDS[reader.u8()];
    const flags = reader.u8();
    const number = reader.varint();
    if (kind === undefined) return undefined;
    return {
      number,
      kind,
      needsLeader: (flags & Flag.NEEDS_LEADER) !== 0,
      isPartial: (flags & Flag.PARTIAL) !== 0,
      attachment: reader.bytes(),
    };
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

export class WatchConnection implements ReceiverHost {
  readonly number: number;
  readonly streamId: string;
  readonly kind: WatchKind;
  readonly needsLeader: boolean;
  /** Rows were written for it. */
  hasRows = false;
  readonly #host: WatchHost;
  readonly #socket: WatchSocket;
  readonly #receiver: JsonReceiver | BridgeReceiver;
  #stream: WatchStream | undefined;
  #splitter: JsonSplitter | undefined;
  /** Looks at the socket since it last took something, while it has more than it can take. */
  #stuckPolls = 0;
  #closed = false;

  constructor(host: WatchHost, head: ConnectionHead, socket: WatchSocket) {
    this.number = head.number;
    this.streamId = String(head.number);
    this.kind = head.kind;
    this.needsLeader = head.needsLeader;
    this.#host = host;
    this.#socket = socket;
    this.#receiver =
      head.kind === 'json' ? new JsonReceiver(socket, this) : new BridgeReceiver(socket, this);
  }

  /** For a socket whose state is of no use: its client resumes with a new one. */
  static refuse(socket: WatchSocket): void {
    socket.close(CLOSE.RESTART);
  }

  open(): void {
    this.#stream = this.#host.hub.open(this.streamId, this.#receiver);
  }

  restore(saved: SavedConnection, rows: readonly SavedRow[]): void {
    this.hasRows = rows.length > 0;
    if (saved.isPartial) {
      this.restart();
      return;
    }
    try {
      const { attachment } = saved;
      this.#stream = this.#host.hub.restore(this.streamId, { attachment, rows }, this.#receiver);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.restart();
    }
  }

  /** A frame from the other end. */
  message(data: string | Uint8Array): void {
    if (this.#closed) return;
    const limit = this.kind === 'json' ? JSON_REQUEST_BYTES_MAX : BRIDGE_FRAME_BYTES_MAX;
    if (data.length > limit) return this.#end(CLOSE.TOO_BIG);
    try {
      if (this.kind === 'json') this.#text(data);
      else if (typeof data === 'string') this.#end(CLOSE.BAD_REQUEST);
      else this.#items(data);
    } catch (error) {
      this.#refuse(error);
    }
  }

  /** The socket is gone. */
  closed(): void {
    if (this.#closed) return;
    this.#host.handle(() => this.#forget());
  }

  /** The member goes: the client resumes elsewhere, or here a little later. */
  restart(): void {
    this.#end(CLOSE.RESTART);
  }

  leaderLost(): void {
    this.#receiver.end(StatusError.of('noLeader'));
  }

  /** Attaches what fits to the socket; returns the rows to be written. */
  save(): readonly SavedRow[] {
    if (this.#stream === undefined || this.#stream.isClosed) return [];
    const { attachment, rows } = this.#stream.save();
    const writer = new ByteWriter();
    writer.u8(VERSION);
    writer.u8(KINDS.indexOf(this.kind));
    writer.u8(
      (this.#splitter?.isPartial === true ? Flag.PARTIAL : 0) |
        (this.needsLeader ? Flag.NEEDS_LEADER : 0),
    );
    writer.varint(this.number);
    writer.bytes(attachment);
    this.#socket.attach(writer.finish());
    this.hasRows ||= rows.length > 0;
    return rows;
  }

  /** Tells the Worker how far every watcher is; after a compaction that is what keeps quiet ones alive. */
  tellPosition(): void {
    const stream = this.#stream;
    if (!(this.#receiver instanceof BridgeReceiver) || stream === undefined || stream.isAhead)
      return;
    const behind = [...stream.watchers.values()]
      .filter((watcher) => watcher.state !== WatchState.SYNCED)
      .map((watcher) => toBigInt(watcher.id));
    this.#receiver.position(this.#host.revision, behind);
  }

  /** Memory is short. */
  ask(): void {
    if (this.#receiver instanceof BridgeReceiver) this.#receiver.ask();
  }

  /** Looks at what the socket has taken, every WATCH_POLL_MS. False: nothing is left to look at. */
  poll(): boolean {
    if (!(this.#receiver instanceof JsonReceiver) || this.#closed) return false;
    const drained = this.#receiver.drainedCount();
    if (drained > 0) this.#stream?.drained(drained);
    const isEmpty = this.#receiver.queuedCount === 0;
    this.#stuckPolls = drained > 0 || isEmpty ? 0 : this.#stuckPolls + 1;
    if (isEmpty) return false;
    if (this.#stuckPolls < WATCH_UNREAD_POLLS_MAX) return true;
    this.#end(CLOSE.NOT_READING);
    return false;
  }

  flushSoon(receiver: BridgeReceiver): void {
    this.#host.flushSoon(receiver);
  }

  pollSoon(): void {
    this.#host.pollSoon(this);
  }

  ended(): void {
    this.#end(CLOSE.ENDED);
  }

  /** etcd's gateway reads the frames as one stream of JSON values, text or binary alike. */
  #text(data: string | Uint8Array): void {
    this.#splitter ??= new JsonSplitter();
    const wasPartial = this.#splitter.isPartial;
    const bytes = typeof data === 'string' ? encodeUtf8(data) : data;
    const values = [...this.#splitter.push(bytes), ...this.#splitter.push(LINE_BREAK)];
    for (const value of values) this.#request(decodeJson(WatchRequest, value));
    // What is attached says whether a part of a request would be lost.
    if (wasPartial !== this.#splitter.isPartial) this.#host.handle(() => this.#host.save(this));
  }

  #items(frame: Uint8Array): void {
    for (const item of readToMember(frame)) this.#item(item);
  }

  #item(item: ToMember): void {
    switch (item.kind) {
      case 'request':
        return this.#request(WatchRequest.decode(item.body));
      case 'read':
        (this.#receiver as BridgeReceiver).told(item.count);
        return this.#host.handle(() => this.#stream?.drained(item.count));
      case 'resume':
        return this.#inOrder(() => this.#resume(item.resumption));
    }
  }

  #request(request: WatchRequest): void {
    this.#inOrder(() => this.#stream?.request(request));
  }

  #inOrder(run: () => void): void {
    const taken = this.#host.whenCurrent(() => this.#host.handle(run));
    if (taken === 'full') this.#end(CLOSE.TRY_AGAIN);
  }

  /** Another member had the stream before. */
  #resume(resumption: Resumption): void {
    if (this.#closed) return;
    let keyBytes = 0;
    for (const { request } of resumption.watchers) {
      keyBytes += request.key.length + request.range_end.length;
    }
    // Another member may have room; the one that had the stream is gone.
    if (!this.#host.hub.hasRoomFor(resumption.watchers.length, keyBytes)) {
      return this.#end(CLOSE.TRY_AGAIN);
    }
    this.#stream?.close();
    const saved = savedStreamAt(resumption);
    this.#stream = this.#host.hub.restore(this.streamId, saved, this.#receiver);
    this.#host.save(this);
  }

  #refuse(error: unknown): void {
    if ([DecodeError, WireError, RangeError].some((type) => error instanceof type)) {
      this.#end(CLOSE.BAD_REQUEST);
    } else if (error instanceof StatusError) {
      this.#socket.send(errorLine(error).trimEnd());
      this.#end(CLOSE.BAD_REQUEST);
    } else {
      throw error;
    }
  }

  #end(close: Close): void {
    if (this.#closed) return;
    this.#forget();
    this.#socket.close(close);
  }

  #forget(): void {
    this.#closed = true;
    this.#stream?.close();
    this.#host.remove(this);
  }
}

const LINE_BREAK = encodeUtf8('\n');
/** A resumption names every watcher of a stream; else a frame holds one request. */
const BRIDGE_FRAME_BYTES_MAX = 16 * MESSAGE_BYTES_MAX;
