import { AssertionError } from '../lib/assert.ts';
import type {
  ProposeConfChangeResult,
  ProposeResult,
  RaftConfig,
  RaftStatus,
} from './config.ts';
import type { ConfChange, ConfState, HardState, Message, NodeId, Ready } from './types.ts';

export type { ProposeConfChangeResult, ProposeResult, RaftConfig, RaftStatus } from './config.ts';

/**
 * One member's consensus core. Synchronous and single-threaded; time passes by tick() alone. The host's
 * loop: feed it (step, tick, propose, readIndex), then `while (hasReady())` take ready(), do what it
 * says in its order, advance().
 */
export class RawNode {
  constructor(config: RaftConfig) {
    throw new AssertionError(`not built: ${config.id}`);
  }
  /** One tick of time. Does nothing at rest. */
  tick(): void {}
  /** A message from another member. Never throws on what another member may send. */
  step(_message: Message): void {}
  /** Proposes data for the log; at a follower it is forwarded. `ok` promises nothing but a try. */
  propose(_data: Uint8Array): ProposeResult {
    return 'ok';
  }
  proposeConfChange(_change: ConfChange): ProposeConfChangeResult {
    return 'ok';
  }
  /** Puts an applied conf change in force. The host calls it while applying the entry. */
  applyConfChange(_change: ConfChange): ConfState {
    throw new AssertionError('not built');
  }
  /** Asks for a read index; answered by a ReadState with the same context, or by abortedReads. */
  readIndex(_context: Uint8Array): void {}
  /** Starts an election now (PreVote first). */
  campaign(): void {}
  transferLeader(_to: NodeId): void {}
  reportUnreachable(_id: NodeId): void {}
  /** The snapshot for `id` was handed over (ok) or could not be sent. */
  reportSnapshot(_id: NodeId, _ok: boolean): void {}
  /** Ends rest: ticks count again, and the others are told. */
  wake(): void {}
  hasReady(): boolean {
    return false;
  }
  ready(): Ready {
    throw new AssertionError('not built');
  }
  /** The last Ready is written, sent and applied. */
  advance(): void {}
  status(): RaftStatus {
    throw new AssertionError('not built');
  }
  /** What a host may write at any time between Readys: the state handed out, with today's commit. */
  hardState(): HardState {
    throw new AssertionError('not built');
  }
  /**
   * Highest index the host may drop from its log. Spares members that are alive and behind, up to
   * `retainedEntriesMax` entries; keeps `retainedEntriesMin` in any case.
   */
  compactableIndex(_limits: { retainedEntriesMin: number; retainedEntriesMax: number }): number {
    return 0;
  }
}
