/** A store, a hub over it, and clients that write down what they receive, one line a message. */
import assert from 'node:assert/strict';
import type { StatusError } from '../../src/api/errors.ts';
import {
  WatchRequest,
  WatchResponse,
  type Event,
  type WatchCreateRequestInput,
  type WatchRequestInput,
} from '../../src/api/messages.ts';
import { byteString, bytesOf } from '../../src/lib/bytes.ts';
import type { KeyRange, WriteTxn } from '../../src/mvcc/types.ts';
import { WatchHub } from '../../src/watch/hub.ts';
import type { WatchMessage } from '../../src/watch/message.ts';
import type { WatchStream } from '../../src/watch/stream.ts';
import type { HubPorts, WatchReceiver } from '../../src/watch/types.ts';
import { NaiveStore } from '../mvcc/naive-store.ts';

const IDENTITY = { cluster_id: 7n, member_id: 0xfedcba9876543210n, raft_term: 3 };

export class TestMember {
  readonly store: NaiveStore;
  hub: WatchHub;
  readonly #ports: Partial<HubPorts>;

  constructor(ports: Partial<HubPorts> = {}, store = new NaiveStore()) {
    this.#ports = ports;
    this.store = store;
    this.hub = this.newHub();
  }

  newHub(): WatchHub {
    return new WatchHub({
      history: this.store,
      identity: () => IDENTITY,
      random: () => 0,
      ...this.#ports,
    });
  }

  /** One applied entry. */
  apply(run: (txn: WriteTxn) => void): number {
    const txn = this.store.begin();
    run(txn);
    const changes = txn.commit();
    if (changes.length > 0) this.hub.notify(changes, this.store.revision);
    return this.store.revision;
  }

  put(key: string, value = 'v'): number {
    return this.apply((txn) => txn.put(key, bytesOf(value), 0n));
  }

  delete(key: string, end = `${key}\0`): number {
    return this.apply((txn) => txn.deleteRange({ start: key, end }));
  }

  /** All the work there is. */
  settle(): void {
    for (let slices = 0; this.hub.hasWork; slices++) {
      assert.ok(slices < 10_000, 'catch-up does not end');
      this.hub.work();
    }
  }

  client(id = 'c', options: ClientOptions = {}): TestClient {
    const client = new TestClient(options);
    client.stream = this.hub.open(id, client);
    return client;
  }
}

export interface ClientOptions {
  /** Messages stay unread until `read` is called. */
  readonly slow?: boolean;
  readonly mayRead?: (range: KeyRange) => StatusError | undefined;
}

export class TestClient implements WatchReceiver {
  stream: WatchStream | undefined;
  readonly messages: WatchMessage[] = [];
  ended: StatusError | undefined;
  unread = 0;
  readonly #options: ClientOptions;
  #shown = 0;

  constructor(options: ClientOptions = {}) {
    this.#options = options;
  }

  send(message: WatchMessage): 'sent' | 'queued' {
    this.messages.push(message);
    if (this.#options.slow !== true) return 'sent';
    this.unread++;
    return 'queued';
  }

  end(error: StatusError): void {
    this.ended = error;
  }

  mayRead(range: KeyRange): StatusError | undefined {
    return this.#options.mayRead?.(range);
  }

  request(request: WatchRequestInput): void {
    assert.ok(this.stream !== undefined);
    this.stream.request(WatchRequest.decode(WatchRequest.encode(request).finish()));
  }

  watch(key: string, request: Omit<WatchCreateRequestInput, 'key'> = {}): void {
    this.request({ create_request: { key: bytesOf(key), ...request } });
  }

  cancel(id: number | bigint): void {
    this.request({ cancel_request: { watch_id: id } });
  }

  progress(): void {
    this.request({ progress_request: {} });
  }

  /** Reads the `count` oldest messages; by default all. */
  read(count = this.unread): void {
    this.unread -= count;
    this.stream?.drained(count);
  }

  /** The messages since the last call, a line each. */
  lines(): string[] {
    const news = this.messages.slice(this.#shown);
    this.#shown = this.messages.length;
    return news.map(lineOf);
  }
}

/** `id@revision`, then what the message says: `0@5 put a=1`, `0@0 canceled compact=4`. */
export function lineOf(message: WatchMessage): string {
  const response = responseOf(message);
  const words = [`${String(response.watch_id)}@${String(response.header?.revision)}`];
  if (response.created) words.push('created');
  if (response.canceled) words.push('canceled');
  if (!response.compact_revision.isZero())
    words.push(`compact=${String(response.compact_revision)}`);
  if (response.cancel_reason !== '') words.push(`(${response.cancel_reason})`);
  if (response.fragment) words.push('fragment');
  words.push(...response.events.map(eventText));
  return words.join(' ');
}

/** The message as its bytes say it, after making sure that the decoded form says the same. */
export function responseOf(message: WatchMessage): WatchResponse {
  const response = WatchResponse.decode(message.bytes());
  assert.deepEqual(message.message(), response);
  assert.equal(String(response.header?.cluster_id), '7');
  assert.equal(String(response.header?.member_id.toUnsigned()), String(IDENTITY.member_id));
  return response;
}

function eventText(event: Event): string {
  assert.ok(event.kv !== null);
  const key = byteString(event.kv.key);
  const previous = event.prev_kv === null ? '' : ` was ${byteString(event.prev_kv.value)}`;
  if (event.type === 1) return `delete ${key}${previous}`;
  const value =
    event.kv.value.length > 20 ? `(${event.kv.value.length})` : byteString(event.kv.value);
  return `put ${key}=${value}${previous}`;
}
