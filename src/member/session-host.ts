/** All sessions of one member: what they share, and what must outlive the object's memory. */
import { StatusError } from '../api/errors.ts';
import {
  SESSION_AWAKE_MS,
  SESSION_FRAME_BYTES,
  SESSION_REQUEST_BYTES_MAX,
  WATCH_POLL_MS,
} from '../constants.ts';
import { concatBytes } from '../lib/bytes.ts';
import { CLOSE } from '../api/close-codes.ts';
import { validateMessageBytes } from '../apply/validate.ts';
import { DecodeError } from '../lib/binary.ts';
import { Deadlines } from '../session/deadlines.ts';
import type { Metadata } from '../session/items.ts';
import { FrameWriter } from '../session/writer.ts';
import type { Member } from './member.ts';
import type { Clock, Timer } from './ports.ts';
import type { MemberService } from './service.ts';
import type { SessionCall } from './session-call.ts';
import { SessionConnection } from './session-connection.ts';
import { readAttachment, readSession } from './session-state.ts';
import type { RequestTally } from './session-unary.ts';
import type { KeptSocket } from './watch-host.ts';
import type { WatchSocket } from './watch-receivers.ts';

export interface SessionGauges {
  readonly sessions: number;
  readonly calls: number;
  /** Bytes of requests that wait for their answers. */
  readonly requestBytes: number;
  /** Sessions whose clients read too slowly. */
  readonly congested: number;
}

/** Saved state in rows is cut into these. */
const STATE_ROW_BYTES = 1024 * 1024;
/** Frame writers kept for reuse, each with a buffer of up to a frame. */
const WRITERS_MAX = 16;

export class SessionHost implements RequestTally {
  readonly member: Member;
  readonly service: MemberService;
  readonly deadlines: Deadlines<SessionCall>;
  readonly #clock: Clock;
  readonly #sessions = new Set<SessionConnection>();
  /** Those with calls or credit that are not saved. */
  readonly #unsaved = new Set<SessionConnection>();
  readonly #congested = new Set<SessionConnection>();
  #unflushed: SessionConnection[] = [];
  readonly #writers: FrameWriter[] = [];
  #requestBytes = 0;
  #awakeTimer: Timer | undefined;
  #pollTimer: Timer | undefined;

  constructor(member: Member, service: MemberService, clock: Clock) {
    this.member = member;
    this.service = service;
    this.#clock = clock;
    this.deadlines = new Deadlines<SessionCall>(clock, (call) =>
      call.host.end(call, StatusError.of('contextDeadlineExceeded')),
    );
    member.watch.onSave(() => this.#saveAll());
  }

  get gauges(): SessionGauges {
    let calls = 0;
    for (const session of this.#sessions) calls += session.callCount;
    return {
      sessions: this.#sessions.size,
      calls,
      requestBytes: this.#requestBytes,
      congested: this.#congested.size,
    };
  }

  /** Of HELLO: who answers here. */
  get metadata(): Metadata {
    const { name, region } = this.member.self;
    return [
      ['member', name],
      ['region', region ?? ''],
    ];
  }

  /** Takes up the sockets that the object slept with; before `WatchHost.restore`, which clears rows. */
  restore(kept: readonly KeptSocket[]): (SessionConnection | undefined)[] {
    return kept.map((socket) => this.#restoreOne(socket));
  }

  open(socket: WatchSocket): SessionConnection {
    const session = new SessionConnection(this, this.member.watch.takeNumber(), socket);
    this.#sessions.add(session);
    session.greet();
    this.changed(session);
    return session;
  }

  remove(session: SessionConnection): void {
    this.#sessions.delete(session);
    this.#unsaved.delete(session);
    this.#congested.delete(session);
    if (session.rowCount > 0) this.member.watch.dropRows(session.number);
  }

  /** @throws StatusError noLeader, as for all calls with etcd's `hasleader` */
  requireLeader(): void {
    // A member that has just woken up does not know its leader yet.
    if (this.member.watch.isLeaderless) throw StatusError.of('noLeader');
  }

  admit(bytes: number): void {
    validateMessageBytes(bytes);
    if (this.#requestBytes + bytes > SESSION_REQUEST_BYTES_MAX && this.#requestBytes > 0) {
      throw StatusError.of('requestTooManyRequests');
    }
    this.#requestBytes += bytes;
  }

  release(bytes: number): void {
    this.#requestBytes -= bytes;
  }

  /** One frame at the end of the turn. */
  flushSoon(session: SessionConnection): void {
    if (this.#unflushed.length === 0) void Promise.resolve().then(() => this.#flush());
    this.#unflushed.push(session);
  }

  takeWriter(): FrameWriter {
    return this.#writers.pop() ?? new FrameWriter();
  }

  giveBack(writer: FrameWriter): void {
    if (this.#writers.length < WRITERS_MAX && writer.capacity <= 2 * SESSION_FRAME_BYTES) {
      this.#writers.push(writer);
    }
  }

  changed(session: SessionConnection): void {
    this.#unsaved.add(session);
    this.member.watch.touched();
  }

  /** A call waits that would not outlive the object's memory: a pending timer keeps it. */
  stayAwake(): void {
    this.#awakeTimer ??= this.#clock.setTimer(SESSION_AWAKE_MS, () => {
      this.#awakeTimer = undefined;
      for (const session of this.#sessions) {
        if (session.needsMemory) {
          this.stayAwake();
          return;
        }
      }
    });
  }

  pollSoon(session: SessionConnection): void {
    this.#congested.add(session);
    this.#pollTimer ??= this.#clock.setTimer(WATCH_POLL_MS, () => {
      this.#pollTimer = undefined;
      const congested = [...this.#congested];
      this.#congested.clear();
      for (const each of congested) {
        if (each.poll()) this.pollSoon(each);
      }
    });
  }

  #flush(): void {
    const sessions = this.#unflushed;
    this.#unflushed = [];
    for (const session of sessions) session.flush();
  }

  #restoreOne({ socket, attachment }: KeptSocket): SessionConnection | undefined {
    const kept = attachment === undefined ? undefined : readAttachment(attachment);
    if (kept === undefined) {
      socket.close(CLOSE.RESTART);
      return undefined;
    }
    const { watch } = this.member;
    watch.reserve(kept.number);
    const session = new SessionConnection(this, kept.number, socket);
    this.#sessions.add(session);
    const rows = kept.state === undefined ? watch.loadRows(kept.number) : [];
    session.rowCount = rows.length;
    const bytes = kept.state ?? concatBytes(rows.map((row) => row.bytes ?? new Uint8Array(0)));
    const saved = readSession(bytes);
    try {
      if (saved === undefined) throw new DecodeError('read a saved session: another version');
      session.restore(saved);
      return session;
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      session.restart();
      return undefined;
    }
  }

  #saveAll(): void {
    const unsaved = [...this.#unsaved];
    this.#unsaved.clear();
    for (const session of unsaved) this.#save(session);
    // Saving a new stream reports a change that is saved by now.
    this.#unsaved.clear();
  }

  #save(session: SessionConnection): void {
    const { watch } = this.member;
    const state = session.save();
    const count = state === undefined ? 0 : Math.ceil(state.length / STATE_ROW_BYTES);
    const rows = Array.from({ length: Math.max(count, session.rowCount) }, (_, index) => ({
      index,
      bytes:
        index < count
          ? state?.subarray(index * STATE_ROW_BYTES, (index + 1) * STATE_ROW_BYTES)
          : undefined,
    }));
    if (rows.length > 0) watch.saveRows(session.number, rows);
    session.rowCount = count;
  }
}
