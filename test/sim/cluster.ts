/** A whole cluster in one thread: members on simulated objects, the network between them, clients. */
import { Prng } from '../../src/lib/prng.ts';
import type { ClusterConfig, Self } from '../../src/member/cluster-config.ts';
import { parseCluster } from '../../src/member/cluster-config.ts';
import { siblingName } from '../../src/member/peer-url.ts';
import type { PeerAddress } from '../../src/member/ports.ts';
import type { NodeId } from '../../src/raft/types.ts';
import { callOverNetwork } from './client.ts';
import type { DiskFaults, DiskSession } from './disk-session.ts';
import { SimulatedCrash } from './disk-session.ts';
import { History } from './history.ts';
import { ObjectHost } from './host.ts';
import type { Outcome, Request } from './kv.ts';
import { Network } from './network.ts';
import { Observer } from './observer.ts';
import type { SimulationOptions } from './options.ts';
import { delayBetween, REGION_NAMES } from './regions.ts';
import { Scheduler } from './scheduler.ts';
import type { Neighbourhood } from './simulated-member.ts';
import { buildMember, type SimulatedMember } from './simulated-member.ts';
import { Violation, type World } from './world.ts';

/** How often a disk is in a bad spell, and how much slower it then is. */
const SLOW_COMMIT_CHANCE = 0.01;
const SLOW_COMMIT_FACTOR = 30;
/**
 * Once faults have ended, no delay is longer than this many of those without load. Jitter has no bound, and
 * a leader that hears no answer for an election timeout steps down, as it must: Raft promises a leader that
 * stays only where rounds take less than that (paper 5.6). Between the regions farthest apart a round then
 * takes 0.9 s at most, and answers come at most 0.7 s apart.
 */
const CALM_DELAYS_MAX = 3;
/** A platform resets an object whose write takes longer. */
const COMMIT_MS_MAX = 3_000;

export type Trace = (atMs: number, who: string, what: string) => void;

export class SimulatedCluster implements World, Neighbourhood {
  readonly options: SimulationOptions;
  readonly scheduler = new Scheduler();
  readonly network: Network;
  readonly history = new History();
  readonly observer: Observer;
  readonly config: ClusterConfig;
  readonly #hosts = new Map<NodeId, ObjectHost<SimulatedMember>>();
  readonly #regionOf = new Map<string, string>();
  readonly #prng: Prng;
  readonly #trace: Trace | undefined;
  readonly #names = new Map<NodeId, string>();
  readonly #clients: string[] = [];
  /** Extra commit time of members with a slow disk, as a factor. */
  readonly #slowDisks = new Map<string, number>();
  failure: Violation | undefined;
  /** Nobody asks anything until then. */
  quietUntilMs = 0;
  /** Faults come and clocks are off; false in the liveness phase. */
  faulty = true;

  constructor(options: SimulationOptions, prng: Prng, trace?: Trace) {
    this.options = options;
    this.#prng = prng;
    this.#trace = trace;
    this.observer = new Observer(
      () => this.scheduler.nowMs,
      (run, who) => {
        this.#check(run, who);
      },
      (who, what) => {
        this.trace(who, what);
      },
      trace === undefined
        ? undefined
        : (who, what) => {
            this.trace(who, `sends ${what}`);
          },
    );
    this.network = new Network(this.scheduler, new Prng(prng.below(2 ** 32)), {
      ...options,
      delayMs: (from, to) => this.#delayMs(from, to),
    });
    this.config = parseCluster('sim', memberList(options));
    this.observer.begin(this.config.members);
    for (const self of this.config.members) this.#addHost(self);
  }

