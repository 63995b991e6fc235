/**
 * The network between members, and between clients and members: each directed link has a delay, and
 * may lose, duplicate, reorder or be cut, alone in one direction if need be.
 */
import type { Prng } from '../../src/lib/prng.ts';
import type { Scheduler } from './scheduler.ts';

export interface NetworkOptions {
  /** One-way delay in milliseconds between two places without load. */
  readonly delayMs: (from: string, to: string) => number;
  /** Share of the delay that is added at random, exponentially distributed. */
  readonly jitter: number;
  /** No delay is longer than this many of those without load. */
  readonly delaysMax?: number;
  readonly loss: number;
  readonly duplicate: number;
  /** Probability that a message leaves its stream's order and comes late. */
  readonly reorder: number;
}

/** A stream whose link has been cut for this long is known to be down. */
const DOWN_KNOWN_AFTER_MS = 400;
/** How late, in one-way delays, a reordered or duplicated copy may come. */
const STRAGGLER_DELAYS = 8;
/** Nothing is on its way for longer: a transport would have given the connection up. */
const DELAY_MAX_MS = 5_000;
/** Nothing travels faster than this. */
const DELAY_MIN_MS = 0.05;

interface Link {
  /** When it was cut; undefined while it works. */
  cutSinceMs: number | undefined;
  /** Multiplies the delay. */
  slow: number;
  /** Arrival of the last message in order: the next arrives no earlier. */
  lastArrivalMs: number;
}

export interface NetworkCounts {
  sent: number;
  lost: number;
  duplicated: number;
  reordered: number;
}

export class Network {
  readonly #scheduler: Scheduler;
  readonly #prng: Prng;
  /** By sender, then receiver. */
  readonly #links = new Map<string, Map<string, Link>>();
  options: NetworkOptions;
  readonly counts: NetworkCounts = { sent: 0, lost: 0, duplicated: 0, reordered: 0 };

  constructor(scheduler: Scheduler, prng: Prng, options: NetworkOptions) {
    this.#scheduler = scheduler;
    this.#prng = prng;
    this.options = options;
  }

  /**
   * Sends along the stream of the link: in order unless reordered.
   * @param once a frame that must not come twice: no stream does that, and Raft counts on it where
   * proposals are forwarded (the receiver cannot tell a copy from a second proposal)
   */
  stream(from: string, to: string, once: boolean, deliver: () => void): void {
    const link = this.#link(from, to);
    if (link.cutSinceMs === undefined)
      this.#transfer(from, to, link, { ordered: true, once }, deliver);
    else this.counts.lost++;
  }

  /** Has the link been down for so long that the sender's end of the stream is closed? */
  knownDown(from: string, to: string): boolean {
    const { cutSinceMs } = this.#link(from, to);
    return cutSinceMs !== undefined && this.#scheduler.nowMs - cutSinceMs >= DOWN_KNOWN_AFTER_MS;
  }

  /** Sends one request or answer by itself: no order, no news of its loss, and never twice. */
  datagram(from: string, to: string, deliver: () => void): void {
    const link = this.#link(from, to);
    if (link.cutSinceMs === undefined)
      this.#transfer(from, to, link, { ordered: false, once: true }, deliver);
    else this.counts.lost++;
  }

  /** Time that a frame of a connection takes; who has the connection keeps the order. */
  delayMs(from: string, to: string): number {
    return this.#delayMs(from, to, this.#link(from, to));
  }

  cut(from: string, to: string): void {
    this.#link(from, to).cutSinceMs ??= this.#scheduler.nowMs;
  }

  restore(from: string, to: string): void {
    this.#link(from, to).cutSinceMs = undefined;
  }

  slow(from: string, to: string, factor: number): void {
    this.#link(from, to).slow = factor;
  }

  /** Every link works again at its usual speed. */
  heal(): void {
    for (const links of this.#links.values()) {
      for (const link of links.values()) {
        link.cutSinceMs = undefined;
        link.slow = 1;
      }
    }
  }

  #transfer(
    from: string,
    to: string,
    link: Link,
    { ordered, once }: { readonly ordered: boolean; readonly once: boolean },
    deliver: () => void,
  ): void {
    const { loss, duplicate, reorder } = this.options;
    this.counts.sent++;
    if (this.#prng.bool(loss)) {
      this.counts.lost++;
      return;
    }
    const delayMs = this.#delayMs(from, to, link);
    let atMs = this.#scheduler.nowMs + delayMs;
    if (this.#prng.bool(reorder)) {
      this.counts.reordered++;
      atMs += Math.min(DELAY_MAX_MS, delayMs * STRAGGLER_DELAYS) * this.#prng.float();
    } else if (ordered) {
      atMs = Math.max(atMs, link.lastArrivalMs);
      link.lastArrivalMs = atMs;
    }
    this.#arrive(link, atMs, deliver);
    if (!once && this.#prng.bool(duplicate)) {
      this.counts.duplicated++;
      this.#arrive(
        link,
        atMs + Math.min(DELAY_MAX_MS, delayMs * STRAGGLER_DELAYS) * this.#prng.float(),
        deliver,
      );
    }
  }

  #arrive(link: Link, atMs: number, deliver: () => void): void {
    this.#scheduler.at(atMs, () => {
      // What is on its way when a link is cut is lost with it.
      if (link.cutSinceMs === undefined) deliver();
      else this.counts.lost++;
    });
  }

  #delayMs(from: string, to: string, link: Link): number {
    const base = Math.max(DELAY_MIN_MS, this.options.delayMs(from, to)) * link.slow;
    const { jitter, delaysMax = Infinity } = this.options;
    const delays = 1 - jitter * Math.log(1 - this.#prng.float());
    return Math.min(base * Math.min(delays, delaysMax), DELAY_MAX_MS);
  }

  #link(from: string, to: string): Link {
    let links = this.#links.get(from);
    if (links === undefined) {
      links = new Map();
      this.#links.set(from, links);
    }
    let link = links.get(to);
    if (link === undefined) {
      link = { cutSinceMs: undefined, slow: 1, lastArrivalMs: 0 };
      links.set(to, link);
    }
    return link;
  }
}
