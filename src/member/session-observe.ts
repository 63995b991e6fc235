/** Election/Observe over a session: a stream of the hub that watches the candidates (etcd's rule E4). */
import { Code, StatusError } from '../api/errors.ts';
import {
  type KeyValue,
  LeaderRequest,
  LeaderResponse,
  RangeRequest,
  RangeResponse,
  type ResponseHeaderInput,
  WatchRequest,
  type KeyValueInput,
} from '../api/messages.ts';
import { WATCH_STREAM_UNREAD_BYTES_MAX } from '../constants.ts';
import { concatBytes } from '../lib/bytes.ts';
import { creditOf } from '../session/items.ts';
import type { WatchMessage } from '../watch/message.ts';
import type { WatchStream } from '../watch/stream.ts';
import type { WatchReceiver } from '../watch/types.ts';
import { ElectionLeaders } from './election-leaders.ts';
import type { Member } from './member.ts';
import type { Stamp } from './method-table.ts';
import type { CallHost, SessionCall } from './session-call.ts';

export interface SavedObserveCall {
  readonly name: Uint8Array;
  readonly credit: number;
  /** Of the leader told last. */
  readonly told: string;
  /** Leaders were told of all changes up to this revision. */
  readonly seenRevision: number;
}

export class ObserveCall implements SessionCall, WatchReceiver {
  readonly id: number;
  deadlineSlot: number | undefined = undefined;
  readonly host: CallHost;
  readonly #member: Member;
  readonly #stamp: Stamp;
  /** Names the stream in the hub. */
  readonly #streamId: string;
  #name: Uint8Array | undefined;
  #leaders: ElectionLeaders | undefined;
  #stream: WatchStream | undefined;
  #credit: number;
  /** Leaders that wait for credit or room. */
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  /** Up to this revision all was told by a former instance. */
  #seenRevision = 0;
  #over = false;

  constructor(
    id: number,
    host: CallHost,
    member: Member,
    stamp: Stamp,
    { number, credit }: { readonly number: number; readonly credit: number },
  ) {
    this.id = id;
    this.host = host;
    this.#member = member;
    this.#stamp = stamp;
    this.#streamId = `observe ${number}`;
    this.#credit = credit;
  }

  get outlivesMemory(): boolean {
    return this.#leaders !== undefined && this.#waiting.length === 0;
  }

  get saved(): SavedObserveCall | undefined {
    if (this.#name === undefined || this.#leaders === undefined) return undefined;
    return {
      name: this.#name,
      credit: this.#credit,
      told: this.#leaders.identity,
      seenRevision: Math.max(this.#seenRevision, this.#member.watch.revision),
    };
  }

  restore({ name, told, seenRevision }: SavedObserveCall): void {
    this.#name = name;
    this.#seenRevision = seenRevision;
    this.#begin(told);
  }

  message(body: Uint8Array): void {
    if (this.#name !== undefined) return;
    try {
      this.#name = LeaderRequest.decode(body).name.slice();
    } catch (error) {
      const text = `grpc: error unmarshalling request: ${String(error)}`;
      this.host.end(this, new StatusError(Code.Internal, text));
      return;
    }
    this.#member.linearizable().then(
      () => {
        if (!this.#over) this.#begin('');
      },
      (error: unknown) => {
        if (!this.#over) this.host.end(this, StatusError.from(error));
      },
    );
  }

  halfClose(): void {
    if (this.#name !== undefined) return;
    this.host.end(this, new StatusError(Code.Internal, 'edgetcd: half-closed without a request'));
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
    this.#over = true;
    this.#member.watch.handle(() => this.#stream?.close());
  }

  send(message: WatchMessage): 'sent' {
    const { created, canceled, header, cancel_reason } = message.message();
    if (canceled) {
      this.end(new StatusError(Code.Unknown, cancel_reason));
      return 'sent';
    }
    if (created) return 'sent';
    for (const kv of this.#leaders?.follow(message.message()) ?? []) {
      if (message.header.revision > this.#seenRevision) this.#tell(kv, header);
    }
    this.host.changed();
    return 'sent';
  }

  end(error: StatusError): void {
    if (!this.#over) this.host.end(this, error);
  }

  mayRead(): undefined {
    return undefined;
  }

  /** Reads who the candidates are, and watches them from then on. */
  #begin(told: string): void {
    const { watch } = this.#member;
    watch.handle(() => {
      const name = this.#name ?? new Uint8Array(0);
      const key = concatBytes([name, SLASH]);
      const range_end = concatBytes([name, AFTER_SLASH]);
      const { kvs, header } = this.#candidates(key, range_end);
      this.#leaders = new ElectionLeaders(kvs, told);
      this.#stream = watch.hub.open(this.#streamId, this);
      this.#stream.request(
        WatchRequest.decode(WatchRequest.encode({ create_request: { key, range_end } }).finish()),
      );
      if (watch.revision >= this.#seenRevision) {
        const leader = this.#leaders.news();
        if (leader !== undefined) this.#tell(leader, this.#stamp(header));
      }
      this.host.changed();
    });
  }

  #candidates(key: Uint8Array, range_end: Uint8Array): RangeResponse {
    const request = RangeRequest.create({ key, range_end });
    const answer = this.#member.read((state) => state.range(request));
    return RangeResponse.decode(RangeResponse.encode(answer).finish());
  }

  #tell(kv: KeyValue | KeyValueInput, header: ResponseHeaderInput | null | undefined): void {
    const body = LeaderResponse.encode({ header: header ?? null, kv }).finish();
    this.#waiting.push(body);
    this.#waitingBytes += creditOf(body);
    this.#drain();
    if (this.#waiting.length === 0) return;
    this.host.stayAwake();
    if (this.#waitingBytes <= WATCH_STREAM_UNREAD_BYTES_MAX) return;
    // Not from within the hub, which may be telling of this change.
    void Promise.resolve().then(() => this.end(unread(this.#waitingBytes)));
  }

  #drain(): void {
    let count = 0;
    while (count < this.#waiting.length && this.#credit > 0 && !this.host.isCongested) {
      const body = this.#waiting[count] as Uint8Array;
      count++;
      this.#credit -= creditOf(body);
      this.#waitingBytes -= creditOf(body);
      this.host.send(this.id, body);
    }
    this.#waiting.splice(0, count);
  }
}

function unread(bytes: number): StatusError {
  return new StatusError(
    Code.ResourceExhausted,
    `edgetcd: ${bytes} bytes of leaders wait to be read, at most ${WATCH_STREAM_UNREAD_BYTES_MAX} may`,
  );
}

const SLASH = Uint8Array.of(0x2f);
/** The byte after the slash: where the keys under a name end. */
const AFTER_SLASH = Uint8Array.of(0x30);
