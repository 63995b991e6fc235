/** `edgetcd proxy`: gRPC for etcd's clients on one side, sessions with a cluster on the other. */
import { once } from 'node:events';
import { createServer as createHttp2 } from 'node:http2';
import type { Server, Socket } from 'node:net';
import { clusterUrl, DEFAULT_CLUSTER } from '../api/cluster-name.ts';
import type { Channel } from '../client/channel.ts';
import { Connection } from '../client/connection.ts';
import { nodeSocket } from '../client/node-socket.ts';
import { withClusters } from './clusters.ts';
import { createFront, createTlsFront, type TlsFiles } from './front.ts';
import { GrpcServer } from './grpc-server.ts';
import { HTTP2_OPTIONS } from './http2-options.ts';
import { withHealth } from './health.ts';
import type { KeepAliveOptions } from './keepalive.ts';
import { withLastingRenewals } from './lease-renewals.ts';
import { Metrics, type Gauge } from './metrics.ts';
import { withNamespace } from './namespace.ts';
import { createPages } from './pages.ts';
import { withReflection } from './reflection.ts';
import { withSharedWatches, type CoalescingCounts } from './watch-coalescing.ts';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export interface ProxyOptions {
  /** Of members or of the Worker; the first that answers is used. */
  readonly endpoints: readonly string[];
  readonly listen: ListenAddress;
  /** Bearer token of the deployment. */
  readonly token?: string;
  /** Where /metrics and /health are served; beside gRPC unless given. */
  readonly metricsListen?: ListenAddress;
  readonly tls?: TlsFiles;
  /** Prefix of all keys; empty for none. */
  readonly namespace: Uint8Array;
  /** Equal watches, and renewals of one lease, share one upstream. */
  readonly coalesce: boolean;
  readonly keepAlive: KeepAliveOptions;
  /** Receives a line when a session is opened or lost. */
  readonly onLine?: (line: string) => void;
}

export interface Proxy {
  /** Port that is listened on, for `listen.port` 0. */
  readonly port: number;
  /** @param graceMs calls may last so long yet */
  stop(graceMs: number): Promise<void>;
}

/** Begin of the line that tells of a session. */
const SESSION_WITH = 'session with ';

/** @throws Error when an address cannot be listened on, or TLS files do not fit */
export async function startProxy(options: ProxyOptions): Promise<Proxy> {
  const counts = { watchers: 0, shared: 0, events: 0 };
  const connection = connect(options, DEFAULT_CLUSTER);
  const main = layers(connection, options, counts);
  // With an endpoint of one cluster there are no others, and a call that names one is refused there.
  const isOfOne = options.endpoints.some((endpoint) => new URL(endpoint).pathname !== '/');
  const channel = isOfOne
    ? main
    : withClusters(main, (cluster) => layers(connect(options, cluster), options, counts));
  const metrics = new Metrics(options.coalesce ? gauges(counts) : []);
  const pages = createPages({ upstream: connection, metrics: () => metrics.text() });
  const http2 = createHttp2(HTTP2_OPTIONS);
  const grpc = new GrpcServer(channel, metrics, options.keepAlive);
  grpc.attach(http2);
  const other = (socket: Socket): void => void pages.emit('connection', socket);
  const front =
    options.tls === undefined
      ? createFront({ http2, other })
      : createTlsFront({ http2, other }, options.tls);
  const port = await listen(front, options.listen);
  if (options.metricsListen !== undefined) await listen(pages, options.metricsListen);
  return {
    port,
    stop: async (graceMs) => {
      front.close();
      pages.close();
      await grpc.stop(graceMs);
      pages.closeAllConnections();
      channel.close();
    },
  };
}

/** A cluster besides that of the endpoints is reached beside them. */
function connect({ endpoints, token, ...options }: ProxyOptions, cluster: string): Connection {
  const onLine = withoutRepetition(options.onLine);
  return new Connection(
    endpoints.map((endpoint) => clusterUrl(endpoint, cluster)),
    {
      socket: nodeSocket,
      defer: setImmediate,
      resumeWatches: true,
      onConnect: (endpoint) => onLine(`${SESSION_WITH}${endpoint}`),
      onLost: (endpoint, why) => onLine(`no session with ${endpoint}: ${why}`),
      ...(token === undefined ? {} : { token }),
    },
  );
}

/** Endpoints that are away are tried again and again: each of them is told of once, until something changes. */
function withoutRepetition(onLine: ProxyOptions['onLine']): (line: string) => void {
  const told = new Set<string>();
  return (line) => {
    if (line.startsWith(SESSION_WITH)) told.clear();
    else if (told.has(line)) return;
    told.add(line);
    onLine?.(line);
  };
}

/** What lies between gRPC and the connection, the outermost last. */
function layers(
  connection: Channel,
  { namespace, coalesce }: ProxyOptions,
  counts: CoalescingCounts,
): Channel {
  const lasting = withLastingRenewals(connection, coalesce);
  const shared = coalesce ? withSharedWatches(lasting, counts) : lasting;
  const named = namespace.length === 0 ? shared : withNamespace(shared, namespace);
  return withReflection(withHealth(named));
}

/** Under the names of etcd's grpc-proxy. */
function gauges(counts: CoalescingCounts): Gauge[] {
  return [
    {
      name: 'etcd_grpc_proxy_watchers_coalescing_total',
      type: 'gauge',
      help: 'Watchers of clients that share those at the cluster.',
      read: () => counts.watchers - counts.shared,
    },
    {
      name: 'etcd_grpc_proxy_events_coalescing_total',
      type: 'counter',
      help: 'Messages with events that came once and went to several clients.',
      read: () => counts.events,
    },
  ];
}

async function listen(server: Server, { host, port }: ListenAddress): Promise<number> {
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}
