/**
 * One run: a cluster, clients and faults from one seed. First safety, under faults; then everything is
 * healed and the cluster has to make progress; then the histories are judged.
 */
import { Prng } from '../../src/lib/prng.ts';
import { CATCH_UP_ENTRIES, CHECKPOINT_ENTRIES } from '../../src/constants.ts';
import { checkBounds } from './checkers/bounds.ts';
import { checkDurable, type FinalStore } from './checkers/durability.ts';
import { checkLinearizable } from './checkers/linearizability.ts';
import { checkOldReads } from './checkers/old-reads.ts';
import { checkRevisions } from './checkers/revisions.ts';
import { SimulatedClient } from './client.ts';
import { SimulatedCluster, type Trace } from './cluster.ts';
import type { Call } from './history.ts';
import type { Outcome } from './kv.ts';
import { Nemesis } from './nemesis.ts';
import { hashOf } from './observer.ts';
import type { SimulationOptions } from './options.ts';
import { LIVENESS_BOUND_MS } from './options.ts';
import { byteString, bytesOf } from '../../src/lib/bytes.ts';
import type { WorkloadPart } from './part.ts';
import { PARTS } from './parts.ts';
import { tune } from './tuning.ts';
import { Compactor, generatorOf } from './workload.ts';
import { Violation } from './world.ts';

export const LIVENESS = 'progress after healing';

/** Entries of one turn may come on top of what a checkpoint leaves. */
const LOG_SLACK_ENTRIES = 100;
const HELD_MAX = 100;
const SETTLE_MS = 100;
const TIMERS_MAX = 20;
/** Messages, timers and the rest that are to come; a run has hundreds. Members that answer each other for ever have more. */
const PENDING_EVENTS_MAX = 50_000;
/** A run has tens of thousands. */
const EVENTS_MAX = 5_000_000;

export interface RunResult {
  readonly options: SimulationOptions;
  readonly failure: Violation | undefined;
  readonly simulatedMs: number;
  readonly events: number;
  readonly calls: number;
  readonly acknowledged: number;
  readonly unknown: number;
  readonly counts: Readonly<Record<string, number>>;
}

/** Must be called from a macrotask (drain.ts). */
export function simulate(options: SimulationOptions, prng: Prng, trace?: Trace): RunResult {
  tune(options.tuning);
  return new Simulation(options, prng, trace).run();
}

class Simulation {
  readonly #options: SimulationOptions;
  readonly #prng: Prng;
  readonly #cluster: SimulatedCluster;
  readonly #nemesis: Nemesis;
  readonly #clients: SimulatedClient[] = [];
  readonly #parts: readonly WorkloadPart[];
  #failure: Violation | undefined;

  constructor(options: SimulationOptions, prng: Prng, trace: Trace | undefined) {
    this.#options = options;
    this.#prng = prng;
    this.#cluster = new SimulatedCluster(options, new Prng(prng.below(2 ** 32)), trace);
    this.#nemesis = new Nemesis(this.#cluster, new Prng(prng.below(2 ** 32)));
    this.#parts = buildParts(this.#cluster, options);
  }

  run(): RunResult {
    const cluster = this.#cluster;
    try {
      this.#start();
      this.#runUntil(this.#options.safetyMs);
      this.#heal();
      this.#judge();
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.#failure ??= cluster.failure ?? error;
      cluster.trace('world', `FAILED ${error.message}`);
    } finally {
      cluster.close();
    }
    return this.#result();
  }

  #start(): void {
    const cluster = this.#cluster;
    const { clients, mix, keys, compactor } = this.#options;
    const ids = cluster.memberIds();
    for (let at = 0; at < clients; at++) {
      const pinned = at % 4 === 3 ? undefined : ids[at % ids.length];
      this.#addClient(`c${at}`, pinned, (prng) => generatorOf(mix, `c${at}`, prng, keys));
    }
    if (compactor) this.#addClient('compactor', undefined, (prng) => new Compactor(prng));
    for (const client of this.#clients) client.start();
    for (const part of this.#parts) {
      cluster.trace('world', part.description);
      part.start();
    }
    this.#scheduleQuiet();
    this.#nemesis.start();
  }

