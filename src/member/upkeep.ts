/** What keeps a member in order: its quota, hashes of its content, clean-up, the hand-over of leadership. */
import { StatusError } from '../api/errors.ts';
import { AlarmAction, AlarmType, idToLong, type TxnRequestInput } from '../api/messages.ts';
import type { StateMachine } from '../apply/state-machine.ts';
import {
  CLEAN_UP_POLL_MS,
  CLEAN_UP_WAIT_MS_MAX,
  PROPOSAL_TIMEOUT_MS,
  QUOTA_BYTES_DEFAULT,
  QUOTA_MEASURE_CALLS,
  QUOTA_MEASURE_TICKS,
  TICK_MS,
} from '../constants.ts';
import type { RowStore } from '../lib/row-store.ts';
import type { MvccStore } from '../mvcc/store.ts';
import { CompactedError, FutureRevisionError, type HashResult } from '../mvcc/types.ts';
import type { RawNode } from '../raft/raw-node.ts';
import { NO_NODE, type NodeId } from '../raft/types.ts';
import type { Clock, Log } from './ports.ts';
import type { Proposal } from './proposal-queue.ts';

export interface UpkeepPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly rows: RowStore;
  readonly self: NodeId;
  readonly state: StateMachine;
  readonly store: MvccStore;
  readonly raft: Pick<RawNode, 'leader' | 'status' | 'transferLeader'>;
  /** Undefined or 0: etcd's default. */
  readonly quotaBytes: number | undefined;
  readonly propose: (proposal: Proposal) => Promise<unknown>;
  /** Runs a read of the state; damage ends the member. */
  readonly read: <T>(run: () => T) => T;
  /** Saves the state, so that its compaction may begin. */
  readonly checkpoint: () => void;
  /** Asks for a turn. */
  readonly schedule: () => void;
}

export class Upkeep {
  readonly quotaBytes: number;
  readonly #ports: UpkeepPorts;
  /** Calls until the storage is measured again. */
  #callsLeft = 0;
  #ticks = 0;
  #full = false;
  #raising = false;
  #lastHash: Promise<unknown> = Promise.resolve();

  constructor(ports: UpkeepPorts) {
    this.#ports = ports;
    const { quotaBytes = 0 } = ports;
    this.quotaBytes = quotaBytes === 0 ? QUOTA_BYTES_DEFAULT : quotaBytes;
  }

  /**
   * Refuses what makes the store larger when this member's storage is over the quota, and raises the
   * alarm that makes all members refuse it (etcd rule M10).
   * @throws StatusError noSpace
   */
  admit(proposal: Proposal): void {
    const { put, txn, lease_grant: grant } = proposal;
    if (!isGiven(put) && !isGiven(grant) && !(isGiven(txn) && putsSomething(txn))) return;
    if (this.#callsLeft-- <= 0) this.#measure();
    if (!this.#full) return;
    this.#raise();
    throw StatusError.of('noSpace');
  }

  /** Called at each tick while the member is awake: a follower's storage may be the one that is full. */
  tick(): void {
    if (++this.#ticks % QUOTA_MEASURE_TICKS !== 0) return;
    this.#measure();
    if (this.#full) this.#raise();
  }

  /**
   * Hash of the content at `revision` (0: the newest), taken in steps with other work between them, one
   * hash at a time.
   * @throws StatusError compacted, futureRev
   */
  hash(revision: number): Promise<HashResult> {
    const hash = this.#lastHash.then(() => this.#hashInSteps(revision));
    this.#lastHash = hash.catch(() => undefined);
    return hash;
  }

  /** Resolves when what was compacted is cleaned up here, or has taken very long. */
  async cleaned(): Promise<void> {
    const { store, clock, checkpoint, schedule } = this.#ports;
    checkpoint();
    for (let waitedMs = 0; waitedMs < CLEAN_UP_WAIT_MS_MAX; waitedMs += CLEAN_UP_POLL_MS) {
      if (!store.compacting) return;
      schedule();
      await sleep(clock, CLEAN_UP_POLL_MS);
    }
  }

  /**
   * Hands leadership to `to`.
   * @throws StatusError notLeader, badLeaderTransferee, timeoutLeaderTransfer
   */
  async moveLeader(to: NodeId): Promise<void> {
    const { raft, self, state, clock, schedule } = this.#ports;
    if (raft.leader !== self) throw StatusError.of('notLeader');
    const target = state.membership.get(to);
    if (target === undefined || target.isLearner) throw StatusError.of('badLeaderTransferee');
    const deadlineMs = clock.nowMs() + PROPOSAL_TIMEOUT_MS;
    raft.transferLeader(to);
    schedule();
    while (raft.leader !== to) {
      const givenUp = raft.leader === self && raft.status().leadTransferee === NO_NODE;
      if (givenUp || clock.nowMs() >= deadlineMs) throw StatusError.of('timeoutLeaderTransfer');
      await sleep(clock, TICK_MS);
    }
  }

  #measure(): void {
    const bytes = this.#ports.rows.sizeBytes();
    this.#full = bytes >= this.quotaBytes;
    this.#callsLeft = QUOTA_MEASURE_CALLS;
  }

  #raise(): void {
    const { state, self, propose, log } = this.#ports;
    const raised = state.alarms.all.some(
      ({ memberId, type }) => memberId === self && type === AlarmType.NOSPACE,
    );
    if (raised || this.#raising) return;
    this.#raising = true;
    log.warn('storage is over its quota', { quotaBytes: this.quotaBytes });
    const alarm = {
      action: AlarmAction.ACTIVATE,
      memberID: idToLong(self),
      alarm: AlarmType.NOSPACE,
    };
    const finish = (): void => {
      this.#raising = false;
    };
    propose({ alarm }).then(finish, finish);
  }

  async #hashInSteps(revision: number): Promise<HashResult> {
    const { store, clock, read } = this.#ports;
    for (;;) {
      const { generation } = store.stats;
      const job = read(() => translated(() => store.hashInSteps(revision)));
      try {
        // A snapshot that was installed meanwhile replaced what the job reads.
        while (store.stats.generation === generation) {
          const result = read(() => job.step());
          if (result !== undefined) return result;
          await sleep(clock, 0);
        }
      } finally {
        job.close();
      }
    }
  }
}

function isGiven<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}

function putsSomething({ success, failure }: TxnRequestInput): boolean {
  return [...(success ?? []), ...(failure ?? [])].some(
    (op) => isGiven(op.request_put) || (isGiven(op.request_txn) && putsSomething(op.request_txn)),
  );
}

export function sleep(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => void clock.setTimer(delayMs, resolve));
}

function translated<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof CompactedError) throw StatusError.of('compacted');
    if (error instanceof FutureRevisionError) throw StatusError.of('futureRev');
    throw error;
  }
}
