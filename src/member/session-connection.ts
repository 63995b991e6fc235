/** One client's session: items in, calls, items out. */
import { CLUSTER_HEADER } from '../api/cluster-name.ts';
import { CLOSE, type Close } from '../api/close-codes.ts';
import { Code, StatusError } from '../api/errors.ts';
import {
  SESSION_ATTACHMENT_BYTES_MAX,
  SESSION_CALLS_MAX,
  SESSION_FRAME_BYTES,
  SESSION_FRAME_BYTES_MAX,
  SESSION_UNSENT_BYTES_LIMIT,
  SESSION_UNSENT_BYTES_MAX,
  SESSION_WINDOW_BYTES,
  SESSION_WINDOW_BYTES_MIN,
  WATCH_UNREAD_POLLS_MAX,
} from '../constants.ts';
import { DecodeError } from '../lib/binary.ts';
import {
  type Hello,
  type Metadata,
  NO_METADATA,
  type Open,
  type Resumption,
  SESSION_VERSION,
} from '../session/items.ts';
import { readClientFrame, type ServerSink } from '../session/reader.ts';
import type { FrameWriter } from '../session/writer.ts';
import { Call } from './call.ts';
import { CONSISTENCY_HEADER, parseConsistency } from '../api/consistency.ts';
import type { SessionCall } from './session-call.ts';
import type { SessionHost } from './session-host.ts';
import { KeepAliveCall } from './session-keepalive.ts';
import { ObserveCall } from './session-observe.ts';
import {
  type SavedCall,
  type SavedSession,
  writeAttachment,
  writeSession,
} from './session-state.ts';
import { PagedCall, UnaryCall } from './session-unary.ts';
import { WaitingCall } from './session-waiting.ts';
import { WatchCall, type WatchCallHost } from './session-watch.ts';
import type { WatchSocket } from './watch-receivers.ts';

const WATCH = 'etcdserverpb.Watch/Watch';
const KEEP_ALIVE = 'etcdserverpb.Lease/LeaseKeepAlive';
const OBSERVE = 'v3electionpb.Election/Observe';

export class SessionConnection implements ServerSink, WatchCallHost {
  /** Unique among the streams of the member, also over its sleep. */
  readonly number: number;
  /** Rows that hold its saved state; 0: it fits into the attachment. */
  rowCount = 0;
  readonly #host: SessionHost;
  readonly #socket: WatchSocket;
  readonly #calls = new Map<number, SessionCall>();
  /** What waits for the end of the turn. */
  #writer: FrameWriter | undefined;
  /** What the client takes on each call at first; undefined: it has not said HELLO yet. */
  #windowBytes: number | undefined;
  #isCongested = false;
  /** Looks at the socket since it last took something, while it is congested. */
  #stuckPolls = 0;
  #unsentBytes = 0;
  #closed = false;

  constructor(host: SessionHost, number: number, socket: WatchSocket) {
    this.#host = host;
    this.number = number;
    this.#socket = socket;
  }

  get callCount(): number {
    return this.#calls.size;
  }

  get isCongested(): boolean {
    return this.#isCongested;
  }

