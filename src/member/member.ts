/**
 * One member of a cluster: Raft, its log, the replicated state and everyone who waits for them, driven
 * in turns. A turn gathers what arrived, lets Raft decide, writes once, sends, applies, answers.
 */
import { Code, StatusError } from '../api/errors.ts';
import { fromNumber, idToLong } from '../api/messages.ts';
import type { ApplyResponse } from '../apply/dispatch.ts';
import { StateMachine } from '../apply/state-machine.ts';
import { UnknownRequestError } from '../apply/unknown-request.ts';
import {
  CATCH_UP_ENTRIES,
  ELECTION_TICKS,
  HEARTBEAT_TICKS,
  PROPOSAL_TIMEOUT_MS,
  REST_AFTER_TICKS,
} from '../constants.ts';
import type { Lessor } from '../lease/lessor.ts';
import type { RowStore } from '../lib/row-store.ts';
import { decodeConfChange, decodeMessages } from '../raft/codec.ts';
import { RawNode, type RaftStatus } from '../raft/raw-node.ts';
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
import type { ClusterConfig, ConfiguredMember } from './cluster-config.ts';
import { LeaseHost } from './lease-host.ts';
import { claimStorage } from './identity.ts';
import { LinearizableReads } from './linearizable-reads.ts';
import { openStateParts } from './open-state.ts';
import { Pace } from './pace.ts';
import { Peers } from './peers.ts';
import type { Clock, Log, PeerAddress, Random, Transport } from './ports.ts';
import { type Proposal, ProposalQueue } from './proposal-queue.ts';
import {
  beginAnew,
  CannotStartError,
  damageOf,
  endRecovery,
  isCorruption,
  noteDamage,
} from './recovery.ts';
import { Recovering } from './recovering.ts';
import { SnapshotReceiver } from './snapshot-receiver.ts';
import { SnapshotSender } from './snapshot-sender.ts';
import { WATCH_ALARM, WatchHost } from './watch-host.ts';

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
}

const NONCE_BYTES = 8;

export class Member {
  readonly config: ClusterConfig;
  readonly self: ConfiguredMember;
  readonly state: StateMachine;
  readonly snapshots: SnapshotReceiver;
  readonly watch: WatchHost;
  readonly leases: LeaseHost;
  readonly #ports: MemberPorts;
  readonly #wal: Wal;
  readonly #raft: RawNode;
  readonly #proposals: ProposalQueue;
  readonly #reads: LinearizableReads;
  readonly #peers: Peers;
  readonly #checkpoints: Checkpoints;
  readonly #snapshotSender: SnapshotSender;
  readonly #alarms: Alarms;
  readonly #pace: Pace;
  /** Why this instance ended, once it has. */
  #stopped: StatusError | undefined;
  /** Set while the state is fetched from peers after damage. */
  #recovering: Recovering | undefined;

