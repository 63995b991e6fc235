/**
 * All watching of one member. Apply tells it of every change; streams tell it what their clients want;
 * it hands messages to receivers. It holds no history: a watcher that is behind reads the store's.
 *
 * The host's duties, in order:
 * 1. Build the hub when the store is open, before the log is repeated on it; then restore the streams.
 * 2. After each applied entry that changed something, `notify`, before the store is flushed.
 * 3. After a snapshot was installed, `restored`.
 * 4. While `hasWork`, call `work` now and then, letting other work in between; apply comes first.
 * 5. Call `tick` at `nextTickMs`, or any time later.
 * 6. When nothing is left to do, and at the latest before the object may sleep, store `save` of each
 *    stream in `takeUnsaved`.
 */
import { assert } from '../lib/assert.ts';
import { ByteReader } from '../lib/binary.ts';
import { WATCH_PROGRESS_INTERVAL_MS, WATCH_PROGRESS_INTERVAL_MS_MIN } from '../constants.ts';
import type { Change } from '../mvcc/types.ts';
import { CatchUp } from './catch-up.ts';
import { FanOut, RangeBatches } from './fan-out.ts';
import { MessageHeader } from './message.ts';
import { readHead, readWatcher } from './registration.ts';
import { WatchStream, type StreamHost } from './stream.ts';
import { Tally } from './tally.ts';
import type { HubPorts, SavedStream, WatchGauges, WatchReceiver } from './types.ts';
import { takeEvents, WatcherIndex } from './watcher-index.ts';
import { WatchState, type WatchGroup } from './watcher.ts';

export class WatchHub {
  readonly #ports: HubPorts;
  readonly #index = new WatcherIndex();
  readonly #tally = new Tally();
  readonly #catchUp: CatchUp;
  readonly #streams = new Map<string, WatchStream>();
  readonly #unsaved = new Set<WatchStream>();
  /** Restored streams that have seen more than the store holds yet. */
  readonly #ahead = new Set<WatchStream>();
  readonly #host: StreamHost;
  /** The store's revision when the hub was built: saved streams had seen all up to it. */
  readonly #openRevision: number;
  readonly #progressIntervalMs: number;
  /** Revision of the last entry that `notify` or `restored` told of. */
  #revision: number;
  /** When the next periodic progress notifications go out; undefined: not set yet. */
  #nextTickMs: number | undefined;

