import { DurableObject } from 'cloudflare:workers';
import { StatusError } from '../src/api/errors.ts';
import type { ConfiguredMember } from '../src/member/cluster-config.ts';
import { Member } from '../src/member/member.ts';
import { PEER_STREAM_PATH } from '../src/member/peer-protocol.ts';
import { PeerReceiver } from '../src/member/peer-receiver.ts';
import type { CallResult, HealthQuery, HealthReport, MemberRpc } from '../src/member/rpc.ts';
import { MemberService } from '../src/member/service.ts';
import { type SessionGauges, SessionHost } from '../src/member/session-host.ts';
import { SESSION_PATH } from '../src/session/items.ts';
import type { WatchGauges } from '../src/watch/types.ts';
import { ConsoleLog } from './console-log.ts';
import { clusterOf, type Env, objectName } from './env.ts';
import { PeerTransport } from './peer-transport.ts';
import { SessionSockets } from './session-sockets.ts';
import { SqlRowStore } from './sql-row-store.ts';
import { SystemClock } from './system-clock.ts';
import { SystemRandom } from './system-random.ts';
import { finishClose, WatchSockets } from './watch-sockets.ts';

/**
 * One member as a Durable Object: wires the member to the platform's storage, timers, sockets and
 * stubs, and decides nothing itself. Which member it is, its own name says: `<cluster>/<member>`.
 */
export class MemberObject extends DurableObject<Env> implements MemberRpc {
  readonly #member: Member;
  readonly #service: MemberService;
  readonly #peers: PeerReceiver;
  readonly #clock: SystemClock;
  readonly #sessionHost: SessionHost;
  readonly #sessions: SessionSockets;
  readonly #watches: WatchSockets;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const config = clusterOf(env);
    const self = memberNamed(ctx.id.name, config.name, config.members);
    const log = new ConsoleLog(self.name);
    this.#clock = new SystemClock(ctx.storage);
    const transport = new PeerTransport(
      (peerUrl, path, init) => this.#fetchPeer(peerUrl, path, init),
      { clusterId: config.id, from: self.id, secret: env.EDGETCD_CLUSTER_SECRET ?? '' },
      this.#clock,
      log,
    );
    this.#member = Member.open(config, self, {
      rows: new SqlRowStore(ctx.storage),
      clock: this.#clock,
      random: new SystemRandom(),
      transport,
      log,
      abandon: (reason) => abandon(ctx, reason),
    });
    this.#service = new MemberService(this.#member);
    this.#peers = new PeerReceiver(this.#member, env.EDGETCD_CLUSTER_SECRET ?? '');
    // Before the watches, which clear the rows of streams that nobody has taken up.
    this.#sessionHost = new SessionHost(this.#member, this.#service, this.#clock);
    this.#sessions = new SessionSockets(ctx, this.#sessionHost);
    this.#watches = new WatchSockets(ctx, this.#member.watch);
    const { streams, watchers } = this.#member.watch.gauges;
    log.info('member awake', { revision: this.#member.state.mvcc.revision, streams, watchers });
  }

  call(method: string, body: Uint8Array): Promise<CallResult> {
    return this.#service.call(method, body);
  }

  begin(method: string, body: Uint8Array): Promise<CallResult> {
    return this.#service.begin(method, body);
  }

  page(method: string, body: Uint8Array, cursor: Uint8Array | undefined): Promise<CallResult> {
    return this.#service.page(method, body, cursor);
  }

  health(query: HealthQuery): Promise<HealthReport> {
    return this.#service.health(query);
  }

  watchGauges(): WatchGauges {
    return this.#member.watch.gauges;
  }

  sessionGauges(): SessionGauges {
    return this.#sessionHost.gauges;
  }

  /** Upgrades to sessions and watch streams, passed on by the Worker, and what peers send: their upgrade and POSTs. */
  override async fetch(request: Request): Promise<Response> {
    const path = new URL(request.url).pathname;
    if (path === SESSION_PATH) return this.#sessions.accept();
    const watchKind = WatchSockets.kindOf(path);
    if (watchKind !== undefined) {
      return this.#watches.accept(watchKind, request);
    }
    const refusal = this.#peers.refuse((name) => request.headers.get(name));
    if (refusal !== undefined) return new Response(refusal.text, { status: refusal.status });
    if (path === PEER_STREAM_PATH) return this.#acceptStream();
    const answer = await this.#peers.handle(path, new Uint8Array(await request.arrayBuffer()));
    return new Response(answer.body, { status: answer.status });
  }

  override webSocketMessage(socket: WebSocket, data: ArrayBuffer | string): void {
    if (this.#sessions.message(socket, data) || this.#watches.message(socket, data)) return;
    if (typeof data === 'string') {
      socket.close(1003, 'a peer stream carries binary frames');
      return;
    }
    this.#peers.frame(new Uint8Array(data), (reason) => socket.close(1002, reason));
  }

  override webSocketClose(socket: WebSocket): void {
    this.#sessions.closed(socket);
    this.#watches.closed(socket);
    finishClose(socket);
  }

  override webSocketError(socket: WebSocket): void {
    this.#sessions.closed(socket);
    this.#watches.closed(socket);
  }

  override alarm(): void {
    this.#clock.alarmFired();
    this.#member.alarm();
  }

  #acceptStream(): Response {
    const pair = new WebSocketPair();
    this.ctx.acceptWebSocket(pair[1]);
    return new Response(null, { status: 101, webSocket: pair[0] });
  }

  /** `do://cluster/name` is a sibling object; anything else another process or deployment. */
  #fetchPeer(peerUrl: string, path: string, init: RequestInit): Promise<Response> {
    const sibling = /^do:\/\/(?<cluster>[^/]+)\/(?<name>[^/]+)$/.exec(peerUrl)?.groups;
    if (sibling === undefined) return fetch(peerUrl + path, init);
    const name = objectName(sibling['cluster'] as string, sibling['name'] as string);
    const namespace = this.env.MEMBERS;
    return namespace.get(namespace.idFromName(name)).fetch(`http://member${path}`, init);
  }
}

/** Ends this instance once what it has written is durable: an abort in the same turn would undo it. */
function abandon(ctx: DurableObjectState, reason: unknown): void {
  const abort = (): void => ctx.abort(String(reason));
  ctx.storage.sync().then(abort, abort);
}

function memberNamed(
  objectNameOfSelf: string | undefined,
  cluster: string,
  members: readonly ConfiguredMember[],
): ConfiguredMember {
  const self = members.find((member) => objectName(cluster, member.name) === objectNameOfSelf);
  if (self === undefined) {
    throw new StatusError(
      9,
      `start object "${objectNameOfSelf}": EDGETCD_MEMBERS names no such member, only ${members.map((member) => member.name).join(', ')}`,
    );
  }
  return self;
}
