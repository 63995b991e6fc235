import { DEFAULT_CLUSTER } from '../src/api/cluster-name.ts';
import {
  PEER_POSTS_WHILE_DIALING_MAX,
  PEER_PROTOCOL_VERSION,
  PEER_REDIAL_MS,
  PEER_STREAM_QUEUE_BYTES_MAX,
} from '../src/constants.ts';
import {
  PEER_FRAME_PATH,
  PEER_HEADERS,
  PEER_REMOVED_CLOSE_CODE,
  PEER_REMOVED_STATUS,
  PEER_STREAM_PATH,
} from '../src/member/peer-protocol.ts';
import type { Clock, Log, PeerAddress, Transport } from '../src/member/ports.ts';

/** Opens requests to one peer, whatever its URL: a sibling object's stub, or plain fetch. */
export type PeerFetch = (
  peerUrl: string,
  region: string | undefined,
  path: string,
  init: RequestInit,
) => Promise<Response>;

export interface PeerIdentity {
  readonly clusterId: string;
  readonly clusterName: string;
  readonly from: string;
  /** This member's own peer URLs, as far as it knows them. */
  readonly fromUrls: () => readonly string[];
  readonly secret: string;
}

/**
 * Transport port over WebSockets that this member dials (stream) and plain requests (pipeline).
 * Each direction has its own stream; the accepting side uses hibernating sockets, so an open stream
 * keeps only its dialler awake, and `quiet` closes it.
 */
export class PeerTransport implements Transport {
  readonly #fetch: PeerFetch;
  readonly #identity: PeerIdentity;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #onRemoved: () => void;
  readonly #streams = new Map<string, { readonly urls: string; readonly stream: PeerStream }>();

  /** @param onRemoved called when a peer says that this member was removed from the cluster */
  constructor(
    fetch: PeerFetch,
    identity: PeerIdentity,
    clock: Clock,
    log: Log,
    onRemoved: () => void,
  ) {
    this.#fetch = fetch;
    this.#identity = identity;
    this.#clock = clock;
    this.#log = log;
    this.#onRemoved = onRemoved;
  }

  send(to: PeerAddress, frame: Uint8Array): boolean {
    const urls = to.peerUrls.join();
    const known = this.#streams.get(to.id);
    if (known?.urls === urls) return known.stream.send(frame);
    // The member has moved.
    known?.stream.close();
    const stream = new PeerStream(
      (path, init) => this.#dial(to, path, init),
      this.#clock,
      (error) => this.#log.warn('peer cannot be reached', { peer: to.id, error: String(error) }),
      this.#onRemoved,
    );
    this.#streams.set(to.id, { urls, stream });
    return stream.send(frame);
  }

