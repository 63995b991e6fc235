/**
 * A client that watches, as real ones do: several watches over one connection, opened again from the
 * revision after the last it saw when the connection or the member is gone. What it asked for and what
 * it was told is recorded for the checkers.
 */
import type { Prng } from '../../../src/lib/prng.ts';
import type { NodeId } from '../../../src/raft/types.ts';
import type { SimulatedCluster } from '../cluster.ts';
import { WatchRecorder, type RecordedWatch, type WatchAnswer } from '../watch-record.ts';
import { Violation } from '../world.ts';
import { type ClientEnd, type ClientSide, Connection, mayResume } from './connection.ts';
import { WorkerConnection } from './worker.ts';
import { cancelFrame, createFrame, PROGRESS_FRAME, readFrame, type CreateFields } from './wire.ts';

const RECONNECT_MS = 150;
/** A connection that is not open by then is given up. */
const DIAL_TIMEOUT_MS = 2_000;

/** A watch that the client wants, over however many connections. */
export interface WantedWatch {
  readonly name: string;
  readonly asked: CreateFields;
  /** First revision it was not told of; 0: not known yet. */
  next: number;
  /** Set while it is created on the present connection. */
  id: string | undefined;
}

export interface WatchClientOptions {
  readonly name: string;
  /** The only member it dials; undefined: any. */
  readonly pinned: NodeId | undefined;
  readonly windowBytes: number;
  readonly needsLeader: boolean;
  /** Over HTTP: a Worker stands in between. Otherwise a WebSocket of its own. */
  readonly overWorker: boolean;
}

export class WatchClient {
  readonly name: string;
  readonly #cluster: SimulatedCluster;
  readonly #prng: Prng;
  readonly #options: WatchClientOptions;
  readonly #recorders: WatchRecorder[] = [];
  #wanted: WantedWatch[] = [];
  /** Sent on the present connection and not answered yet, in order. Undefined: a vain one. */
  #creating: (WantedWatch | undefined)[] = [];
  #recorder = new WatchRecorder();
  #connection: ClientSide | undefined;
  #isOpen = false;
  #names = 0;
  #finished = false;
  /** Highest revision it has heard of. */
  revision = 1;
  readonly counts = { dials: 0, watches: 0, events: 0, progress: 0, compacted: 0, fragments: 0 };

  constructor(cluster: SimulatedCluster, prng: Prng, options: WatchClientOptions) {
    this.name = options.name;
    this.#cluster = cluster;
    this.#prng = prng;
    this.#options = options;
  }

  get recorded(): readonly RecordedWatch[] {
    return this.#recorders.flatMap((recorder) => recorder.watches);
  }

  get wanted(): readonly WantedWatch[] {
    return this.#wanted;
  }

