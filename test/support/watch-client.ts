/** Clients of /v3/watch in its three forms. What they receive is told in one line a message. */
import { once } from 'node:events';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';

interface KeyValueJson {
  readonly key?: string;
  readonly value?: string;
  readonly mod_revision?: string;
}

interface EventJson {
  readonly type?: string;
  readonly kv?: KeyValueJson;
  readonly prev_kv?: KeyValueJson;
}

export interface ResultJson {
  readonly header?: { readonly revision?: string; readonly member_id?: string };
  readonly watch_id?: string;
  readonly created?: boolean;
  readonly canceled?: boolean;
  readonly compact_revision?: string;
  readonly cancel_reason?: string;
  readonly fragment?: boolean;
  readonly events?: readonly EventJson[];
}

export interface MessageJson {
  readonly result?: ResultJson;
  readonly error?: { readonly code?: number; readonly message?: string };
}

export interface CreateJson {
  readonly key: string;
  readonly range_end?: string;
  readonly start_revision?: number | string;
  readonly watch_id?: number;
  readonly prev_kv?: boolean;
  readonly filters?: readonly string[];
  readonly progress_notify?: boolean;
}

/** Key and range_end in plain text. */
export function createRequest({ key, range_end, ...rest }: CreateJson): string {
  const end = range_end === undefined ? {} : { range_end: base64(range_end) };
  return JSON.stringify({ create_request: { key: base64(key), ...end, ...rest } });
}

export function cancelRequest(watch_id: number): string {
  return JSON.stringify({ cancel_request: { watch_id } });
}

export const PROGRESS_REQUEST = JSON.stringify({ progress_request: {} });

/** Messages in order of arrival, waited for one by one. */
export class Inbox {
  readonly #messages: string[] = [];
  #wake: (() => void) | undefined;
  #ended = false;

