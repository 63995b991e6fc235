/** Unary gRPC calls from many clients at once, spread over connections, with one call a client. */
import { GrpcClient } from './grpc-client.ts';

export interface GrpcLoadOptions {
  readonly endpoint: string;
  readonly clients: number;
  readonly connections: number;
  readonly durationMs: number;
  readonly method: string;
  /** The next request's message; called once per request. */
  readonly next: () => Uint8Array;
}

export interface GrpcLoadResult {
  readonly perSecond: number;
  /** Milliseconds of each call, ascending. */
  readonly latenciesMs: Float64Array;
}

/** @throws GrpcError when a call fails */
export async function grpcLoad(options: GrpcLoadOptions): Promise<GrpcLoadResult> {
  const { endpoint, clients, durationMs, method, next } = options;
  const connections = await Promise.all(
    Array.from({ length: Math.min(clients, options.connections) }, () => GrpcClient.open(endpoint)),
  );
  const latencies: number[] = [];
  const startMs = performance.now();
  const endMs = startMs + durationMs;
  const client = async (connection: GrpcClient): Promise<void> => {
    let sentMs = performance.now();
    while (sentMs < endMs) {
      await connection.unary(method, next());
      const nowMs = performance.now();
      latencies.push(nowMs - sentMs);
      sentMs = nowMs;
    }
  };
  try {
    const running: Promise<void>[] = [];
    for (let index = 0; index < clients; index++) {
      const connection = connections[index % connections.length];
      if (connection !== undefined) running.push(client(connection));
    }
    await Promise.all(running);
  } finally {
    for (const connection of connections) connection.close();
  }
  const seconds = (performance.now() - startMs) / 1000;
  return {
    perSecond: latencies.length / seconds,
    latenciesMs: Float64Array.from(latencies).sort(),
  };
}
