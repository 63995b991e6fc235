import { StatusError } from '../api/errors.ts';
import { TICK_MS } from '../constants.ts';
import type { Consistency } from '../api/consistency.ts';
import type { SteadyClock } from '../lib/steady-clock.ts';

/** What reads at a level need to know and do. */
export interface FreshReadsHost {
  /** Looked at once in TICK_MS at least, while the member is awake; `offset` grows when it was set back. */
  readonly clock: Pick<SteadyClock, 'nowMs' | 'offset'>;
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

/** A moment, as the clock and the ticks have it. */
interface Moment {
  readonly atMs: number;
  readonly tick: number;
  /** Of the clock. */
  readonly offset: number;
}

/**
 * Reads that are served from here when this member is fresh enough. How fresh it is, it knows from
 * confirmed rounds alone: a round that began at t and succeeded shows that the state has everything
 * committed before t. No clock but the own is asked, and no message of a leader is trusted that may have
 * been deposed. Once the own clock was set back, nobody knows how long ago t was, and nothing is known until
 * the next round. A small step back between two looks at it stays unseen, so an age is at least what the
 * ticks since then say; at rest, without ticks, nothing is known.
 */
export class FreshReads {
  readonly #host: FreshReadsHost;
  /** When the latest confirmed round began. */
  #asOf: Moment | undefined;
  #ticks = 0;
  #rests = 0;
  #refreshing = false;
  readonly #waiters = new Set<Waiter>();

  constructor(host: FreshReadsHost) {
    this.#host = host;
  }

  /** Everything older than this is in the state; undefined: nothing is known, as after a start. */
  get stalenessMs(): number | undefined {
    if (this.#asOf === undefined) return undefined;
    const now = this.#now();
    const { atMs, tick, offset } = this.#asOf;
    if (now.offset !== offset) return undefined;
    return Math.max(now.atMs - atMs, (now.tick - tick) * TICK_MS);
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
    const isFresh = !level.linearizable && this.#isWithin(level.maxStalenessMs);
    if (!isFresh) await this.confirm();
    if (this.#host.revision() >= level.minRevision) return;
    // Where the others are already is a round away.
    if (isFresh) await this.confirm();
    if (this.#host.revision() >= level.minRevision) return;
    await new Promise<void>((serve, fail) => {
      this.#waiters.add({ revision: level.minRevision, deadlineMs, serve, fail });
    });
  }

  async confirm(): Promise<void> {
    const began = this.#now();
    const rests = this.#rests;
    await this.#host.confirm();
    if (rests !== this.#rests) return;
    // Should a round end after one that began later, the state passes for older than it is.
    this.#asOf = began;
  }

  /** A turn is over: the state may have changed. */
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
    const nowMs = this.#host.clock.nowMs();
    for (const waiter of this.#waiters) {
      if (waiter.deadlineMs > nowMs) continue;
      this.#waiters.delete(waiter);
      waiter.fail(StatusError.of('futureRev'));
    }
  }

  /** The member comes to rest. */
  rest(): void {
    this.#rests++;
    this.#asOf = undefined;
  }

  failAll(error: StatusError): void {
    for (const waiter of this.#waiters) waiter.fail(error);
    this.#waiters.clear();
  }

  #now(): Moment {
    const { clock } = this.#host;
    // Looked at first: what it then finds goes into the offset.
    const atMs = clock.nowMs();
    return { atMs, tick: this.#ticks, offset: clock.offset };
  }

  #isWithin(maxStalenessMs: number): boolean {
    if (maxStalenessMs === Infinity) return true;
    const ageMs = this.stalenessMs;
    if (ageMs === undefined || ageMs > maxStalenessMs) return false;
    // Readers who come often enough never wait: the next round is under way before it is needed.
    if (2 * ageMs > maxStalenessMs) this.#refresh();
    return true;
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
