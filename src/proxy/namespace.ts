/** All keys of a Channel's calls under a prefix. */
import { Code, StatusError } from '../api/errors.ts';
import type {
  CallHandlers,
  CallOptions,
  Channel,
  ClientCall,
  Metadata,
  Status,
} from '../client/channel.ts';
import { KeyPrefix, type Rewriting } from './namespace-keys.ts';

export function withNamespace(channel: Channel, prefix: Uint8Array): Channel {
  const rewritings = new Map(Object.entries(new KeyPrefix(prefix).rewritings()));
  return {
    open(method: string, options: CallOptions, handlers: CallHandlers): ClientCall {
      const rewriting = rewritings.get(method);
      if (rewriting === undefined) return channel.open(method, options, handlers);
      return new RewrittenCall(rewriting, handlers, (own) => channel.open(method, options, own));
    },
    close: () => channel.close(),
  };
}

class RewrittenCall implements ClientCall, CallHandlers {
  readonly #rewriting: Rewriting;
  readonly #handlers: CallHandlers;
  readonly #inner: ClientCall;
  #isOver = false;

  constructor(
    rewriting: Rewriting,
    handlers: CallHandlers,
    open: (handlers: CallHandlers) => ClientCall,
  ) {
    this.#rewriting = rewriting;
    this.#handlers = handlers;
    this.#inner = open(this);
  }

  get unsentBytes(): number {
    return this.#inner.unsentBytes;
  }

  send(body: Uint8Array): void {
    if (this.#isOver) return;
    try {
      this.#inner.send(this.#rewriting.request?.(body) ?? body);
    } catch (error) {
      this.#refuse(error instanceof StatusError ? error : undecodable(error));
    }
  }

  halfClose(): void {
    if (!this.#isOver) this.#inner.halfClose();
  }

  cancel(): void {
    if (!this.#isOver) this.#inner.cancel();
  }

  pause(): void {
    this.#inner.pause();
  }

  resume(): void {
    this.#inner.resume();
  }

  onHeaders(metadata: Metadata): void {
    if (!this.#isOver) this.#handlers.onHeaders?.(metadata);
  }

  onMessage(body: Uint8Array): void {
    if (this.#isOver) return;
    this.#handlers.onMessage(this.#rewriting.response?.(body) ?? body);
  }

  onEnd(status: Status, trailers: Metadata): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#handlers.onEnd(status, trailers);
  }

  /** The request goes no further. */
  #refuse({ code, message }: StatusError): void {
    this.#isOver = true;
    this.#inner.cancel();
    queueMicrotask(() => this.#handlers.onEnd({ code, message }, []));
  }
}

/** As Go's server puts it. */
function undecodable(error: unknown): StatusError {
  const text = error instanceof Error ? error.message : String(error);
  return new StatusError(Code.Internal, `grpc: error unmarshalling request: ${text}`);
}
