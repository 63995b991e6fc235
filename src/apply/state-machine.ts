/**
 * Everything that the members of a cluster hold alike: the store, the leases' book, membership,
 * alarms. Entries go in, in order; each gives the same answer and the same changes on every member.
 */
import { Code, StatusError } from '../api/errors.ts';
import {
  InternalRequest,
  MemberDescription,
  toNumber,
  type RangeRequest,
  type RangeResponseInput,
  type TxnRequest,
  type TxnResponseInput,
} from '../api/messages.ts';
import { CLUSTER_VERSION } from '../constants.ts';
import { assert } from '../lib/assert.ts';
import { ByteWriter } from '../lib/binary.ts';
import type { RowStore } from '../lib/row-store.ts';
import {
  type HashResult,
  CompactedError,
  FutureRevisionError,
  type Change,
  type Mvcc,
} from '../mvcc/types.ts';
import type { ConfChange, ConfState, Entry, SnapshotMeta } from '../raft/types.ts';
import { Alarms } from './alarms.ts';
import { dispatch, type ApplyResponse, type Done } from './dispatch.ts';
import type { LeaseBook } from './lease-book.ts';
import { Membership, type Member } from './membership.ts';
import { rangePage, type RangeCursor, type RangePage } from './range-stream.ts';
import { executeRange } from './range.ts';
import { decodeState, encodeState, splitExport } from './state-codec.ts';
import { StagedRestore } from './restore.ts';
import { loadState, saveState } from './state-rows.ts';
import { readOnlyTxn } from './txn.ts';

/** A place in the log. */
export interface LogPoint {
  readonly index: number;
  readonly term: number;
}

/** What applying a mutation gave. An error is as much a part of the history as a response. */
export type Outcome =
  | {
      /** Its header holds the revision; cluster, member and term are filled by whoever answers. */
      readonly response: ApplyResponse;
      readonly error?: undefined;
      /** In the order they were made; empty if nothing was written. */
      readonly changes: readonly Change[];
      /** As Done of dispatch.ts. */
      readonly restored?: boolean;
    }
  | {
      readonly response?: undefined;
      readonly error: StatusError;
      readonly changes: readonly [];
      readonly restored?: undefined;
    };

/** An applied entry, and who waits for it. */
export interface AppliedEntry {
  /** Empty if the entry could not be read. */
  readonly proposer: Uint8Array;
  readonly sequence: number;
  readonly outcome: Outcome;
}

export interface StateParts {
  readonly mvcc: Mvcc;
  readonly leases: LeaseBook;
}

const NO_POINT: LogPoint = { index: 0, term: 0 };

export class StateMachine {
  readonly mvcc: Mvcc;
  readonly leases: LeaseBook;
  readonly membership = new Membership();
  readonly alarms = new Alarms();
  readonly staged: StagedRestore;
  #clusterVersion = CLUSTER_VERSION;
  /** The last entry whose effects this state holds. */
  #applied: LogPoint = NO_POINT;
  /** What `save` wrote last or `open` found; undefined in a fresh store. */
  #saved: SnapshotMeta | undefined;

  private constructor(rows: RowStore, parts: StateParts) {
    this.mvcc = parts.mvcc;
    this.staged = new StagedRestore(rows, parts.mvcc);
    this.leases = parts.leases;
  }

  /**
   * The state as it was saved last, empty in a fresh store. `parts` are opened from the same rows.
   * @throws CorruptStateError
   */
  static open(rows: RowStore, parts: StateParts): StateMachine {
    const machine = new StateMachine(rows, parts);
    const stored = loadState(rows);
    if (stored === undefined) return machine;
    machine.#saved = machine.#restore(stored);
    machine.staged.dropVoid(parts.leases);
    return machine;
  }

  get applied(): LogPoint {
    return this.#applied;
  }

  /** Where a restart would go on from; undefined before the first save. */
  get saved(): SnapshotMeta | undefined {
    return this.#saved;
  }

  get clusterVersion(): string {
    return this.#clusterVersion;
  }

  /** The members a new cluster starts with, before any entry. */
  bootstrap(members: readonly Member[], point: LogPoint = NO_POINT): void {
    assert(
      this.#applied.index === 0 && this.#saved === undefined,
      `bootstrap at index ${point.index}: the state already stands at ${this.#applied.index}`,
    );
    this.membership.restore(members, []);
    this.#applied = point;
  }

  /**
   * Applies a normal entry. Undefined for the empty entry of a new leader. An entry that cannot be
   * read changes nothing and is answered with an error: its bytes are equal on all members.
   * @throws UnknownRequestError: stop before this entry, only a newer version can apply it
   */
  applyEntry(entry: Entry): AppliedEntry | undefined {
    if (entry.data.length === 0) {
      this.#advance(entry);
      return undefined;
    }
    let request: InternalRequest;
    let sequence: number;
    try {
      request = InternalRequest.decode(entry.data);
      sequence = toNumber(request.sequence);
    } catch (cause) {
      this.#advance(entry);
      const text = `apply entry ${entry.index} of term ${entry.term}: it cannot be read`;
      const error = new StatusError(Code.Internal, text, { cause });
      return { proposer: new Uint8Array(0), sequence: 0, outcome: { error, changes: [] } };
    }
    return { proposer: request.proposer, sequence, outcome: this.apply(request, entry) };
  }