  #addClient(
    name: string,
    pinned: string | undefined,
    generator: (prng: Prng) => ReturnType<typeof generatorOf>,
  ): void {
    const prng = new Prng(this.#prng.below(2 ** 32));
    this.#cluster.addClient(name, pinned);
    const { thinkMs } = this.#options;
    const mean = name === 'compactor' ? 150 : thinkMs;
    const think = (): number => {
      const pause = -mean * Math.log(1 - prng.float());
      return Math.max(pause, this.#cluster.quietUntilMs - this.#cluster.scheduler.nowMs);
    };
    const chosen = generator(new Prng(this.#prng.below(2 ** 32)));
    this.#clients.push(
      new SimulatedClient(this.#cluster, name, prng, chosen, { pinned, thinkMs: think }),
    );
  }

  /** Spells without work, long enough for a cluster to come to rest. */
  #scheduleQuiet(): void {
    const { idle } = this.#options;
    if (idle === 0) return;
    const spanMs = 4_000 + 4_000 * this.#prng.float();
    this.#cluster.scheduler.after((spanMs * (1 - idle)) / idle, () => {
      this.#cluster.quietUntilMs = this.#cluster.scheduler.nowMs + spanMs;
      this.#cluster.scheduler.after(spanMs, () => {
        this.#scheduleQuiet();
      });
    });
  }

  #runUntil(atMs: number, stop?: () => boolean): void {
    const cluster = this.#cluster;
    const { scheduler } = cluster;
    const storms = (): boolean =>
      scheduler.pending > PENDING_EVENTS_MAX || scheduler.events > EVENTS_MAX;
    scheduler.runUntil(atMs, () => cluster.failure !== undefined || storms() || stop?.() === true);
    if (cluster.failure !== undefined) throw cluster.failure;
    checkBounds('the run', [
      { name: 'events to come', value: scheduler.pending, max: PENDING_EVENTS_MAX },
      { name: 'events', value: scheduler.events, max: EVENTS_MAX },
    ]);
  }

  /** No more faults: within a bound, writes succeed, every member serves them, all agree. */
  #heal(): void {
    this.#nemesis.stop();
    for (const client of this.#clients) client.stop();
    for (const part of this.#parts) part.stop();
    this.#cluster.heal();
    const deadlineMs = this.#cluster.scheduler.nowMs + LIVENESS_BOUND_MS;
    this.#untilOk(deadlineMs, 'a last write', (attempt) => {
      const usable = this.#cluster.usable();
      return {
        member: usable[attempt % usable.length]?.id ?? '',
        request: { kind: 'put', key: 'zz/tombstone', value: `end ${attempt}` },
      };
    });
    for (const { id: member } of this.#cluster.usable()) {
      this.#untilOk(deadlineMs, `a linearizable read at ${member}`, () =>
        // What the operator asked for last may still come into force.
        this.#cluster.isGone(member)
          ? undefined
          : { member, request: { kind: 'range', key: 'key/', end: 'zzz' } },
      );
    }
    this.#converge(deadlineMs);
    for (const part of this.#parts) {
      const patienceMs = Math.max(LIVENESS_BOUND_MS, part.patienceMs ?? 0);
      this.#settle(part, Math.max(deadlineMs, this.#cluster.scheduler.nowMs + patienceMs));
    }
    // Once more: what a part waited for may have been followed by an entry, or by a member's sleep.
    this.#converge(this.#cluster.scheduler.nowMs + LIVENESS_BOUND_MS);
  }

  #settle(part: WorkloadPart, deadlineMs: number): void {
    const { scheduler } = this.#cluster;
    for (let rest = part.unsettled(); rest !== undefined; rest = part.unsettled()) {
      if (scheduler.nowMs >= deadlineMs) {
        throw new Violation(
          LIVENESS,
          `at ${scheduler.nowMs.toFixed(0)} ms there is still ${rest}; ${this.#states()}`,
        );
      }
      this.#runUntil(scheduler.nowMs + 50);
    }
  }

  #untilOk(
    deadlineMs: number,
    what: string,
    attemptAt: (attempt: number) => { member: string; request: Call['request'] } | undefined,
  ): void {
    const cluster = this.#cluster;
    let last: Outcome | undefined;
    for (let attempt = 0; cluster.scheduler.nowMs < deadlineMs; attempt++) {
      const asked = attemptAt(attempt);
      if (asked === undefined) return;
      const { member, request } = asked;
      let outcome: Outcome | undefined;
      cluster.call('final', member, request, LIVENESS_BOUND_MS, (result) => {
        outcome = result;
      });
      this.#runUntil(
        Math.min(deadlineMs, cluster.scheduler.nowMs + 8_000),
        () => outcome !== undefined,
      );
      if (outcome?.kind === 'ok') return;
      last = outcome;
      this.#runUntil(cluster.scheduler.nowMs + 100);
    }
    throw new Violation(
      LIVENESS,
      `${what} did not succeed in ${LIVENESS_BOUND_MS} ms: ${JSON.stringify(last)}; ${this.#states()}`,
    );
  }

  /** All are in memory, which is what is judged, and have applied whatever anyone has. Wakes them. */
  #converge(deadlineMs: number): void {
    const cluster = this.#cluster;
    const read = { kind: 'range', key: 'key/', end: 'key0', countOnly: true } as const;
    for (;;) {
      this.#runUntil(cluster.scheduler.nowMs + 1_000, () => this.#together());
      // What they did in this very moment may not be durable, and so not told, yet.
      this.#runUntil(cluster.scheduler.nowMs + SETTLE_MS);
      if (this.#together()) return;
      if (cluster.scheduler.nowMs >= deadlineMs) {
        throw new Violation(
          LIVENESS,
          `members did not come together in ${LIVENESS_BOUND_MS} ms: ${this.#states()}`,
        );
      }
      for (const { id } of cluster.usable()) {
        cluster.call('final', id, read, LIVENESS_BOUND_MS, () => {});
      }
    }
  }

  #together(): boolean {
    const { last } = this.#cluster.observer.committed;
    const applied = this.#cluster
      .usable()
      .map(({ current }) => current?.instance.member.state.applied.index);
    return applied.every((index) => index !== undefined && index >= last && index === applied[0]);
  }

  #states(): string {
    return this.#cluster
      .hosts()
      .map((host) => {
        const member = host.current?.instance.member;
        if (member === undefined) return `${host.id} is ${host.down ? 'down' : 'not in memory'}`;
        const { role, term, commit, applied, lastIndex, resting } = member.status;
        return `${member.self.name} ${role} term ${term} commit ${commit} applied ${applied} last ${lastIndex}${resting ? ' resting' : ''}`;
      })
      .join('; ');
  }

  #judge(): void {
    const { calls } = this.#cluster.history;
    const hosts = this.#cluster.usable();
    for (const host of hosts) {
      const { state, self } = this.#memberOf(host);
      const { index } = state.applied;
      this.#unlessDamaged(host, () => {
        const { agreement } = this.#cluster.observer;
        agreement.observe(self.name, 'hash at the end', index, hashOf(state));
        checkDurable(calls, [this.#finalStore(host)]);
      });
      this.#checkBounds(host);
    }
    checkRevisions(calls);
    checkOldReads(calls);
    // A part says more closely what is wrong than what follows.
    for (const part of this.#parts) part.judge();
    const foreign = new Set(this.#parts.flatMap((part) => [...(part.foreignRevisions?.() ?? [])]));
    checkLinearizable(calls, { hint: this.#cluster.observer.hints.over(calls), foreign });
  }

  /** A flipped bit may lie where nobody looked until now: then it is named, and proves nothing else. */
  #unlessDamaged(host: ReturnType<SimulatedCluster['hosts']>[number], run: () => void): void {
    try {
      run();
    } catch (error) {
      if (!host.explains(error)) throw error;
    }
  }

  /** After healing nothing is left over: no held messages, no pile of timers, a log that was cut. */
  #checkBounds(host: ReturnType<SimulatedCluster['hosts']>[number]): void {
    const { status, self } = this.#memberOf(host);
    checkBounds(self.name, [
      {
        name: 'log entries',
        value: status.lastIndex - status.firstIndex + 1,
        max: CHECKPOINT_ENTRIES + CATCH_UP_ENTRIES + LOG_SLACK_ENTRIES,
      },
      { name: 'messages held', value: host.current?.session.held ?? 0, max: HELD_MAX },
      { name: 'timers', value: host.current?.clock.pendingTimers ?? 0, max: TIMERS_MAX },
    ]);
  }

  #memberOf(host: ReturnType<SimulatedCluster['hosts']>[number]) {
    const member = host.current?.instance.member;
    if (member === undefined) throw new Violation(LIVENESS, `${host.id} is not in memory`);
    return member;
  }

  #finalStore(host: ReturnType<SimulatedCluster['hosts']>[number]): FinalStore {
    const { state, self } = this.#memberOf(host);
    const { mvcc } = state;
    return {
      id: self.name,
      revision: mvcc.revision,
      compactRevision: mvcc.compactRevision,
      at: (key, revision) => {
        const kv = mvcc.getAt(byteString(bytesOf(key)), revision);
        if (kv === undefined) return undefined;
        return {
          key,
          value: byteString(kv.value),
          create: kv.createRevision,
          mod: kv.modRevision,
          version: kv.version,
        };
      },
    };
  }

  #result(): RunResult {
    const { scheduler, history, network, observer } = this.#cluster;
    const outcomes = history.calls.map((call) => call.outcome?.kind);
    const hosts = this.#cluster.hosts().map((host) => host.counts);
    const sum = (name: 'builds' | 'crashes' | 'evictions' | 'takeovers'): number =>
      hosts.reduce((total, counts) => total + counts[name], 0);
    return {
      options: this.#options,
      failure: this.#failure,
      simulatedMs: scheduler.nowMs,
      events: scheduler.events,
      calls: outcomes.length,
      acknowledged: outcomes.filter((kind) => kind === 'ok').length,
      unknown: outcomes.filter((kind) => kind === undefined || kind === 'unknown').length,
      counts: {
        ...observer.counts,
        handOvers: observer.handOvers.count,
        crashes: sum('crashes'),
        evictions: sum('evictions'),
        takeovers: sum('takeovers'),
        builds: sum('builds'),
        messages: network.counts.sent,
        lost: network.counts.lost,
        ...Object.fromEntries(this.#parts.flatMap((part) => Object.entries(part.counts()))),
      },
    };
  }
}

/** Numbers of their own, by position: an added part leaves the choices of the others alone. */
function buildParts(cluster: SimulatedCluster, options: SimulationOptions): WorkloadPart[] {
  return PARTS.flatMap((build, at) => {
    const prng = new Prng((options.seed + (at + 1) * 0x9e37_79b9) % 2 ** 32);
    return build({ cluster, options, prng }) ?? [];
  });
}
