import { assert } from '../lib/assert.ts';
import { bytesOf } from '../lib/bytes.ts';
import { encodeConfChange } from './codec.ts';
import type { ProposeConfChangeResult, ProposeResult, RaftConfig, RaftStatus } from './config.ts';
import { Core } from './core.ts';
import { campaign } from './election.ts';
import { applyConfChange } from './membership.ts';
import { appendConfChange } from './propose.ts';
import { appendProposal } from './replicate.ts';
import { ReadyLoop } from './ready-loop.ts';
import { wake } from './rest.ts';
import { compactableIndex, type CompactionLimits, statusOf } from './status.ts';
import { step } from './step.ts';
import { forwardTransfer } from './step-follower.ts';
import { tick } from './tick.ts';
import { transferTo } from './transfer.ts';
import {
  type ConfChange,
  type ConfState,
  EntryKind,
  type HardState,
  type Message,
  NO_NODE,
  type NodeId,
  type Ready,
  type Role,
} from './types.ts';

export type { ProposeConfChangeResult, ProposeResult, RaftConfig, RaftStatus } from './config.ts';

/**
 * One member's consensus core. Synchronous and single-threaded; time passes by tick() alone. The host's
 * loop: feed it (step, tick, propose, readIndex), then `while (hasReady())` take ready(), do what it
 * says in its order, advance().
 */
export class RawNode {
  readonly #core: Core;
  readonly #loop: ReadyLoop;

  /** Starts at rest with what storage holds; a stored leader resumes (resume.ts). */
  constructor(config: RaftConfig) {
    this.#core = new Core(config);
    this.#core.resting = true;
    this.#loop = new ReadyLoop(this.#core);
  }

  /** One tick of time. Does nothing at rest. */
  tick(): void {
    tick(this.#core);
  }

  /** A message from another member. What no member would send is ignored. */
  step(message: Message): void {
    step(this.#core, message);
  }

  /**
   * Proposes data for the log; all proposals of a turn share one Ready. Elsewhere than at the leader
   * they are forwarded. `ok` promises no more than a try: the host recognises its entry when applied.
   */
  propose(data: Uint8Array): ProposeResult {
    const core = this.#core;
    wake(core, true);
    if (core.role === 'leader') return appendProposal(core, EntryKind.normal, data);
    return this.#forward(EntryKind.normal, data);
  }

  /** Proposes a change of membership. At a follower `ok` means forwarded, unchecked. */
  proposeConfChange(change: ConfChange): ProposeConfChangeResult {
    const core = this.#core;
    wake(core, true);
    const data = encodeConfChange(change);
    if (core.role === 'leader') return appendConfChange(core, change, data);
    return this.#forward(EntryKind.confChange, data);
  }

  /** Puts an applied conf change in force. The host calls it while applying the entry. */
  applyConfChange(change: ConfChange): ConfState {
    return applyConfChange(this.#core, change);
  }

  /**
   * Asks for a read index. A ReadState with the same context answers it, or, if no leader can be
   * confirmed within readTimeoutTicks, abortedReads names it. Leader changes in between are ridden
   * out: what waits is asked again under a new id.
   */
  readIndex(context: Uint8Array): void {
    wake(this.#core, true);
    this.#core.requests.add(context, this.#core.ticks);
    this.#core.idleTicks = 0;
  }

  /** Starts an election now (with PreVote first, if that is on). */
  campaign(): void {
    wake(this.#core, false);
    campaign(this.#core, false);
  }

  /** Asks the leader, this member or another, to hand leadership to the voter `to`. */
  transferLeader(to: NodeId): void {
    wake(this.#core, true);
    if (this.#core.role === 'leader') transferTo(this.#core, to);
    else forwardTransfer(this.#core, bytesOf(to));
  }

  /** Messages to `id` were lost: find anew where it stands. */
  reportUnreachable(id: NodeId): void {
    const progress = this.#core.tracker.progress.get(id);
    if (progress?.state === 'replicate') progress.becomeProbe();
  }

  /** The snapshot for `id` was handed over (ok) or could not be sent. */
  reportSnapshot(id: NodeId, ok: boolean): void {
    const progress = this.#core.tracker.progress.get(id);
    if (progress?.state === 'snapshot') progress.endSnapshot(ok);
  }

  /** Ends rest: ticks count again, and the others are told. */
  wake(): void {
    wake(this.#core, true);
  }

  /** `note` makes what the hosts of the others are told when this member, as leader, brings them to rest. */
  noteAtRest(note: () => Uint8Array): void {
    this.#core.restNote = note;
  }

  /** What the leader's host noted in the `rest` by which this member rests; empty if nothing is known. */
  get restNote(): Uint8Array {
    return this.#core.heardRestNote;
  }

  /** The log holds again all that this member ever acknowledged: it may vote. */
  endRecovery(): void {
    this.#core.recovering = false;
  }

  hasReady(): boolean {
    return this.#loop.hasReady();
  }

  /** What is to be done now. Each must be followed by advance() before the next. */
  ready(): Ready {
    return this.#loop.ready();
  }

  /** The last Ready is written, sent and applied. */
  advance(): void {
    this.#loop.advance();
  }

  status(): RaftStatus {
    return statusOf(this.#core);
  }

  /** Parts of status() that a host asks for on every request. */
  get term(): number {
    return this.#core.term;
  }

  get role(): Role {
    return this.#core.role;
  }

  get leader(): NodeId {
    return this.#core.leader;
  }

  get resting(): boolean {
    return this.#core.resting;
  }

  /** What a host may write at any time between Readys: the state handed out, with today's commit. */
  hardState(): HardState {
    const { handedState } = this.#loop;
    assert(handedState.commit <= this.#core.log.commit, 'the commit never falls');
    return { ...handedState, commit: Math.min(this.#core.log.commit, this.#core.log.stable) };
  }

  /**
   * Highest index the host may drop from its log. Spares members that are alive and behind, up to
   * `retainedEntriesMax` entries; keeps `retainedEntriesMin` in any case.
   */
  compactableIndex(limits: CompactionLimits): number {
    return compactableIndex(this.#core, limits);
  }

  #forward(kind: EntryKind, data: Uint8Array): ProposeResult {
    if (this.#core.leader === NO_NODE) return 'no leader';
    this.#core.forward.push({ term: 0, index: 0, kind, data });
    return 'ok';
  }
}
