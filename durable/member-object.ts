import { DurableObject } from 'cloudflare:workers';
import { isClusterName } from '../src/api/cluster-name.ts';
import { type ClusterConfig, isRegion, type Self } from '../src/member/cluster-config.ts';
import { isJurisdiction } from '../src/member/deployment.ts';
import { beginAs, type Identity, memberIn } from '../src/member/identity.ts';
import { METRICS_PATH, metricsOf } from '../src/member/metrics.ts';
import { PEER_STREAM_PATH } from '../src/member/peer-protocol.ts';
import { addressedIdentity, refuseStranger } from '../src/member/peer-receiver.ts';
import { siblingName, siblingUrl } from '../src/member/peer-url.ts';
import type { Roster } from '../src/member/roster.ts';
import {
  CANNOT_START,
  type CallOptions,
  type CallResult,
  type HealthQuery,
  type HealthReport,
  type MemberRpc,
} from '../src/member/rpc.ts';
import type { SessionGauges } from '../src/member/session-host.ts';
import { SESSION_PATH } from '../src/session/items.ts';
import type { WatchGauges } from '../src/watch/types.ts';
import { ConsoleLog } from './console-log.ts';
import { type ClusterObjects, deploymentOf, type Env, memberStub, settingsOf } from './env.ts';
import { LiveMember } from './live-member.ts';
import { type PeerFetch, PeerTransport } from './peer-transport.ts';
import { SqlRowStore } from './sql-row-store.ts';
import { SystemClock } from './system-clock.ts';
import { SystemRandom } from './system-random.ts';
import { finishClose, WatchSockets } from './watch-sockets.ts';

/**
 * One member as a Durable Object: wires the member to the platform's storage, timers, sockets and
 * stubs, and decides nothing itself. Which member it is, its own name says: `<cluster>/<member>`.
 * Until a cluster has it as a member, it keeps nothing and waits for a peer.
 */
export class MemberObject extends DurableObject<Env> implements MemberRpc {
  readonly #name: string;
  readonly #config: ClusterConfig;
  readonly #rows: SqlRowStore;
  readonly #clock: SystemClock;
  #live: LiveMember | undefined;
  /** Of this instance. */
  #requests = 0;
  #messages = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const { cluster, member: name } = namesOf(ctx.id.name);
    this.#config = deploymentOf(env).plan(cluster).config;
    this.#name = name;
    this.#rows = new SqlRowStore(ctx.storage);
    this.#clock = new SystemClock(ctx.storage);
    const member = memberIn(this.#rows, this.#config, this.#name);
    if (member !== undefined) this.#start(member);
  }

  call(method: string, body: Uint8Array, options?: CallOptions): Promise<CallResult> {
    this.#requests++;
    return this.#member().service.call(method, body, options);
  }

  begin(method: string, body: Uint8Array): Promise<CallResult> {
    this.#requests++;
    return this.#member().service.begin(method, body);
  }

  page(
    method: string,
    body: Uint8Array,
    cursor: Uint8Array | undefined,
    options?: CallOptions,
  ): Promise<CallResult> {
    this.#requests++;
    return this.#member().service.page(method, body, cursor, options);
  }

  health(query: HealthQuery): Promise<HealthReport> {
    this.#requests++;
    return this.#member().service.health(query);
  }

  /** Who belongs to the cluster as far as this member knows, also when it has left; undefined: nobody told it. */
  roster(): Roster | undefined {
    this.#requests++;
    return this.#live?.member.roster;
  }

  watchGauges(): WatchGauges {
    return this.#member().member.watch.gauges;
  }

  sessionGauges(): SessionGauges {
    return this.#member().sessionHost.gauges;
  }

  /** Upgrades to sessions and watch streams, passed on by the Worker, and what peers send: their upgrade and POSTs. */
  override async fetch(request: Request): Promise<Response> {
    this.#requests++;
    const path = new URL(request.url).pathname;
    if (path === METRICS_PATH) return this.#metrics();
    const watchKind = WatchSockets.kindOf(path);
    if (path !== SESSION_PATH && watchKind === undefined) return this.#fetchByPeer(request, path);
    const { sessions, watches } = this.#member();
    return watchKind === undefined ? sessions.accept() : watches.accept(watchKind, request);
  }

  override webSocketMessage(socket: WebSocket, data: ArrayBuffer | string): void {
    this.#messages++;
    const live = this.#live;
    if (live === undefined) {
      socket.close(1001, 'no member');
      return;
    }
    if (live.sessions.message(socket, data) || live.watches.message(socket, data)) return;
    if (typeof data === 'string') {
      socket.close(1003, 'a peer stream carries binary frames');
      return;
    }
    live.peers.frame(new Uint8Array(data), (code, reason) => socket.close(code, reason));
  }

  override webSocketClose(socket: WebSocket): void {
    this.webSocketError(socket);
    finishClose(socket);
  }

  override webSocketError(socket: WebSocket): void {
    this.#live?.sessions.closed(socket);
    this.#live?.watches.closed(socket);
  }

  override alarm(): void {
    this.#requests++;
    this.#clock.alarmFired();
    this.#live?.member.alarm();
  }

