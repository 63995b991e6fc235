/** What the hub asks of the world around it, and the words it shares with it. */
import type { Int64Input } from '../api/messages.ts';
import type { StatusError } from '../api/errors.ts';
import type { KeyRange, Mvcc } from '../mvcc/types.ts';
import type { WatchMessage } from './message.ts';

/** A watch id, int64 on the wire. Always a number when it is a safe integer, so that equal ids are `===`. */
export type WatchId = number | bigint;

/** In a request: let the server choose. */
export const WATCH_ID_AUTO = 0;
/** In a response: not bound to one watcher (a failed creation, or progress of the whole stream). */
export const WATCH_ID_NONE = -1;

/** The part of the store that watching reads. */
export type History = Pick<Mvcc, 'revision' | 'compactRevision' | 'changes' | 'getAt'>;

/** Header fields besides the revision. */
export interface Identity {
  readonly cluster_id: Int64Input;
  readonly member_id: Int64Input;
  readonly raft_term: Int64Input;
}

export interface HubPorts {
  readonly history: History;
  /** Asked once for each applied entry, slice and answer. */
  identity(): Identity;
  /** Uniform in 0 .. bound-1; spreads the progress notifications of members. */
  random(bound: number): number;
  /** Default WATCH_PROGRESS_INTERVAL_MS; raised to WATCH_PROGRESS_INTERVAL_MS_MIN. */
  readonly progressIntervalMs?: number;
  /**
   * True: every stream that was sent something counts as unsaved, so that its saved state is exact
   * after each turn. False: the shell flushes the store before it lets the object sleep.
   */
  readonly saveEverySend?: boolean;
}

/** The far end of a stream: a socket, or a test. */
export interface WatchReceiver {
  /**
   * Takes a message; never refuses, never throws, never calls back into the hub. `sent`: it is on its
   * way and costs no more memory here. `queued`: it counts against the stream's bound until
   * `WatchStream.drained` is called for it.
   */
  send(message: WatchMessage): 'sent' | 'queued';
  /** The hub has closed the stream by itself; tell the client why. */
  end(error: StatusError): void;
  /** The caller's right to read `range`, asked once for each watcher, at its creation (etcd rule W15). */
  mayRead(range: KeyRange): StatusError | undefined;
}

/** Everything that must outlive the object's memory for a stream to go on. */
export interface SavedStream {
  /** At most WATCH_ATTACHMENT_BYTES_MAX bytes. Always complete: replaces the former one. */
  readonly attachment: Uint8Array;
  /** Rows that changed since the last save: `bytes` undefined means the row is to be deleted. */
  readonly rows: readonly SavedRow[];
}

export interface SavedRow {
  /** Number within the stream, from 0. */
  readonly index: number;
  readonly bytes: Uint8Array | undefined;
}

export interface WatchGauges {
  readonly streams: number;
  readonly watchers: number;
  /** Distinct ranges that they watch. */
  readonly ranges: number;
  /** Bytes of their keys and range ends. */
  readonly keyBytes: number;
  /** Watchers behind the store: etcd's slow_watcher_total. */
  readonly slowWatchers: number;
  /** Those among them that wait for their receiver to read: etcd's victims. */
  readonly waitingWatchers: number;
  /** Events handed to receivers and not known to have been read, and the bytes of all such messages. */
  readonly pendingEvents: number;
  readonly pendingBytes: number;
  /** Events handed to receivers since this hub was made, each counted once for each receiver. */
  readonly eventsTotal: number;
}
