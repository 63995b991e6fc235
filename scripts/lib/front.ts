/**
 * The port that clients of a local member see, served as etcd serves it: gRPC over HTTP/2 in clear text,
 * and everything else (JSON, watches as lines, WebSockets) as workerd answers it on a port of its own.
 */
import { once } from 'node:events';
import { createServer as createHttp2 } from 'node:http2';
import { connect, type Server, type Socket } from 'node:net';
import { LOCAL_HOST } from './ports.ts';
import { clusterUrl, DEFAULT_CLUSTER } from '../../src/api/cluster-name.ts';
import { Connection } from '../../src/client/connection.ts';
import { nodeSocket } from '../../src/client/node-socket.ts';
import { withClusters } from '../../src/proxy/clusters.ts';
import { createFront } from '../../src/proxy/front.ts';
import { GrpcServer } from '../../src/proxy/grpc-server.ts';
import { HTTP2_OPTIONS } from '../../src/proxy/http2-options.ts';
import { withHealth } from '../../src/proxy/health.ts';
import { Metrics } from '../../src/proxy/metrics.ts';
import { withReflection } from '../../src/proxy/reflection.ts';

export interface Front {
  readonly endpoint: string;
  readonly stop: () => Promise<void>;
}

/** Clients are given this long to take what was answered to them. */
const STOP_GRACE_MS = 500;

/** @param backend endpoint of the member's own port */
export async function startFront(port: number, backend: string): Promise<Front> {
  const http2 = createHttp2(HTTP2_OPTIONS);
  const connect = (cluster: string): Connection =>
    new Connection([clusterUrl(backend, cluster)], { socket: nodeSocket, defer: setImmediate });
  const upstream = withClusters(connect(DEFAULT_CLUSTER), connect);
  const grpc = new GrpcServer(withReflection(withHealth(upstream)), new Metrics());
  grpc.attach(http2);
  const sockets = new Set<Socket>();
  const front = createFront({
    http2,
    other: (socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      join(socket, Number(new URL(backend).port));
    },
  });
  await listen(front, port);
  return {
    endpoint: `http://${LOCAL_HOST}:${port}`,
    stop: async () => {
      front.close();
      await grpc.stop(STOP_GRACE_MS);
      upstream.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, LOCAL_HOST);
  await once(server, 'listening');
}

/** Bytes both ways. What the member answered last still reaches the client; for one that has gone nothing is kept. */
function join(client: Socket, port: number): void {
  const member = connect({ port, host: LOCAL_HOST, noDelay: true });
  client.on('error', () => member.destroy());
  client.on('close', () => member.destroy());
  member.on('error', () => client.destroy());
  client.pipe(member);
  member.pipe(client);
}
