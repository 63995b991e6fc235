/** How the HTTP surface calls a member: one entry for every unary RPC, one for paged streams. */

/**
 * Begins the text of the error that a member's object ends with when it refuses to start. A call that
 * fails so was not run. Over the platform's RPC an error keeps nothing but its text.
 */
export const CANNOT_START = 'edgetcd: cannot start member';

/** Where an answer comes from and how fresh that member is. Sent to the client as headers. */
export interface Served {
  readonly member: string;
  readonly region: string;
  /** Name of the leader as this member knows it; the router tries it first for the next write. */
  readonly leader: string | undefined;
  /** Of its store, and so at least of the answer; absent when no member had a say. */
  readonly revision?: number;
  /** Everything older than so many milliseconds is in its store; undefined: it does not know. */
  readonly stalenessMs?: number | undefined;
  /** Mark of the roster that this member knows; the Worker asks for the roster when it is news. */
  readonly roster?: string;
}

export interface CallResult {
  /** gRPC status code; 0 is success. */
  readonly code: number;
  /** etcd's error text, empty on success. */
  readonly message: string;
  /** Encoded response message; empty on error. */
  readonly body: Uint8Array;
  /** Paged calls: hand this back for the next page; absent after the last. */
  readonly cursor?: Uint8Array;
  /** The call stands in a queue: it is to be called again over a session, and waited for there. */
  readonly waits?: boolean;
  readonly served: Served;
}

export interface HealthReport {
  readonly leader: boolean;
  readonly learner: boolean;
  /** Names of active alarms, such as NOSPACE. */
  readonly alarms: readonly string[];
  /** Error text of a read at this member, or undefined when it succeeded. */
  readonly serializableRead: string | undefined;
  readonly linearizableRead: string | undefined;
}

export interface HealthQuery {
  readonly linearizable: boolean;
}

/** What goes with a call besides the request. */
export interface CallOptions {
  /** As the client wrote it (`edgetcd-consistency`): how fresh a read has to be. */
  readonly consistency?: string;
  /** Name of the member nearest to the client: a mutation goes past it, to the leader in one hop. */
  readonly near?: string;
}

export interface MemberRpc {
  /**
   * @param method full name, such as `etcdserverpb.KV/Put`
   * @param body encoded request message
   */
  call(method: string, body: Uint8Array, options?: CallOptions): Promise<CallResult>;
  /** As `call`, but what would have to wait says so instead: the object is not to be kept awake. */
  begin(method: string, body: Uint8Array): Promise<CallResult>;
  /** A server stream as pages pulled one by one, so that no member holds a stream open. */
  page(
    method: string,
    body: Uint8Array,
    cursor: Uint8Array | undefined,
    options?: CallOptions,
  ): Promise<CallResult>;
  health(query: HealthQuery): Promise<HealthReport>;
}
