/** The parts of a member that serve their own kind of calls, tied to its core. */
import { fromNumber, idToLong } from '../api/messages.ts';
import type { StateMachine } from '../apply/state-machine.ts';
import { LEARNERS_MAX_DEFAULT } from '../constants.ts';
import type { Lessor } from '../lease/lessor.ts';
import type { RawNode } from '../raft/raw-node.ts';
import type { NodeId } from '../raft/types.ts';
import type { Alarms } from './alarms.ts';
import type { ClusterConfig, Self } from './cluster-config.ts';
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
}

export interface Inside {
  readonly alarms: Alarms;
  readonly raft: RawNode;
  readonly lessor: Lessor;
  /** Random bytes of this construction. */
  readonly nonce: Uint8Array;
  /** Runs something; what it throws ends the member. */
  readonly guard: (run: () => void) => void;
  /** Asks for a turn. */
  readonly schedule: () => void;
}

export interface MemberParts {
  readonly watch: WatchHost;
  readonly leases: LeaseHost;
  readonly admin: MembershipAdmin;
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
  return { watch, leases, admin };
}
