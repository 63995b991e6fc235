/**
 * Leases as a part of the member: makes the leader's lessor the primary one, proposes what it finds,
 * and wakes the member when a lease may end.
 *
 * Alarms. The leader that comes to rest wishes to be woken when the first lease ends, and tells the others
 * how long that is. They wish to be woken then, and a grace later: by then the leader has acted, or is
 * gone and must be replaced. A follower that was not told goes by the least that a new leader would assume
 * to remain of any lease; one that finds no leader asks less and less often. Awake members keep an alarm some way ahead, so that a process that dies is built anew.
 */
import { StatusError } from '../api/errors.ts';
import { leaseIdToLong } from '../api/messages.ts';
import {
  ELECTION_TICKS,
  LEASE_AWAKE_ALARM_MS,
  LEASE_ENDED_RECHECK_MS,
  LEASE_EXPIRE_PERIOD_MS,
  TICK_MS,
} from '../constants.ts';
import type { RowStore } from '../lib/row-store.ts';
import type { LeaseId } from '../mvcc/types.ts';
import type { RawNode } from '../raft/raw-node.ts';
import { NO_NODE, type NodeId } from '../raft/types.ts';
import { drawLeaseId } from '../lease/lease-id.ts';
import type { Lessor, Renewal } from '../lease/lessor.ts';
import type { Alarms } from './alarms.ts';
import { decodeRestNote, encodeRestNote, LeaseAlarm } from './lease-alarm.ts';
import { LeaderLeases } from './leader-leases.ts';
import type { LeaseAnswer, LeaseQuestion } from './lease-messages.ts';
import type { Clock, Log, PeerAddress, Random, Transport } from './ports.ts';
import type { Proposal } from './proposal-queue.ts';

export interface LeaseHostPorts {
  readonly lessor: Lessor;
  readonly rows: RowStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: Random;
  readonly transport: Transport;
  readonly alarms: Alarms;
  readonly self: NodeId;
  readonly raft: Pick<RawNode, 'leader' | 'term' | 'status' | 'noteAtRest' | 'restNote'>;
  /** Index of the last entry applied. */
  readonly applied: () => number;
  readonly addressOf: (id: NodeId) => PeerAddress | undefined;
  readonly propose: (proposal: Proposal) => Promise<unknown>;
  /** Resolves when a quorum has confirmed, in a round begun after the call, who leads. */
  readonly confirm: () => Promise<void>;
}

/** Nobody could renew during an election. */
const EXTEND_MS = ELECTION_TICKS * TICK_MS;

interface EndedWaiter {
  readonly id: LeaseId;
  readonly untilMs: number;
  readonly done: () => void;
}

export class LeaseHost {
  readonly lessor: Lessor;
  readonly #leader: LeaderLeases;
  readonly #ports: LeaseHostPorts;
  /** Leads in `term`; primary as soon as the log up to `index`, its end when that was seen, is applied. */
  #leading: { readonly term: number; readonly index: number } | undefined;
  /** Renewals that met a lease whose end is on its way through the log. */
  #ended: EndedWaiter[] = [];
  /** When ended leases were last looked for. */
  #expiredMs = 0;
  readonly #alarm: LeaseAlarm;
  #stopped = false;

