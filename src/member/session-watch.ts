/**
 * A Watch call of a session: a stream of the hub like those of other sockets, but one of many on its
 * socket. What the client has given no credit for, or the socket has no room for, waits here, and counts
 * in the hub as unread; what was sent costs this member nothing more.
 */
import { Code, StatusError } from '../api/errors.ts';
import { toBigInt, WatchRequest } from '../api/messages.ts';
import { SESSION_WINDOW_BYTES } from '../constants.ts';
import { creditOf, type Resumption } from '../session/items.ts';
import type { WatchMessage } from '../watch/message.ts';
import { savedStreamAt } from '../watch/resumption.ts';
import type { WatchStream } from '../watch/stream.ts';
import type { SavedRow, SavedStream, WatchReceiver } from '../watch/types.ts';
import { WatchState } from '../watch/watcher.ts';
import { type CallHost, Intake, type SessionCall } from './session-call.ts';
import type { HostedWatch, WatchHost } from './watch-host.ts';

/** What a watch call asks of its session besides. */
export interface WatchCallHost extends CallHost {
  position(id: number, revision: number, behind: readonly bigint[]): void;
  /** The member goes away: the client resumes elsewhere, or here a little later. */
  restart(): void;
}

/** All but the stream's rows. */
export interface SavedWatchCall {
  readonly number: number;
  readonly needsLeader: boolean;
  readonly credit: number;
  /** What the client has sent and not been granted again. */
  readonly taken: number;
  /** Of the stream. */
  readonly attachment: Uint8Array;
  /** Encoded messages that wait for credit. */
  readonly waiting: readonly Uint8Array[];
}

export class WatchCall implements SessionCall, WatchReceiver, HostedWatch {
  readonly id: number;
  readonly number: number;
  readonly streamId: string;
  readonly needsLeader: boolean;
  readonly outlivesMemory = true;
  deadlineSlot: number | undefined = undefined;
  hasRows = false;
  readonly host: WatchCallHost;
  readonly #watch: WatchHost;
  readonly #intake: Intake;
  /** What the client takes; one message may overdraw it. */
  #credit: number;
  /** Messages that wait for credit or room, oldest first; each counts as unread in the hub. */
  #waiting: Uint8Array[] = [];
  #stream: WatchStream | undefined;
  /** Of the stream, when it was last saved. */
  #attachment: Uint8Array | undefined;
  #over = false;

  constructor(
    id: number,
    host: WatchCallHost,
    watch: WatchHost,
    { number, needsLeader, credit, taken }: Omit<SavedWatchCall, 'attachment' | 'waiting'>,
  ) {
    this.id = id;
    this.number = number;
    this.streamId = String(number);
    this.needsLeader = needsLeader;
    this.host = host;
    this.#watch = watch;
    this.#credit = credit;
    this.#intake = new Intake(SESSION_WINDOW_BYTES, taken);
  }

  open(): void {
    this.#stream = this.#watch.hub.open(this.streamId, this);
  }

  /** @throws DecodeError */
  restore({ attachment, waiting }: SavedWatchCall, rows: readonly SavedRow[]): void {
    this.hasRows = rows.length > 0;
    this.#waiting = [...waiting];
    this.#attachment = attachment;
    this.#stream = this.#watch.hub.restore(this.streamId, { attachment, rows }, this);
  }

  message(body: Uint8Array): void {
    let request: WatchRequest;
    try {
      request = WatchRequest.decode(body);
    } catch (error) {
      const text = `grpc: error unmarshalling request: ${String(error)}`;
      this.host.end(this, new StatusError(Code.Internal, text));
      return;
    }
    this.#inOrder(() => this.#stream?.request(request));
    const granted = this.#intake.taken(body);
    if (granted > 0) this.host.grant(this.id, granted);
    this.host.changed();
  }

  /** Another member had the stream before. */
  resume(resumption: Resumption): void {
    this.#inOrder(() => {
      this.#stream?.close();
      const saved: SavedStream = savedStreamAt(resumption);
      this.#stream = this.#watch.hub.restore(this.streamId, saved, this);
      this.#watch.save(this);
    });
  }

  /** A watch goes on when its client has nothing more to ask, as in etcd. */
  halfClose(): void {
    // Nothing ends.
  }

  credit(bytes: number): void {
    this.#credit += bytes;
    this.host.changed();
    this.#drain();
  }

  uncongested(): void {
    this.#drain();
  }

  ended(): void {
    this.#watch.handle(() => {
      this.#over = true;
      this.#stream?.close();
      this.#watch.remove(this);
    });
  }

  send(message: WatchMessage): 'sent' | 'queued' {
    const body = message.bytes();
    if (this.#waiting.length > 0 || this.#credit <= 0 || this.host.isCongested) {
      this.#waiting.push(body);
      return 'queued';
    }
    this.#write(body);
    return 'sent';
  }

  /** The hub has closed the stream. */
  end(error: StatusError): void {
    if (!this.#over) this.host.end(this, error);
  }

  mayRead(): undefined {
    return undefined;
  }

  leaderLost(): void {
    this.end(StatusError.of('noLeader'));
  }

  restart(): void {
    this.host.restart();
  }

  tellPosition(): void {
    const stream = this.#stream;
    if (this.#over || stream === undefined || stream.isAhead) return;
    // What waits here the client has not seen.
    if (this.#waiting.length > 0) return;
    const behind = [...stream.watchers.values()]
      .filter((watcher) => watcher.state !== WatchState.SYNCED)
      .map((watcher) => toBigInt(watcher.id));
    this.host.position(this.id, this.#watch.revision, behind);
  }

  ask(): void {
    // Only what waits here counts, and credit brings that out.
  }

  poll(): boolean {
    return false;
  }

  save(): readonly SavedRow[] {
    if (this.#stream === undefined || this.#stream.isClosed) return [];
    const { attachment, rows } = this.#stream.save();
    this.#attachment = attachment;
    this.hasRows ||= rows.length > 0;
    this.host.changed();
    return rows;
  }

  get saved(): SavedWatchCall {
    // Opened in this very turn.
    if (this.#attachment === undefined) this.#watch.save(this);
    return {
      number: this.number,
      needsLeader: this.needsLeader,
      credit: this.#credit,
      taken: this.#intake.takenBytes,
      attachment: this.#attachment ?? new Uint8Array(0),
      waiting: this.#waiting,
    };
  }

  #inOrder(run: () => void): void {
    const taken = this.#watch.whenCurrent(() => {
      if (!this.#over) this.#watch.handle(run);
    });
    if (taken === 'full') this.host.end(this, StatusError.of('requestTooManyRequests'));
  }

  #drain(): void {
    let count = 0;
    while (count < this.#waiting.length && this.#credit > 0 && !this.host.isCongested) {
      this.#write(this.#waiting[count] as Uint8Array);
      count++;
    }
    if (count === 0) return;
    this.#waiting.splice(0, count);
    this.#watch.handle(() => this.#stream?.drained(count));
  }

  #write(body: Uint8Array): void {
    this.#credit -= creditOf(body);
    this.host.send(this.id, body);
  }
}
