/** Calls to a server by encoded messages, alike over a session and over gRPC: benchmarks run both. */
import { StatusRequest, StatusResponse } from '../../src/api/messages.ts';
import { nodeSocket } from '../../src/client/node-socket.ts';
import { Session } from '../../src/client/session.ts';
import { GrpcClient } from './grpc-client.ts';

export interface Caller {
  readonly name: string;
  readonly endpoint: string;
  /** @throws Error when the call fails */
  call(method: string, body: Uint8Array): Promise<Uint8Array>;
  /** A stream both ways; `onMessage` gets each answer. */
  stream(method: string, onMessage: (body: Uint8Array) => void): CallerStream;
  close(): void;
}

export interface CallerStream {
  send(body: Uint8Array): void;
  end(): void;
}

/** One session, at whichever member the endpoint leads to. */
export function sessionCaller(endpoint: string): Caller {
  return overSession(new Session(endpoint, { socket: nodeSocket }));
}

/** One session with the member that leads. */
export async function leaderCaller(endpoints: readonly string[]): Promise<Caller> {
  for (const endpoint of endpoints) {
    const caller = sessionCaller(endpoint);
    const body = StatusRequest.encode({}).finish();
    const answer = await caller.call('etcdserverpb.Maintenance/Status', body);
    const { leader, header } = StatusResponse.decode(answer);
    if (header !== null && leader.equals(header.member_id)) return caller;
    caller.close();
  }
  throw new Error(`find the leader among ${endpoints.join(', ')}: none says so`);
}

function overSession(session: Session): Caller {
  return {
    name: 'session',
    endpoint: session.endpoint,
    call: (method, body) =>
      new Promise((resolve, reject) => {
        let answer: Uint8Array | undefined;
        const call = session.open(
          method,
          {},
          {
            onMessage: (message) => (answer = message),
            onEnd: ({ code, message }) => {
              if (answer === undefined) reject(new Error(`${method}: code ${code}, ${message}`));
              else resolve(answer);
            },
          },
        );
        call.send(body);
        call.halfClose();
      }),
    stream: (method, onMessage) => {
      const call = session.open(method, {}, { onMessage, onEnd: () => undefined });
      return { send: (body) => call.send(body), end: () => call.halfClose() };
    },
    close: () => session.close(),
  };
}

/** Calls spread over some connections, since one takes few at a time; a stream has one of them. */
export async function grpcCaller(endpoint: string, connections: number): Promise<Caller> {
  const clients = await Promise.all(
    Array.from({ length: connections }, () => GrpcClient.open(endpoint)),
  );
  let turn = 0;
  const next = (): GrpcClient => {
    const client = clients[turn++ % clients.length];
    if (client === undefined) throw new Error(`call ${endpoint}: no connection`);
    return client;
  };
  return {
    name: 'etcd',
    endpoint,
    call: (method, body) => next().unary(method, body),
    stream: (method, onMessage) => {
      const stream = next().stream(method);
      const read = async (): Promise<void> => {
        for await (const message of stream) onMessage(message);
      };
      // A stream that goes with its connection was done with.
      read().catch(() => undefined);
      return { send: (body) => stream.send(body), end: () => stream.halfClose() };
    },
    close: () => {
      for (const client of clients) client.close();
    },
  };
}

/** Runs `run` for 0 … count - 1, `inFlight` at a time. */
export async function each(
  count: number,
  inFlight: number,
  run: (index: number) => Promise<unknown>,
): Promise<void> {
  let index = 0;
  const worker = async (): Promise<void> => {
    while (index < count) await run(index++);
  };
  await Promise.all(Array.from({ length: Math.min(inFlight, count) }, worker));
}
