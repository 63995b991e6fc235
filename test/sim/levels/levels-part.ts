/**
 * Readers at every level of consistency, at voters and learners. Those that ask for linearizable reads
 * join the history of the KV service's clients; all others are held there to the content of the revision
 * that they name, and here to what their level promises, in true simulated time.
 */
import { TICK_MS } from '../../../src/constants.ts';
import { Prng } from '../../../src/lib/prng.ts';
import type { CallResult } from '../../../src/member/rpc.ts';
import type { NodeId } from '../../../src/raft/types.ts';
import { checkInTime } from '../checkers/level-in-time.ts';
import { checkLabels } from '../checkers/level-label.ts';
import { checkMaxStaleness } from '../checkers/level-max-staleness.ts';
import { checkMinRevision } from '../checkers/level-min-revision.ts';
import { checkMonotonic } from '../checkers/level-monotonic.ts';
import type { SimulatedCluster } from '../cluster.ts';
import type { ObjectHost } from '../host.ts';
import { RATE_ERROR_MAX } from '../nemesis.ts';
import type { SimulationOptions } from '../options.ts';
import type { PartContext, WorkloadPart } from '../part.ts';
import type { SimulatedMember } from '../simulated-member.ts';
import { Lives } from './lives.ts';
import {
  describeRequest,
  drawRead,
  type LevelRequest,
  outcomeOf,
  readAt,
  waitFor,
} from './reader.ts';
import { type ClockError, CommitTimes, type LevelRead, type ServedRead } from './record.ts';

/** Share of the runs that have such readers. */
const SHARE = 0.4;
/** A reader gives up on an answer after this long, or much later; the member goes on with it. */
const PATIENCE_MS = [500, 2_000, 12_000];
/** How often one asks while the cluster has quiet: that wakes it, or finds it at rest. */
const QUIET_READ_CHANCE = 0.1;
/** More steps back than forward: those are what could make something old look young. */
const CLOCK_STEPS_MS = [-86_400_000, 86_400_000, -5_000, -1_000, -300];
/** Share of the runs with such steps in which somebody waits where the clock is set, and for how long before. */
const WAITER_SHARE = 0.6;
const WAITER_AHEAD_MS = 300;
/** A revision that does not come. */
const NEVER_REVISIONS = 1_000_000;
/** Keeps what is drawn for that apart from all else that the seed decides. */
const WAITER_SALT = 0x3a17;

const WAITER = 'waiter';

export function levelsPart(context: PartContext): WorkloadPart | undefined {
  return context.prng.bool(SHARE) ? new LevelsPart(context) : undefined;
}

class LevelsPart implements WorkloadPart {
  readonly #cluster: SimulatedCluster;
  readonly #options: SimulationOptions;
  readonly #prng: Prng;
  readonly #readers: number;
  readonly #thinkMs: number;
  /** Mean time between two steps of some member's clock; Infinity: none but the nemesis'. */
  readonly #stepEveryMs: number;
  /** Where a clock is set somebody waits for what does not come: until the deadline, and no longer. */
  readonly #waits: boolean;
  readonly #reads: LevelRead[] = [];
  /** Those without an answer, and the instance that owes it. */
  readonly #owed = new Map<
    LevelRead,
    { host: ObjectHost<SimulatedMember>; object: SimulatedMember }
  >();
  readonly #commits = new CommitTimes();
  readonly #lives = new Lives<SimulatedMember>();
  #answers = 0;
  #stopped = false;

  constructor({ cluster, options, prng }: PartContext) {
    this.#cluster = cluster;
    this.#options = options;
    this.#prng = prng;
    this.#readers = 2 + prng.below(4);
    this.#thinkMs = prng.pick([15, 50, 150]);
    this.#stepEveryMs = prng.pick([Infinity, Infinity, 1_500, 4_000]);
    this.#waits = new Prng(options.seed ^ WAITER_SALT).bool(WAITER_SHARE);
  }

  get description(): string {
    const steps = this.#stepEveryMs === Infinity ? '' : ', clocks are set by up to a day';
    return `${this.#readers} readers at every level, pausing ${this.#thinkMs} ms${steps}`;
  }