  /** What keeps it from having been told everything; undefined: nothing. */
  get unsettled(): string | undefined {
    const connection = this.#connection;
    if (connection === undefined || !this.#isOpen) return 'no connection';
    if (this.#creating.length > 0) return `${this.#creating.length} watches to be created`;
    return connection.isQuiet ? undefined : 'something under way';
  }

  dial(): void {
    const { pinned } = this.#options;
    const isLost = pinned === undefined || this.#cluster.host(pinned)?.lost === true;
    const member = isLost ? this.#prng.pick(this.#cluster.memberIds()) : pinned;
    this.counts.dials++;
    this.#recorder = new WatchRecorder();
    this.#recorders.push(this.#recorder);
    this.#creating = [];
    this.#isOpen = false;
    for (const watch of this.#wanted) watch.id = undefined;
    const end: ClientEnd = {
      opened: () => {
        if (connection === this.#connection) this.#opened();
      },
      message: (data) => {
        if (connection === this.#connection) this.#message(String(data));
      },
      closed: (code) => {
        if (connection === this.#connection) this.#closed(code);
      },
    };
    const dial = {
      ...this.#options,
      cluster: this.#cluster,
      client: this.name,
      member,
      kind: 'json',
      prng: this.#prng,
    } as const;
    const connection: ClientSide = this.#options.overWorker
      ? new WorkerConnection(dial, () => this.#places(member), end)
      : new Connection(dial, end);
    this.#connection = connection;
    this.#cluster.scheduler.after(DIAL_TIMEOUT_MS, () => {
      if (connection === this.#connection && !this.#isOpen) this.redial(true);
    });
  }

  /** Where a Worker looks for a member: as a rule at the nearest first. */
  #places(nearest: NodeId): NodeId[] {
    const others = this.#cluster.memberIds().filter((id) => id !== nearest);
    return [nearest, ...this.#prng.shuffle(others)];
  }

  watch(asked: CreateFields): void {
    const name = `${this.name}/${this.#names++}`;
    const watch: WantedWatch = { name, asked, next: 0, id: undefined };
    this.counts.watches++;
    this.#wanted.push(watch);
    if (this.#isOpen) this.#create(watch);
  }

  /** Asks for what is refused, or makes no sense: nothing is wanted of it. */
  watchInVain(asked: CreateFields): void {
    if (!this.#isOpen) return;
    this.#creating.push(undefined);
    this.#recorder.asked(`${this.name} in vain`, asked);
    this.#connection?.sendUp(createFrame(asked));
  }

  unwatch(watch: WantedWatch): void {
    this.#wanted = this.#wanted.filter((each) => each !== watch);
    if (watch.id === undefined) return;
    this.#recorder.cancels(watch.id);
    this.#connection?.sendUp(cancelFrame(watch.id));
  }

  /** Any frame. */
  send(text: string): void {
    if (this.#isOpen) this.#connection?.sendUp(text);
  }

  requestProgress(): void {
    this.send(PROGRESS_FRAME);
  }

  pause(forMs: number): void {
    const connection = this.#connection;
    connection?.pause();
    this.#cluster.scheduler.after(forMs, () => {
      connection?.resume();
    });
  }

  breakConnection(): void {
    this.#connection?.breaks();
  }

  /** Hangs up and dials again. */
  redial(politely: boolean): void {
    this.#connection?.hangUp(politely);
    this.#connection = undefined;
    this.#isOpen = false;
    if (!this.#finished) this.#dialSoon();
  }

  /** Every watch that is open must have been told all up to `revision`; then the client leaves. */
  finish(revision: number): void {
    this.#recorder.complete(revision);
    this.#finished = true;
    this.redial(this.#prng.bool());
  }

  #dialSoon(): void {
    this.#cluster.scheduler.after(RECONNECT_MS * this.#prng.float(), () => {
      if (this.#connection === undefined && !this.#finished) this.dial();
    });
  }

  #opened(): void {
    this.#isOpen = true;
    for (const watch of this.#wanted) this.#create(watch);
  }

  #closed(code: number): void {
    this.#connection = undefined;
    this.#isOpen = false;
    if (!mayResume(code) && !(this.#options.needsLeader && code === ENDED)) {
      this.#cluster.fail('watch stream', `a connection was closed by ${code}`, this.name);
    }
    if (!this.#finished) this.#dialSoon();
  }

  #create(watch: WantedWatch): void {
    const start = watch.next > 0 ? watch.next : watch.asked.start;
    const asked = { ...watch.asked, start };
    this.#creating.push(watch);
    this.#recorder.asked(`${watch.name} over connection ${this.counts.dials}`, asked);
    const frame = createFrame(asked);
    this.#cluster.trace(this.name, frame);
    this.#connection?.sendUp(frame);
  }

  #message(text: string): void {
    this.#cluster.trace(this.name, text);
    const frame = readFrame(text);
    // An error; the close that follows says what to do.
    if (frame === undefined) return;
    const { watchId, answer } = frame;
    try {
      this.#recorder.took(watchId, answer);
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.#cluster.fail(error.property, `${this.name}: ${error.message}`, this.name);
      return;
    }
    this.revision = Math.max(this.revision, answer.revision);
    if (answer.created) this.#created(watchId, answer);
    else if (answer.canceled) this.#canceled(watchId, answer);
    else if (answer.events.length > 0) this.#heard(watchId, answer);
    else this.#progressed(watchId, answer);
  }

  #created(id: string, { canceled, revision }: WatchAnswer): void {
    const watch = this.#creating.shift();
    if (watch === undefined) {
      // Whatever came of it is not wanted.
      if (!canceled) this.#cancelUnwanted(id);
      return;
    }
    if (canceled) {
      this.#wanted = this.#wanted.filter((each) => each !== watch);
      return;
    }
    watch.id = id;
    if (watch.next === 0) watch.next = watch.asked.start > 0 ? watch.asked.start : revision + 1;
    // It was given up before it existed.
    if (!this.#wanted.includes(watch)) this.#cancelUnwanted(id);
  }

  #cancelUnwanted(id: string): void {
    this.#recorder.cancels(id);
    this.#connection?.sendUp(cancelFrame(id));
  }

  #canceled(id: string, { compactRevision }: WatchAnswer): void {
    const watch = this.#byId(id);
    if (watch === undefined) return;
    watch.id = undefined;
    if (compactRevision === 0) return;
    // As a client does that can live with a gap: on from what is left.
    this.counts.compacted++;
    watch.next = compactRevision;
    this.#create(watch);
  }

  #heard(id: string, { events, fragment }: WatchAnswer): void {
    this.counts.events += events.length;
    if (fragment) this.counts.fragments++;
    const watch = this.#byId(id);
    const last = events.at(-1);
    if (watch === undefined || last === undefined) return;
    // Of a response that is not complete nothing is counted on.
    if (!fragment) watch.next = Math.max(watch.next, last.revision + 1);
  }

  #progressed(id: string, { revision }: WatchAnswer): void {
    this.counts.progress++;
    const own = this.#byId(id);
    for (const watch of own === undefined ? this.#wanted : [own]) {
      if (watch.id !== undefined) watch.next = Math.max(watch.next, revision + 1);
    }
  }

  #byId(id: string): WantedWatch | undefined {
    return this.#wanted.find((watch) => watch.id === id);
  }
}

/** CLOSE.ENDED: the stream ended by an error, such as "no leader". */
const ENDED = 1011;