  put(message: string): void {
    this.#messages.push(message);
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  get waiting(): number {
    return this.#messages.length;
  }

  /** The next message; undefined at the end. */
  async next(): Promise<string | undefined> {
    while (this.#messages.length === 0) {
      if (this.#ended) return undefined;
      await new Promise<void>((wake) => (this.#wake = wake));
    }
    return this.#messages.shift();
  }
}

export interface WatchClient {
  send(request: string): void;
  /** The next message in short, see `summary`; `end` at the end of the stream. */
  next(): Promise<string>;
  /** The next message as it came. */
  nextJson(): Promise<MessageJson>;
  /** How many messages have come and were not asked for. */
  readonly waiting: number;
  close(): void;
}

/** `id@revision`, then what is said: `0@5 put a=1`, `0@0 canceled compact=4`. */
export function summary({ result, error }: MessageJson): string {
  if (error !== undefined) return `error ${error.code}: ${error.message}`;
  const { header, watch_id = '0', events = [], ...rest } = result ?? {};
  const words = [`${watch_id}@${header?.revision ?? '0'}`];
  if (rest.created === true) words.push('created');
  if (rest.canceled === true) words.push('canceled');
  if (rest.compact_revision !== undefined) words.push(`compact=${rest.compact_revision}`);
  if (rest.cancel_reason !== undefined) words.push(`(${rest.cancel_reason})`);
  if (rest.fragment === true) words.push('fragment');
  for (const { type = 'PUT', kv, prev_kv } of events) {
    const value = kv?.value === undefined ? '' : `=${text(kv.value)}`;
    const before = prev_kv === undefined ? '' : ` was ${text(prev_kv.value)}`;
    words.push(`${type.toLowerCase()} ${text(kv?.key)}${value}${before}`);
  }
  return words.join(' ');
}

abstract class Client implements WatchClient {
  protected readonly inbox = new Inbox();

  abstract send(request: string): void;
  abstract close(): void;

  get waiting(): number {
    return this.inbox.waiting;
  }

  async nextJson(): Promise<MessageJson> {
    const message = await this.inbox.next();
    if (message === undefined) throw new Error('wait for a message: the stream has ended');
    return JSON.parse(message) as MessageJson;
  }

  async next(): Promise<string> {
    const message = await this.inbox.next();
    return message === undefined ? 'end' : summary(JSON.parse(message) as MessageJson);
  }
}

/** etcd's gateway over HTTP: requests in a body that stays open, lines in the answer. */
export class LineClient extends Client {
  readonly #request: ClientRequest;
  #response: IncomingMessage | undefined;

  private constructor(request: ClientRequest) {
    super();
    this.#request = request;
  }

  /** Resolves when the answer has begun. */
  static async open(endpoint: string, ...requests: string[]): Promise<LineClient> {
    const client = new LineClient(
      request(`${endpoint}/v3/watch`, { method: 'POST', agent: false }),
    );
    client.#request.on('error', () => client.inbox.end());
    for (const each of requests) client.send(each);
    const [response] = (await once(client.#request, 'response')) as [IncomingMessage];
    client.#response = response;
    let rest = '';
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) client.inbox.put(line);
    });
    response.on('close', () => client.inbox.end());
    return client;
  }

  get status(): number {
    return this.#response?.statusCode ?? 0;
  }

  send(request: string): void {
    this.#request.write(request);
  }

  /** Ends the request's body; the answer goes on. */
  endBody(): void {
    this.#request.end();
  }

  /** Takes no more bytes from the connection until `resume`. */
  pause(): void {
    this.#response?.pause();
  }

  resume(): void {
    this.#response?.resume();
  }

  close(): void {
    this.#request.destroy();
  }
}

/** etcd's gateway over WebSocket. */
export class SocketClient extends Client {
  readonly #socket: WebSocket;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;

  private constructor(socket: WebSocket) {
    super();
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.onmessage = ({ data }) => this.inbox.put(String(data));
    this.closed = new Promise((resolve) => {
      socket.onclose = ({ code, reason }) => {
        this.inbox.end();
        resolve({ code, reason });
      };
    });
  }

  static async open(endpoint: string, ...requests: string[]): Promise<SocketClient> {
    const socket = new WebSocket(`${endpoint.replace('http', 'ws')}/v3/watch`);
    const client = new SocketClient(socket);
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = () => reject(new Error('open a watch over WebSocket: refused'));
    });
    for (const each of requests) client.send(each);
    return client;
  }

  send(request: string | Uint8Array<ArrayBuffer>): void {
    this.#socket.send(request);
  }

  close(): void {
    this.#socket.close();
  }
}

export interface ServerSentEvent {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: string;
}

/** Server-sent events, read as a browser does. */
export class EventClient extends Client {
  /** What a browser would send as Last-Event-ID. */
  lastId = '';
  readonly #abort = new AbortController();

  static async open(
    endpoint: string,
    query: string,
    headers: Record<string, string> = {},
  ): Promise<EventClient> {
    const client = new EventClient();
    const response = await fetch(`${endpoint}/v3/watch?${query}`, {
      headers: { Accept: 'text/event-stream', ...headers },
      signal: client.#abort.signal,
    });
    if (response.body === null || response.status !== 200) {
      throw new Error(`open events: status ${response.status}: ${await response.text()}`);
    }
    void client.#read(response.body).catch(() => client.inbox.end());
    return client;
  }

  send(): void {
    throw new Error('server-sent events go one way');
  }

  close(): void {
    this.#abort.abort();
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let rest = '';
    for await (const chunk of body) {
      const blocks = (rest + decoder.decode(chunk, { stream: true })).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) this.#block(block);
    }
    this.inbox.end();
  }

  #block(block: string): void {
    let data = '';
    for (const line of block.split('\n')) {
      const [field = '', ...value] = line.split(':');
      const text = value.join(':').trimStart();
      if (field === 'id') this.lastId = text;
      if (field === 'data') data += text;
    }
    if (data !== '') this.inbox.put(data);
  }
}

export function base64(plain: string): string {
  return Buffer.from(plain).toString('base64');
}

function text(encoded = ''): string {
  return Buffer.from(encoded, 'base64').toString();
}
