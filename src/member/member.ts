/**
 * One member of a cluster: Raft, its log, the replicated state and everyone who waits for them, driven
 * in turns. A turn gathers what arrived, lets Raft decide, writes once, sends, applies, answers.
 */
import { Code, StatusError } from '../api/errors.ts';
import type { ApplyResponse } from '../apply/dispatch.ts';
import { StateMachine } from '../apply/state-machine.ts';
import { CATCH_UP_ENTRIES, PROPOSAL_TIMEOUT_MS } from '../constants.ts';
import { decodeConfChange, decodeMessages } from '../raft/codec.ts';
import type { RawNode, RaftStatus } from '../raft/raw-node.ts';
import {
  type Entry,
  EntryKind,
  type Message,
  MessageType,
  NO_NODE,
  type NodeId,
  type Ready,
  type SnapshotMeta,
} from '../raft/types.ts';
import { Wal } from '../wal/wal.ts';
import { Alarms } from './alarms.ts';
import { Checkpoints } from './checkpoints.ts';
import type { ClusterConfig, Self } from './cluster-config.ts';
import type { Consistency } from '../api/consistency.ts';
import { noteIfDamaged, traceOf, waitForNewerVersion } from './failure.ts';
import type { FreshReads } from './fresh-reads.ts';
import type { LeaseHost } from './lease-host.ts';
import { claimStorage } from './identity.ts';
import { LinearizableReads } from './linearizable-reads.ts';
import { SteadyClock } from '../lib/steady-clock.ts';
import { isLone } from './lone.ts';
import { openParts, partsWaiting, stopParts, tickParts } from './member-parts.ts';
import type { MembershipAdmin } from './membership-admin.ts';
import type { CorruptionCheck } from './corruption-check.ts';
import type { PlacementHost } from './placement-host.ts';
import type { Upkeep } from './upkeep.ts';
import { openRaft } from './open-raft.ts';
import { openStateParts } from './open-state.ts';
import { Meters } from './meters.ts';
import { Pace } from './pace.ts';
import { Peers } from './peers.ts';
import type { MemberPorts, PeerAddress } from './ports.ts';
import { type Proposal, ProposalQueue } from './proposal-queue.ts';
import {
  damageOf,
  DivergedError,
  endRecovery,
  firstMembers,
  isCorruption,
  openDespiteDamage,
} from './recovery.ts';
import { Recovering } from './recovering.ts';
import type { Roster } from './roster.ts';
import type { Seat } from './seat.ts';
import { SnapshotReceiver } from './snapshot-receiver.ts';
import { SnapshotSender } from './snapshot-sender.ts';
import { WATCH_ALARM, type WatchHost } from './watch-host.ts';

const NONCE_BYTES = 8;

export class Member {
  /** The ids of both are those in storage. */
  readonly config: ClusterConfig;
  readonly self: Self;
  readonly state: StateMachine;
  readonly snapshots: SnapshotReceiver;
  readonly watch: WatchHost;
  readonly leases: LeaseHost;
  readonly admin: MembershipAdmin;
  readonly upkeep: Upkeep;
  readonly corruption: CorruptionCheck;
  readonly fresh: FreshReads;
  readonly placement: PlacementHost;
  readonly seat: Seat;
  readonly meters: Meters;
  readonly ports: MemberPorts;
  readonly #wal: Wal;
  readonly #raft: RawNode;
  readonly #proposals: ProposalQueue;
  readonly #reads: LinearizableReads;
  readonly #peers: Peers;
  readonly #checkpoints: Checkpoints;
  readonly #snapshotSender: SnapshotSender;
  readonly #alarms: Alarms;
  readonly #pace: Pace;
  readonly #steady: SteadyClock;
  #stopped: StatusError | undefined;
  #recovering: Recovering | undefined;