  constructor(ports: LeaseHostPorts) {
    this.#ports = ports;
    this.lessor = ports.lessor;
    this.#leader = new LeaderLeases({
      ...ports,
      answer: (question) => this.answer(question),
      leaderAddress: () => this.#leaderAddress(),
    });
    this.#alarm = new LeaseAlarm(ports.alarms, ports.rows);
    ports.raft.noteAtRest(() => {
      const firstMs = this.lessor.nextDeadline();
      return encodeRestNote(firstMs === undefined ? undefined : firstMs - ports.clock.nowMs());
    });
  }

  /** The member's turn is over. */
  afterTurn(): void {
    this.#followLeadership();
    this.#expire();
    this.#settleEnded();
  }

  /** Called at each tick while the member is awake. */
  tick(): void {
    const checkpoints = this.lessor.checkpoints();
    const term = this.lessor.primaryTerm;
    if (checkpoints.length > 0 && term !== undefined) {
      this.#propose({
        lease_checkpoint: {
          term,
          checkpoints: checkpoints.map(({ id, remainingSeconds }) => ({
            ID: leaseIdToLong(id),
            remaining_TTL: remainingSeconds,
          })),
        },
      });
    }
    this.#keepAlarmAhead();
  }

  /** The member comes to rest: what must outlive its memory is written now. */
  rest(): void {
    this.#followLeadership();
    const { alarms, clock, raft } = this.#ports;
    if (this.lessor.primaryTerm !== undefined) {
      this.lessor.rest();
      this.#alarm.wish(this.lessor.nextDeadline());
    } else if (this.lessor.size === 0) {
      this.#alarm.wish(undefined);
    } else {
      const assumedMs = (this.lessor.shortestAssumedSeconds() ?? 0) * 1000;
      const remainingMs = decodeRestNote(raft.restNote) ?? assumedMs;
      this.#alarm.wishToCheck(clock.nowMs(), remainingMs, raft.leader !== NO_NODE);
    }
    alarms.settle({ exact: true });
  }

  /** Ends the waiting of all that wait here. */
  stop(): void {
    this.#stopped = true;
    this.lessor.demote();
    const waiters = this.#ended;
    this.#ended = [];
    for (const { done } of waiters) done();
  }

  /**
   * Says, in the turn that applied an entry: this instance led when that was committed, so its state was
   * the cluster's after the entry was proposed, as if a round had confirmed it.
   */
  get ledWhatIsApplied(): boolean {
    const leading = this.#leading;
    if (leading === undefined || leading.term !== this.#leadingTerm()) return false;
    return this.#ports.applied() > leading.index;
  }

  /** An id for a lease whose owner chose none. */
  drawId(): LeaseId {
    return drawLeaseId(this.#ports.random, (id) => this.lessor.has(id));
  }

  /** Asks the leader, wherever it is, and rides out changes of it. @throws StatusError `timeout` */
  ask(question: LeaseQuestion): Promise<LeaseAnswer> {
    return this.#leader.ask(question);
  }

  /**
   * What only a leader can say. All questions of one turn share the round that confirms it.
   * @throws StatusError `timeout` without a quorum
   */
  answer(question: LeaseQuestion): Promise<LeaseAnswer> {
    return question.kind === 'renew'
      ? this.#renew(question.id)
      : this.#timeToLive(question.id, question.keys);
  }

  async #renew(id: LeaseId): Promise<LeaseAnswer> {
    for (;;) {
      const term = this.#leadingTerm();
      if (term === undefined) return { kind: 'notLeader' };
      await this.#ports.confirm();
      const renewal = this.#renewIn(id, term);
      switch (renewal.kind) {
        case 'renewed':
          if (renewal.clearCheckpoint) await this.#clearCheckpoint(id, term);
          // Was it applied for another leader, or dropped? That one does not know of the renewal.
          if (!this.#leadsIn(term)) return { kind: 'notLeader' };
          return { kind: 'renewed', ttlSeconds: renewal.ttlSeconds };
        case 'ended':
          await this.#whenGone(id);
          break;
        case 'unknown':
          return { kind: 'unknown' };
        case 'notPrimary':
          return { kind: 'notLeader' };
      }
    }
  }

  async #timeToLive(id: LeaseId, keys: boolean): Promise<LeaseAnswer> {
    const term = this.#leadingTerm();
    if (term === undefined) return { kind: 'notLeader' };
    await this.#ports.confirm();
    if (!this.#leadsIn(term)) return { kind: 'notLeader' };
    const time = this.lessor.timeToLive(id);
    if (time === undefined) return { kind: 'unknown' };
    const { grantedSeconds, remainingSeconds } = time;
    if (remainingSeconds === undefined) return { kind: 'notLeader' };
    const attached = keys ? this.lessor.keys(id) : [];
    return { kind: 'lives', grantedSeconds, remainingSeconds, keys: attached };
  }

  /** A leader of `term` before and after the confirmed round was the leader all the while. */
  #renewIn(id: LeaseId, term: number): Renewal {
    return this.#leadsIn(term) ? this.lessor.renew(id, term) : { kind: 'notPrimary' };
  }

  #leadsIn(term: number): boolean {
    if (this.#stopped) throw StatusError.of('stopped');
    return this.#leadingTerm() === term;
  }

  #leadingTerm(): number | undefined {
    const { raft, self } = this.#ports;
    return raft.leader === self ? raft.term : undefined;
  }

  #leaderAddress(): PeerAddress | undefined {
    const { raft, self, addressOf } = this.#ports;
    return raft.leader === self ? undefined : addressOf(raft.leader);
  }

  #followLeadership(): void {
    const { raft, applied, log } = this.#ports;
    const term = this.#leadingTerm();
    if (term === undefined) {
      this.#leading = undefined;
      this.lessor.demote();
      return;
    }
    if (this.#leading?.term !== term) {
      this.lessor.demote();
      this.#leading = { term, index: raft.status().lastIndex };
    }
    if (this.lessor.primaryTerm !== undefined || applied() < this.#leading.index) return;
    this.lessor.promote(term, EXTEND_MS);
    log.info('primary lessor', { term, leases: this.lessor.size });
  }

  /** In batches: each by itself would be a turn, a row and a message, in the way of writes. */
  #expire(): void {
    const nowMs = this.#ports.clock.nowMs();
    const sinceMs = nowMs - this.#expiredMs;
    if (sinceMs >= 0 && sinceMs < LEASE_EXPIRE_PERIOD_MS) return;
    this.#expiredMs = nowMs;
    for (const { id, term } of this.lessor.expired()) {
      this.#propose({ lease_revoke: { ID: leaseIdToLong(id), term } });
    }
  }

  /** What fails here is tried again by itself, or is news to nobody. */
  #propose(proposal: Proposal): void {
    this.#ports.propose(proposal).catch((error: unknown) => {
      if (this.#stopped) return;
      if (error instanceof StatusError && error.is('leaseNotFound')) return;
      this.#ports.log.warn('lessor: a proposal failed', { error: String(error) });
    });
  }

  async #clearCheckpoint(id: LeaseId, term: number): Promise<void> {
    await this.#ports.propose({
      lease_checkpoint: { term, checkpoints: [{ ID: leaseIdToLong(id), remaining_TTL: 0 }] },
    });
  }

  /** Resolves when a lease is gone, or after a while, when its renewal is to be tried again. */
  #whenGone(id: LeaseId): Promise<void> {
    const untilMs = this.#ports.clock.nowMs() + LEASE_ENDED_RECHECK_MS;
    return new Promise((done) => this.#ended.push({ id, untilMs, done }));
  }

  #settleEnded(): void {
    if (this.#ended.length === 0) return;
    const nowMs = this.#ports.clock.nowMs();
    const settles = ({ id, untilMs }: EndedWaiter): boolean =>
      untilMs <= nowMs || !this.lessor.has(id);
    const settled = this.#ended.filter(settles);
    this.#ended = this.#ended.filter((waiter) => !settles(waiter));
    for (const { done } of settled) done();
  }

  /** A process may die while it is awake, and nobody else has a reason to call this object. */
  #keepAlarmAhead(): void {
    const { alarms, clock } = this.#ports;
    const nowMs = clock.nowMs();
    const { atMs } = this.#alarm;
    if (this.lessor.size === 0) {
      if (atMs !== undefined && atMs <= nowMs) this.#alarm.wish(undefined);
      return;
    }
    if (atMs !== undefined && atMs > nowMs) return;
    this.#alarm.keepAhead(nowMs + LEASE_AWAKE_ALARM_MS);
    alarms.settle({ exact: false });
  }
}
