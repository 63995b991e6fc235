/**
 * Clients of real processes that watch: over a WebSocket of their own, over HTTP lines, over server-sent
 * events. They go on at any member after the last revision they were told of, whatever became of the
 * connection; what they were told is for the checkers of the nine guarantees.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Prng } from '../../src/lib/prng.ts';
import { PROGRESS_FRAME, readFrame, type CreateFields } from '../sim/watch/wire.ts';
import { Subscriptions } from '../sim/watch/subscriptions.ts';
import { WatchRecorder, type RecordedWatch } from '../sim/watch-record.ts';
import { Violation } from '../sim/world.ts';

export const WATCH_FORMS = ['websocket', 'lines', 'events'] as const;
export type WatchForm = (typeof WATCH_FORMS)[number];

const RETRY_MS = 200;
/** Mean pause between two actions of a client, and how long it may stop reading. */
const ACT_MS = 1_500;
const PAUSE_MS_MAX = 3_000;
const WATCHES_MAX = 4;

const EVERYTHING: CreateFields = {
  key: '\0',
  end: '\0',
  start: 1,
  prevKv: true,
  id: 0,
  progress: false,
};

export interface ChaosWatcher {
  readonly name: string;
  /** Runs until `stop`. */
  run(): Promise<void>;
  stop(): void;
  /** Nothing new is begun; what is open is to be brought to `revision`. True once it is there. */
  settle(revision: number): boolean;
  readonly recorded: readonly RecordedWatch[];
  readonly connections: number;
  /** An answer that fits no watch. */
  readonly failure: Violation | undefined;
}

export function watcherOf(
  form: WatchForm,
  name: string,
  endpoints: readonly string[],
  prng: Prng,
  keys: number,
): ChaosWatcher {
  return form === 'events'
    ? new EventsWatcher(name, endpoints, prng)
    : new StreamWatcher(form, name, endpoints, prng, keys);
}

/** What all forms share: one connection after the other. */
abstract class Watcher implements ChaosWatcher {
  readonly name: string;
  protected readonly prng: Prng;
  readonly #endpoints: readonly string[];
  readonly #stopped = new AbortController();
  failure: Violation | undefined;
  connections = 0;
  protected settling = false;

  constructor(name: string, endpoints: readonly string[], prng: Prng) {
    this.name = name;
    this.#endpoints = endpoints;
    this.prng = prng;
  }

  abstract readonly recorded: readonly RecordedWatch[];
  abstract settle(revision: number): boolean;
  /** Resolves or rejects when the connection has ended. */
  protected abstract connect(endpoint: string, signal: AbortSignal): Promise<void>;

  async run(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      this.connections++;
      try {
        await this.connect(this.prng.pick(this.#endpoints), signal);
      } catch (error) {
        // The member is gone or cut off; another goes on from the same revision.
        if (error instanceof Violation) this.failure ??= error;
      }
      await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  stop(): void {
    this.#stopped.abort();
  }

  /** Now and then a client reads nothing for a while. */
  protected async dawdle(): Promise<void> {
    if (this.settling || !this.prng.bool(0.01)) return;
    await sleep(PAUSE_MS_MAX * this.prng.float());
  }
}

/** Several watches over one connection. */
class StreamWatcher extends Watcher {
  readonly #form: 'websocket' | 'lines';
  readonly #keys: number;
  readonly #watches: Subscriptions;

  constructor(
    form: 'websocket' | 'lines',
    name: string,
    endpoints: readonly string[],
    prng: Prng,
    keys: number,
  ) {
    super(name, endpoints, prng);
    this.#form = form;
    this.#keys = keys;
    this.#watches = new Subscriptions(name);
    this.#watches.watch(EVERYTHING);
    this.#watches.watch(this.#draw());
  }

  get recorded(): readonly RecordedWatch[] {
    return this.#watches.recorded;
  }

  settle(revision: number): boolean {
    this.settling = true;
    const { wanted, isOpen, unanswered } = this.#watches;
    const isThere = (watch: { readonly id: string | undefined; readonly next: number }): boolean =>
      watch.id !== undefined && watch.next > revision;
    if (isOpen && unanswered === 0 && wanted.every(isThere)) {
      this.#watches.complete(revision);
      return true;
    }
    // Quiet watches are told where they are when everything was sent.
    this.#watches.send(PROGRESS_FRAME);
    return false;
  }

  protected async connect(endpoint: string, signal: AbortSignal): Promise<void> {
    const ended = new AbortController();
    const acting = this.#act(ended);
    try {
      const either = AbortSignal.any([signal, ended.signal]);
      if (this.#form === 'websocket') await this.#overWebSocket(endpoint, either);
      else await this.#overLines(endpoint, either);
    } finally {
      this.#watches.closed();
      ended.abort();
      await acting;
    }
  }

  #overWebSocket(endpoint: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(`${endpoint.replace(/^http/, 'ws')}/v3/watch`);
      const end = (): void => {
        socket.close();
        resolve();
      };
      signal.addEventListener('abort', end);
      socket.addEventListener('open', () => {
        if (signal.aborted) return;
        this.#watches.opened((text) => {
          if (socket.readyState === WebSocket.OPEN) socket.send(text);
        });
      });
      socket.addEventListener('message', ({ data }) => {
        if (signal.aborted || !this.#watches.isOpen) return;
        try {
          this.#watches.received(String(data));
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
          socket.close();
        }
      });
      socket.addEventListener('close', end);
      socket.addEventListener('error', end);
    });
  }

