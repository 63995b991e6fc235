/** The parts of a member that serve their own kind of calls, tied to its core. */
import { fromNumber, idToLong } from '../api/messages.ts';
import type { StatusError } from '../api/errors.ts';
import type { StateMachine } from '../apply/state-machine.ts';
import { LEARNERS_MAX_DEFAULT } from '../constants.ts';
import type { Lessor } from '../lease/lessor.ts';
import type { SteadyClock } from '../lib/steady-clock.ts';
import type { RawNode } from '../raft/raw-node.ts';
import type { NodeId } from '../raft/types.ts';
import type { MvccStore } from '../mvcc/store.ts';
import type { Alarms } from './alarms.ts';
import { CorruptionCheck } from './corruption-check.ts';
import { PlacementHost } from './placement-host.ts';
import { Seat } from './seat.ts';
import { Upkeep } from './upkeep.ts';
import type { ClusterConfig, Self } from './cluster-config.ts';
import { FreshReads } from './fresh-reads.ts';
import { LeaseHost } from './lease-host.ts';
import { MembershipAdmin } from './membership-admin.ts';
import type { MemberPorts, PeerAddress } from './ports.ts';
import type { Proposal } from './proposal-queue.ts';
import { WatchHost } from './watch-host.ts';

/** The member, as its parts see it. */
export interface Core {
  readonly ports: MemberPorts;
  readonly config: ClusterConfig;
  readonly self: Self;
  readonly state: StateMachine;
  readonly term: number;
  addressOf(id: NodeId): PeerAddress | undefined;
  propose(proposal: Proposal): Promise<unknown>;
  linearizable(): Promise<void>;
  read<T>(run: (state: StateMachine) => T): T;
  checkpoint(): unknown;
}

export interface Inside {
  readonly alarms: Alarms;
  readonly raft: RawNode;
  readonly lessor: Lessor;
  readonly store: MvccStore;
  /** Random bytes of this construction. */
  readonly nonce: Uint8Array;
  /** What deadlines are reckoned by. */
  readonly steady: SteadyClock;
  /** Runs something; what it throws ends the member. */
  readonly guard: (run: () => void) => void;
  /** Asks for a turn. */
  readonly schedule: () => void;
  /** This member's state is not the cluster's: it is to be fetched anew. */
  readonly beginAnew: (reason: string) => void;
}

export interface MemberParts {
  readonly watch: WatchHost;
  readonly leases: LeaseHost;
  readonly admin: MembershipAdmin;
  readonly upkeep: Upkeep;
  readonly corruption: CorruptionCheck;
  readonly fresh: FreshReads;
  readonly placement: PlacementHost;
  readonly seat: Seat;
}

export function openParts(core: Core, inside: Inside): MemberParts {
  const { ports, config, self, state } = core;
  const addressOf = (id: NodeId): PeerAddress | undefined => core.addressOf(id);
  const confirm = (): Promise<void> => core.linearizable();
  const watch = new WatchHost({
    ...ports,
    ...inside,
    history: state.mvcc,
    clusterId: idToLong(config.id),
    memberId: idToLong(self.id),
    term: () => fromNumber(core.term),
    current: confirm,
  });
  const leases = new LeaseHost({
    ...ports,
    ...inside,
    self: self.id,
    applied: () => state.applied.index,
    addressOf,
    propose: (proposal) => core.propose(proposal),
    confirm,
  });
  const admin = new MembershipAdmin({
    ...ports,
    ...inside,
    cluster: config.name,
    self: self.id,
    membership: state.membership,
    learnersMax: ports.settings?.learnersMax ?? LEARNERS_MAX_DEFAULT,
    addressOf,
    confirm,
  });
  const upkeep = new Upkeep({
    ...ports,
    ...inside,
    self: self.id,
    state,
    quotaBytes: ports.settings?.quotaBytes,
    propose: (proposal) => core.propose(proposal),
    read: (run) => core.read(run),
    checkpoint: () => void core.checkpoint(),
  });
  const corruption = new CorruptionCheck({
    ...ports,
    ...inside,
    self: self.id,
    state,
    intervalMs: ports.settings?.corruptionCheckMs,
    addressOf,
    propose: (proposal) => core.propose(proposal),
    hash: (revision) => upkeep.hash(revision),
  });
  const fresh = new FreshReads({
    clock: inside.steady,
    revision: () => state.mvcc.revision,
    confirm,
  });
  const placement = openPlacement(core, inside);
  const seat = new Seat({
    ...ports,
    identity: { clusterId: config.id, ...self },
    membership: state.membership,
    clientUrls: ports.settings?.clientUrls,
    propose: (proposal) => core.propose(proposal),
  });
  return { watch, leases, admin, upkeep, corruption, fresh, placement, seat };
}

function openPlacement(core: Core, inside: Inside): PlacementHost {
  const { ports, config, self, state } = core;
  return new PlacementHost({
    ...ports,
    ...inside,
    self: self.id,
    config,
    state,
    followsWriters: ports.settings?.followsWriters ?? true,
    addressOf: (id) => core.addressOf(id),
  });
}

/** Somebody waits for time to pass. */
export function partsWaiting({ admin, fresh }: MemberParts): boolean {
  return admin.waiting || fresh.waiting;
}

/** Called at each tick while the member is awake, after Raft's own. */
export function tickParts(parts: MemberParts, nowMs: number, hasLeader: boolean): void {
  parts.watch.tick(hasLeader);
  parts.admin.tick();
  parts.fresh.tick();
  if (hasLeader) {
    parts.seat.publish();
    parts.upkeep.tick();
    parts.corruption.tick(nowMs);
  }
  parts.placement.tick();
  parts.leases.tick();
}

export function stopParts(parts: MemberParts, reason: StatusError): void {
  parts.watch.stop();
  parts.leases.stop();
  parts.admin.stop(reason);
  parts.fresh.failAll(reason);
}