  /** True while there are calls that would not outlive the object's memory. */
  get needsMemory(): boolean {
    for (const call of this.#calls.values()) if (!call.outlivesMemory) return true;
    return this.#isCongested;
  }

  get state(): Uint8Array {
    const calls = [...this.#calls.values()].map(savedCall).filter((call) => call !== undefined);
    return writeSession({ windowBytes: this.#windowBytes, calls });
  }

  greet(): void {
    this.#writing().hello({
      version: SESSION_VERSION,
      windowBytes: SESSION_WINDOW_BYTES,
      frameBytesMax: SESSION_FRAME_BYTES_MAX,
      callsMax: SESSION_CALLS_MAX,
      metadata: this.#host.metadata,
    });
  }

  /** @throws DecodeError */
  restore({ windowBytes, calls }: SavedSession): void {
    this.#windowBytes = windowBytes;
    for (const call of calls) this.#restoreCall(call);
  }

  /** Attaches what fits to the socket. Returns what has to go into rows. */
  save(): Uint8Array | undefined {
    if (this.#closed) return undefined;
    const { state, number } = this;
    const fits = state.length <= SESSION_ATTACHMENT_BYTES_MAX;
    this.#socket.attach(writeAttachment({ number, state: fits ? state : undefined }));
    return fits ? undefined : state;
  }

  /** A frame from the client. */
  frame(data: string | Uint8Array): void {
    if (this.#closed) return;
    if (typeof data === 'string') return this.#violated('a text frame');
    if (data.length > SESSION_FRAME_BYTES_MAX) return this.close(CLOSE.TOO_BIG);
    try {
      readClientFrame(data, this);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#violated(error.message);
    }
  }

  /** The socket is gone. */
  closed(): void {
    if (this.#closed) return;
    this.#forget();
  }

  close(close: Close): void {
    if (this.#closed) return;
    this.flush();
    this.#forget();
    this.#socket.close(close);
  }

  /** The member goes: the client resumes elsewhere, or here a little later. */
  restart(): void {
    this.close(CLOSE.RESTART);
  }

  flush(): void {
    if (this.#writer === undefined) return;
    const frame = this.#writer.take();
    this.#host.giveBack(this.#writer);
    this.#writer = undefined;
    this.#socket.send(frame);
    const unsent = this.#socket.bufferedBytes;
    if (unsent > SESSION_UNSENT_BYTES_LIMIT) this.close(CLOSE.NOT_READING);
    else if (unsent > SESSION_UNSENT_BYTES_MAX && !this.#isCongested) this.#congested(unsent);
  }

  /** Looks at what the socket has taken, every WATCH_POLL_MS. False: nothing is left to look at. */
  poll(): boolean {
    if (this.#closed) return false;
    const unsent = this.#socket.bufferedBytes;
    if (unsent <= SESSION_UNSENT_BYTES_MAX / 2) {
      this.#isCongested = false;
      for (const call of [...this.#calls.values()]) call.uncongested();
      return this.#isCongested;
    }
    this.#stuckPolls = unsent < this.#unsentBytes ? 0 : this.#stuckPolls + 1;
    this.#unsentBytes = unsent;
    if (this.#stuckPolls < WATCH_UNREAD_POLLS_MAX) return true;
    this.close(CLOSE.NOT_READING);
    return false;
  }

  // What the client says.

  hello({ windowBytes }: Hello): void {
    if (this.#windowBytes !== undefined) return this.#violated('a second HELLO');
    if (windowBytes < SESSION_WINDOW_BYTES_MIN) {
      return this.#violated(
        `a window of ${windowBytes} bytes, at least ${SESSION_WINDOW_BYTES_MIN}`,
      );
    }
    this.#windowBytes = windowBytes;
    this.changed();
  }

  open(id: number, open: Open): void {
    if (this.#closed) return;
    if (this.#windowBytes === undefined) return this.#violated('a call before HELLO');
    if (this.#calls.has(id)) return this.#violated(`call ${id} is open`);
    const call = this.#admit(id, open, this.#windowBytes);
    if (call === undefined) return;
    this.#calls.set(id, call);
    if (call instanceof WatchCall) call.open();
    if (call.outlivesMemory) this.changed();
    else this.#waits(call, open.timeoutMs);
    if (open.body !== undefined) call.message(open.body);
    if (open.halfClosed) call.halfClose();
  }

  // Items of a call that is over cross its end on the way: nothing is wrong with them.

  message(id: number, body: Uint8Array): void {
    this.#calls.get(id)?.message(body);
  }

  halfClose(id: number): void {
    this.#calls.get(id)?.halfClose();
  }

  cancel(id: number): void {
    const call = this.#calls.get(id);
    if (call !== undefined) this.#finish(call, true);
  }

  credit(id: number, bytes: number): void {
    this.#calls.get(id)?.credit(bytes);
  }

  resume(id: number, resumption: Resumption): void {
    const call = this.#calls.get(id);
    if (call instanceof WatchCall) call.resume(resumption);
    else if (call !== undefined) this.#violated(`call ${id} is resumed and is no watch`);
  }

  // What calls say.

  send(id: number, body: Uint8Array): void {
    this.#writing().message(id, body);
    this.#flushIfLong();
  }

  headers(id: number, metadata: Metadata): void {
    this.#writing().headers(id, metadata);
  }

  grant(id: number, bytes: number): void {
    this.#writing().credit(id, bytes);
  }

  answer(call: SessionCall, body: Uint8Array): void {
    this.#finish(call, false);
    this.#writing().answer(call.id, body);
    this.#flushIfLong();
  }

  end(call: SessionCall, error: StatusError | undefined): void {
    if (this.#calls.get(call.id) !== call) return;
    this.#finish(call, false);
    this.#status(call.id, error);
  }

  position(id: number, revision: number, behind: readonly bigint[]): void {
    this.#writing().position(id, revision, behind);
  }

  changed(): void {
    this.#host.changed(this);
  }

  stayAwake(): void {
    this.#host.stayAwake();
  }

  #status(id: number, error: StatusError | undefined): void {
    const { code, message } = error ?? { code: Code.OK, message: '' };
    this.#writing().end(id, { code, message }, NO_METADATA);
  }

  /** The call needs this memory. Deadlines of others are their clients' to keep: a timer would wake us. */
  #waits(call: SessionCall, timeoutMs: number | undefined): void {
    this.#host.stayAwake();
    if (timeoutMs !== undefined) this.#host.deadlines.add(call, timeoutMs);
  }

  /** The call that `open` asks for; undefined: it was refused. */
  #admit(id: number, open: Open, windowBytes: number): SessionCall | undefined {
    try {
      if (this.#calls.size >= SESSION_CALLS_MAX) throw tooManyCalls();
      if (open.timeoutMs === 0) throw StatusError.of('contextDeadlineExceeded');
      const needsLeader = open.metadata.some(
        ([name, value]) => name === 'hasleader' && value === 'true',
      );
      if (needsLeader) this.#host.requireLeader();
      refuseOtherCluster(open, this.#host.member.config.name);
      return this.#callOf(id, open, windowBytes, needsLeader);
    } catch (error) {
      this.#status(id, StatusError.from(error));
      return undefined;
    }
  }

  /** @throws StatusError Unimplemented */
  #callOf(id: number, open: Open, credit: number, needsLeader: boolean): SessionCall {
    const { method } = open;
    const host = this.#host;
    const { member, service } = host;
    switch (method) {
      case WATCH: {
        const call = new WatchCall(id, this, member.watch, {
          number: member.watch.takeNumber(),
          needsLeader,
          credit,
          taken: 0,
        });
        member.watch.adopt(call);
        return call;
      }
      case KEEP_ALIVE:
        return new KeepAliveCall(
          id,
          this,
          { credit, taken: 0 },
          service.unary(KEEP_ALIVE),
          service.stamp,
        );
      case OBSERVE: {
        const number = member.watch.takeNumber();
        return new ObserveCall(id, this, member, service.stamp, { number, credit });
      }
      default: {
        const known = service.method(method);
        switch (known.kind) {
          case 'unary':
            return new UnaryCall(id, this, known.run, service.stamp, host, callFor(open));
          case 'waiting':
            return new WaitingCall(id, this, method, known, service.stamp, host);
          case 'paged':
            return new PagedCall(id, this, credit, known.run, service.stamp, host, callFor(open));
        }
      }
    }
  }

  #restoreCall(saved: SavedCall): void {
    const { id } = saved;
    const { member, service } = this.#host;
    switch (saved.kind) {
      case 'watch': {
        const call = new WatchCall(id, this, member.watch, saved.state);
        this.#calls.set(id, call);
        member.watch.restoreHosted(call, (rows) => call.restore(saved.state, rows));
        return;
      }
      case 'keepAlive': {
        const run = service.unary(KEEP_ALIVE);
        this.#calls.set(id, new KeepAliveCall(id, this, saved.state, run, service.stamp));
        return;
      }
      case 'observe': {
        const number = member.watch.takeNumber();
        const { credit } = saved.state;
        const call = new ObserveCall(id, this, member, service.stamp, { number, credit });
        this.#calls.set(id, call);
        call.restore(saved.state);
        return;
      }
      case 'waiting': {
        const { method } = saved.state;
        const known = service.waiting(method);
        const call = new WaitingCall(id, this, method, known, service.stamp, this.#host);
        this.#calls.set(id, call);
        call.restore(saved.state);
      }
    }
  }

  #finish(call: SessionCall, byClient: boolean): void {
    this.#calls.delete(call.id);
    if (call.deadlineSlot !== undefined) this.#host.deadlines.remove(call);
    if (call.outlivesMemory) this.changed();
    call.ended(byClient);
  }

  #writing(): FrameWriter {
    if (this.#writer === undefined) {
      this.#writer = this.#host.takeWriter();
      this.#host.flushSoon(this);
    }
    return this.#writer;
  }

  #flushIfLong(): void {
    if ((this.#writer?.length ?? 0) >= SESSION_FRAME_BYTES) this.flush();
  }

  #congested(unsent: number): void {
    this.#isCongested = true;
    this.#unsentBytes = unsent;
    this.#stuckPolls = 0;
    this.#host.pollSoon(this);
  }

  #violated(what: string): void {
    const reason = `session protocol: ${what}`.slice(0, CLOSE_REASON_CHARS_MAX);
    this.close({ code: CLOSE.PROTOCOL_ERROR.code, reason });
  }

  #forget(): void {
    this.#closed = true;
    for (const call of [...this.#calls.values()]) this.#finish(call, true);
    if (this.#writer !== undefined) {
      this.#writer.take();
      this.#host.giveBack(this.#writer);
      this.#writer = undefined;
    }
    this.#host.remove(this);
  }
}

/** A close frame holds 123 bytes; our texts are ASCII but for what a client may have sent. */
const CLOSE_REASON_CHARS_MAX = 100;

function tooManyCalls(): StatusError {
  return new StatusError(
    Code.ResourceExhausted,
    `edgetcd: ${SESSION_CALLS_MAX} calls are open on this session, which is the limit`,
  );
}

function savedCall(call: SessionCall): SavedCall | undefined {
  const { id } = call;
  if (call instanceof WatchCall) return { kind: 'watch', id, state: call.saved };
  if (call instanceof KeepAliveCall) return { kind: 'keepAlive', id, state: call.saved };
  if (call instanceof WaitingCall) {
    return call.saved && { kind: 'waiting', id, state: call.saved };
  }
  if (!(call instanceof ObserveCall)) return undefined;
  const state = call.saved;
  return state === undefined ? undefined : { kind: 'observe', id, state };
}

/** A session is with one cluster, whatever its calls name. @throws StatusError */
function refuseOtherCluster({ metadata }: Open, cluster: string): void {
  const named = metadata.find(([name]) => name === CLUSTER_HEADER)?.[1];
  if (named === undefined || named === cluster) return;
  throw new StatusError(
    Code.InvalidArgument,
    `edgetcd: the call names cluster ${JSON.stringify(named)}, and its session is with "${cluster}"`,
  );
}

/** @throws StatusError InvalidArgument for a level that is none */
function callFor({ metadata }: Open): Call {
  const level = metadata.find(([name]) => name === CONSISTENCY_HEADER)?.[1];
  return new Call(typeof level === 'string' ? parseConsistency(level) : undefined);
}
