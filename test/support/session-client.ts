/** Calls over a channel for tests: each answer waited for, messages of streams one by one. */
import type {
  CallOptions,
  Channel,
  ClientCall,
  Metadata,
  Status,
} from '../../src/client/channel.ts';
import type { MessageType } from '../../src/api/messages.ts';
import {
  WatchRequest,
  WatchResponse,
  type WatchCreateRequestInput,
} from '../../src/api/messages.ts';

export interface Answer {
  readonly status: Status;
  readonly messages: readonly Uint8Array[];
}

/** One request, half-closed, and everything that comes back. */
export function callOnce(
  channel: Channel,
  method: string,
  body: Uint8Array,
  options: CallOptions = {},
): Promise<Answer> {
  return new Promise((resolve) => {
    const messages: Uint8Array[] = [];
    const call = channel.open(method, options, {
      onMessage: (message) => void messages.push(message),
      onEnd: (status) => resolve({ status, messages }),
    });
    call.send(body);
    call.halfClose();
  });
}

/** A unary call with messages on both ends. @throws Error with code and text */
export async function unary<Q extends object, I, A extends object>(
  channel: Channel,
  method: string,
  [requestType, request]: readonly [MessageType<Q, I>, I],
  responseType: MessageType<A, never>,
): Promise<A> {
  const { status, messages } = await callOnce(
    channel,
    method,
    requestType.encode(request).finish(),
  );
  const [body] = messages;
  if (status.code !== 0 || body === undefined) {
    throw new Error(`${method}: ${status.code} ${status.message}`);
  }
  return responseType.decode(body);
}

/** A call that goes on. */
export class Stream {
  readonly call: ClientCall;
  readonly ended: Promise<Status>;
  readonly #messages: Uint8Array[] = [];
  #status: Status | undefined;
  #wake: (() => void) | undefined;

  constructor(channel: Channel, method: string, options: CallOptions = {}) {
    const { promise, resolve } = Promise.withResolvers<Status>();
    this.ended = promise;
    this.call = channel.open(method, options, {
      onMessage: (body) => {
        this.#messages.push(body);
        this.#wake?.();
      },
      onEnd: (status: Status, _trailers: Metadata) => {
        this.#status = status;
        resolve(status);
        this.#wake?.();
      },
    });
  }

  get waiting(): number {
    return this.#messages.length;
  }

  /** The next message; undefined at the end. */
  async next(): Promise<Uint8Array | undefined> {
    while (this.#messages.length === 0) {
      if (this.#status !== undefined) return undefined;
      await new Promise<void>((wake) => (this.#wake = wake));
    }
    return this.#messages.shift();
  }
}

/** A watch stream, each message told in a line: `0@5 created`, `0@6 put k=v`, `-1@6`. */
export class WatchLines {
  readonly stream: Stream;

  constructor(channel: Channel, options: CallOptions = {}) {
    this.stream = new Stream(channel, 'etcdserverpb.Watch/Watch', options);
  }

  create(key: string, fields: Omit<WatchCreateRequestInput, 'key'> = {}): void {
    this.#send({ create_request: { ...fields, key: Buffer.from(key) } });
  }

  cancel(watch_id: number): void {
    this.#send({ cancel_request: { watch_id } });
  }

  progress(): void {
    this.#send({ progress_request: {} });
  }

  async next(): Promise<string | undefined> {
    const body = await this.stream.next();
    return body === undefined ? undefined : lineOf(WatchResponse.decode(body));
  }

  #send(request: Parameters<typeof WatchRequest.encode>[0]): void {
    this.stream.call.send(WatchRequest.encode(request).finish());
  }
}

function lineOf({
  header,
  watch_id,
  created,
  canceled,
  compact_revision,
  cancel_reason,
  events,
}: WatchResponse): string {
  const words = [`${String(watch_id)}@${String(header?.revision ?? 0)}`];
  if (created) words.push('created');
  if (canceled) words.push('canceled');
  if (!compact_revision.isZero()) words.push(`compacted ${String(compact_revision)}`);
  if (cancel_reason !== '') words.push(cancel_reason);
  for (const { type, kv } of events) {
    const key = Buffer.from(kv?.key ?? []).toString();
    words.push(
      type === 1 ? `delete ${key}` : `put ${key}=${Buffer.from(kv?.value ?? []).toString()}`,
    );
  }
  return words.join(' ');
}
