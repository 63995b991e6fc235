/** Does harm, at moments and in ways drawn from the run's seed, and undoes it after a while. */
import type { Prng } from '../../src/lib/prng.ts';
import type { NodeId } from '../../src/raft/types.ts';
import type { SimulatedCluster } from './cluster.ts';
import type { ObjectHost } from './host.ts';
import type { FaultKind } from './options.ts';
import type { SimulatedMember } from './simulated-member.ts';

/** Longest time a crashed member stays away and a link stays broken. */
const OUTAGE_MS_MAX = 4_000;
/** Clocks jump by up to this, either way; now and then much farther. */
const JUMP_MS_MAX = 3_000;
const FAR_JUMP_MS = 3_600_000;
/** Clocks run up to this much too fast or too slow. */
export const RATE_ERROR_MAX = 0.3;

export class Nemesis {
  readonly #cluster: SimulatedCluster;
  readonly #prng: Prng;
  #stopped = false;
  #damaged: ObjectHost<SimulatedMember> | undefined;
  /** Faults done, by kind. */
  readonly counts = new Map<FaultKind, number>();

  constructor(cluster: SimulatedCluster, prng: Prng) {
    this.#cluster = cluster;
    this.#prng = prng;
  }

  start(): void {
    if (this.#cluster.options.faults.length > 0) this.#later();
  }

  stop(): void {
    this.#stopped = true;
  }

  #later(): void {
    const delayMs = -this.#cluster.options.faultEveryMs * Math.log(1 - this.#prng.float());
    this.#cluster.scheduler.after(delayMs, () => {
      if (this.#stopped) return;
      const kind = this.#prng.pick(this.#cluster.options.faults);
      this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
      this.#strike(kind);
      this.#later();
    });
  }

  #strike(kind: FaultKind): void {
    const host = this.#prng.pick(this.#cluster.hosts());
    switch (kind) {
      case 'crash':
        this.#crash(host);
        break;
      case 'crash at a statement':
        host.crashAtStatement(this.#outageMs());
        break;
      case 'crash of many':
        for (const each of this.#cluster.hosts()) if (this.#prng.bool(0.7)) this.#crash(each);
        break;
      case 'eviction':
        host.evict();
        break;
      case 'twin':
        host.takeOver();
        break;
      case 'clock jump':
        this.#jump(host);
        break;
      case 'clock rate':
        host.machine.setRate(1 + RATE_ERROR_MAX * (2 * this.#prng.float() - 1));
        break;
      case 'slow disk':
        this.#slowDisk(host.id);
        break;
      case 'full disk':
        this.#fillDisk(host);
        break;
      case 'bit flip':
        this.#flipBit(host);
        break;
      case 'leader fault':
        this.#strikeLeader();
        break;
      case 'leader twin':
        this.#leader()?.takeOver();
        break;
      case 'leader with a minority':
        this.#leaveMinority();
        break;
      default:
        this.#strikeNetwork(kind);
    }
  }

  #strikeNetwork(kind: FaultKind): void {
    const ids = this.#prng.shuffle(this.#cluster.memberIds());
    const [first, second] = ids as [NodeId, NodeId | undefined];
    if (second === undefined) return;
    switch (kind) {
      case 'partition': {
        const side = ids.slice(0, 1 + this.#prng.below(ids.length - 1));
        this.#cutBetween(
          side,
          ids.filter((id) => !side.includes(id)),
        );
        break;
      }
      case 'isolation':
        this.#cutBetween([first], ids.slice(1));
        break;
      case 'one-way cut':
        this.#cutFor(first, second, this.#outageMs());
        break;
      case 'swizzle':
        this.#swizzle(ids);
        break;
      case 'slow link':
        this.#slowLink(first, second);
        break;
      default:
        throw new Error(`strike the network: "${kind}" is no fault of networks`);
    }
  }

  /** Strikes whoever leads, mostly for long enough that another is elected. */
  #strikeLeader(): void {
    const leader = this.#leader();
    if (leader === undefined) return;
    const forMs = this.#prng.bool(0.2) ? this.#outageMs() : 500 + 2_000 * this.#prng.float();
    const others = this.#cluster.memberIds().filter((id) => id !== leader.id);
    switch (this.#prng.below(7)) {
      case 0:
      case 1:
        this.#crash(leader, forMs);
        break;
      case 2:
        leader.evict();
        break;
      case 3:
        leader.takeOver();
        break;
      case 4:
        leader.crashAtStatement(forMs);
        break;
      case 5:
        // The leader keeps one follower: what it still replicates is on a minority.
        this.#cutBetween([leader.id], others.slice(1), forMs);
        break;
      default:
        this.#cutBetween([leader.id], others, forMs);
    }
  }

  /** Any of those that believe to lead. */
  #leader(): ObjectHost<SimulatedMember> | undefined {
    const leaders = this.#cluster
      .hosts()
      .filter((host) => host.current?.instance.member.status.role === 'leader');
    return leaders.length === 0 ? undefined : this.#prng.pick(leaders);
  }

  /** What the leader still replicates stays on a minority, while the others elect another. */
  #leaveMinority(): void {
    const leader = this.#leader();
    if (leader === undefined) return;
    const others = this.#prng.shuffle(this.#cluster.memberIds().filter((id) => id !== leader.id));
    if (others.length < 2) return;
    const kept = this.#prng.below(others.length >> 1) + 1;
    const side = [leader.id, ...others.slice(0, kept - 1)];
    this.#cutBetween(side, others.slice(kept - 1), 300 + 1_200 * this.#prng.float());
  }

  #outageMs(): number {
    // Most outages are short; a member that returns at once is as telling as one that is long gone.
    return this.#prng.bool() ? 200 * this.#prng.float() : OUTAGE_MS_MAX * this.#prng.float();
  }

  #crash(host: ObjectHost<SimulatedMember>, forMs: number = this.#outageMs()): void {
    if (host.down) return;
    host.crash();
    this.#cluster.scheduler.after(forMs, () => {
      host.start();
    });
  }

  #jump(host: ObjectHost<SimulatedMember>): void {
    const reach = this.#prng.bool(0.1) ? FAR_JUMP_MS : JUMP_MS_MAX;
    const byMs = Math.round(reach * (2 * this.#prng.float() - 1));
    this.#cluster.trace(host.id, `clock jumps by ${byMs} ms`);
    host.machine.jump(byMs);
  }

  #slowDisk(id: NodeId): void {
    this.#cluster.trace(id, 'slow disk');
    this.#cluster.slowDisk(id, 10 + this.#prng.below(200));
    this.#cluster.scheduler.after(this.#outageMs(), () => {
      this.#cluster.slowDisk(id, 1);
    });
  }

  #fillDisk(host: ObjectHost<SimulatedMember>): void {
    this.#cluster.trace(host.id, 'disk full');
    host.diskFull = true;
    this.#cluster.scheduler.after(this.#outageMs(), () => {
      host.diskFull = false;
    });
  }

  /**
   * Damages a stored row while the member is down. One member of a run at most: what is acknowledged
   * rests on a quorum of disks that keep what they were given.
   */
  #flipBit(host: ObjectHost<SimulatedMember>): void {
    if (this.#cluster.options.voters < 3) return;
    this.#damaged ??= host;
    if (this.#damaged.down) return;
    this.#crash(this.#damaged);
    this.#damaged.damaged = true;
    const where = this.#damaged.disk.flipBit(this.#prng);
    this.#cluster.trace(this.#damaged.id, `bit flipped in ${where ?? 'nothing'}`);
  }

  #cutBetween(
    left: readonly NodeId[],
    right: readonly NodeId[],
    forMs: number = this.#outageMs(),
  ): void {
    for (const one of left) {
      for (const other of right) {
        this.#cutFor(one, other, forMs);
        this.#cutFor(other, one, forMs);
      }
    }
  }

  #cutFor(from: NodeId, to: NodeId, forMs: number): void {
    const { network, scheduler } = this.#cluster;
    this.#cluster.trace(from, `cut off from ${to} for ${forMs.toFixed(0)} ms`);
    network.cut(from, to);
    scheduler.after(forMs, () => {
      network.restore(from, to);
    });
  }

  /** FoundationDB's swizzle: links stop one by one and return in another order. */
  #swizzle(ids: readonly NodeId[]): void {
    const { network, scheduler } = this.#cluster;
    const spanMs = this.#outageMs();
    for (const from of ids) {
      for (const to of ids) {
        if (from === to || this.#prng.bool(0.3)) continue;
        scheduler.after(spanMs * this.#prng.float(), () => {
          if (!this.#stopped) network.cut(from, to);
        });
        scheduler.after(spanMs * (1 + this.#prng.float()), () => {
          network.restore(from, to);
        });
      }
    }
  }

  #slowLink(from: NodeId, to: NodeId): void {
    const { network, scheduler } = this.#cluster;
    network.slow(from, to, 5 + this.#prng.below(500));
    scheduler.after(this.#outageMs(), () => {
      network.slow(from, to, 1);
    });
  }
}
