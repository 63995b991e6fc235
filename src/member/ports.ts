/**
 * What a member needs from the world. The Durable Object shell, plain Node and the simulator each
 * implement these; nothing under src/member reaches a clock, chance, the network or storage but here.
 */
import type { Usage } from './usage.ts';
import type { RowStore } from '../lib/row-store.ts';
import type { NodeId } from '../raft/types.ts';

/** Milliseconds since the Unix epoch. May jump and may stand still while code runs (Durable Objects). */
export interface Clock {
  nowMs(): number;
  /** Calls `run` once, no earlier than `delayMs` from now. A pending timer keeps an object awake. */
  setTimer(delayMs: number, run: () => void): Timer;
  /**
   * The object's one alarm: wakes it, even from sleep, at about `atMs`. Late or repeated calls are
   * possible. Undefined clears it.
   */
  setAlarm(atMs: number | undefined): void;
}

export interface Timer {
  cancel(): void;
}

export interface Random {
  /** Uniform in 0 .. bound-1; bound is a positive safe integer <= 2^32. */
  below(bound: number): number;
  bytes(count: number): Uint8Array;
}

/** The way to one other member, chosen by its peer URL (`do://…` or `http(s)://…`). */
export interface Transport {
  /**
   * Sends frames to a member over the stream, in order, without waiting. May drop: Raft repeats.
   * Returns false when the link is known to be down (the caller then tells Raft: unreachable).
   */
  send(to: PeerAddress, frame: Uint8Array): boolean;
  /** Request and answer over the pipeline: snapshots, lease renewals, anything that waits. */
  request(to: PeerAddress, path: string, body: Uint8Array, timeoutMs: number): Promise<Uint8Array>;
  /** Closes streams and timers of the transport; the next send opens them again. Called at rest. */
  quiet(): void;
}

export interface PeerAddress {
  readonly id: NodeId;
  readonly peerUrls: readonly string[];
  /** Where a sibling object is to be placed when it is first reached; empty: anywhere. */
  readonly region?: string;
}

export interface Log {
  info(text: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(text: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** All of these together. */
export interface MemberPorts {
  readonly rows: RowStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly transport: Transport;
  readonly log: Log;
  /**
   * The member cannot go on: its memory may be ahead of its storage. The host drops this instance;
   * the next event builds a new one from storage.
   */
  readonly abandon: (reason: unknown) => void;
  /** What this instance was billed for so far; a host that is billed for nothing leaves it out. */
  readonly usage?: () => Usage;
  readonly settings?: MemberSettings;
}

/** What an operator may set; equal at all members. */
export interface MemberSettings {
  /** Where clients reach this member; told to the cluster when given. */
  readonly clientUrls?: readonly string[];
  readonly learnersMax?: number;
  /** Space a member may use before it raises NOSPACE; 0: as much as there is. */
  readonly quotaBytes?: number;
  /** Leadership goes to where most is written; true unless given. Priorities count in any case. */
  readonly followsWriters?: boolean;
  /** Pause between two comparisons of the members' hashes; 0: none are made. */
  readonly corruptionCheckMs?: number;
}
