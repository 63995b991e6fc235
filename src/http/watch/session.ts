/**
 * One client's watch stream as the Worker holds it: a link to a member, a queue to the client, and
 * enough memory of both to go on with another member when the first is gone.
 */
import { Code, codeOf, StatusError } from '../../api/errors.ts';
import { WatchRequest } from '../../api/messages.ts';
import {
  WATCH_CHUNK_BYTES,
  WATCH_READ_REPORT_BYTES,
  WATCH_READ_REPORT_MESSAGES,
  WATCH_READ_REPORT_MS,
  WATCH_RESUME_PAUSE_MS_MAX,
  WATCH_RESUME_PAUSE_MS_MIN,
  WATCH_RESUME_TIMEOUT_MS,
} from '../../constants.ts';
import { concatBytes } from '../../lib/bytes.ts';
import {
  NEEDS_LEADER_QUERY,
  WATCH_PATHS,
  type BridgedMessage,
  type ToWorker,
  type WatchKind,
} from '../../member/watch-bridge.ts';
import { Positions } from '../../session/watch-positions.ts';
import { WholeResponses } from '../../session/whole-responses.ts';
import type { Router } from '../router.ts';
import { type StreamClock, SYSTEM_CLOCK } from './clock.ts';
import { WatchLink } from './link.ts';

/** How the stream is written to the client. */
export interface WatchFormat {
  /** `next`: where a client resumes if this is the last it sees; 0: not after this message. */
  message(message: BridgedMessage, next: number): readonly Uint8Array[];
  /** The last thing on the stream. */
  error(error: StatusError): readonly Uint8Array[];
  /** Nothing below `revision` is missing. Undefined: nothing is written. */
  bookmark(revision: number): readonly Uint8Array[] | undefined;
  /** Written now and then to a silent stream: shows both sides that the other is there. Empty: nothing. */
  readonly heartbeat: Uint8Array;
}

/** What a session needs of the router. */
export type MemberDialler = Pick<Router, 'connect'>;

interface Chunk {
  readonly parts: readonly Uint8Array[];
  readonly bytes: number;
  /** The link that the member will want a word on it from; undefined: none. */
  readonly link: WatchLink | undefined;
}

export class WatchSession {
  /** Name of the member that has the stream. */
  member = '';
  readonly #path: string;
  readonly #router: MemberDialler;
  readonly #clock: StreamClock;
  readonly #format: WatchFormat;
  readonly #positions = new Positions();
  readonly #responses = new WholeResponses<BridgedMessage>();
  /** Undefined while a member is looked for. */
  #link: WatchLink | undefined;
  #chunks: Chunk[] = [];
  /** When the link came about, and how long to wait when it does not last. */
  #linkedMs = 0;
  #pauseMs = WATCH_RESUME_PAUSE_MS_MIN;
  #readMessages = 0;
  #readBytes = 0;
  #isAsked = false;
  #cancelReport: (() => void) | undefined;
  #wakeReader: (() => void) | undefined;
  /** The client is gone, or everything was put in the queue. */
  #ended = false;

  private constructor(
    router: MemberDialler,
    format: WatchFormat,
    path: string,
    clock: StreamClock,
  ) {
    this.#path = path;
    this.#router = router;
    this.#format = format;
    this.#clock = clock;
  }

  /** @throws StatusError when no member takes the stream */
  static async open(
    request: Pick<Request, 'headers'>,
    router: MemberDialler,
    format: WatchFormat,
    clock: StreamClock = SYSTEM_CLOCK,
  ): Promise<WatchSession> {
    const session = new WatchSession(router, format, watchPath('bridge', request), clock);
    await session.#connect();
    return session;
  }

