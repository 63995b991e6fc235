/**
 * Watching as a part of the member: does what the hub asks of its host (src/watch/hub.ts lists it).
 * Catch-up runs in slices between other work; what must outlive the object's memory is saved when
 * things have been quiet for a moment, since nothing sleeps earlier.
 */
import { StatusError } from '../api/errors.ts';
import {
  LEADERLESS_TICKS_MAX,
  WATCH_POLL_MS,
  WATCH_SAVE_AFTER_MS,
  WATCH_SLICE_PAUSE_MS,
  WATCH_START_REQUESTS_MAX,
  WATCH_UNREAD_BYTES_MAX,
  WATCH_WRITES_LAST_MS,
} from '../constants.ts';
import type { Int64Input } from '../api/messages.ts';
import type { RowStore } from '../lib/row-store.ts';
import type { Change } from '../mvcc/types.ts';
import { WatchHub } from '../watch/hub.ts';
import type { History, SavedRow, WatchGauges } from '../watch/types.ts';
import type { Alarms } from './alarms.ts';
import { KeyWaits } from './key-waits.ts';
import type { Clock, Log, Random, Timer } from './ports.ts';
import type { WatchKind } from './watch-bridge.ts';
import { readSavedConnection, WatchConnection } from './watch-connection.ts';
import type { BridgeReceiver, WatchSocket } from './watch-receivers.ts';
import { WatchRows } from './watch-rows.ts';

export interface WatchHostPorts {
  readonly history: History;
  readonly rows: RowStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly alarms: Alarms;
  readonly clusterId: Int64Input;
  readonly memberId: Int64Input;
  readonly term: () => Int64Input;
  /** Resolves once the state has all that was committed before the call. */
  readonly current: () => Promise<void>;
  /** Runs `run`; what it throws ends the member. */
  readonly guard: (run: () => void) => void;
}

/** A socket that outlived the object's memory, with what was attached to it. */
export interface KeptSocket {
  readonly socket: WatchSocket;
  readonly attachment: Uint8Array | undefined;
}

/** What carries one stream of the hub: a socket of its own, or a call of a session. */
export interface HostedWatch {
  /** Names the stream; unique among those of the member, also over its sleep. */
  readonly number: number;
  /** The same for the hub. */
  readonly streamId: string;
  /** The stream ends when the member has no leader. */
  readonly needsLeader: boolean;
  /** Rows were written for it. */
  readonly hasRows: boolean;
  /** The member goes: the client resumes elsewhere, or here a little later. */
  restart(): void;
  leaderLost(): void;
  /** After a compaction: the client may be told how far every watcher is. */
  tellPosition(): void;
  /** Memory is short. */
  ask(): void;
  /** Looks at what the socket has taken, every WATCH_POLL_MS. False: nothing is left to look at. */
  poll(): boolean;
  /** Keeps what the stream needs to go on; returns the rows to be written. */
  save(): readonly SavedRow[];
}

/** Who wishes for an alarm. */
export const WATCH_ALARM = 'watch';

export class WatchHost {
  readonly hub: WatchHub;
  /** Calls that wait for keys to go: locks and elections. */
  readonly keyWaits = new KeyWaits();
  readonly #ports: WatchHostPorts;
  readonly #rows: WatchRows;
  readonly #connections = new Set<HostedWatch>();
  /** By the stream's id in the hub. */
  readonly #byStream = new Map<string, HostedWatch>();
  /** Numbers of sessions, which have rows too. */
  readonly #reserved = new Set<number>();
  #onSave: (() => void) | undefined;
  #nextNumber = 1;
  #unflushed: BridgeReceiver[] = [];
  readonly #polled = new Set<HostedWatch>();
  #workTimer: Timer | undefined;
  #saveTimer: Timer | undefined;
  #tickTimer: Timer | undefined;
  #pollTimer: Timer | undefined;
  #leaderlessTicks = 0;
  /** When an entry was last applied. */
  #appliedMs = 0;
  /** Something happened since the save timer was set. */
  #busy = false;
  /** Invariant: a resting member has no tick timer; its alarm stands in. */
  #resting = true;
  #savedTickMs: number | undefined;
  #compactRevision: number;
  /** Requests that came before the state was known to be current; undefined: it is. */
  #early: (() => void)[] | undefined = [];
  #becoming: Promise<void> | undefined;
  #stopped = false;

  constructor(ports: WatchHostPorts) {
    this.#ports = ports;
    this.#rows = new WatchRows(ports.rows);
    this.#compactRevision = ports.history.compactRevision;
    this.hub = new WatchHub({
      history: ports.history,
      identity: () => ({
        cluster_id: ports.clusterId,
        member_id: ports.memberId,
        raft_term: ports.term(),
      }),
      random: (bound) => ports.random.below(bound),
      saveEverySend: true,
    });
  }

  get gauges(): WatchGauges {
    return this.hub.gauges;
  }