  start(): void {
    const { observer, scheduler } = this.#cluster;
    observer.onApplied.push(({ revision }) => {
      this.#commits.note(revision, scheduler.nowMs);
    });
    if (this.#stepEveryMs < Infinity) {
      if (this.#waits) this.#cluster.addClient(WAITER, undefined);
      this.#stepLater();
    }
    for (let at = 0; at < this.#readers; at++) {
      const name = `r${at}`;
      const pinned = this.#prng.bool() ? this.#prng.pick(this.#cluster.memberIds()) : undefined;
      this.#cluster.addClient(name, pinned);
      this.#readLater(name, new Prng(this.#prng.below(2 ** 32)), pinned);
    }
  }

  stop(): void {
    this.#stopped = true;
  }

  /** A member that lives answers in the end, if only with an error. */
  unsettled(): string | undefined {
    for (const [read, { host, object }] of this.#owed) {
      if (host.current?.instance !== object) this.#owed.delete(read);
    }
    return this.#owed.size === 0 ? undefined : `${this.#owed.size} reads without an answer`;
  }

  judge(): void {
    checkMinRevision(this.#reads);
    checkMaxStaleness(this.#reads, this.#commits);
    checkLabels(this.#reads, this.#commits);
    checkMonotonic(this.#reads);
    checkInTime(this.#reads);
  }

  counts(): Readonly<Record<string, number>> {
    const answers = this.#reads.filter(({ served }) => served?.revision !== undefined);
    const labelled = answers.filter(({ served }) => served?.stalenessMs !== undefined);
    return {
      'level reads': this.#reads.length,
      'level answers': answers.length,
      'level labels': labelled.length,
    };
  }

  #stepLater(): void {
    const { scheduler } = this.#cluster;
    scheduler.after(-this.#stepEveryMs * Math.log(1 - this.#prng.float()), () => {
      if (this.#stopped) return;
      const host = this.#prng.pick(this.#cluster.hosts());
      const byMs = this.#prng.pick(CLOCK_STEPS_MS);
      if (this.#waits) {
        this.#waitAt(host.id);
        scheduler.after(WAITER_AHEAD_MS, () => {
          this.#step(host, byMs);
        });
      } else {
        this.#step(host, byMs);
      }
      this.#stepLater();
    });
  }

  #step(host: ObjectHost<SimulatedMember>, byMs: number): void {
    this.#cluster.trace(host.id, `clock is set by ${byMs} ms`);
    host.machine.jump(byMs);
  }

  #waitAt(member: NodeId): void {
    const minRevision = this.#commits.newest + NEVER_REVISIONS;
    this.#send(WAITER, member, waitFor(minRevision), Math.max(...PATIENCE_MS), () => {
      // Whether and when it was answered is judged in the end.
    });
  }

  #readLater(name: string, prng: Prng, pinned: NodeId | undefined): void {
    const { scheduler, quietUntilMs } = this.#cluster;
    const pauseMs = -this.#thinkMs * Math.log(1 - prng.float());
    const quietMs = quietUntilMs - scheduler.nowMs;
    const heedsQuiet = quietMs > 0 && !prng.bool(QUIET_READ_CHANCE);
    const waitMs = heedsQuiet
      ? Math.max(pauseMs, quietMs * (prng.bool() ? 1 : prng.float()))
      : pauseMs;
    scheduler.after(waitMs, () => {
      if (this.#stopped) return;
      const member =
        pinned === undefined || this.#cluster.isGone(pinned)
          ? prng.pick(this.#cluster.memberIds())
          : pinned;
      const read = drawRead(prng, this.#commits.newest, this.#options.keys);
      this.#send(name, member, read, prng.pick(PATIENCE_MS), () => {
        this.#readLater(name, prng, pinned);
      });
    });
  }

  /** `done` is called once, after `patienceMs` at the latest. */
  #send(
    client: string,
    member: NodeId,
    asked: LevelRequest,
    patienceMs: number,
    done: () => void,
  ): void {
    const { scheduler, network, history } = this.#cluster;
    if (this.#cluster.tracing) this.#cluster.trace(client, describeRequest(member, asked));
    const call = history.begin(client, asked.request, scheduler.nowMs);
    let open = true;
    const end = (answer: CallResult | undefined): void => {
      if (!open) return;
      open = false;
      scheduler.cancel(timeout);
      const lost = { kind: 'unknown', error: 'the reader gave up' } as const;
      history.end(call, answer === undefined ? lost : outcomeOf(asked, answer), scheduler.nowMs);
      done();
    };
    const timeout = scheduler.after(patienceMs, () => {
      end(undefined);
    });
    network.datagram(client, member, () => {
      const host = this.#cluster.host(member);
      host?.deliver(client, (object) => {
        const session = host.sessionOf(object);
        const read = this.#arrived(client, asked, host, object);
        this.#owed.set(read, { host, object });
        void readAt(object, asked).then((answer) => {
          this.#owed.delete(read);
          const served = this.#answered(answer, asked, host, object);
          // What a stale twin is never let send did not happen.
          session?.output(() => {
            read.served = served;
            network.datagram(member, client, () => {
              end(answer);
            });
          });
        });
      });
    });
  }

  #arrived(
    client: string,
    { level }: LevelRequest,
    host: ObjectHost<SimulatedMember>,
    object: SimulatedMember,
  ): LevelRead {
    const arrivedAtMs = this.#cluster.scheduler.nowMs;
    const known = this.#commits.newest;
    const life = this.#lives.of(host, object);
    const read = { client, member: host.id, level, known, life, arrivedAtMs, served: undefined };
    this.#reads.push(read);
    return read;
  }

  #answered(
    answer: CallResult,
    asked: LevelRequest,
    host: ObjectHost<SimulatedMember>,
    object: SimulatedMember,
  ): ServedRead {
    const outcome = outcomeOf(asked, answer);
    return {
      atMs: this.#cluster.scheduler.nowMs,
      order: this.#answers++,
      revision: outcome.kind === 'ok' ? outcome.result.revision : undefined,
      error: outcome.kind === 'ok' ? undefined : outcome.error,
      stalenessMs: answer.served.stalenessMs,
      applied: object.member.state.mvcc.revision,
      clock: this.#clockError(host),
      standstillMs: host.longestPauseMs,
    };
  }

  /** A step back hides at most what passed since the clock was last looked at. */
  #clockError({ machine, longestPauseMs }: ObjectHost<SimulatedMember>): ClockError {
    const { faults, timerLatenessMs } = this.#options;
    const rate = faults.includes('clock rate') ? 1 - RATE_ERROR_MAX : 1;
    if (machine.stepsBack === 0) return { share: rate, unseenMs: 0 };
    // Then ticks count, which may be late.
    const share = rate / (1 + timerLatenessMs / TICK_MS);
    return { share, unseenMs: machine.stepsBack * TICK_MS + longestPauseMs };
  }
}