  request(request: WatchRequest): void {
    if (this.#ended) return;
    this.#positions.asked(request);
    this.#link?.send([requestItem(request)]);
  }

  /** What the client is to be sent next; undefined at the end. To be called again only when it took that. */
  async read(): Promise<Uint8Array | undefined> {
    while (this.#chunks.length === 0) {
      if (this.#ended) return undefined;
      await new Promise<void>((wake) => (this.#wakeReader = wake));
    }
    const taken: Uint8Array[] = [];
    let bytes = 0;
    let count = 0;
    for (const chunk of this.#chunks) {
      if (count > 0 && bytes + chunk.bytes > WATCH_CHUNK_BYTES) break;
      taken.push(...chunk.parts);
      bytes += chunk.bytes;
      count++;
      this.#wasRead(chunk);
    }
    this.#chunks.splice(0, count);
    this.#report();
    return concatBytes(taken);
  }

  /** Ends the stream with an error as its last line. */
  fail(error: StatusError): void {
    if (this.#ended) return;
    this.#put(this.#format.error(error), undefined);
    this.#end();
  }

  /** The client is gone. */
  close(): void {
    this.#chunks = [];
    this.#end();
  }

  async #connect(): Promise<void> {
    const { socket, member } = await this.#router.connect(this.#path);
    if (this.#ended) {
      socket.accept();
      socket.close();
      return;
    }
    this.member = member;
    const link = new WatchLink(
      socket,
      {
        items: (items) => {
          for (const item of items) this.#item(item, link);
        },
        lost: () => void this.#resume(),
        refused: (why) => this.fail(new StatusError(Code.Internal, `edgetcd: ${why}`)),
        ticked: () => this.#beat(),
      },
      this.#clock,
    );
    this.#link = link;
    this.#linkedMs = this.#clock.nowMs();
    const { resumption, unanswered } = this.#positions;
    if (resumption !== undefined) link.send([{ kind: 'resume', resumption }]);
    for (const request of unanswered) link.send([requestItem(request)]);
  }

  /** Finds another member, or the same again, for the stream. */
  async #resume(): Promise<void> {
    this.#link = undefined;
    this.#readMessages = this.#readBytes = 0;
    this.#responses.drop();
    const sinceMs = this.#clock.nowMs();
    // A member that takes streams and drops them at once is not to be asked again and again.
    const isStable = sinceMs - this.#linkedMs >= WATCH_RESUME_PAUSE_MS_MAX;
    let pauseMs = isStable ? WATCH_RESUME_PAUSE_MS_MIN : this.#pauseMs;
    this.#pauseMs = Math.min(2 * pauseMs, WATCH_RESUME_PAUSE_MS_MAX);
    if (!isStable) await this.#sleep(pauseMs);
    while (!this.#ended) {
      try {
        await this.#connect();
        return;
      } catch (error) {
        if (this.#clock.nowMs() - sinceMs > WATCH_RESUME_TIMEOUT_MS)
          this.fail(StatusError.from(error));
      }
      await this.#sleep(pauseMs);
      pauseMs = Math.min(2 * pauseMs, WATCH_RESUME_PAUSE_MS_MAX);
    }
  }

  #item(item: ToWorker, link: WatchLink): void {
    if (this.#ended) return;
    switch (item.kind) {
      case 'message':
        for (const message of this.#responses.take(item)) {
          const next = this.#positions.sent(message);
          this.#put(this.#format.message(message, next), link);
        }
        return;
      case 'position': {
        this.#positions.reached(item.revision, item.behind);
        const bookmark = item.behind.length === 0 && this.#format.bookmark(item.revision);
        if (bookmark) this.#put(bookmark, undefined);
        return;
      }
      case 'ask':
        this.#isAsked = true;
        this.#report();
        return;
      case 'end':
        this.fail(new StatusError(codeOf(item.code), item.message));
    }
  }

  #put(parts: readonly Uint8Array[], link: WatchLink | undefined): void {
    let bytes = 0;
    for (const part of parts) bytes += part.length;
    this.#chunks.push({ parts, bytes, link });
    this.#wake();
  }

  #beat(): void {
    const { heartbeat } = this.#format;
    if (this.#chunks.length === 0 && heartbeat.length > 0) this.#put([heartbeat], undefined);
  }

  #wasRead({ link, bytes }: Chunk): void {
    if (link === undefined || link !== this.#link) return;
    this.#readMessages++;
    this.#readBytes += bytes;
  }

  /**
   * Tells the member what the client has read: from time to time while much is read, a while after the
   * last of it, and at once when the member has asked.
   */
  #report(): void {
    if (this.#readMessages === 0) return;
    const isDue =
      this.#isAsked ||
      this.#readMessages >= WATCH_READ_REPORT_MESSAGES ||
      this.#readBytes >= WATCH_READ_REPORT_BYTES;
    if (isDue) this.#reportNow();
    else this.#cancelReport ??= this.#clock.after(WATCH_READ_REPORT_MS, () => this.#reportNow());
  }

  #reportNow(): void {
    this.#cancelReport?.();
    this.#cancelReport = undefined;
    const count = this.#readMessages;
    this.#readMessages = this.#readBytes = 0;
    this.#isAsked = false;
    if (count > 0) this.#link?.send([{ kind: 'read', count }]);
  }

  #end(): void {
    this.#ended = true;
    this.#cancelReport?.();
    this.#link?.close();
    this.#link = undefined;
    this.#wake();
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#clock.after(ms, resolve));
  }

  #wake(): void {
    this.#wakeReader?.();
    this.#wakeReader = undefined;
  }
}

/** Where a client's stream is opened at a member. */
export function watchPath(kind: WatchKind, request: Pick<Request, 'headers'>): string {
  const needsLeader = request.headers.get('grpc-metadata-hasleader') === 'true';
  return WATCH_PATHS[kind] + (needsLeader ? NEEDS_LEADER_QUERY : '');
}

function requestItem(request: WatchRequest): {
  readonly kind: 'request';
  readonly body: Uint8Array;
} {
  return { kind: 'request', body: WatchRequest.encode(request).finish() };
}