  #addHost(self: Self): ObjectHost<SimulatedMember> {
    const prng = this.#prng;
    const place = this.options.regions ? prng.pick(REGION_NAMES) : 'here';
    this.#regionOf.set(self.id, place);
    this.#names.set(self.id, self.name);
    const seeds = new Prng(prng.below(2 ** 32));
    const host = new ObjectHost<SimulatedMember>(
      this,
      self.id,
      new Prng(prng.below(2 ** 32)),
      (living, at) =>
        buildMember(
          {
            world: this,
            config: this.config,
            self,
            random: new Prng(seeds.below(2 ** 32)),
            observer: this.observer,
            neighbourhood: this,
            abandon: (which, reason) => {
              at.abandon(which);
              if (which.session.dead && reason instanceof SimulatedCrash) return;
              this.instanceError(self.id, which.session, reason);
            },
          },
          living,
        ),
    );
    this.#hosts.set(self.id, host);
    return host;
  }

  /** An object that nobody has called before begins as the member it is first called as. */
  reach({ id, peerUrls }: PeerAddress): ObjectHost<SimulatedMember> | undefined {
    const host = this.#hosts.get(id);
    if (host !== undefined) return host;
    const name = peerUrls.map(siblingName).find((each) => each !== undefined);
    return name === undefined ? undefined : this.#addHost({ id, name, region: undefined });
  }

  host(id: NodeId): ObjectHost<SimulatedMember> | undefined {
    return this.#hosts.get(id);
  }

  hosts(): ObjectHost<SimulatedMember>[] {
    return [...this.#hosts.values()];
  }

  /** Those that have not been removed, as far as anybody knows. */
  memberIds(): NodeId[] {
    const { removed } = this.observer.membership;
    return [...this.#hosts.keys()].filter((id) => !removed.includes(id));
  }

  /** Members that can be expected to work once everything is healed. */
  usable(): ObjectHost<SimulatedMember>[] {
    const { members } = this.observer.membership;
    return this.hosts().filter(
      ({ lost, id }) => !lost && members.some((member) => member.id === id),
    );
  }

  /** Was it lost for good, or removed? */
  isGone(id: NodeId): boolean {
    return this.host(id)?.lost === true || this.observer.membership.removed.includes(id);
  }

  /** Puts a client on the map, near a member when it is pinned to one. */
  addClient(name: string, near: NodeId | undefined): void {
    this.#clients.push(name);
    const place = near === undefined ? this.#prng.pick(this.memberIds()) : near;
    this.#regionOf.set(name, this.#regionOf.get(place) ?? 'here');
  }

  call(
    client: string,
    member: NodeId,
    request: Request,
    timeoutMs: number,
    done: (outcome: Outcome) => void,
  ): void {
    callOverNetwork(this, client, member, request, timeoutMs, done);
  }

  slowDisk(id: NodeId, factor: number): void {
    this.#slowDisks.set(id, factor);
  }

  /** Ends every fault: the network works, all members run, clocks go at their rate. */
  heal(): void {
    this.faulty = false;
    this.network.heal();
    const calm = { loss: 0, duplicate: 0, reorder: 0, delaysMax: CALM_DELAYS_MAX };
    this.network.options = { ...this.network.options, ...calm };
    this.#slowDisks.clear();
    for (const host of this.hosts()) {
      host.machine.setRate(1);
      host.diskFull = false;
      host.disarm();
      host.start();
    }
    this.trace('world', 'healed');
  }

  close(): void {
    for (const host of this.hosts()) host.close();
  }

  // World

  diskFaults(id: string): DiskFaults {
    const { commitMs } = this.options;
    return {
      commitDelayMs: () => {
        const slow = this.faulty && this.#prng.bool(SLOW_COMMIT_CHANCE) ? SLOW_COMMIT_FACTOR : 1;
        const factor = slow * (this.#slowDisks.get(id) ?? 1);
        return Math.min(COMMIT_MS_MAX, commitMs * (0.5 + this.#prng.float()) * factor);
      },
      bytesMax: () => (this.#hosts.get(id)?.diskFull === true ? 0 : Infinity),
      tornBatches: false,
    };
  }

  timerLatenessMs(): number {
    const { timerLatenessMs } = this.options;
    return timerLatenessMs === 0 || !this.faulty ? 0 : timerLatenessMs * this.#prng.float();
  }

  alarmLatenessMs(): number {
    return this.faulty && this.#prng.bool(0.2) ? 2_000 * this.#prng.float() : 0;
  }

  alarmRepeats(): boolean {
    return this.faulty && this.#prng.bool(0.2);
  }

  places(): readonly string[] {
    return [...this.memberIds(), ...this.#clients];
  }

  get tracing(): boolean {
    return this.#trace !== undefined;
  }

  trace(who: string, what: string): void {
    this.#trace?.(this.scheduler.nowMs, this.#names.get(who) ?? who, what);
  }

  fail(property: string, reason: unknown, who: string): void {
    if (this.failure !== undefined) return;
    const text = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
    this.failure = new Violation(property, `at ${this.#names.get(who) ?? who}: ${text}`, {
      cause: reason,
    });
    this.trace(who, `FAILED ${property}: ${text}`);
  }

  instanceError(id: string, session: DiskSession, error: unknown): void {
    if (error instanceof SimulatedCrash) return;
    if (this.#hosts.get(id)?.explains(error) === true) {
      this.trace(id, `stops: ${String(error)}`);
      return;
    }
    this.fail('no unexpected error', error, session.stale ? `${id} (twin)` : id);
  }

  #check(run: () => void, who: string): void {
    if (this.failure !== undefined) return;
    try {
      run();
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.failure = error;
      this.trace(who, `FAILED ${error.message}`);
    }
  }

  #delayMs(from: string, to: string): number {
    return delayBetween(this.#regionOf.get(from) ?? 'here', this.#regionOf.get(to) ?? 'here');
  }
}

function memberList(options: SimulationOptions): string {
  const members: string[] = [];
  for (let at = 1; at <= options.voters; at++) members.push(`m${at}`);
  for (let at = 1; at <= options.learners; at++) members.push(`l${at}:learner`);
  return members.join(',');
}