  /**
   * Applies one mutation that stands at `at` in the log, right after the last one applied.
   * @throws UnknownRequestError as applyEntry
   */
  apply(request: InternalRequest, at: LogPoint): Outcome {
    this.#assertNext(at);
    const outcome = settled(() => dispatch(this, request, at.term));
    this.#applied = { index: at.index, term: at.term };
    return outcome;
  }

  /**
   * Applies a configuration change to the membership. An error means that the change is refused, by
   * all members alike: Raft must be told of no change.
   */
  applyConfChange(change: ConfChange, at: LogPoint): StatusError | undefined {
    this.#assertNext(at);
    this.#applied = { index: at.index, term: at.term };
    // Leaving a joint configuration says nothing new about who the members are.
    if (change.steps.length === 0) return undefined;
    let description: MemberDescription;
    try {
      description = MemberDescription.decode(change.context);
    } catch (cause) {
      const text = `apply configuration change ${at.index}: its description cannot be read`;
      return new StatusError(Code.Internal, text, { cause });
    }
    return settled(() => {
      this.membership.change(change.steps, description);
      return { response: {}, changes: [] };
    }).error;
  }

  /** @throws StatusError compacted, futureRev */
  range(request: RangeRequest): RangeResponseInput {
    return translated(() => executeRange(this.mvcc, request, this.mvcc.revision));
  }

  /** One page of a RangeStream. @throws StatusError compacted, futureRev */
  rangePage(request: RangeRequest, cursor?: RangeCursor): RangePage {
    return translated(() => rangePage(this.mvcc, request, cursor));
  }

  /** All pages of a RangeStream; the state may move on between them. @throws as rangePage */
  *rangeStream(request: RangeRequest): Generator<RangeResponseInput, void, undefined> {
    let page = this.rangePage(request);
    yield page.response;
    while (page.next !== undefined) {
      page = this.rangePage(request, page.next);
      yield page.response;
    }
  }

  /** Hash of the store's content at `revision` (0: the newest). @throws StatusError compacted, futureRev */
  hashKV(revision: number): HashResult {
    return translated(() => this.mvcc.hash(revision));
  }

  /** A transaction for which isReadOnlyTxn holds. @throws StatusError compacted, futureRev */
  readOnlyTxn(request: TxnRequest): TxnResponseInput {
    return translated(() => readOnlyTxn(this.mvcc, this.leases, request));
  }

  /**
   * Writes everything, the store's changes included, so that a restart stands exactly at `point`. To be
   * called in one transaction with whatever else must move together (such as cutting the log).
   * @param point the applied index and term, and Raft's configuration there
   */
  save(rows: RowStore, point: SnapshotMeta): void {
    assert(
      point.index === this.#applied.index && point.term === this.#applied.term,
      `save state at ${point.index}/${point.term}: it stands at ${this.#applied.index}/${this.#applied.term}`,
    );
    rows.atomically(() => {
      this.mvcc.flush();
      this.leases.flush();
      saveState(rows, this.#encode(point));
    });
    this.#saved = point;
  }

  /** Everything but the store's pages, as a snapshot at `confState` and the applied index carries it. */
  exportState(confState: ConfState): Uint8Array {
    const writer = new ByteWriter();
    writer.bytes(this.#encode({ ...this.#applied, confState }));
    writer.bytes(this.leases.encode());
    return writer.finish();
  }

  /**
   * Replaces everything but the store's pages by what `exportState` made. The caller installs the pages
   * and calls `save` in the same transaction.
   * @throws DecodeError
   */
  installState(bytes: Uint8Array): void {
    const { state, leases } = splitExport(bytes);
    this.#restore(state);
    this.leases.restore(leases);
  }

  #encode(point: SnapshotMeta): Uint8Array {
    return encodeState({
      point,
      clusterVersion: this.#clusterVersion,
      members: this.membership.members,
      removed: this.membership.removed,
      alarms: this.alarms.all,
      upload: this.staged.upload,
    });
  }

  #restore(bytes: Uint8Array): SnapshotMeta {
    const state = decodeState(bytes);
    this.membership.restore(state.members, state.removed);
    this.alarms.restore(state.alarms);
    this.staged.upload = state.upload;
    this.#clusterVersion = state.clusterVersion;
    this.#applied = { index: state.point.index, term: state.point.term };
    return state.point;
  }

  #advance(at: LogPoint): void {
    this.#assertNext(at);
    this.#applied = { index: at.index, term: at.term };
  }

  /** A gap would be a lost entry, a repetition a doubled one. */
  #assertNext(at: LogPoint): void {
    assert(
      at.index === this.#applied.index + 1 && at.term >= this.#applied.term,
      `apply entry ${at.index} of term ${at.term}: the last one applied is ${this.#applied.index} of term ${this.#applied.term}`,
    );
  }
}

/** Expected failures become part of the outcome; anything else is a bug or a broken store, and goes on. */
function settled(run: () => Done): Outcome {
  try {
    return translated(run);
  } catch (error) {
    if (error instanceof StatusError) return { error, changes: [] };
    throw error;
  }
}

/** The store's errors in etcd's words. */
function translated<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof CompactedError) throw StatusError.of('compacted');
    if (error instanceof FutureRevisionError) throw StatusError.of('futureRev');
    throw error;
  }
}
