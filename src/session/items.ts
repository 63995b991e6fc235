/**
 * The words of the session protocol (docs/internals/session.md): many calls over one WebSocket. A binary
 * frame is a sequence of items, each a byte of kind, a call id, and fields by kind.
 */
import type { WatchCreateRequest } from '../api/messages.ts';

/** WebSocket subprotocol. A change that old peers would misread gets another name. */
export const SESSION_PROTOCOL = 'edgetcd.v1';
/** Where a Worker serves it. */
export const SESSION_PATH = '/v3/session';
/** Version that HELLO names: raised by additions that a peer of this protocol may leave unused. */
export const SESSION_VERSION = 1;

/** Text frames: the only ones. The platform answers for a member that sleeps. */
export const PING = 'ping';
export const PONG = 'pong';

export const Kind = {
  HELLO: 1,
  OPEN: 2,
  MESSAGE: 3,
  HALF_CLOSE: 4,
  CANCEL: 5,
  CREDIT: 6,
  HEADERS: 7,
  ANSWER: 8,
  END: 9,
  POSITION: 10,
  RESUME: 11,
} as const;

export const OpenFlag = {
  /** A first message follows. */
  BODY: 1,
  /** No other message will. */
  HALF_CLOSED: 2,
  TIMEOUT: 4,
  METADATA: 8,
} as const;

export const EndFlag = { DETAILS: 1, TRAILERS: 2 } as const;

/** Names in lower case; those that end in `-bin` have bytes for values, all others text. */
export type Metadata = readonly (readonly [name: string, value: string | Uint8Array])[];
export const NO_METADATA: Metadata = [];

/** How a call ended. */
export interface Status {
  /** gRPC status code; 0 is success. */
  readonly code: number;
  /** Empty on success. */
  readonly message: string;
  /** Encoded google.rpc.Status, gRPC's `grpc-status-details-bin`. */
  readonly details?: Uint8Array;
}

/** What each side says first. */
export interface Hello {
  readonly version: number;
  /** Bytes of messages that the speaker takes on a call before it grants more. */
  readonly windowBytes: number;
  /** Largest frame that the speaker takes. */
  readonly frameBytesMax: number;
  /** Calls that may be open at once; from a client: 0. */
  readonly callsMax: number;
  /** Who speaks; names that the other side does not know are passed over. */
  readonly metadata: Metadata;
}

export interface Open {
  /** Full name, such as `etcdserverpb.KV/Put`. */
  readonly method: string;
  readonly metadata: Metadata;
  /** Undefined: no deadline. */
  readonly timeoutMs: number | undefined;
  /** First message. Shares the frame's memory. */
  readonly body: Uint8Array | undefined;
  readonly halfClosed: boolean;
}

/** A watcher as a member is to go on with it that did not have it before. */
export interface ResumedWatcher {
  readonly id: bigint;
  /** First revision that the client has not seen. */
  readonly next: number;
  /** As the client asked for it. */
  readonly request: WatchCreateRequest;
}

export interface Resumption {
  /** No smaller id was given by a server yet. */
  readonly nextId: number;
  /** Greatest revision in a header that the client has seen. */
  readonly sentRevision: number;
  readonly watchers: readonly ResumedWatcher[];
}

/** What a message counts against credit: small ones cost memory too. */
export const MESSAGE_OVERHEAD_BYTES = 64;
export function creditOf(body: Uint8Array): number {
  return body.length + MESSAGE_OVERHEAD_BYTES;
}
