/**
 * A client of the HTTP forms of watch: the stream ends in a Worker, which holds a socket to a member and
 * goes on with another one when that is lost. The Worker's session is the production code; its socket and
 * its clock are simulated. The Worker stands where its client is.
 */
import { decodeJson } from '../../../src/api/json.ts';
import { WatchRequest } from '../../../src/api/messages.ts';
import { PING, PONG } from '../../../src/member/watch-bridge.ts';
import type { NodeId } from '../../../src/raft/types.ts';
import { ABNORMAL, type ClientEnd, type ClientSide, Connection, type Dial } from './connection.ts';
import {
  type MemberDialler,
  openSession,
  type StreamClock,
  type WatchSession,
  type WorkerSocket,
} from './worker-session.ts';

/** The Worker gives up on a member that does not take the stream within this. */
const DIAL_TIMEOUT_MS = 1_000;
/** The close code by which the client's side hears that the answer has ended. */
const ENDED = 1011;

export class WorkerConnection implements ClientSide {
  readonly #dial: Dial;
  readonly #end: ClientEnd;
  /** Where the Worker looks for a member, in turn. */
  readonly #places: () => readonly NodeId[];
  #session: WatchSession | undefined;
  /** The socket to the member that has the stream. */
  #link: Connection | undefined;
  #isLinked = false;
  /** Waits for the client to read on. */
  #paused: Promise<void> | undefined;
  #unpause: () => void = () => {};
  /** The client has asked for more and there is none. */
  #isWaiting = false;
  #closed = false;

  constructor(dial: Dial, places: () => readonly NodeId[], end: ClientEnd) {
    this.#dial = dial;
    this.#places = places;
    this.#end = end;
    void this.#run();
  }

  get isQuiet(): boolean {
    return this.#isWaiting && this.#isLinked && this.#link?.isQuiet === true;
  }

  sendUp(text: string): void {
    this.#session?.request(decodeJson(WatchRequest, text));
  }

  pause(): void {
    this.#paused ??= new Promise((resume) => {
      this.#unpause = resume;
    });
  }

  resume(): void {
    this.#paused = undefined;
    this.#unpause();
  }

  /** The client's own connection ends at the Worker, which notices at once. */
  hangUp(): void {
    this.#closed = true;
    this.#session?.close();
    this.#unpause();
  }

  /** The socket between Worker and member breaks; the client is not to notice. */
  breaks(): void {
    this.#link?.breaks();
  }

  async #run(): Promise<void> {
    const headers = new Headers(
      this.#dial.needsLeader ? { 'grpc-metadata-hasleader': 'true' } : undefined,
    );
    let session: WatchSession;
    try {
      session = await openSession(headers, this.#router(), this.#clock());
    } catch {
      this.#close(ABNORMAL);
      return;
    }
    this.#session = session;
    if (this.#closed) {
      session.close();
      return;
    }
    this.#end.opened();
    await this.#read(session);
  }

  async #read(session: WatchSession): Promise<void> {
    const text = new TextDecoder();
    let rest = '';
    for (;;) {
      await this.#paused;
      this.#isWaiting = this.#paused === undefined;
      const chunk = await session.read();
      this.#isWaiting = false;
      if (chunk === undefined) break;
      const lines = (rest + text.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#line(line);
    }
    this.#close(ENDED);
  }

  #line(line: string): void {
    if (!this.#closed && line.trim() !== '') this.#end.message(line);
  }

  #close(code: number): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#end.closed(code);
  }

  #clock(): StreamClock {
    const { scheduler } = this.#dial.cluster;
    return {
      nowMs: () => scheduler.nowMs,
      after: (delayMs, run) => {
        const event = scheduler.after(delayMs, run);
        return () => {
          scheduler.cancel(event);
        };
      },
    };
  }

  #router(): MemberDialler {
    return {
      connect: async () => {
        const failures: unknown[] = [];
        for (const member of this.#places()) {
          try {
            return { socket: await this.#connect(member), member };
          } catch (error) {
            failures.push(error);
          }
        }
        throw new AggregateError(failures, 'no member takes the stream');
      },
    };
  }

  #connect(member: NodeId): Promise<WorkerSocket> {
    const { scheduler } = this.#dial.cluster;
    return new Promise((resolve, reject) => {
      const listeners = new Map<string, (event: object) => void>();
      let isOpen = false;
      const fail = (): void => {
        reject(new Error(`member ${member} does not take the stream`));
      };
      const link: Connection = new Connection(
        { ...this.#dial, member, kind: 'bridge' },
        {
          opened: () => {
            isOpen = true;
            if (link === this.#link) this.#isLinked = true;
            resolve(socket);
          },
          message: (data) => {
            listeners.get('message')?.({ data: typeof data === 'string' ? data : bufferOf(data) });
          },
          closed: (code) => {
            if (link === this.#link) this.#isLinked = false;
            if (isOpen) listeners.get('close')?.({ code, reason: '' });
            else fail();
          },
        },
      );
      const socket: WorkerSocket = {
        binaryType: '',
        accept: () => {},
        addEventListener: (name: string, listener: (event: object) => void) => {
          listeners.set(name, listener);
        },
        send: (data: string | Uint8Array) => {
          if (data === PING) link.ping(() => listeners.get('message')?.({ data: PONG }));
          else link.sendUp(data);
        },
        close: () => {
          if (link === this.#link) this.#isLinked = false;
          link.hangUp(true);
        },
      };
      this.#link = link;
      scheduler.after(DIAL_TIMEOUT_MS, () => {
        if (isOpen) return;
        link.hangUp(false);
        fail();
      });
    });
  }
}

function bufferOf(data: Uint8Array): ArrayBuffer {
  return data.slice().buffer;
}
