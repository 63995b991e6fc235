/**
 * The leader's side of "leadership follows the writers": counts proposals by where they come from, and in
 * rounds, which tick only while the member is awake anyway, asks the policy of leader-placement.ts who
 * should lead. Whoever is better by estimates is asked for its round trips before anything is handed over.
 */
import type { StateMachine } from '../apply/state-machine.ts';
import { AlarmType } from '../api/messages.ts';
import {
  PLACEMENT_CAUGHT_UP_TICKS,
  PLACEMENT_FORGET_ROUNDS,
  PLACEMENT_PRIORITY_DEFAULT,
  PLACEMENT_ROUND_TICKS,
} from '../constants.ts';
import type { RawNode, RaftStatus } from '../raft/raw-node.ts';
import { type Message, MessageType, NO_NODE, type NodeId } from '../raft/types.ts';
import type { ClusterConfig } from './cluster-config.ts';
import { type Candidate, LeaderPlacement } from './leader-placement.ts';
import type { Clock, Log, PeerAddress, Transport } from './ports.ts';
import type { Proposal } from './proposal-queue.ts';
import { RoundTrips } from './round-trips.ts';

export interface PlacementPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly transport: Transport;
  readonly self: NodeId;
  readonly config: ClusterConfig;
  readonly state: StateMachine;
  readonly raft: Pick<RawNode, 'leader' | 'status' | 'transferLeader'>;
  /** False: only priorities move leadership. */
  readonly followsWriters: boolean;
  readonly addressOf: (id: NodeId) => PeerAddress | undefined;
  /** Asks for a turn. */
  readonly schedule: () => void;
}

export class PlacementHost {
  readonly roundTrips: RoundTrips;
  readonly #ports: PlacementPorts;
  readonly #policy: LeaderPlacement;
  #ticks = 0;
  #rounds = 0;
  /** End of the log a moment before the round ends: who has that, keeps up. */
  #mark = 0;
  /** Whose round trips were asked for, since it is better; and whether it told them. */
  #asked: { readonly id: NodeId; told: boolean } | undefined;
  /** Hand-overs begun by this instance. */
  handOvers = 0;

  constructor(ports: PlacementPorts) {
    this.#ports = ports;
    this.#policy = new LeaderPlacement(ports.self);
    const { membership } = ports.state;
    this.roundTrips = new RoundTrips({ ...ports, membership });
  }

  /**
   * A client's mutation is proposed here. What a member proposes by itself counts for nobody.
   * @param near name of the member nearest to the client, where a Worker has passed that by
   */
  proposed(
    { put, delete_range: deletion, txn, lease_grant: grant }: Proposal,
    near?: string,
  ): void {
    if ((put ?? deletion ?? txn ?? grant ?? undefined) === undefined) return;
    const { self, state } = this.#ports;
    const { members } = state.membership;
    const origin = near === undefined ? undefined : members.find(({ name }) => name === near);
    this.#policy.proposed(origin?.id ?? self, 1);
  }

  /** Other members pass on what their clients propose. */
  heard(messages: readonly Message[]): void {
    for (const { type, from, entries } of messages) {
      if (type === MessageType.propose) this.#policy.proposed(from, entries.length);
    }
  }

  /** Called at each tick while the member is awake. */
  tick(): void {
    const { raft, self } = this.#ports;
    if (raft.leader !== self) {
      this.#beginAnew();
      return;
    }
    this.#ticks++;
    const markTick = Math.max(1, PLACEMENT_ROUND_TICKS - PLACEMENT_CAUGHT_UP_TICKS);
    if (this.#ticks === markTick) this.#mark = raft.status().lastIndex;
    if (this.#ticks < PLACEMENT_ROUND_TICKS) return;
    this.#ticks = 0;
    this.#round(raft.status());
  }

  #round(status: RaftStatus): void {
    const { voters, votersOutgoing } = status.confState;
    if (++this.#rounds % PLACEMENT_FORGET_ROUNDS === 0) this.roundTrips.forget();
    // Who votes is changing, or leadership is on its way.
    if (votersOutgoing.length > 0 || status.leadTransferee !== NO_NODE) return;
    const { followsWriters, self } = this.#ports;
    const isAlone = voters.length < 2;
    if (followsWriters && !isAlone && this.#policy.isBusy && !this.roundTrips.hasLearnt(self)) {
      void this.roundTrips.learn(self);
    }
    const candidates = voters.map((id) => this.#candidate(id, status));
    const next = this.#policy.next(candidates, (from, to) =>
      followsWriters ? this.roundTrips.between(from, to) : 0,
    );
    const better = this.#policy.better;
    if (better === undefined) this.#asked = undefined;
    else if (this.#priorityOf(better) > this.#priorityOf(self)) this.#asked = told(better);
    else if (this.#asked?.id !== better) this.#ask(better);
    if (next === undefined || next !== this.#asked?.id || !this.#asked.told) return;
    this.#handOver(next);
  }

  #handOver(to: NodeId): void {
    const { raft, log, state, schedule } = this.#ports;
    log.info('leadership goes to where it serves better', { to: state.membership.get(to)?.name });
    this.handOvers++;
    this.#beginAnew();
    raft.transferLeader(to);
    schedule();
  }

  #candidate(id: NodeId, { progress }: RaftStatus): Candidate {
    const { self, state } = this.#ports;
    const seen = progress.find((each) => each.id === id);
    const keepsUp =
      seen !== undefined && seen.active && seen.state === 'replicate' && seen.match >= this.#mark;
    const isCorrupt = state.alarms.all.some(
      ({ memberId, type }) => memberId === id && type === AlarmType.CORRUPT,
    );
    const caughtUp = (id === self || keepsUp) && !isCorrupt;
    return { id, priority: this.#priorityOf(id), caughtUp };
  }

  /** As configured; members of a later day may be added to the configuration by their names. */
  #priorityOf(id: NodeId): number {
    const { config, state } = this.#ports;
    const name = state.membership.get(id)?.name;
    const configured = config.members.find((member) => member.id === id || member.name === name);
    return configured?.priority ?? PLACEMENT_PRIORITY_DEFAULT;
  }

  /** Learns how far `id` and this member are from all others, so that they can be compared. */
  #ask(id: NodeId): void {
    const asked = { id, told: false };
    this.#asked = asked;
    const { roundTrips } = this;
    void Promise.all([roundTrips.learn(this.#ports.self), roundTrips.learn(id)]).then(
      ([, isTold]) => {
        if (isTold) asked.told = true;
        else if (this.#asked === asked) this.#asked = undefined;
      },
    );
  }

  #beginAnew(): void {
    this.#policy.reset();
    this.#ticks = 0;
    this.#asked = undefined;
  }
}

/** Against an operator's wish no round trip counts. */
function told(id: NodeId): { readonly id: NodeId; told: boolean } {
  return { id, told: true };
}
