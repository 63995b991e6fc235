/**
 * A client that takes locks, through the Lock service or as etcd's client-side mutex does, and writes
 * under them, also after it has stalled: what it writes is guarded by its own candidate key.
 */
import type { Prng } from '../../../src/lib/prng.ts';
import type { NodeId } from '../../../src/raft/types.ts';
import { candidateKey } from './asks.ts';
import { type Beat, type ClientPorts, LeaseClient, WAIT_MS } from './lease-client.ts';

export const LOCK_NAMES = ['held/lock/a', 'held/lock/b'] as const;
const TRIES = 6;

/** Where the holder of a lock writes. */
export function guardedKey(name: string): string {
  return `held/data/${name}`;
}

export class Locker extends LeaseClient {
  readonly #ways: readonly ('service' | 'layout')[];
  #values = 0;

  constructor(
    ports: ClientPorts,
    name: string,
    prng: Prng,
    options: {
      readonly pinned: NodeId | undefined;
      readonly ways: readonly ('service' | 'layout')[];
    },
  ) {
    super(ports, name, prng, options.pinned);
    this.#ways = options.ways;
  }

  protected override async run(): Promise<void> {
    for (;;) {
      await this.think(200);
      const beat = await this.grant(this.prng.pick([2, 2, 3]));
      if (beat === undefined) continue;
      if (this.prng.bool(0.8)) void this.keepAlive(beat);
      const name = this.prng.pick(LOCK_NAMES);
      const way = this.prng.pick(this.#ways);
      const held = way === 'service' ? await this.#lock(name, beat) : await this.#take(name, beat);
      if (held) await this.#use(name, beat);
      await this.#let(name, beat, way);
    }
  }

  /** Through the service, from member to member until one answers for good. */
  async #lock(name: string, { lease }: Beat): Promise<boolean> {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const reply = await this.ask({ kind: 'lock', name, lease }, WAIT_MS);
      if (reply !== undefined && 'answer' in reply) return true;
      if (reply !== undefined && GONE.test(reply.error)) return false;
    }
    return false;
  }

  /** As etcd's client does: enter, wait until nobody is before, look whether the own key is still there. */
  async #take(name: string, beat: Beat): Promise<boolean> {
    const entered = await this.ask({ kind: 'enter', name, lease: beat.lease });
    if (entered === undefined || 'error' in entered) return false;
    const rev = entered.answer.pairs?.[0]?.create;
    if (rev === undefined) return false;
    for (let attempt = 0; attempt < 4 * TRIES; attempt++) {
      const before = await this.ask({ kind: 'before', name, rev });
      if (before !== undefined && 'answer' in before && before.answer.pairs?.length === 0) {
        return await this.#stillThere(candidateKey(name, beat.lease), rev);
      }
      await this.sleep(100 + 200 * this.prng.float());
    }
    return false;
  }

  async #stillThere(key: string, rev: number): Promise<boolean> {
    const own = await this.ask({ kind: 'range', key, end: `${key}\0`, serializable: false });
    if (own === undefined || !('answer' in own)) return false;
    return own.answer.pairs?.[0]?.create === rev;
  }

  async #use(name: string, beat: Beat): Promise<void> {
    const holder = candidateKey(name, beat.lease);
    for (let writes = this.prng.below(4); writes > 0; writes--) {
      const value = `${holder} ${this.name}.${++this.#values}`;
      await this.ask({ kind: 'guarded', holder, key: guardedKey(name), value });
      await this.think(100);
    }
  }

  async #let(name: string, beat: Beat, way: 'service' | 'layout'): Promise<void> {
    const key = candidateKey(name, beat.lease);
    const choice = this.prng.below(10);
    if (choice < 4)
      await this.ask(way === 'service' ? { kind: 'unlock', key } : { kind: 'delete', key });
    else if (choice < 7) await this.ask({ kind: 'revoke', lease: beat.lease });
    // Otherwise it just forgets: the lease ends by itself.
    beat.stopped = true;
  }
}

const GONE = /session is expired|lease not found/;
