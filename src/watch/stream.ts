/** One client's stream: many watchers, one receiver. Requests come in, messages go out in order. */
import { StatusError, Code } from '../api/errors.ts';
import {
  FilterType,
  toBigInt,
  toClampedNumber,
  type WatchCreateRequest,
  type WatchRequest,
} from '../api/messages.ts';
import {
  WATCH_STREAM_CONTROL_BYTES_MAX,
  WATCH_STREAM_UNREAD_BYTES_MAX,
  WATCH_UNREAD_BYTES_MAX,
} from '../constants.ts';
import { ByteWriter } from '../lib/binary.ts';
import type { KeyRange } from '../mvcc/types.ts';
import type { CatchUp } from './catch-up.ts';
import type { SharedResponse } from './fan-out.ts';
import { WatchMessage, type MessageFields, type MessageHeader } from './message.ts';
import {
  watchIdOf,
  writeHead,
  writeWatcher,
  type SavedHead,
  type SavedWatcher,
} from './registration.ts';
import { SavedRows } from './saved-rows.ts';
import { keyBytesOf, type Tally } from './tally.ts';
import {
  WATCH_ID_AUTO,
  WATCH_ID_NONE,
  type SavedStream,
  type WatchId,
  type WatchReceiver,
} from './types.ts';
import { Unread, type UnreadSums } from './unread.ts';
import { watchRange } from './watch-range.ts';
import type { WatcherIndex } from './watcher-index.ts';
import { WatchFlag, WatchState, Watcher } from './watcher.ts';

/** etcd's texts for what its store refuses; they travel without a status code. */
const EMPTY_RANGE = 'mvcc: watcher range is empty';
const DUPLICATE_ID = 'mvcc: duplicate watch ID provided on the WatchStream';

/** What a stream needs of its hub. */
export interface StreamHost {
  readonly index: WatcherIndex;
  readonly catchUp: CatchUp;
  readonly tally: Tally;
  /** Revision of the last applied entry. */
  readonly revision: number;
  header(revision: number): MessageHeader;
  /** What must outlive the object's memory has changed. */
  changed(stream: WatchStream): void;
  forget(stream: WatchStream): void;
}

export class WatchStream {
  readonly id: string;
  readonly watchers = new Map<WatchId, Watcher>();
  readonly #host: StreamHost;
  readonly #receiver: WatchReceiver;
  readonly #unread = new Unread();
  readonly #rows = new SavedRows();
  /** Watchers that wait for the receiver to read. Undefined when there are none. */
  #waiting: Set<Watcher> | undefined;
  /** No smaller id is given to a new watcher. */
  #nextId = 0;
  /**
   * Greatest revision in a header sent so far. Synced watchers were sent all events up to it, and none
   * beyond it.
   */
  #sentRevision = 0;
  #savedUnreadBytes = 0;
  #savedSentRevision = 0;
  /** Watchers or their positions differ from what is saved. */
  #changed = true;
  #closed = false;

  constructor(id: string, host: StreamHost, receiver: WatchReceiver) {
    this.id = id;
    this.#host = host;
    this.#receiver = receiver;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** True when no event may be sent for now: watchers that have one are put on hold. */
  get mustWait(): boolean {
    return this.isAhead || this.#isFull;
  }

  /**
   * True while a restarted member repeats its log and has not come to what this stream has seen:
   * its revisions must not go back.
   */
  get isAhead(): boolean {
    return this.#sentRevision > this.#host.revision;
  }

  /** True until the receiver has read some. Never true of one that has read all. */
  get #isFull(): boolean {
    const { bytes } = this.#unread;
    if (bytes === 0) return false;
    return (
      bytes >= WATCH_STREAM_UNREAD_BYTES_MAX ||
      this.#host.tally.pendingBytes >= WATCH_UNREAD_BYTES_MAX
    );
  }