  async #overLines(endpoint: string, signal: AbortSignal): Promise<void> {
    const text = new TextEncoder();
    let send: (frame: string) => void = () => {};
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        send = (frame) => {
          controller.enqueue(text.encode(`${frame}\n`));
        };
      },
    });
    this.#watches.opened((frame) => {
      send(frame);
    });
    const init = { method: 'POST', body, duplex: 'half', signal } as const;
    const response = await fetch(`${endpoint}/v3/watch`, init);
    for await (const line of linesOf(response)) {
      if (line.trim() === '') continue;
      if (!this.#watches.received(line)) return;
      await this.dawdle();
    }
  }

  /** Asks for more and for less, for progress, and hangs up, until the connection has ended. */
  async #act(ended: AbortController): Promise<void> {
    while (!ended.signal.aborted) {
      const pauseMs = -ACT_MS * Math.log(1 - this.prng.float());
      await sleep(pauseMs, undefined, { signal: ended.signal }).catch(() => undefined);
      if (!this.#watches.isOpen || this.settling) continue;
      const { wanted } = this.#watches;
      const die = this.prng.below(10);
      if (die < 4 && wanted.length < WATCHES_MAX) this.#watches.watch(this.#draw());
      else if (die < 6 && wanted.length > 1) this.#watches.unwatch(this.prng.pick(wanted));
      else if (die < 9) this.#watches.send(PROGRESS_FRAME);
      else ended.abort();
    }
  }

  #draw(): CreateFields {
    const { prng } = this;
    const key = `key/${prng.below(this.#keys)}`;
    const { revision } = this.#watches;
    return {
      ...prng.pick([{ key }, { key, end: '\0' }, { key: 'key/', end: 'key0' }]),
      start: prng.pick([0, 0, 1, Math.max(1, revision - prng.below(200))]),
      noPut: prng.bool(0.15),
      noDelete: prng.bool(0.15),
      prevKv: prng.bool(),
      fragment: prng.bool(),
      progress: prng.bool(),
      id: 0,
    };
  }
}

/** One watch of everything, resumed as an EventSource does it: from the id of the last event. */
class EventsWatcher extends Watcher {
  readonly #recorders: WatchRecorder[] = [];
  #lastId: string | undefined;

  get recorded(): readonly RecordedWatch[] {
    return this.#recorders.flatMap((recorder) => recorder.watches);
  }

  settle(revision: number): boolean {
    this.settling = true;
    if (this.#lastId === undefined || Number(this.#lastId) < revision) return false;
    this.#recorders.at(-1)?.complete(revision);
    return true;
  }

  protected async connect(endpoint: string, signal: AbortSignal): Promise<void> {
    const key = encodeURIComponent(Buffer.from(EVERYTHING.key).toString('base64'));
    const url = `${endpoint}/v3/watch?key=${key}&range_end=${key}&start_revision=1&prev_kv=true`;
    const headers: Record<string, string> = { accept: 'text/event-stream' };
    if (this.#lastId !== undefined) headers['last-event-id'] = this.#lastId;
    const start = this.#lastId === undefined ? EVERYTHING.start : Number(this.#lastId) + 1;
    const recorder = new WatchRecorder();
    this.#recorders.push(recorder);
    recorder.asked(`${this.name} over connection ${this.connections}`, { ...EVERYTHING, start });
    const hangUp = AbortSignal.timeout(2_000 + this.prng.below(20_000));
    const either = this.settling ? signal : AbortSignal.any([signal, hangUp]);
    const response = await fetch(url, { headers, signal: either });
    let id: string | undefined;
    for await (const line of linesOf(response)) {
      const [field, value] = split(line);
      if (field === 'id') id = value;
      else if (field === 'event' && value === 'error') return;
      else if (field === 'data') take(recorder, value);
      else if (line === '' && id !== undefined) {
        this.#lastId = id === '' ? undefined : id;
        id = undefined;
      }
      await this.dawdle();
    }
  }
}

function take(recorder: WatchRecorder, text: string): void {
  const frame = readFrame(text);
  if (frame !== undefined) recorder.took(frame.watchId, frame.answer);
}

/** A field of server-sent events and its value. */
function split(line: string): [string, string] {
  const colon = line.indexOf(':');
  return colon < 0 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).trimStart()];
}

async function* linesOf(response: Response): AsyncGenerator<string> {
  if (response.status !== 200) throw new Error(`watch: status ${response.status}`);
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of response.body ?? []) {
    const lines = (rest + decoder.decode(piece as Uint8Array, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}
