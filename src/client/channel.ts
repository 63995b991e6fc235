/**
 * What a client calls an edgetcd cluster through, whatever is below it: one socket (`Session`) or
 * several endpoints (`Connection`). Bodies are encoded protobuf messages that nobody on the way looks
 * into; methods have their full names, such as `etcdserverpb.KV/Put`.
 */

/** How a call ended. */
export interface Status {
  /** gRPC status code; 0 is success. */
  readonly code: number;
  /** Empty on success. */
  readonly message: string;
  /** Encoded google.rpc.Status, gRPC's `grpc-status-details-bin`. */
  readonly details?: Uint8Array;
  /**
   * Set when no server said so, since the connection is gone: the call never left, and may be repeated,
   * or its fate is unknown.
   */
  readonly lost?: 'unsent' | 'unknown';
}

/** Names in lower case; those that end in `-bin` have bytes for values, all others text. */
export type Metadata = readonly (readonly [name: string, value: string | Uint8Array])[];

/**
 * What comes back of a call. No handler is called before `open` has returned, nor after `onEnd`, which
 * is called exactly once.
 */
export interface CallHandlers {
  /** Before the first message, if the server has any to say. */
  onHeaders?(metadata: Metadata): void;
  /** `body` shares memory with other messages: copy what is kept for long. */
  onMessage(body: Uint8Array): void;
  onEnd(status: Status, trailers: Metadata): void;
}

export interface CallOptions {
  readonly metadata?: Metadata;
  /** The call ends with DeadlineExceeded when it has not ended after this time. */
  readonly timeoutMs?: number;
}

export interface ClientCall {
  /** Messages leave in order; what the server cannot take yet waits here. Ignored once the call has ended. */
  send(body: Uint8Array): void;
  /** No more messages follow. */
  halfClose(): void;
  /** Ends the call with Cancelled, here at once. */
  cancel(): void;
  /**
   * Bytes given to `send` that the server has not taken yet. A caller that forwards a stream stops
   * reading its own source while this is large.
   */
  readonly unsentBytes: number;
  /** Stops granting the server credit: at most one window of bytes still arrives. */
  pause(): void;
  resume(): void;
}

export interface Channel {
  open(method: string, options: CallOptions, handlers: CallHandlers): ClientCall;
  /** Ends all calls with Cancelled; no more can be opened. */
  close(): void;
}