  /** Of the store, and of the hub. */
  get revision(): number {
    return this.#ports.history.revision;
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Takes up the sockets that the object slept with. To be called once, before anything else happens. */
  restore(kept: readonly KeptSocket[]): (WatchConnection | undefined)[] {
    const connections = kept.map((socket) => this.#restoreOne(socket));
    const living = new Set(this.#reserved);
    for (const { number } of this.#connections) living.add(number);
    for (const stream of this.#rows.streams()) if (!living.has(stream)) this.#rows.drop(stream);
    const dueMs = this.#connections.size === 0 ? undefined : this.#rows.loadTick();
    if (dueMs !== undefined) {
      this.#savedTickMs = dueMs;
      this.hub.resumeTicks(dueMs);
    }
    if (this.#connections.size > 0) this.touched();
    this.#restartWhenStopped();
    return connections;
  }

  /**
   * Resolves once this instance has everything that an earlier one had seen: a new watcher must not be
   * sent what happened before its creation. Without a quorum it resolves after a while all the same,
   * since etcd serves watches without one.
   */
  current(): Promise<void> {
    this.#becoming ??= this.#ports.current().then(
      () => this.#becameCurrent(),
      (error: unknown) => {
        this.#ports.log.warn('watching begins without a quorum', { error: String(error) });
        this.#becameCurrent();
      },
    );
    return this.#becoming;
  }

  /** @param needsLeader the stream is to end when this member has no leader (etcd rule W14) */
  open(kind: WatchKind, socket: WatchSocket, needsLeader = false): WatchConnection {
    const number = this.takeNumber();
    const connection = new WatchConnection(this, { number, kind, needsLeader }, socket);
    this.#add(connection);
    connection.open();
    this.touched();
    this.#restartWhenStopped();
    return connection;
  }

  // For sessions, whose calls share a socket.

  /** A number for a stream or a session. */
  takeNumber(): number {
    return this.#nextNumber++;
  }

  /** A session that the object slept with has this number. */
  reserve(number: number): void {
    this.#reserved.add(number);
    this.#nextNumber = Math.max(this.#nextNumber, number + 1);
  }

  adopt(watch: HostedWatch): void {
    this.#add(watch);
    this.touched();
  }

  /** Takes up a stream that the object slept with; before `restore`. */
  restoreHosted(watch: HostedWatch, restore: (rows: readonly SavedRow[]) => void): void {
    this.#nextNumber = Math.max(this.#nextNumber, watch.number + 1);
    this.#add(watch);
    restore(this.#rows.load(watch.number));
  }

  loadRows(number: number): readonly SavedRow[] {
    return this.#rows.load(number);
  }

  saveRows(number: number, rows: readonly SavedRow[]): void {
    this.#rows.save(number, rows);
  }

  dropRows(number: number): void {
    this.#reserved.delete(number);
    if (!this.#stopped) this.#rows.drop(number);
  }

  /** Calls `save` after the streams were saved, when things have been quiet for a moment. */
  onSave(save: () => void): void {
    this.#onSave = save;
  }

  /** For connections: runs a client's request, in order, once the state is current. */
  whenCurrent(run: () => void): 'taken' | 'full' {
    if (this.#early === undefined) {
      run();
      return 'taken';
    }
    if (this.#early.length >= WATCH_START_REQUESTS_MAX) return 'full';
    this.#early.push(run);
    void this.current();
    return 'taken';
  }

  /** For connections: runs what an event of a socket asks for; an error in it ends the member. */
  handle(run: () => void): void {
    if (this.#stopped) return;
    this.#ports.guard(() => {
      run();
      this.touched();
    });
  }

  remove(connection: HostedWatch): void {
    if (!this.#connections.delete(connection)) return;
    this.#byStream.delete(connection.streamId);
    this.#polled.delete(connection);
    if (connection.hasRows && !this.#stopped) this.#rows.drop(connection.number);
  }

  notify(changes: readonly Change[], revision: number): void {
    this.#appliedMs = this.#ports.clock.nowMs();
    this.hub.notify(changes, revision);
    this.keyWaits.notify(changes);
  }

  restored(revision: number): void {
    this.hub.restored(revision);
    this.keyWaits.restored();
  }

  /** The member's turn is over. */
  afterTurn(): void {
    const { compactRevision } = this.#ports.history;
    if (compactRevision !== this.#compactRevision) {
      this.#compactRevision = compactRevision;
      for (const connection of this.#connections) connection.tellPosition();
    }
    if (this.#connections.size > 0) this.touched();
  }

  /** The member came to rest, or woke up. */
  rest(resting: boolean): void {
    if (resting === this.#resting) return;
    this.#resting = resting;
    this.#scheduleTick();
  }

  /** A tick of the member's logical clock. Streams that need a leader end without one (etcd rule W14). */
  tick(hasLeader: boolean): void {
    this.#leaderlessTicks = hasLeader ? 0 : this.#leaderlessTicks + 1;
    if (!this.isLeaderless) return;
    for (const connection of [...this.#connections]) {
      if (connection.needsLeader) this.handle(() => connection.leaderLost());
    }
  }

  /** For so long that streams end that need a leader. */
  get isLeaderless(): boolean {
    return this.#leaderlessTicks >= LEADERLESS_TICKS_MAX;
  }

  alarm(): void {
    this.handle(() => this.hub.tick(this.#ports.clock.nowMs()));
  }

  /** Ends all streams; their clients are told to resume. */
  stop(): void {
    this.#stopped = true;
    for (const timer of [this.#workTimer, this.#saveTimer, this.#tickTimer, this.#pollTimer]) {
      timer?.cancel();
    }
    this.#restartWhenStopped();
    this.keyWaits.failAll(StatusError.of('stopped'));
  }

  /** A member that was removed is built again for whoever still calls it: nobody is left waiting there. */
  #restartWhenStopped(): void {
    if (!this.#stopped) return;
    for (const connection of [...this.#connections]) connection.restart();
  }

  /** For receivers: one frame at the end of the turn. */
  flushSoon(receiver: BridgeReceiver): void {
    if (this.#unflushed.length === 0) void Promise.resolve().then(() => this.#flush());
    this.#unflushed.push(receiver);
  }

  /** For receivers: what left the socket is to be looked at. */
  pollSoon(connection: HostedWatch): void {
    this.#polled.add(connection);
    this.#schedulePoll();
  }

  /** Saves what a connection's stream needs to go on. */
  save(connection: HostedWatch): void {
    const rows = connection.save();
    if (rows.length > 0) this.#rows.save(connection.number, rows);
  }

  /** After anything that may have left work, or state to be saved. */
  touched(): void {
    if (this.#stopped) return;
    this.#busy = true;
    if (this.hub.hasWork) this.#scheduleWork();
    this.#scheduleTick();
    this.#scheduleSave();
  }

  #restoreOne({ socket, attachment }: KeptSocket): WatchConnection | undefined {
    const saved = attachment === undefined ? undefined : readSavedConnection(attachment);
    if (saved === undefined) {
      WatchConnection.refuse(socket);
      return undefined;
    }
    const connection = new WatchConnection(this, saved, socket);
    this.#nextNumber = Math.max(this.#nextNumber, saved.number + 1);
    this.#add(connection);
    connection.restore(saved, this.#rows.load(saved.number));
    return connection;
  }

  #add(connection: HostedWatch): void {
    this.#connections.add(connection);
    this.#byStream.set(connection.streamId, connection);
  }

  #becameCurrent(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const run of early) this.handle(run);
  }

  #flush(): void {
    const receivers = this.#unflushed;
    this.#unflushed = [];
    for (const receiver of receivers) receiver.flush();
    if (this.hub.gauges.pendingBytes < WATCH_UNREAD_BYTES_MAX / 2) return;
    for (const connection of this.#connections) connection.ask();
  }

  /** Catch-up has the time that writes leave: at once while there are none, a slice now and then else. */
  #scheduleWork(): void {
    const { clock } = this.#ports;
    const isBusy = clock.nowMs() - this.#appliedMs < WATCH_WRITES_LAST_MS;
    this.#workTimer ??= clock.setTimer(isBusy ? WATCH_SLICE_PAUSE_MS : 0, () => {
      this.#workTimer = undefined;
      this.handle(() => this.hub.work());
    });
  }

  #scheduleSave(): void {
    if (this.#saveTimer !== undefined) return;
    this.#busy = false;
    this.#saveTimer = this.#ports.clock.setTimer(WATCH_SAVE_AFTER_MS, () => {
      this.#saveTimer = undefined;
      if (this.#busy) this.#scheduleSave();
      else this.#ports.guard(() => this.#saveAll());
    });
  }

  #saveAll(): void {
    for (const stream of this.hub.takeUnsaved()) {
      const connection = this.#byStream.get(stream.id);
      if (connection !== undefined) this.save(connection);
    }
    this.#onSave?.();
  }

  #scheduleTick(): void {
    const { clock, alarms } = this.#ports;
    const dueMs = this.hub.nextTickMs(clock.nowMs());
    if (this.#resting || dueMs === undefined) {
      this.#tickTimer?.cancel();
      this.#tickTimer = undefined;
      alarms.wish(WATCH_ALARM, dueMs);
      alarms.settle({ exact: this.#resting });
      if (dueMs !== undefined && dueMs !== this.#savedTickMs) {
        this.#savedTickMs = dueMs;
        this.#rows.saveTick(dueMs);
      }
      return;
    }
    this.#tickTimer ??= clock.setTimer(Math.max(0, dueMs - clock.nowMs()), () => {
      this.#tickTimer = undefined;
      this.handle(() => this.hub.tick(clock.nowMs()));
    });
  }

  /** Sockets do not say when they have sent; while some have more than they can send, look again. */
  #schedulePoll(): void {
    this.#pollTimer ??= this.#ports.clock.setTimer(WATCH_POLL_MS, () => {
      this.#pollTimer = undefined;
      this.handle(() => this.#poll());
      if (this.#polled.size > 0 && !this.#stopped) this.#schedulePoll();
    });
  }

  #poll(): void {
    for (const connection of [...this.#polled]) {
      if (!connection.poll()) this.#polled.delete(connection);
    }
  }
}
