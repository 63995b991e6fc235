/** Faults of real processes: killed, stopped for a while, cut off, slowed. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LocalCluster, LocalMember } from '../../scripts/lib/cluster.ts';
import type { Prng } from '../../src/lib/prng.ts';
import type { FaultMark } from './plot.ts';
import type { LinkProxy } from '../../scripts/lib/link-proxy.ts';

const KINDS = [
  'kill',
  'kill',
  'kill all',
  'pause',
  'isolate',
  'one-way cut',
  'halves',
  'slow',
] as const;
type Kind = (typeof KINDS)[number];

/** Time without faults between two of them, and how long one lasts. */
const PAUSE_MS = 2_500;
const FAULT_MS_MAX = 5_000;
/** What a slow link adds. */
const SLOW_MS = 300;

export class Faults {
  readonly #cluster: LocalCluster;
  readonly #proxy: LinkProxy;
  readonly #idOf: ReadonlyMap<string, string>;
  readonly #prng: Prng;
  readonly #mark: (mark: FaultMark) => void;
  readonly #nowMs: () => number;
  readonly counts = new Map<Kind, number>();

  constructor(
    cluster: LocalCluster,
    proxy: LinkProxy,
    idOf: ReadonlyMap<string, string>,
    prng: Prng,
    mark: (mark: FaultMark) => void,
    nowMs: () => number,
  ) {
    this.#cluster = cluster;
    this.#proxy = proxy;
    this.#idOf = idOf;
    this.#prng = prng;
    this.#mark = mark;
    this.#nowMs = nowMs;
  }

  /** One fault after the other for `forMs`. */
  async run(forMs: number): Promise<void> {
    const endMs = this.#nowMs() + forMs;
    await sleep(PAUSE_MS);
    while (this.#nowMs() < endMs) {
      const kind = this.#prng.pick(KINDS);
      const lastsMs = 300 + FAULT_MS_MAX * this.#prng.float();
      this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
      const fromMs = this.#nowMs();
      const what = await this.#strike(kind, lastsMs);
      this.#mark({ fromMs, toMs: this.#nowMs(), text: `${kind}: ${what}` });
      await sleep(PAUSE_MS * (0.2 + this.#prng.float()));
    }
  }

  /** Everything works again. */
  async heal(): Promise<void> {
    this.#proxy.healAll();
    for (const { process } of this.#cluster.members) if (!process.alive) await process.restart();
    await this.#cluster.ready();
  }

  async #strike(kind: Kind, lastsMs: number): Promise<string> {
    const members = this.#prng.shuffle(this.#cluster.members);
    const [first, second] = members as [LocalMember, LocalMember];
    switch (kind) {
      case 'kill':
        await this.#killFor([first], lastsMs);
        return first.name;
      case 'kill all':
        await this.#killFor(members, lastsMs / 4);
        return 'every member';
      case 'pause':
        process.kill(first.process.pid, 'SIGSTOP');
        await sleep(lastsMs);
        process.kill(first.process.pid, 'SIGCONT');
        return first.name;
      case 'isolate':
        await this.#cutFor([first], members.slice(1), lastsMs);
        return first.name;
      case 'one-way cut':
        this.#proxy.cut(this.#idOf.get(first.name) ?? '', second.name);
        await sleep(lastsMs);
        this.#proxy.healAll();
        return `${first.name} to ${second.name}`;
      case 'halves': {
        const half = members.length >> 1;
        await this.#cutFor(members.slice(0, half), members.slice(half), lastsMs);
        return members
          .slice(0, half)
          .map(({ name }) => name)
          .join(', ');
      }
      case 'slow':
        for (const { name } of members) {
          for (const id of this.#idOf.values())
            this.#proxy.link(id, name).delayMs = SLOW_MS * this.#prng.float();
        }
        await sleep(lastsMs);
        this.#proxy.healAll();
        return 'all links';
    }
  }

  async #killFor(members: readonly LocalMember[], lastsMs: number): Promise<void> {
    await Promise.all(members.map(({ process }) => process.kill()));
    await sleep(lastsMs);
    await Promise.all(members.map(({ process }) => process.restart()));
  }

  async #cutFor(
    left: readonly LocalMember[],
    right: readonly LocalMember[],
    lastsMs: number,
  ): Promise<void> {
    for (const one of left) {
      for (const other of right) {
        this.#proxy.cut(this.#idOf.get(one.name) ?? '', other.name);
        this.#proxy.cut(this.#idOf.get(other.name) ?? '', one.name);
      }
    }
    await sleep(lastsMs);
    this.#proxy.healAll();
  }
}