  #acceptStream(): Response {
    const pair = new WebSocketPair();
    this.ctx.acceptWebSocket(pair[1]);
    return new Response(null, { status: 101, webSocket: pair[0] });
  }

  async #fetchByPeer(request: Request, path: string): Promise<Response> {
    const header = (name: string): string | null => request.headers.get(name);
    const secret = this.env.EDGETCD_CLUSTER_SECRET ?? '';
    const stranger = refuseStranger(header, secret);
    if (stranger !== undefined) return new Response(stranger.text, { status: stranger.status });
    const addressed = addressedIdentity(header, this.#name);
    if (addressed !== undefined && this.#live === undefined) {
      const self = { id: addressed.id, name: this.#name, region: undefined };
      this.#start({ config: { ...this.#config, id: addressed.clusterId }, self });
    } else if (addressed !== undefined && this.#givesWayTo(addressed)) {
      this.#live?.member.stop();
      beginAs(this.#rows, addressed);
      abandon(this.ctx, `the object becomes member ${addressed.id}`);
      return new Response('the member begins anew', { status: 503 });
    }
    const peers = this.#live?.peers;
    if (peers === undefined) return new Response('no member here', { status: 412 });
    const refusal = peers.refuse(header);
    if (refusal !== undefined) return new Response(refusal.text, { status: refusal.status });
    peers.meet(header);
    if (path === PEER_STREAM_PATH) return this.#acceptStream();
    const answer = await peers.handle(path, new Uint8Array(await request.arrayBuffer()));
    return new Response(answer.body, { status: answer.status });
  }

  #metrics(): Response {
    const { member, sessionHost } = this.#member();
    const { sessions } = sessionHost.gauges;
    return new Response(metricsOf(member, { sessions }));
  }

  #givesWayTo(addressed: Identity): boolean {
    const member = this.#live?.member;
    return member?.seat.givesWayTo(addressed, member.status) === true;
  }

  #start(seat: { readonly config: ClusterConfig; readonly self: Self }): void {
    const { ctx, env } = this;
    const log = new ConsoleLog(seat.config.name, seat.self.name);
    const secret = env.EDGETCD_CLUSTER_SECRET ?? '';
    const transport = new PeerTransport(
      fetchPeer(env, siblingsOf(ctx.id, seat.config.name)),
      {
        clusterId: seat.config.id,
        clusterName: seat.config.name,
        from: seat.self.id,
        fromUrls: () => this.#live?.member.addressOf(seat.self.id)?.peerUrls ?? [],
        secret,
      },
      this.#clock,
      log,
      () => this.#live?.member.removedByOthers(),
    );
    const ports = {
      rows: this.#rows,
      clock: this.#clock,
      random: new SystemRandom(),
      transport,
      log,
      abandon: (reason: unknown) => abandon(ctx, reason),
      usage: () => ({
        requests: this.#requests,
        messages: this.#messages,
        rowsRead: this.#rows.rowsRead,
        rowsWritten: this.#rows.rowsWritten + this.#clock.alarmsSet,
      }),
      settings: settingsOf(env, seat.config.name),
    };
    this.#live = new LiveMember(ctx, seat, ports, secret);
  }

  /** @throws Error that says that nothing of the call was run, when there is no member to run it */
  #member(): LiveMember {
    const live = this.#live;
    if (live === undefined) {
      throw new Error(`${CANNOT_START} ${this.#name}: it belongs to no cluster yet`);
    }
    const { refusal } = live.member.seat;
    if (refusal !== undefined) throw new Error(refusal.message);
    return live;
  }
}

/** `do://cluster/name` is a sibling object; anything else another process or deployment. */
function fetchPeer(env: Env, objects: ClusterObjects): PeerFetch {
  return (peerUrl, region, path, init) => {
    const sibling = siblingName(peerUrl);
    if (sibling === undefined) return fetch(peerUrl + path, init);
    if (!peerUrl.startsWith(siblingUrl(objects.cluster, ''))) {
      throw new Error(`call ${peerUrl}: it is not of cluster ${objects.cluster}`);
    }
    const place = region !== undefined && isRegion(region) ? region : undefined;
    return memberStub(env, objects, sibling, place).fetch(`http://member${path}`, init);
  };
}

function siblingsOf({ jurisdiction = '' }: DurableObjectId, cluster: string): ClusterObjects {
  return { cluster, jurisdiction: isJurisdiction(jurisdiction) ? jurisdiction : undefined };
}

/** Ends this instance once what it has written is durable: an abort in the same turn would undo it. */
function abandon(ctx: DurableObjectState, reason: unknown): void {
  const abort = (): void => ctx.abort(String(reason));
  ctx.storage.sync().then(abort, abort);
}

function namesOf(name = ''): { readonly cluster: string; readonly member: string } {
  const [cluster = '', member, ...more] = name.split('/');
  if (isClusterName(cluster) && member !== undefined && more.length === 0) {
    return { cluster, member };
  }
  throw new Error(`${CANNOT_START} of object "${name}": its name should be CLUSTER/MEMBER`);
}