  constructor(config: ClusterConfig, self: ConfiguredMember, ports: MemberPorts) {
    this.config = config;
    this.self = self;
    this.#ports = ports;
    const { rows, random } = ports;
    const nonce = random.bytes(NONCE_BYTES);
    const damage = damageOf(rows);
    if (damage !== undefined) {
      this.#recovering = new Recovering(self.name, damage.text, ports.clock.nowMs());
    }
    this.#pace = new Pace(ports.clock, {
      turn: () => this.#guard(() => this.#turn()),
      tick: () => this.#guard(() => this.#tick()),
      work: () => this.#guard(() => this.#work()),
    });
    claimStorage(rows, config, self);
    this.#wal = Wal.open(rows);
    const parts = openStateParts(rows, ports.clock);
    this.state = StateMachine.open(rows, parts);
    this.#checkpoints = new Checkpoints(rows, this.#wal, this.state);
    this.#checkpoints.bootstrapIfFresh(config.members);
    this.#raft = new RawNode({
      id: self.id,
      storage: this.#wal,
      random,
      nonce,
      electionTicks: ELECTION_TICKS,
      heartbeatTicks: HEARTBEAT_TICKS,
      restAfterTicks: REST_AFTER_TICKS,
      recovering: damage !== undefined,
    });
    this.#reads = new LinearizableReads(nonce);
    this.#proposals = new ProposalQueue(nonce);
    this.#peers = new Peers(
      ports,
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
    this.watch = this.#openWatch();
    this.leases = this.#openLeases(parts.leases);
    if (this.#recovering !== undefined) {
      this.#raft.wake();
      this.#schedule();
    }
  }

  /**
   * Opens the member in `ports.rows`. Storage found damaged, now or by a former instance, is thrown
   * away if there are peers to get everything from.
   * @throws CannotStartError naming the row, when this member is the only voter
   * @throws ForeignStorageError when the storage is another member's
   */
  static open(config: ClusterConfig, self: ConfiguredMember, ports: MemberPorts): Member {
    const voters = config.members.filter((member) => !member.learner);
    const hasPeers = voters.some((voter) => voter.id !== self.id);
    const damage = damageOf(ports.rows);
    if (damage !== undefined && !damage.cleared) {
      if (!hasPeers) throw new CannotStartError(self.name, damage.text);
      beginAnew(ports.rows, damage.text);
    }
    try {
      return new Member(config, self, ports);
    } catch (error) {
      if (!isCorruption(error)) throw error;
      if (!hasPeers) throw new CannotStartError(self.name, error.message);
      ports.log.warn('storage is damaged, beginning anew', { damage: error.message });
      beginAnew(ports.rows, error.message);
      return new Member(config, self, ports);
    }
  }

  get ports(): MemberPorts {
    return this.#ports;
  }

  get status(): RaftStatus {
    return this.#raft.status();
  }

  /** Bytes of storage in use, as the platform counts them. */
  get storageBytes(): number {
    return this.#ports.rows.sizeBytes();
  }

  get term(): number {
    return this.#raft.term;
  }

  /** Name of the leader as far as this member knows, or undefined. */
  get leaderName(): string | undefined {
    const leader = this.#raft.leader;
    return leader === NO_NODE ? undefined : this.state.membership.get(leader)?.name;
  }

  addressOf(id: NodeId): PeerAddress | undefined {
    const member = this.state.membership.get(id);
    return member === undefined ? undefined : { id, peerUrls: member.peerUrls };
  }

  /** One frame of messages from a peer. @throws DecodeError on a frame that holds none. */
  receive(frame: Uint8Array): void {
    if (this.#stopped !== undefined) return;
    const messages = decodeMessages(frame);
    this.#guard(() => {
      for (const message of messages) {
        if (message.to === this.self.id) this.#raft.step(message);
      }
    });
    this.#schedule();
  }

  /**
   * Replicates a mutation and returns what applying it here gave.
   * @throws StatusError etcd's error; `timeout` means that the fate of the write is unknown
   */
  async propose(proposal: Proposal): Promise<ApplyResponse> {
    this.#refuseWhenStopped();
    const waiting = this.#proposals.add(proposal, this.#deadline());
    this.#schedule();
    const outcome = await waiting;
    if (outcome.error !== undefined) throw outcome.error;
    return outcome.response;
  }

  /** Resolves once a read of `state` is linearizable. @throws StatusError `timeout` without a quorum */
  async linearizable(): Promise<void> {
    this.#refuseWhenStopped();
    this.#refuseWhenRecovering();
    await this.#confirmedRead();
  }

  async #confirmedRead(): Promise<void> {
    const confirmed = this.#reads.wait(this.#deadline());
    this.#schedule();
    await confirmed;
  }

  /** Runs a read of the state; a page that does not hold what was written ends this instance. */
  read<T>(run: (state: StateMachine) => T): T {
    this.#refuseWhenStopped();
    this.#refuseWhenRecovering();
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
    const parts = this.#alarms.fired(this.#ports.clock.nowMs());
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
    this.watch.stop();
    this.leases.stop();
  }

  #openWatch(): WatchHost {
    const { config, self } = this;
    return new WatchHost({
      ...this.#ports,
      history: this.state.mvcc,
      alarms: this.#alarms,
      clusterId: idToLong(config.id),
      memberId: idToLong(self.id),
      term: () => fromNumber(this.term),
      current: () => this.linearizable(),
      guard: (run) => this.#guard(run),
    });
  }

  #openLeases(lessor: Lessor): LeaseHost {
    return new LeaseHost({
      ...this.#ports,
      lessor,
      alarms: this.#alarms,
      self: this.self.id,
      raft: this.#raft,
      applied: () => this.state.applied.index,
      addressOf: (id) => this.addressOf(id),
      propose: (proposal) => this.propose(proposal),
      confirm: () => this.linearizable(),
    });
  }

  #refuseWhenStopped(): void {
    if (this.#stopped !== undefined) throw this.#stopped;
  }

  #refuseWhenRecovering(): void {
    if (this.#recovering !== undefined) throw this.#recovering.refusal;
  }

  #deadline(): number {
    return this.#ports.clock.nowMs() + PROPOSAL_TIMEOUT_MS;
  }

  #schedule(): void {
    this.#pace.turnSoon();
  }

  #turn(): void {
    this.#proposals.flush((data) => this.#raft.propose(data));
    this.#reads.flush((id) => this.#raft.readIndex(id));
    while (this.#raft.hasReady()) this.#process(this.#raft.ready());
    this.leases.afterTurn();
    if (this.#checkpoints.due) this.checkpoint();
    this.#followRest();
    if (this.state.mvcc.hasWork) this.#pace.workSoon();
    this.watch.afterTurn();
  }

  /** In the order that Ready prescribes (raft/types.ts). */
  #process(ready: Ready): void {
    this.#peers.send(ready.earlyMessages);
    const { snapshot } = ready;
    if (snapshot === undefined) {
      this.#persist(ready);
    } else {
      this.#ports.rows.atomically(() => {
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
      return;
    }
    const applied = this.state.applyEntry(entry);
    if (applied === undefined) return;
    const { proposer, sequence, outcome } = applied;
    if (outcome.changes.length > 0) {
      this.watch.notify(outcome.changes, this.state.mvcc.revision);
    }
    this.#proposals.settle(proposer, sequence, outcome);
  }

  #install(meta: SnapshotMeta): void {
    this.snapshots.install(meta);
    this.#wal.installSnapshot(meta);
    this.state.save(this.#ports.rows, meta);
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
    const waiting = this.#reads.waiting || this.#proposals.waiting;
    const resting = this.#raft.resting && !waiting && this.#recovering === undefined;
    this.watch.rest(resting);
    if (!resting) {
      this.#pace.tickSoon();
      return;
    }
    this.#pace.endTicks();
    // Also when no tick was due: a tick may be what ended here, or a stray message was answered.
    this.#peers.quiet();
  }

  #tick(): void {
    const nowMs = this.#ports.clock.nowMs();
    this.#raft.tick();
    this.watch.tick(this.#raft.leader !== NO_NODE);
    const timeout = StatusError.of('timeout');
    this.#reads.expire(nowMs, timeout);
    this.#proposals.expire(nowMs, timeout);
    this.#recovering?.follow(
      nowMs,
      () => this.#confirmedRead(),
      () => this.#recovered(),
    );
    this.leases.tick();
    this.#turn();
  }

  #recovered(): void {
    endRecovery(this.#ports.rows);
    this.#raft.endRecovery();
    this.#ports.log.info('member recovered from damage', { damage: this.#recovering?.damage });
    this.#recovering = undefined;
  }

  #work(): void {
    this.state.mvcc.work();
    if (this.state.mvcc.hasWork) this.#pace.workSoon();
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
    if (error instanceof UnknownRequestError) {
      this.#waitForNewerVersion(error);
      return;
    }
    this.#ports.log.warn('member stops', {
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
    if (isCorruption(error)) noteDamage(this.#ports.rows, error);
    this.stop();
    this.#ports.abandon(error);
  }
  /** Every instance of this version would end here, so this one stays, idle, and says why. */
  #waitForNewerVersion({ message }: UnknownRequestError): void {
    const text = `edgetcd: member ${this.self.name} waits for a newer version: ${message}`;
    this.#ports.log.warn('member stops', { error: text });
    this.stop(new StatusError(Code.Unavailable, text));
  }
}
