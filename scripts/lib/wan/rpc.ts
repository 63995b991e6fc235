/** Calls of both contestants under one interface: encoded messages by method name. */
import { StatusError, codeOf } from '../../../src/api/errors.ts';
import type { CallOptions, Channel, ClientCall } from '../../../src/client/channel.ts';
import { GrpcClient } from '../grpc-client.ts';

export interface Rpc {
  unary(method: string, body: Uint8Array, options?: CallOptions): Promise<Uint8Array>;
  /** Whether reads may be asked to be as fresh as `edgetcd-consistency` says. */
  readonly hasLevels: boolean;
  /** A server stream with one request; the returned function leaves it. */
  stream(method: string, body: Uint8Array, onMessage: (body: Uint8Array) => void): () => void;
  close(): void;
}

export function overChannel(channel: Channel): Rpc {
  return {
    hasLevels: true,
    unary: (method, body, options = {}) =>
      new Promise((resolve, reject) => {
        let answer: Uint8Array | undefined;
        const call = channel.open(method, options, {
          onMessage: (message) => (answer = message),
          onEnd: ({ code, message }) => {
            if (code === 0 && answer !== undefined) resolve(answer);
            else reject(new StatusError(codeOf(code), message));
          },
        });
        call.send(body);
        call.halfClose();
      }),
    stream: (method, body, onMessage) => {
      const call: ClientCall = channel.open(method, {}, { onMessage, onEnd: () => undefined });
      call.send(body);
      return () => call.cancel();
    },
    close: () => channel.close(),
  };
}

export async function overGrpc(endpoint: string): Promise<Rpc> {
  const client = await GrpcClient.open(endpoint);
  return {
    hasLevels: false,
    unary: (method, body) => client.unary(method, body),
    stream: (method, body, onMessage) => {
      const call = client.stream(method);
      call.send(body);
      void (async () => {
        try {
          for await (const message of call) onMessage(message);
        } catch {
          // Left, or its member is gone: what was to be seen has been counted.
        }
      })();
      return () => call.cancel();
    },
    close: () => client.close(),
  };
}
