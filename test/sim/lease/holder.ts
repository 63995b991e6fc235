/** A client that hangs keys on leases: grants, renews, moves keys from lease to lease, revokes, looks. */
import type { Prng } from '../../../src/lib/prng.ts';
import type { LeaseId } from '../../../src/mvcc/types.ts';
import type { NodeId } from '../../../src/raft/types.ts';
import type { Ask } from './asks.ts';
import { type Beat, type ClientPorts, LeaseClient } from './lease-client.ts';

/** Keys that all holders share, and ids of leases that they choose, so that they meet. */
const KEYS = 8;
const CHOSEN_IDS = 6;
export const LEASED_KEYS = { key: 'held/k', end: 'held/l' } as const;
/** Leases a client holds at most; it lets the oldest go. */
const LEASES_MAX = 4;
const LONG_TTL_SECONDS = 300;
const TOO_LARGE_TTL_SECONDS = 9_000_000_001;

export class Holder extends LeaseClient {
  readonly #meanMs: number;
  #beats: Beat[] = [];
  /** Leases that it renews no more, newest last. */
  #left: LeaseId[] = [];
  #values = 0;

  constructor(
    ports: ClientPorts,
    name: string,
    prng: Prng,
    options: { readonly pinned: NodeId | undefined; readonly thinkMs: number },
  ) {
    super(ports, name, prng, options.pinned);
    this.#meanMs = options.thinkMs;
  }

  protected override async run(): Promise<void> {
    for (;;) {
      await this.think(this.#meanMs);
      const choice = this.prng.below(100);
      if (this.#beats.length === 0 || choice < 12) await this.#take();
      else if (choice < 18) this.#letGo();
      else await this.ask(this.#draw(choice));
    }
  }

  async #take(): Promise<void> {
    const ttl = this.prng.pick([2, 2, 3, 3, 4, 5, LONG_TTL_SECONDS, 0, -1, TOO_LARGE_TTL_SECONDS]);
    const beat = await this.grant(ttl, this.prng.bool(0.4) ? this.#chosenId() : 0n);
    if (beat === undefined) return;
    this.#beats = [...this.#beats.filter(({ lost }) => !lost), beat];
    void this.keepAlive(beat);
    if (this.#beats.length > LEASES_MAX) this.#letGo();
  }

  /** Some lease is renewed no more: it ends by itself. */
  #letGo(): void {
    const [oldest, ...rest] = this.#beats;
    if (oldest === undefined) return;
    oldest.stopped = true;
    this.#left = [...this.#left.slice(-2), oldest.lease];
    this.#beats = rest;
  }

  #draw(choice: number): Ask {
    const lease = this.#lease();
    const key = `${LEASED_KEYS.key}${this.prng.below(KEYS)}`;
    const value = `${this.name}.${++this.#values}`;
    if (choice < 48) return { kind: 'put', key, value, lease: this.prng.bool(0.1) ? 0n : lease };
    if (choice < 53) return { kind: 'touch', key, value };
    if (choice < 58) return { kind: 'delete', key };
    if (choice < 60) return { kind: 'delete', key, end: LEASED_KEYS.end };
    if (choice < 66) return { kind: 'revoke', lease };
    if (choice < 80) return { kind: 'timeToLive', lease };
    if (choice < 83) return { kind: 'leases' };
    if (choice < 88) return { kind: 'keepAlive', lease };
    return { kind: 'range', ...LEASED_KEYS, serializable: this.prng.bool(0.3) };
  }

  /** Mostly one of its own; at times one of others, or one that never was. */
  #lease(): LeaseId {
    if (this.prng.bool(0.2)) return this.#chosenId();
    if (this.#left.length > 0 && this.prng.bool(0.25)) return this.prng.pick(this.#left);
    return this.prng.pick(this.#beats).lease;
  }

  #chosenId(): LeaseId {
    return BigInt(100 + this.prng.below(CHOSEN_IDS));
  }
}
