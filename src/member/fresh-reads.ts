import { StatusError } from '../api/errors.ts';
import { TICK_MS } from '../constants.ts';
import type { Consistency } from '../api/consistency.ts';

/** What reads at a level need to know and do; times by the member's own clock, in milliseconds. */
export interface FreshReadsHost {
  nowMs(): number;
  /** Of the applied state. */
  revision(): number;
  /** Resolves once the applied state has everything that was committed before the call. @throws StatusError */
  confirm(): Promise<void>;
}

interface Waiter {
  readonly revision: number;
  readonly deadlineMs: number;
  readonly serve: () => void;
  readonly fail: (error: StatusError) => void;
}

/** A moment, as two clocks have it. */
interface Moment {
  readonly atMs: number;
  readonly tick: number;
}

/**
 * Reads that are served from here when this member is fresh enough. How fresh it is, it knows from
 * confirmed rounds alone: a round that began at t and succeeded shows that the state has everything
 * committed before t. No clock but the own is asked, and no message of a leader is trusted that may have
 * been deposed. Since the own may be set back, an age is the longer of what it says and what the ticks
 * since then say; at rest, without ticks, nothing is known.
 */
export class FreshReads {
  readonly #host: FreshReadsHost;
  /** When the latest confirmed round began. */
  #asOf: Moment | undefined;
  #ticks = 0;
  #refreshing = false;
  readonly #waiters = new Set<Waiter>();

  constructor(host: FreshReadsHost) {
    this.#host = host;
  }

  /** Everything older than this is in the state; undefined: nothing is known, as after a start. */
  get stalenessMs(): number | undefined {
    if (this.#asOf === undefined) return undefined;
    const { atMs, tick } = this.#asOf;
    return Math.max(this.#host.nowMs() - atMs, (this.#ticks - tick) * TICK_MS);
  }

  get waiting(): boolean {
    return this.#waiters.size > 0;
  }

  /**
   * Resolves when the applied state may be read at the level.
   * @param deadlineMs until when a revision of the future is waited for
   * @throws StatusError `futureRev` when it does not come; those of `confirm`
   */
  async ready(level: Consistency, deadlineMs: number): Promise<void> {
    if (level.linearizable) await this.confirm();
    else if (level.maxStalenessMs !== Infinity) await this.#within(level.maxStalenessMs);
    if (this.#host.revision() >= level.minRevision) return;
    // Where the others are already is a round away.
    await this.confirm();
    if (this.#host.revision() >= level.minRevision) return;
    await new Promise<void>((serve, fail) => {
      this.#waiters.add({ revision: level.minRevision, deadlineMs, serve, fail });
    });
  }

  async confirm(): Promise<void> {
    const began = { atMs: this.#host.nowMs(), tick: this.#ticks };
    await this.#host.confirm();
    // Should a round end after one that began later, the state passes for older than it is.
    this.#asOf = began;
  }

  /** The state has changed. */
  advanced(): void {
    if (this.#waiters.size === 0) return;
    const revision = this.#host.revision();
    for (const waiter of this.#waiters) {
      if (waiter.revision > revision) continue;
      this.#waiters.delete(waiter);
      waiter.serve();
    }
  }

  /** Called once in TICK_MS while the member is awake. */
  tick(): void {
    this.#ticks++;
    const nowMs = this.#host.nowMs();
    for (const waiter of this.#waiters) {
      if (waiter.deadlineMs > nowMs) continue;
      this.#waiters.delete(waiter);
      waiter.fail(StatusError.of('futureRev'));
    }
  }

  /** The member comes to rest. */
  rest(): void {
    this.#asOf = undefined;
  }

  failAll(error: StatusError): void {
    for (const waiter of this.#waiters) waiter.fail(error);
    this.#waiters.clear();
  }

  async #within(maxStalenessMs: number): Promise<void> {
    const ageMs = this.stalenessMs;
    if (ageMs === undefined || ageMs > maxStalenessMs) {
      await this.confirm();
      return;
    }
    // Readers who come often enough never wait: the next round is under way before it is needed.
    if (2 * ageMs > maxStalenessMs) this.#refresh();
  }

  #refresh(): void {
    if (this.#refreshing) return;
    this.#refreshing = true;
    const done = (): void => {
      this.#refreshing = false;
    };
    this.confirm().then(done, done);
  }
}