  constructor(config: ClusterConfig, self: Self, ports: MemberPorts) {
    this.ports = ports;
    const { rows, random } = ports;
    this.#steady = new SteadyClock(ports.clock);
    const identity = claimStorage(rows, { ...self, clusterId: config.id });
    this.config = { ...config, id: identity.clusterId };
    this.self = { ...self, id: identity.id };
    const nonce = random.bytes(NONCE_BYTES);
    const damage = damageOf(rows);
    if (damage !== undefined) {
      this.#recovering = new Recovering(self.name, damage.text);
    }
    this.#pace = new Pace(ports.clock, {
      turn: () => this.#guard(() => this.#turn()),
      tick: () => this.#guard(() => this.#tick()),
      work: () => this.#guard(() => this.#work()),
    });
    this.#wal = Wal.open(rows);
    const parts = openStateParts(rows, ports.clock);
    this.state = StateMachine.open(rows, parts);
    this.#checkpoints = new Checkpoints(rows, this.#wal, this.state);
    this.#checkpoints.bootstrapIfFresh(firstMembers(rows, config, identity.id));
    const isMember = this.state.membership.get(identity.id) !== undefined;
    this.#raft = openRaft(identity.id, ports, this.#wal, nonce, damage !== undefined, isMember);
    this.#reads = new LinearizableReads(nonce);
    this.#proposals = new ProposalQueue(nonce);
    this.meters = new Meters(rows, ports.usage);
    this.#peers = new Peers(
      { ...ports, meters: this.meters },
      (id) => this.addressOf(id),
      (id) => this.#raft.reportUnreachable(id),
    );
    this.#snapshotSender = new SnapshotSender({
      ...ports,
      state: this.state,
      checkpoint: () => this.checkpoint(),
      done: (to, ok) => {
        this.#raft.reportSnapshot(to, ok);
        this.#schedule();
      },
    });
    this.snapshots = new SnapshotReceiver(this.state, (frame) => this.receive(frame));
    this.#alarms = new Alarms(ports.clock);
    const opened = openParts(this, {
      alarms: this.#alarms,
      raft: this.#raft,
      lessor: parts.leases,
      store: parts.mvcc,
      nonce,
      steady: this.#steady,
      guard: (run) => this.#guard(run),
      schedule: () => this.#schedule(),
      beginAnew: (reason) => this.#beginAnew(reason),
    });
    this.watch = opened.watch;
    this.leases = opened.leases;
    this.admin = opened.admin;
    this.upkeep = opened.upkeep;
    this.corruption = opened.corruption;
    this.fresh = opened.fresh;
    this.placement = opened.placement;
    this.seat = opened.seat;
    if (this.seat.removed) this.#leave();
    if (this.#recovering !== undefined) {
      this.#raft.wake();
      this.#schedule();
    }
  }

  /**
   * Opens the member in `ports.rows`. New storage becomes that of one of the first members, if the
   * configuration names `self.id` as such, and else that of a member that joins: it knows nothing until
   * its leader has sent it a snapshot. Storage found damaged, now or by a former instance, is thrown away
   * if there are peers to get everything from.
   * @throws CannotStartError naming the row, when this member is the only voter
   * @throws ForeignStorageError when the storage is another member's
   */
  static open(config: ClusterConfig, self: Self, ports: MemberPorts): Member {
    return openDespiteDamage(ports, config, self, () => new Member(config, self, ports));
  }

  get status(): RaftStatus {
    return this.#raft.status();
  }

  /** Bytes of storage in use, as the platform counts them. */
  get storageBytes(): number {
    return this.ports.rows.sizeBytes();
  }

  get proposalFigures(): { readonly pending: number; readonly failed: number } {
    return { pending: this.#proposals.count, failed: this.#proposals.failed };
  }

  get term(): number {
    return this.#raft.term;
  }

  /** Name of the leader as far as this member knows, or undefined. */
  get leaderName(): string | undefined {
    const leader = this.#raft.leader;
    return leader === NO_NODE ? undefined : this.state.membership.get(leader)?.name;
  }

  /** Who belongs to the cluster, for Workers. */
  get roster(): Roster {
    return this.seat.roster(this.state.applied.index);
  }

  addressOf(id: NodeId): PeerAddress | undefined {
    return this.seat.addressOf(id);
  }

  /** A peer said where it can be reached: needed until its addition has come down the log to here. */
  meet(address: PeerAddress): void {
    this.seat.meet(address);
  }

  /** One frame of messages from a peer; returns whose they are. @throws DecodeError on a frame that holds none. */
  receive(frame: Uint8Array): NodeId | undefined {
    if (this.#stopped !== undefined && !this.seat.removed) return undefined;
    const decoded = decodeMessages(frame);
    this.meters.received(decoded[0]?.from, frame.length);
    const messages = decoded.filter((message) => this.seat.hears(message));
    this.placement.heard(messages);
    try {
      for (const message of messages) this.#raft.step(message);
      if (this.seat.removed || this.snapshots.isFinishing) this.#advance();
    } catch (error) {
      this.#fail(error);
    }
    this.#schedule(isLone(messages));
    return decoded[0]?.from;
  }

  /**
   * Replicates a mutation and returns what applying it here gave.
   * @param near member nearest to the client that asks, where that is not this one
   * @throws StatusError etcd's error; `timeout` means that the fate of the write is unknown
   */
  async propose(proposal: Proposal, near?: string): Promise<ApplyResponse> {
    this.#refuseWhenStopped();
    if (this.seat.refusal !== undefined) throw this.seat.refusal;
    this.upkeep.admit(proposal);
    this.placement.proposed(proposal, near);
    const waiting = this.#proposals.add(proposal, this.#deadline());
    this.#schedule(true);
    const outcome = await waiting;
    if (outcome.error !== undefined) throw outcome.error;
    return outcome.response;
  }

  /** Resolves once reads are linearizable. @throws StatusError `timeout` without a quorum */
  async linearizable(): Promise<void> {
    this.#refuseWhenUnfit();
    await this.#confirmedRead();
  }

  /** Resolves once a read of `state` is as fresh as asked. @throws StatusError those of `linearizable` */
  async readable(level: Consistency): Promise<void> {
    this.#refuseWhenUnfit();
    await this.fresh.ready(level, this.#deadline());
  }

  async #confirmedRead(): Promise<void> {
    const confirmed = this.#reads.wait(this.#deadline());
    this.#schedule(true);
    await confirmed;
  }

  /** Runs a read of the state; a page that does not hold what was written ends this instance. */
  read<T>(run: (state: StateMachine) => T): T {
    this.#refuseWhenUnfit();
    try {
      return run(this.state);
    } catch (error) {
      if (error instanceof StatusError) throw error;
      this.#fail(error);
      if (!isCorruption(error)) throw error;
      // Unavailable: another member may be asked.
      const text = `edgetcd: member ${this.self.name} found damage: ${error.message}`;
      throw new StatusError(Code.Unavailable, text, { cause: error });
    }
  }

  /** The host's alarm went off. */
  alarm(): void {
    if (this.#stopped !== undefined) return;
    const parts = this.#alarms.fired(this.ports.clock.nowMs());
    if (parts.includes(WATCH_ALARM)) this.watch.alarm();
    this.#alarms.settle({ exact: true });
    // Watching alone needs nothing of the others.
    if (parts.some((part) => part !== WATCH_ALARM)) {
      this.#raft.wake();
      this.#schedule();
    }
  }

  /** Ends this instance: everyone who waits is told, nothing is written any more. */
  stop(reason: StatusError = StatusError.of('stopped')): void {
    if (this.#stopped !== undefined) return;
    this.#stopped = reason;
    this.#pace.stop();
    this.#peers.quiet();
    this.#proposals.failAll(reason);
    this.#reads.failAll(reason);
    stopParts(this, reason);
  }

  /** The member was removed: it writes that down, wakes for nothing any more, and ends. */
  #leave(): void {
    this.seat.leave();
    this.ports.log.info('member was removed from the cluster');
    this.stop(this.seat.refusal);
    this.ports.clock.setAlarm(undefined);
  }

  /** A peer said that this member was removed, of which its own log does not tell it. */
  removedByOthers(): void {
    if (this.#stopped === undefined) this.#guard(() => this.#leave());
  }

  #refuseWhenStopped(): void {
    if (this.#stopped !== undefined) throw this.#stopped;
  }

  #refuseWhenUnfit(): void {
    // Built anew, it stands at its last checkpoint, and may know more to be committed.
    this.#pace.begin();
    this.#refuseWhenStopped();
    const refusal = this.#recovering?.refusal ?? this.seat.refusal ?? this.corruption.refusal;
    if (refusal !== undefined) throw refusal;
  }

  #deadline(): number {
    return this.#steady.nowMs() + PROPOSAL_TIMEOUT_MS;
  }

  /** `isLone`: what has come is a single request's, or a peer's word about one. */
  #schedule(isLone = false): void {
    if (isLone && this.#proposals.count + this.#reads.count <= 1) this.#pace.turnNow();
    else this.#pace.turnSoon();
  }

  #turn(): void {
    this.#proposals.flush((data) => this.#raft.propose(data));
    this.admin.flush();
    this.#reads.flush((id) => this.#raft.readIndex(id));
    this.#advance();
    this.leases.afterTurn();
    this.fresh.advanced();
    if (this.#checkpoints.due) this.checkpoint();
    this.#followRest();
    if (this.state.mvcc.hasWork) this.#pace.workSoon();
    this.watch.afterTurn();
    if (this.seat.removed) this.#leave();
  }

  #advance(): void {
    while (this.#raft.hasReady()) this.#process(this.#raft.ready());
    if (this.seat.removed) this.#peers.quiet();
  }

  /** In the order that Ready prescribes (raft/types.ts). */
  #process(ready: Ready): void {
    this.#peers.send(ready.earlyMessages);
    const { snapshot } = ready;
    if (snapshot === undefined) {
      this.#persist(ready);
    } else {
      this.ports.rows.atomically(() => {
        this.#install(snapshot);
        this.#persist(ready);
      });
    }
    this.#send(ready.messages);
    for (const entry of ready.committedEntries) this.#apply(entry);
    for (const { context, index } of ready.readStates) this.#reads.confirm(context, index);
    for (const context of ready.abortedReads) {
      this.#reads.abort(context, StatusError.of('timeout'));
    }
    this.#raft.advance();
    if (ready.rest) this.leases.rest();
    this.#reads.serveUpTo(this.state.applied.index);
  }

  #persist({ entries, hardState, fence }: Ready): void {
    if (entries.length > 0 || hardState !== undefined) this.#wal.append(entries, hardState);
    else if (fence) this.#wal.fence();
  }

  #send(messages: readonly Message[]): void {
    this.#peers.send(messages.filter((message) => message.type !== MessageType.snapshot));
    for (const message of messages) {
      if (message.type !== MessageType.snapshot) continue;
      const to = this.addressOf(message.to);
      if (to === undefined) this.#raft.reportSnapshot(message.to, false);
      else this.#snapshotSender.start(message, to);
    }
  }

  #apply(entry: Entry): void {
    if (entry.kind === EntryKind.confChange) {
      const change = decodeConfChange(entry.data);
      const refusal = this.state.applyConfChange(change, entry);
      if (refusal === undefined) this.#raft.applyConfChange(change);
      this.#checkpoints.ask();
      this.admin.settle(change.context, refusal);
      return;
    }
    const applied = this.state.applyEntry(entry);
    if (applied === undefined) return;
    const { proposer, sequence, outcome } = applied;
    if (outcome.changes.length > 0) {
      this.meters.applied(outcome.changes);
      this.watch.notify(outcome.changes, this.state.mvcc.revision);
    }
    if (outcome.restored === true) this.#saveRestored();
    this.corruption.afterEntry();
    this.#proposals.settle(proposer, sequence, outcome);
  }

  /** Without the log up to here: it leads nowhere at a member that lacks the restored state. */
  #saveRestored(): void {
    this.#checkpoints.save(this.#raft.status().confState, this.state.applied.index);
    this.state.staged.drop();
    this.watch.restored(this.state.mvcc.revision);
  }

  #install(meta: SnapshotMeta): void {
    this.snapshots.install(meta);
    this.#wal.installSnapshot(meta);
    this.state.save(this.ports.rows, meta);
    this.watch.restored(this.state.mvcc.revision);
  }

  /** Saves the state as it stands, and returns the point it stands for. */
  checkpoint(): SnapshotMeta {
    const compactable = this.#raft.compactableIndex({
      retainedEntriesMin: 0,
      retainedEntriesMax: CATCH_UP_ENTRIES,
    });
    return this.#checkpoints.save(this.#raft.status().confState, compactable);
  }

  /** Ticks while the cluster is awake; at rest no timer and no socket keeps the object in memory. */
  #followRest(): void {
    const waiting = this.#reads.waiting || this.#proposals.waiting || partsWaiting(this);
    const resting = this.#raft.resting && !waiting && this.#recovering === undefined;
    this.watch.rest(resting);
    if (!resting) {
      this.#pace.tickSoon();
      return;
    }
    this.#pace.endTicks();
    this.fresh.rest();
    if (this.#checkpoints.dueAtRest) this.checkpoint();
    this.meters.rest();
    // Also when no tick was due: a tick may be what ended here, or a stray message was answered.
    this.#peers.quiet();
  }

  #tick(): void {
    const nowMs = this.#steady.nowMs();
    this.#raft.tick();
    this.#reads.expire(nowMs);
    this.#proposals.expire(nowMs);
    this.#recovering?.tick(
      () => this.#confirmedRead(),
      () => this.#guard(() => this.#recovered()),
    );
    this.meters.tick(nowMs, this.#raft.leader);
    tickParts(this, nowMs, this.#raft.leader !== NO_NODE);
    this.#turn();
  }

  #recovered(): void {
    endRecovery(this.ports.rows);
    this.#raft.endRecovery();
    this.ports.log.info('member recovered from damage', { damage: this.#recovering?.damage });
    this.#recovering = undefined;
  }

  #work(): void {
    this.state.mvcc.work();
    if (this.state.mvcc.hasWork) this.#pace.workSoon();
  }

  #beginAnew(reason: string): void {
    if (this.state.membership.members.length > 1) this.#fail(new DivergedError(reason));
  }

  /** Memory and storage may differ after any error here: this instance must not go on. */
  #guard(run: () => void): void {
    if (this.#stopped !== undefined) return;
    try {
      run();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    const waits = waitForNewerVersion(this.self.name, error);
    this.ports.log.warn('member stops', { error: waits?.message ?? traceOf(error) });
    noteIfDamaged(this.ports.rows, error, this.ports.log);
    this.stop(waits);
    if (waits === undefined) this.ports.abandon(error);
  }
}