  async request(
    to: PeerAddress,
    path: string,
    body: Uint8Array,
    timeoutMs: number,
  ): Promise<Uint8Array> {
    const response = await this.#dial(to, path, {
      method: 'POST',
      body,
      signal: AbortSignal.timeout(timeoutMs),
    });
    const answer = new Uint8Array(await response.arrayBuffer());
    if (response.status !== 200) {
      throw new Error(
        `peer request ${path} to ${to.id}: status ${response.status}, ${new TextDecoder().decode(answer)}`,
      );
    }
    return answer;
  }

  quiet(): void {
    for (const { stream } of this.#streams.values()) stream.close();
    this.#streams.clear();
  }

  async #dial(to: PeerAddress, path: string, init: RequestInit): Promise<Response> {
    const peerUrl = to.peerUrls[0];
    if (peerUrl === undefined) throw new Error(`dial member ${to.id}: it has no peer URL`);
    const headers = new Headers(init.headers);
    headers.set(PEER_HEADERS.cluster, this.#identity.clusterId);
    if (this.#identity.clusterName !== DEFAULT_CLUSTER) {
      headers.set(PEER_HEADERS.clusterName, this.#identity.clusterName);
    }
    headers.set(PEER_HEADERS.from, this.#identity.from);
    headers.set(PEER_HEADERS.to, to.id);
    headers.set(PEER_HEADERS.version, String(PEER_PROTOCOL_VERSION));
    headers.set(PEER_HEADERS.secret, this.#identity.secret);
    headers.set(PEER_HEADERS.fromUrls, this.#identity.fromUrls().join());
    const response = await this.#fetch(peerUrl, to.region, path, { ...init, headers });
    if (response.status === PEER_REMOVED_STATUS) this.#onRemoved();
    return response;
  }
}

type Dial = (path: string, init: RequestInit) => Promise<Response>;

/** One outgoing stream: dialled when first used, redialled at most every PEER_REDIAL_MS. */
class PeerStream {
  readonly #dial: Dial;
  readonly #clock: Clock;
  readonly #onFailure: (error: unknown) => void;
  readonly #onRemoved: () => void;
  #socket: WebSocket | undefined;
  #dialing = false;
  #closed = false;
  /** A dial failed at this time; sends are refused until PEER_REDIAL_MS later. */
  #failedMs: number | undefined;
  /** This outage was told of; it ends when a dial succeeds. */
  #reported = false;
  /** Frames waiting for the dial. Invariant: #queuedBytes <= PEER_STREAM_QUEUE_BYTES_MAX. */
  #queued: Uint8Array[] = [];
  #queuedBytes = 0;
  /** Frames that did not wait for the dial that is under way. */
  #posted = 0;

  constructor(
    dial: Dial,
    clock: Clock,
    onFailure: (error: unknown) => void,
    onRemoved: () => void,
  ) {
    this.#dial = dial;
    this.#clock = clock;
    this.#onFailure = onFailure;
    this.#onRemoved = onRemoved;
  }

  send(frame: Uint8Array): boolean {
    if (this.#socket !== undefined) {
      try {
        this.#socket.send(frame);
        return true;
      } catch (error) {
        this.#fail(error);
        return false;
      }
    }
    if (this.#recentlyFailed()) return false;
    if (!this.#dialing) void this.#open();
    if (this.#posted < PEER_POSTS_WHILE_DIALING_MAX) {
      this.#posted++;
      void this.#post(frame);
      return true;
    }
    if (this.#queuedBytes + frame.length > PEER_STREAM_QUEUE_BYTES_MAX) return false;
    this.#queued.push(frame);
    this.#queuedBytes += frame.length;
    return true;
  }

  /** What was sent still goes out, also when the dial is on its way. */
  close(): void {
    this.#closed = true;
    this.#socket?.close(1000, 'rest');
    this.#socket = undefined;
  }

  #recentlyFailed(): boolean {
    if (this.#failedMs === undefined) return false;
    const sinceMs = this.#clock.nowMs() - this.#failedMs;
    return sinceMs >= 0 && sinceMs < PEER_REDIAL_MS;
  }

  /**
   * A request of its own for a frame: it arrives when the dial does, and the stream's first frame a round
   * trip later. Members that have slept would else need three round trips for what takes one.
   */
  async #post(body: Uint8Array): Promise<void> {
    try {
      const response = await this.#dial(PEER_FRAME_PATH, { method: 'POST', body });
      await response.arrayBuffer();
    } catch {
      // Raft repeats what is lost, and the dial tells of the outage.
    }
  }

  async #open(): Promise<void> {
    this.#dialing = true;
    this.#posted = 0;
    try {
      const response = await this.#dial(PEER_STREAM_PATH, { headers: { Upgrade: 'websocket' } });
      const socket = response.webSocket;
      if (socket === null) {
        throw new Error(`open peer stream: status ${response.status}, ${await response.text()}`);
      }
      this.#adopt(socket);
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#dialing = false;
    }
  }

  #adopt(socket: WebSocket): void {
    socket.accept();
    if (this.#closed) {
      for (const frame of this.#queued) socket.send(frame);
      this.#dropQueue();
      socket.close(1000, 'rest');
      return;
    }
    socket.addEventListener('close', ({ code }) => {
      this.#lost(socket);
      if (code === PEER_REMOVED_CLOSE_CODE) this.#onRemoved();
    });
    socket.addEventListener('error', () => this.#lost(socket));
    this.#socket = socket;
    this.#failedMs = undefined;
    this.#reported = false;
    for (const frame of this.#queued) socket.send(frame);
    this.#dropQueue();
  }

  #lost(socket: WebSocket): void {
    if (this.#socket === socket) this.#socket = undefined;
  }

  #fail(error: unknown): void {
    this.#socket = undefined;
    this.#failedMs = this.#clock.nowMs();
    this.#dropQueue();
    if (this.#closed || this.#reported) return;
    this.#reported = true;
    this.#onFailure(error);
  }

  #dropQueue(): void {
    this.#queued = [];
    this.#queuedBytes = 0;
  }
}
