/** A Channel that a test plays the server of, and a gRPC server in front of it. */
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { CallHandlers, CallOptions, Channel, ClientCall } from '../../src/client/channel.ts';
import type { CallObserver } from '../../src/proxy/grpc-call.ts';
import { GrpcServer } from '../../src/proxy/grpc-server.ts';
import { HTTP2_OPTIONS } from '../../src/proxy/http2-options.ts';
import type { KeepAliveOptions } from '../../src/proxy/keepalive.ts';

/** One call as it reached the channel, in the hands of the test. */
export class FakeCall implements ClientCall {
  readonly method: string;
  readonly options: CallOptions;
  readonly handlers: CallHandlers;
  readonly sent: Uint8Array[] = [];
  halfClosed = false;
  cancelled = false;
  paused = false;
  unsentBytes = 0;

  constructor(method: string, options: CallOptions, handlers: CallHandlers) {
    this.method = method;
    this.options = options;
    this.handlers = handlers;
  }

  send(body: Uint8Array): void {
    this.sent.push(Uint8Array.from(body));
    this.onSend(this);
  }
  halfClose(): void {
    this.halfClosed = true;
    this.onHalfClose(this);
  }
  cancel(): void {
    this.cancelled = true;
    this.onCancel(this);
  }
  pause(): void {
    this.paused = true;
  }
  resume(): void {
    this.paused = false;
  }
  onSend: (call: FakeCall) => void = () => undefined;
  onHalfClose: (call: FakeCall) => void = () => undefined;
  onCancel: (call: FakeCall) => void = () => undefined;

  answer(body: Uint8Array): void {
    this.handlers.onMessage(body);
  }
  end(code = 0, message = ''): void {
    this.handlers.onEnd({ code, message }, []);
  }
}

export class FakeChannel implements Channel {
  readonly calls: FakeCall[] = [];
  readonly #play: (call: FakeCall) => void;

  /** @param play called with every new call, before `open` returns: sets what it does */
  constructor(play: (call: FakeCall) => void = () => undefined) {
    this.#play = play;
  }

  open(method: string, options: CallOptions, handlers: CallHandlers): FakeCall {
    const call = new FakeCall(method, options, handlers);
    this.calls.push(call);
    this.#play(call);
    return call;
  }

  close(): void {}

  /** The call of that number, as soon as it is there. */
  async call(index: number): Promise<FakeCall> {
    return await eventually(() => this.calls[index]);
  }
}

/** Answers each request with itself. */
export function echoing(): FakeChannel {
  return new FakeChannel((call) => {
    call.onSend = () => {
      const body = call.sent.at(-1) ?? new Uint8Array(0);
      queueMicrotask(() => call.answer(body));
    };
    call.onHalfClose = () => queueMicrotask(() => call.end());
  });
}

export interface Running {
  readonly endpoint: string;
  readonly server: GrpcServer;
  readonly close: () => void;
}

export const NO_OBSERVER: CallObserver = {
  started: () => undefined,
  received: () => undefined,
  sent: () => undefined,
  ended: () => undefined,
};

export async function serve(channel: Channel, keepAlive?: KeepAliveOptions): Promise<Running> {
  const http2 = createServer(HTTP2_OPTIONS);
  const server = new GrpcServer(channel, NO_OBSERVER, keepAlive);
  server.attach(http2);
  await new Promise<void>((resolve) => http2.listen(0, '127.0.0.1', resolve));
  const { port } = http2.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    server,
    close: () => {
      http2.close();
      void server.stop(0);
    },
  };
}

/** Waits until `read` gives something other than undefined and false. A test file has a time limit. */
export async function eventually<T>(read: () => T | undefined | false): Promise<T> {
  for (;;) {
    const value = read();
    if (value !== undefined && value !== false) return value;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