  constructor(ports: HubPorts) {
    this.#ports = ports;
    this.#revision = this.#openRevision = ports.history.revision;
    this.#progressIntervalMs = Math.max(
      ports.progressIntervalMs ?? WATCH_PROGRESS_INTERVAL_MS,
      WATCH_PROGRESS_INTERVAL_MS_MIN,
    );
    this.#catchUp = new CatchUp(ports.history, this.#index, this.#tally);
    this.#host = this.#hostOfStreams();
  }

  /** Opens a stream. `streamId` is the shell's, and not in use. */
  open(streamId: string, receiver: WatchReceiver): WatchStream {
    assert(!this.#streams.has(streamId), `open watch stream "${streamId}": it is open`);
    const stream = new WatchStream(streamId, this.#host, receiver);
    this.#streams.set(streamId, stream);
    this.#unsaved.add(stream);
    return stream;
  }

  /**
   * Opens a stream again from what `WatchStream.save` gave: the newest attachment and all stored rows.
   * No message is sent here; watchers that are behind catch up by `work`.
   * @throws DecodeError on bytes that this version did not write; the stream is then not open
   */
  restore(streamId: string, saved: SavedStream, receiver: WatchReceiver): WatchStream {
    const stream = this.open(streamId, receiver);
    try {
      const reader = new ByteReader(saved.attachment);
      const head = readHead(reader);
      stream.restoreHead(head);
      if (stream.isAhead) this.#ahead.add(stream);
      while (!reader.done)
        stream.restoreWatcher(readWatcher(reader), this.#openRevision, undefined);
      for (const row of head.inRows ? saved.rows : []) {
        if (row.bytes === undefined) continue;
        const records = new ByteReader(row.bytes);
        while (!records.done) {
          stream.restoreWatcher(readWatcher(records), this.#openRevision, row.index);
        }
      }
    } catch (thrown) {
      stream.close();
      throw thrown;
    }
    return stream;
  }

  /** True when so many more watchers, with so many bytes of keys and range ends, are not too many. */
  hasRoomFor(watchers: number, keyBytes: number): boolean {
    return this.#tally.hasRoomFor(watchers, keyBytes);
  }

  stream(streamId: string): WatchStream | undefined {
    return this.#streams.get(streamId);
  }

  /** An applied entry made `changes`, at least one, and the store is at `revision` now. */
  notify(changes: readonly Change[], revision: number): void {
    assert(
      revision > this.#revision,
      `notify watchers of revision ${revision}: they have seen ${this.#revision}`,
    );
    this.#revision = revision;
    if (this.#index.size > 0) {
      const header = this.#header(revision);
      for (const group of this.#index.match(changes)) this.#deliver(group, header);
    }
    this.#releaseAhead();
  }

  /** The store was replaced by a snapshot at `revision`: what lies between was never notified. */
  restored(revision: number): void {
    assert(
      revision >= this.#revision,
      `restore watchers at revision ${revision}: they have seen ${this.#revision}`,
    );
    const seen = this.#revision;
    this.#revision = revision;
    for (const stream of this.#streams.values()) {
      for (const watcher of stream.watchers.values()) {
        if (watcher.state !== WatchState.SYNCED) continue;
        watcher.next = Math.max(watcher.next, seen + 1);
        if (watcher.next > revision) continue;
        this.#catchUp.enqueue(watcher);
        stream.moved(watcher);
      }
    }
    this.#releaseAhead();
  }

  /** True while watchers that could go on are behind. */
  get hasWork(): boolean {
    return this.#catchUp.hasWork;
  }

  /** One bounded slice of catch-up: a few milliseconds at most. */
  work(): void {
    if (this.hasWork) this.#catchUp.work(this.#header(this.#revision));
  }

  /** When to call `tick` next, in the host's time; undefined: nobody asked for periodic progress. */
  nextTickMs(nowMs: number): number | undefined {
    const next = this.#nextTickMs;
    const latestMs = nowMs + this.#progressIntervalMs + this.#spreadMs;
    if (this.#tally.progressWatchers === 0) this.#nextTickMs = undefined;
    // Farther away than it ever is set: the clock was set back, for which nobody is to wait.
    else if (next === undefined || next > latestMs) this.#nextTickMs = this.#tickAfter(nowMs);
    return this.#nextTickMs;
  }

  /**
   * Sends periodic progress notifications if they are due (rule W11). All streams at once: an object
   * that sleeps is woken once for all of them.
   */
  tick(nowMs: number): void {
    const dueMs = this.nextTickMs(nowMs);
    if (dueMs === undefined || nowMs < dueMs) return;
    this.#nextTickMs = this.#tickAfter(nowMs);
    for (const stream of [...this.#streams.values()]) stream.notifyProgress();
  }

  /** For a hub built anew: the value of `nextTickMs` before the object slept. */
  resumeTicks(dueMs: number): void {
    this.#nextTickMs = dueMs;
  }

  /** The streams whose saved form has changed since they were last returned here; save them all. */
  takeUnsaved(): WatchStream[] {
    const everySend = this.#ports.saveEverySend === true;
    const streams = [...this.#unsaved].filter((stream) => stream.isUnsaved(everySend));
    this.#unsaved.clear();
    return streams;
  }

  get gauges(): WatchGauges {
    const { watchers, keyBytes, queued, waiting, pendingEvents, pendingBytes, eventsTotal } =
      this.#tally;
    return {
      streams: this.#streams.size,
      watchers,
      ranges: this.#index.size,
      keyBytes,
      slowWatchers: queued + waiting,
      waitingWatchers: waiting,
      pendingEvents,
      pendingBytes,
      eventsTotal,
    };
  }

  #hostOfStreams(): StreamHost {
    const revision = (): number => this.#revision;
    return {
      index: this.#index,
      catchUp: this.#catchUp,
      tally: this.#tally,
      get revision() {
        return revision();
      },
      header: (at) => this.#header(at),
      changed: (stream) => this.#unsaved.add(stream),
      forget: (stream) => {
        this.#streams.delete(stream.id);
        this.#unsaved.delete(stream);
        this.#ahead.delete(stream);
      },
    };
  }

  #header(revision: number): MessageHeader {
    return new MessageHeader(this.#ports.identity(), revision);
  }

  /** Lets streams go on whose past the store has reached again. */
  #releaseAhead(): void {
    for (const stream of this.#ahead) {
      if (stream.isAhead) continue;
      this.#ahead.delete(stream);
      stream.release();
    }
  }

  #tickAfter(nowMs: number): number {
    return nowMs + this.#progressIntervalMs + this.#ports.random(this.#spreadMs);
  }

  /** So that members that were started together do not tell all at once. */
  get #spreadMs(): number {
    return Math.ceil(this.#progressIntervalMs / 10);
  }

  /** Sends the events of one revision to the synced watchers of a range (rule W8). */
  #deliver(group: WatchGroup, header: MessageHeader): void {
    const fanOut = new FanOut(new RangeBatches(takeEvents(group), this.#ports.history), header);
    for (const watcher of group.watchers) {
      if (watcher.state !== WatchState.SYNCED) continue;
      const [response] = fanOut.responsesFor(watcher);
      if (response === undefined) continue;
      if (watcher.stream.mustWait) {
        watcher.next = header.revision;
        watcher.stream.hold(watcher);
      } else {
        watcher.stream.deliver(watcher, response);
      }
    }
  }
}
