import type { Member as MembershipEntry } from '../apply/membership.ts';
import type { StateMachine } from '../apply/state-machine.ts';
import { CHECKPOINT_AT_REST_ROWS, CHECKPOINT_BYTES, CHECKPOINT_ENTRIES } from '../constants.ts';
import type { RowStore } from '../lib/row-store.ts';
import type { ConfState, SnapshotMeta } from '../raft/types.ts';
import type { Wal } from '../wal/wal.ts';

/**
 * Brings the state to storage and cuts the log behind it. State and applied index are written in one
 * transaction, so no crash can part them (etcd #13766).
 */
export class Checkpoints {
  readonly #rows: RowStore;
  readonly #wal: Wal;
  readonly #state: StateMachine;
  #savedIndex: number;
  #asked = false;

  constructor(rows: RowStore, wal: Wal, state: StateMachine) {
    this.#rows = rows;
    this.#wal = wal;
    this.#state = state;
    this.#savedIndex = state.applied.index;
  }

  get due(): boolean {
    return (
      this.#asked ||
      this.#state.mvcc.unflushedBytes >= CHECKPOINT_BYTES ||
      this.#state.applied.index - this.#savedIndex >= CHECKPOINT_ENTRIES
    );
  }

  get dueAtRest(): boolean {
    const hasNews = this.#state.applied.index > this.#savedIndex;
    return hasNews && this.#wal.sizes.rows >= CHECKPOINT_AT_REST_ROWS;
  }

  /**
   * A checkpoint is due whatever has gathered: the members have changed. That they did must not be
   * forgotten by a restart, for a member that was removed, and is told so, acknowledges nothing any more:
   * whoever still counted on it could commit nothing.
   */
  ask(): void {
    this.#asked = true;
  }

  /**
   * A member without any state begins with the members that its configuration names, as if a snapshot
   * at index 0 had said so: equal at all of them, with nothing to agree on first.
   */
  bootstrapIfFresh(members: readonly MembershipEntry[]): void {
    if (this.#state.saved !== undefined) return;
    this.#state.bootstrap(members);
    const learners = members.filter((member) => member.isLearner).map((member) => member.id);
    const voters = members.filter((member) => !member.isLearner).map((member) => member.id);
    const confState = { voters, learners, votersOutgoing: [], learnersNext: [], autoLeave: false };
    this.save(confState, 0);
  }

  /**
   * Saves the state as it stands and cuts the log up to `compactable`; returns the point that now is
   * durable.
   */
  save(confState: ConfState, compactable: number): SnapshotMeta {
    const meta = { ...this.#state.applied, confState };
    this.#rows.atomically(() => {
      this.#state.save(this.#rows, meta);
      this.#wal.setSnapshot(meta, Math.min(meta.index, compactable));
    });
    this.#savedIndex = meta.index;
    this.#asked = false;
    return meta;
  }
}
