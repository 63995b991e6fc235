/**
 * A client that watches, as real ones do: several watches over one connection, opened again from the
 * revision after the last it saw when the connection or the member is gone.
 */
import type { Prng } from '../../../src/lib/prng.ts';
import type { NodeId } from '../../../src/raft/types.ts';
import type { SimulatedCluster } from '../cluster.ts';
import { Violation } from '../world.ts';
import { type ClientEnd, type ClientSide, Connection, mayResume } from './connection.ts';
import { Subscriptions } from './subscriptions.ts';
import { WorkerConnection } from './worker.ts';

const RECONNECT_MS = 150;
/** A connection that is not open by then is given up. */
const DIAL_TIMEOUT_MS = 2_000;
/** CLOSE.ENDED: the stream ended by an error, such as "no leader". */
const ENDED = 1011;

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
  readonly watches: Subscriptions;
  readonly #cluster: SimulatedCluster;
  readonly #prng: Prng;
  readonly #options: WatchClientOptions;
  #connection: ClientSide | undefined;
  #finished = false;

  constructor(cluster: SimulatedCluster, prng: Prng, options: WatchClientOptions) {
    this.name = options.name;
    this.watches = new Subscriptions(options.name);
    this.#cluster = cluster;
    this.#prng = prng;
    this.#options = options;
  }

  /** What keeps it from having been told everything; undefined: nothing. */
  get unsettled(): string | undefined {
    const { isOpen, unanswered } = this.watches;
    if (this.#connection === undefined || !isOpen) return 'no connection';
    if (unanswered > 0) return `${unanswered} watches to be created`;
    return this.#connection.isQuiet ? undefined : 'something under way';
  }

  dial(): void {
    const { pinned } = this.#options;
    const isLost = pinned === undefined || this.#cluster.isGone(pinned);
    const member = isLost ? this.#prng.pick(this.#cluster.memberIds()) : pinned;
    const end: ClientEnd = {
      opened: () => {
        if (connection === this.#connection) this.#opened(connection);
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
      if (connection === this.#connection && !this.watches.isOpen) this.redial(true);
    });
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
    this.#gone();
  }

  /** Every watch that is open must have been told all up to `revision`; then the client leaves. */
  finish(revision: number): void {
    this.watches.complete(revision);
    this.#finished = true;
    this.redial(this.#prng.bool());
  }

  /** Where a Worker looks for a member: as a rule at the nearest first. */
  #places(nearest: NodeId): NodeId[] {
    const others = this.#cluster.memberIds().filter((id) => id !== nearest);
    return [nearest, ...this.#prng.shuffle(others)];
  }

  #opened(connection: ClientSide): void {
    this.watches.opened((text) => {
      this.#cluster.trace(this.name, text);
      connection.sendUp(text);
    });
  }

  #closed(code: number): void {
    if (!mayResume(code) && !(this.#options.needsLeader && code === ENDED)) {
      this.#cluster.fail('watch stream', `a connection was closed by ${code}`, this.name);
    }
    this.#gone();
  }

  #gone(): void {
    this.#connection = undefined;
    this.watches.closed();
    if (this.#finished) return;
    this.#cluster.scheduler.after(RECONNECT_MS * this.#prng.float(), () => {
      if (this.#connection === undefined && !this.#finished) this.dial();
    });
  }

  #message(text: string): void {
    this.#cluster.trace(this.name, text);
    try {
      // After an error the close that follows says what to do.
      this.watches.received(text);
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.#cluster.fail(error.property, `${this.name}: ${error.message}`, this.name);
    }
  }
}
