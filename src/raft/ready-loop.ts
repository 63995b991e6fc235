import { assert } from '../lib/assert.ts';
import type { Core } from './core.ts';
import { retryCampaign } from './election.ts';
import { entryBytes } from './entry.ts';
import type { LogPoint } from './log.ts';
import { isEarly, isFromLeader } from './message.ts';
import { acceptProposals, autoLeaveJoint, maySendHeld, sendHeld } from './propose.ts';
import { fenced, readsDue, sendReads } from './reads.ts';
import { maybeCommit, releaseUncommitted, sendAppends } from './replicate.ts';
import { tryResume } from './resume.ts';
import {
  type Entry,
  type HardState,
  type Message,
  MessageType,
  NO_NODE,
  type Ready,
} from './types.ts';

/** What advance() needs to know of the Ready it ends. */
interface Pending {
  readonly ready: Ready;
  readonly written: LogPoint;
  /** Newest number given to a round or request when the Ready was taken. */
  readonly round: number;
}

/** Gathers what the core wants done into one Ready at a time, and takes it as done afterwards. */
export class ReadyLoop {
  readonly #core: Core;
  /** The hard state last given to the host. */
  #handedState: HardState;
  #pending: Pending | undefined;

  constructor(core: Core) {
    this.#core = core;
    this.#handedState = core.hardState;
    tryResume(core);
  }

  get handedState(): HardState {
    return this.#handedState;
  }

  hasReady(): boolean {
    const core = this.#core;
    return (
      core.outbox.length > 0 ||
      core.readStates.length > 0 ||
      core.abortedReads.length > 0 ||
      core.forward.length > 0 ||
      maySendHeld(core) ||
      core.fenceDue ||
      core.restDue ||
      core.log.hasUnwritten ||
      core.log.hasCommitted ||
      core.log.pendingSnapshot !== undefined ||
      readsDue(core) ||
      (core.sendsDue && !core.resting) ||
      this.#promiseChanged()
    );
  }

  ready(): Ready {
    const core = this.#core;
    assert(this.#pending === undefined, 'ready: the Ready before was not advanced');
    this.#flush();
    const promiseChanged = this.#promiseChanged();
    const snapshot = core.log.pendingSnapshot;
    const entries = core.log.takeUnwritten();
    const mustWrite =
      promiseChanged ||
      snapshot !== undefined ||
      entries.length > 0 ||
      core.fenceDue ||
      core.restDue;
    const [earlyMessages, messages] = split(core.outbox, promiseChanged);
    const ready: Ready = {
      earlyMessages,
      snapshot,
      hardState: mustWrite ? this.#takeHardState() : undefined,
      entries,
      fence: core.fenceDue,
      messages,
      committedEntries: core.log.takeCommitted(core.settings.committedBytesPerReadyMax),
      readStates: core.readStates,
      abortedReads: core.abortedReads,
      rest: core.restDue,
    };
    this.#pending = { ready, written: core.log.last, round: core.rounds.newest };
    core.outbox = [];
    core.readStates = [];
    core.abortedReads = [];
    core.fenceDue = false;
    core.restDue = false;
    return ready;
  }

  advance(): void {
    const core = this.#core;
    assert(this.#pending !== undefined, 'advance: no Ready is pending');
    const { ready, written, round } = this.#pending;
    this.#pending = undefined;
    if (ready.snapshot !== undefined) core.log.snapshotInstalled(ready.snapshot);
    core.log.stableTo(written);
    const last = ready.committedEntries.at(-1);
    if (last !== undefined) core.log.appliedTo(last.index);
    tryResume(core);
    retryCampaign(core);
    if (core.role !== 'leader') return;
    releaseUncommitted(core, ready.committedEntries);
    maybeCommit(core);
    if (ready.fence) fenced(core, round);
    autoLeaveJoint(core);
  }

  /** Term, vote or leadership changed: nothing that rests on them may be sent before it is written. */
  #promiseChanged(): boolean {
    const { term, vote, leaderMark } = this.#core;
    const handed = this.#handedState;
    return term !== handed.term || vote !== handed.vote || leaderMark !== handed.leader;
  }

  #takeHardState(): HardState | undefined {
    const state = this.#core.hardState;
    if (!this.#promiseChanged() && state.commit === this.#handedState.commit) return undefined;
    this.#handedState = state;
    return state;
  }

  /** Turns what is due into messages: once a Ready, so that everything of a turn shares them. */
  #flush(): void {
    const core = this.#core;
    sendReads(core);
    sendHeld(core);
    sendForward(core);
    if (core.role === 'leader' && core.sendsDue && !core.resting) sendAppends(core);
  }
}

/** Proposals made here or passed on go to the leader known by now; without one they are lost. */
function sendForward(core: Core): void {
  const entries = core.forward;
  if (entries.length === 0) return;
  core.forward = [];
  if (core.role === 'leader') {
    acceptProposals(core, entries);
  } else if (core.leader !== NO_NODE) {
    for (const batch of batchesOf(entries, core.settings.messageBytesMax)) {
      core.send(MessageType.propose, core.leader, { entries: batch });
    }
  }
}

function batchesOf(entries: readonly Entry[], bytesMax: number): Entry[][] {
  const batches: Entry[][] = [];
  let batch: Entry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = entryBytes(entry);
    if (batch.length > 0 && bytes + size > bytesMax) {
      batches.push(batch);
      batch = [];
      bytes = 0;
    }
    batch.push(entry);
    bytes += size;
  }
  batches.push(batch);
  return batches;
}

/** Early ones and the rest, each in order. After a promise changed, all that rests on it waits. */
function split(outbox: readonly Message[], promiseChanged: boolean): [Message[], Message[]] {
  const early: Message[] = [];
  const late: Message[] = [];
  for (const message of outbox) {
    const waits = promiseChanged && isFromLeader(message.type);
    (isEarly(message.type) && !waits ? early : late).push(message);
  }
  return [early, late];
}