  /** Handles one request. What is wrong with it is answered on the stream; unknown kinds are ignored (W18). */
  request(request: WatchRequest): void {
    if (this.#closed) return;
    if (request.create_request !== null) this.#create(request.create_request);
    else if (request.cancel_request !== null)
      this.#cancel(watchIdOf(toBigInt(request.cancel_request.watch_id)));
    else if (request.progress_request !== null) this.#reportProgress();
  }

  /**
   * The receiver has read the `count` oldest messages of those it took as `queued`. Watchers that
   * waited for that go on in the hub's next slices of work.
   */
  drained(count: number): void {
    if (this.#closed) return;
    this.#released(this.#unread.shift(count));
    this.#host.changed(this);
    if (this.#unread.bytes <= WATCH_STREAM_UNREAD_BYTES_MAX / 2) this.release();
  }

  /** For the hub: lets watchers on hold go on, if they may. */
  release(): void {
    if (this.#waiting === undefined || this.mustWait) return;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    for (const watcher of waiting) this.#host.catchUp.enqueue(watcher);
  }

  /** Ends the stream and its watchers without a word to the receiver. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const watcher of this.watchers.values()) {
      this.#host.index.remove(watcher);
      this.#host.tally.move(watcher, WatchState.CLOSED);
    }
    this.watchers.clear();
    this.#waiting = undefined;
    this.#released(this.#unread.shift(this.#unread.count));
    this.#host.forget(this);
  }

  /** For fan-out: sends a response to one of the stream's watchers, whether or not it has to wait. */
  deliver(watcher: Watcher, response: SharedResponse): void {
    watcher.quiet = false;
    for (const message of response.messagesFor(watcher)) this.#send(message);
  }

  /** For fan-out: the watcher stays at `watcher.next` until the stream need not wait. */
  hold(watcher: Watcher): void {
    this.#host.tally.move(watcher, WatchState.WAITING);
    this.#waiting ??= new Set();
    this.#waiting.add(watcher);
    this.moved(watcher);
  }

  /** For catch-up: the watcher's history is gone (rule W3: revision 0, no reason). */
  cancelCompacted(watcher: Watcher, compactRevision: number): void {
    this.#remove(watcher);
    this.#answer(0, watcher.id, { canceled: true, compact_revision: compactRevision });
  }

  /** For catch-up: the watcher's state or position has changed. */
  moved(watcher: Watcher): void {
    this.#rows.touch(watcher);
    this.#changed = true;
    this.#host.changed(this);
  }

  /** For the hub's clock: tells quiet watchers that asked for it how far they are (rule W11). */
  notifyProgress(): void {
    for (const watcher of this.watchers.values()) {
      if ((watcher.flags & WatchFlag.PROGRESS) === 0) continue;
      if (watcher.quiet && !this.mustWait && this.#isUpToDate(watcher)) {
        this.#answer(this.#host.revision, watcher.id, {});
      }
      watcher.quiet = true;
    }
  }

  /** True if `save` would differ from the last one. `everySend`: also if only sentRevision does. */
  isUnsaved(everySend: boolean): boolean {
    if (this.#closed) return false;
    return (
      this.#changed ||
      this.#unread.bytes !== this.#savedUnreadBytes ||
      (everySend && this.#sentRevision !== this.#savedSentRevision)
    );
  }

  /** What has to be stored for the stream to go on after the object has lost its memory. */
  save(): SavedStream {
    this.#rows.settle(this.watchers.values());
    const rows = this.#rows.save(this.watchers.values());
    const writer = new ByteWriter();
    writeHead(writer, {
      inRows: this.#rows.inRows,
      nextId: this.#nextId,
      sentRevision: this.#sentRevision,
      unreadMessages: this.#unread.count,
      unreadBytes: this.#unread.bytes,
    });
    if (!this.#rows.inRows) {
      for (const watcher of this.watchers.values()) writeWatcher(writer, watcher);
    }
    this.#changed = false;
    this.#savedUnreadBytes = this.#unread.bytes;
    this.#savedSentRevision = this.#sentRevision;
    return { attachment: writer.finish(), rows };
  }

  /** For the hub: takes up a saved head. */
  restoreHead(head: SavedHead): void {
    this.#nextId = head.nextId;
    this.#sentRevision = this.#savedSentRevision = head.sentRevision;
    this.#unread.restore(head.unreadMessages, head.unreadBytes);
    this.#savedUnreadBytes = head.unreadBytes;
    this.#host.tally.pendingBytes += head.unreadBytes;
    this.#changed = false;
  }

  /**
   * For the hub: takes up a saved watcher, from row `row` or the attachment. `openRevision`: the store's
   * when the object was built; synced watchers were sent everything up to it.
   */
  restoreWatcher(saved: SavedWatcher, openRevision: number, row: number | undefined): void {
    const { index, revision, catchUp } = this.#host;
    const seen = Math.max(openRevision, this.#sentRevision);
    const next = saved.synced ? Math.max(saved.next, seen + 1) : saved.next;
    const flags = next > saved.next ? saved.flags & ~WatchFlag.FUTURE : saved.flags;
    const watcher = new Watcher(this, index.groupOf(saved.range), { id: saved.id, flags, next });
    this.#open(watcher);
    if (row !== undefined) this.#rows.restore(watcher, row);
    else this.#rows.add(watcher);
    if (next <= revision) catchUp.enqueue(watcher);
  }

  #create(request: WatchCreateRequest): void {
    const revision = this.#revision;
    const range = watchRange(request);
    const start = toClampedNumber(request.start_revision);
    const chosenId = watchIdOf(toBigInt(request.watch_id));
    const reason = this.#refusalOf(range, start, chosenId);
    if (reason !== undefined || range === undefined) {
      const cancel_reason = reason ?? EMPTY_RANGE;
      this.#answer(revision, WATCH_ID_NONE, { created: true, canceled: true, cancel_reason });
      return;
    }
    const { index, catchUp } = this.#host;
    const isFuture = start > revision;
    const watcher = new Watcher(this, index.groupOf(range), {
      id: chosenId === WATCH_ID_AUTO ? this.#newId() : chosenId,
      flags: flagsOf(request) | (isFuture ? WatchFlag.FUTURE : 0),
      next: start === 0 ? revision + 1 : start,
    });
    this.#open(watcher);
    this.#rows.add(watcher);
    this.#markChanged();
    this.#answer(revision, watcher.id, { created: true });
    if (watcher.next <= this.#host.revision && watcher.state === WatchState.SYNCED) {
      catchUp.enqueue(watcher);
    }
  }

  /** The cancel_reason of a creation that is refused (rule W4), in etcd's order of checks. */
  #refusalOf(range: KeyRange | undefined, start: number, id: WatchId): string | undefined {
    if (start < 0) return StatusError.of('compacted').message;
    if (range === undefined) return EMPTY_RANGE;
    const denied = this.#receiver.mayRead(range);
    if (denied !== undefined) return denied.rpcText;
    if (id !== WATCH_ID_AUTO && this.watchers.has(id)) return DUPLICATE_ID;
    if (!this.#host.tally.hasRoomFor(1, keyBytesOf(range))) {
      return StatusError.of('requestTooManyRequests').message;
    }
    return undefined;
  }

  #newId(): WatchId {
    while (this.watchers.has(this.#nextId)) this.#nextId++;
    return this.#nextId++;
  }

  /** Rule W6: an unknown id is not answered. */
  #cancel(id: WatchId): void {
    const watcher = this.watchers.get(id);
    if (watcher === undefined) return;
    this.#remove(watcher);
    this.#answer(this.#revision, id, { canceled: true });
  }

  /** Rule W12: says nothing unless every watcher is up to date, nor on a stream without watchers. */
  #reportProgress(): void {
    if (this.watchers.size === 0 || this.mustWait) return;
    for (const watcher of this.watchers.values()) {
      if (!this.#isUpToDate(watcher)) return;
    }
    this.#answer(this.#host.revision, WATCH_ID_NONE, {});
  }

  /** True when the watcher was sent everything up to the store's revision, and its start is not beyond it. */
  #isUpToDate(watcher: Watcher): boolean {
    const { revision } = this.#host;
    if (watcher.state !== WatchState.SYNCED) return false;
    return (watcher.flags & WatchFlag.FUTURE) === 0 || revision >= watcher.next;
  }

  /** The store's revision; while a restarted member repeats its log, the one this stream has seen. */
  get #revision(): number {
    return Math.max(this.#host.revision, this.#sentRevision);
  }

  #open(watcher: Watcher): void {
    this.#host.index.add(watcher);
    this.#host.tally.opened(watcher);
    this.watchers.set(watcher.id, watcher);
  }

  #remove(watcher: Watcher): void {
    this.#host.index.remove(watcher);
    this.#host.tally.move(watcher, WatchState.CLOSED);
    this.watchers.delete(watcher.id);
    this.#waiting?.delete(watcher);
    this.#rows.remove(watcher);
    this.#markChanged();
  }

  #markChanged(): void {
    this.#changed = true;
    this.#host.changed(this);
  }

  /** Sends what is not an event. A client that asks without end and never reads is cut off. */
  #answer(revision: number, id: WatchId, fields: MessageFields): void {
    this.#send(new WatchMessage(this.#host.header(revision), id, undefined, fields));
    const unread = this.#unread.controlBytes;
    if (unread <= WATCH_STREAM_CONTROL_BYTES_MAX) return;
    this.close();
    this.#receiver.end(
      new StatusError(
        Code.ResourceExhausted,
        `edgetcd: watch stream ended: ${unread} bytes of answers wait to be read, at most ${WATCH_STREAM_CONTROL_BYTES_MAX} may`,
      ),
    );
  }

  #send(message: WatchMessage): void {
    const { tally } = this.#host;
    if (message.header.revision > this.#sentRevision) this.#sentRevision = message.header.revision;
    tally.eventsTotal += message.eventCount;
    if (this.#receiver.send(message) === 'queued') {
      this.#unread.push(message);
      tally.pendingEvents += message.eventCount;
      tally.pendingBytes += message.weight;
    }
    this.#host.changed(this);
  }

  #released(freed: UnreadSums): void {
    this.#host.tally.pendingEvents -= freed.events;
    this.#host.tally.pendingBytes -= freed.bytes;
  }
}

/** Bits of WatchFlag. Unknown filters are ignored. */
export function flagsOf(request: WatchCreateRequest): number {
  let flags = 0;
  if (request.filters.includes(FilterType.NOPUT)) flags |= WatchFlag.NO_PUT;
  if (request.filters.includes(FilterType.NODELETE)) flags |= WatchFlag.NO_DELETE;
  if (request.prev_kv) flags |= WatchFlag.PREV_KV;
  if (request.fragment) flags |= WatchFlag.FRAGMENT;
  if (request.progress_notify) flags |= WatchFlag.PROGRESS;
  return flags;
}
