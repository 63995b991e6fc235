/**
 * What a cluster owes that is at rest with every member asleep. It is played once everything is healed and
 * all other parts have ended, so that nothing that it does badly is excused by a fault:
 *
 * 1. A key hangs on a lease, a client watches, and everybody sleeps. Nobody calls: the lease must end within
 *    its bound, and the watch must be told of it.
 * 2. Everybody sleeps again; somebody writes. The write succeeds at once, leadership stays where it was, and
 *    the watch is told of the write.
 * 3. Everybody sleeps, and each member is asked for a serializable read: it shows what it had, or later.
 * 4. The cluster rests, and its leader is built a second time beside the first, who does not know. Clients
 *    of both write and read, three times: the history's checkers see whether the stale twin serves or commits anything.
 */
import type { Prng } from '../../../src/lib/prng.ts';
import type { CallResult } from '../../../src/member/rpc.ts';
import type { NodeId } from '../../../src/raft/types.ts';
import { lifeBoundMs } from '../checkers/lease-bounded-life.ts';
import {
  checkEndAtRest,
  checkLeadershipKept,
  checkStateKept,
  checkWatchAtRest,
  type RestStory,
} from '../checkers/rest.ts';
import { checkWatch } from '../checkers/watch.ts';
import { type CallLost, sendCall } from '../client.ts';
import type { SimulatedCluster } from '../cluster.ts';
import type { ObjectHost } from '../host.ts';
import type { Outcome } from '../kv.ts';
import { type Answer, type Ask, decodeAnswer, encodeAsk } from '../lease/asks.ts';
import type { PartContext, WorkloadPart } from '../part.ts';
import type { SimulatedMember } from '../simulated-member.ts';
import { WatchClient } from '../watch/client.ts';
import { AppliedTruth } from '../watch/truth.ts';

/** Share of the runs that end so. */
const SHARE = 0.4;
const TTL_SECONDS = 4;
/** Before all keys that other clients see. */
const LEASED_KEY = 'at-rest/leased';
const WRITTEN_KEY = 'at-rest/written';
/** Whoever waits for something that has to come looks this long. */
const PATIENCE_MS = 10_000;
const RETRY_MS = 100;
const CLIENTS = ['rest0', 'rest1', 'rest2', 'rest3'] as const;
const [CLIENT] = CLIENTS;
/** Each time other connections end at the twin. */
const TWINS = 3;
/** Writes and reads while a twin of the leader lives. */
const TWIN_CALLS = 20;
const TWIN_CALL_EVERY_MS = 40;

interface Step {
  /** What is waited for, while it is. */
  readonly waitsFor: string;
  readonly begin: () => void;
  readonly isDone: () => boolean;
}

export function restPart(context: PartContext): WorkloadPart | undefined {
  return context.prng.bool(SHARE) ? new RestPart(context) : undefined;
}

class RestPart implements WorkloadPart {
  readonly description = 'in the end the cluster sleeps, four times';
  readonly patienceMs = 120_000;
  readonly #cluster: SimulatedCluster;
  readonly #prng: Prng;
  readonly #truth = new AppliedTruth();
  readonly #watcher: WatchClient;
  readonly #foreign = new Set<number>();
  readonly #steps: Step[];
  /** By member: the revision of its store when it was put to sleep last. */
  readonly #sleptAt = new Map<NodeId, number>();
  readonly #story: {
    -readonly [K in keyof RestStory]: RestStory[K];
  } = { lease: undefined, write: undefined, reads: [], heard: 0, due: 0 };
  #at = -1;
  #isLeased = false;
  #open = 0;
  #slept = 0;

  constructor({ cluster, prng }: PartContext) {
    this.#cluster = cluster;
    this.#prng = prng;
    for (const name of [...CLIENTS, 'restful']) cluster.addClient(name, undefined);
    this.#watcher = new WatchClient(cluster, prng, {
      name: 'restful',
      pinned: undefined,
      windowBytes: 20_000,
      needsLeader: false,
      overWorker: false,
    });
    this.#steps = [
      ...this.#leaseAtRest(),
      ...this.#writeAfterSleep(),
      ...this.#readAfterSleep(),
      ...Array.from({ length: TWINS }, () => this.#twinOfTheLeader()).flat(),
      ...this.#end(),
    ];
  }

  start(): void {
    this.#cluster.observer.onApplied.push((applied) => {
      this.#truth.note(applied);
      const changes = applied.result?.outcome.changes ?? [];
      const leased = changes.find(({ kv }) => kv.key === LEASED_KEY);
      if (leased === undefined) return;
      this.#foreign.add(applied.revision);
      const { lease } = this.#story;
      if (leased.type === 'put' || lease === undefined || lease.endedMs !== undefined) return;
      lease.endedMs = this.#cluster.scheduler.nowMs;
      this.#story.due = applied.revision;
    });
  }

  stop(): void {
    // It begins when the others have ended.
  }

  unsettled(): string | undefined {
    for (let step = this.#steps[this.#at]; ; step = this.#steps[this.#at]) {
      if (this.#at >= this.#steps.length) return undefined;
      if (step !== undefined && !step.isDone()) return step.waitsFor;
      this.#steps[++this.#at]?.begin();
    }
  }

  foreignRevisions(): ReadonlySet<number> {
    return this.#foreign;
  }

  judge(): void {
    checkEndAtRest(this.#story);
    checkLeadershipKept(this.#story);
    checkStateKept(this.#story);
    checkWatchAtRest(this.#story);
    const { recorded } = this.#watcher.watches;
    const compactRevision = Math.max(
      0,
      ...this.#cluster
        .usable()
        .map(({ current }) => current?.instance.member.state.mvcc.compactRevision ?? 0),
    );
    for (const watch of recorded)
      checkWatch(watch, { events: this.#truth.events(), compactRevision });
  }

  counts(): Readonly<Record<string, number>> {
    return {
      'rests played': this.#story.write === undefined ? 0 : 1,
      'asleep in rests': this.#slept,
    };
  }

  #leaseAtRest(): Step[] {
    const { scheduler } = this.#cluster;
    const watch = this.#watcher;
    return [
      {
        waitsFor: 'a key under a lease',
        begin: () => {
          this.#leaseKey();
          watch.dial();
          const key = 'at-rest/';
          const asked = { start: 0, noPut: false, noDelete: false, prevKv: true, fragment: false };
          watch.watches.watch({ ...asked, key, end: 'at-rest0', progress: false, id: 0 });
        },
        isDone: () => this.#isLeased && watch.unsettled === undefined,
      },
      {
        waitsFor: 'the end of a lease at rest',
        begin: () => {
          const boundMs = lifeBoundMs(scheduler.nowMs, TTL_SECONDS, {
            leaderLost: false,
            far: this.#cluster.options.regions,
          });
          this.#story.lease = { boundMs, endedMs: undefined };
        },
        isDone: () => {
          this.#letSleep();
          const lease = this.#story.lease;
          return lease?.endedMs !== undefined || scheduler.nowMs > (lease?.boundMs ?? 0);
        },
      },
      this.#heard('a watch at rest to be told of the end of a lease'),
    ];
  }

  #writeAfterSleep(): Step[] {
    const { scheduler, observer } = this.#cluster;
    return [
      this.#sleep(),
      {
        waitsFor: 'the first write after sleep',
        begin: () => {
          const before = observer.counts.elections;
          const calledMs = scheduler.nowMs;
          this.#put(CLIENT, 'after sleep', (outcome) => {
            const elections = observer.counts.elections - before;
            this.#story.write = { outcome, elections, tookMs: scheduler.nowMs - calledMs };
            if (outcome.kind === 'ok') this.#story.due = outcome.result.revision;
          });
        },
        isDone: () => this.#story.write !== undefined,
      },
      this.#heard('a watch at rest to be told of the write after sleep'),
    ];
  }

  #readAfterSleep(): Step[] {
    return [
      this.#sleep(),
      {
        waitsFor: 'reads after sleep',
        begin: () => {
          const read = { kind: 'range', key: WRITTEN_KEY, serializable: true } as const;
          for (const { id } of this.#hosts()) {
            this.#open++;
            const slept = this.#sleptAt.get(id) ?? 0;
            this.#cluster.call(CLIENT, id, read, PATIENCE_MS, (outcome) => {
              this.#open--;
              this.#story.reads = [...this.#story.reads, { member: id, slept, outcome }];
            });
          }
        },
        isDone: () => this.#open === 0,
      },
    ];
  }

  #twinOfTheLeader(): Step[] {
    const { scheduler } = this.#cluster;
    let leader: ObjectHost<SimulatedMember> | undefined;
    return [
      {
        waitsFor: 'rest',
        begin: () => {
          leader = undefined;
        },
        isDone: () => this.#atRest(),
      },
      {
        waitsFor: 'the end of a twin',
        begin: () => {
          leader = this.#hosts().find(
            ({ current }) => current?.instance.member.status.role === 'leader',
          );
          const id = leader?.id ?? this.#prng.pick(this.#hosts()).id;
          leader?.takeOver();
          for (let at = 0; at < TWIN_CALLS; at++) {
            scheduler.after(at * TWIN_CALL_EVERY_MS, () => {
              this.#callTwin(id, at);
            });
          }
          this.#open += TWIN_CALLS;
        },
        isDone: () => this.#open === 0 && leader?.twin === undefined,
      },
    ];
  }

  /**
   * Whose connections end at the twin is a matter of chance. One client writes and the others read: a twin
   * that was asked for a write says nothing any more, and one that is only read has most to be wrong about.
   */
  #callTwin(leader: NodeId, at: number): void {
    const done = (): void => {
      this.#open--;
    };
    const [writer, ...readers] = CLIENTS;
    if (at % 3 === 0) {
      const value = `beside a twin ${at}`;
      const member = this.#prng.bool(0.7) ? leader : this.#prng.pick(this.#hosts()).id;
      const put = { kind: 'put', key: WRITTEN_KEY, value } as const;
      this.#cluster.call(writer, member, put, PATIENCE_MS, done);
    } else {
      const read = { kind: 'range', key: WRITTEN_KEY } as const;
      this.#cluster.call(this.#prng.pick(readers), leader, read, PATIENCE_MS, done);
    }
  }

  #end(): Step[] {
    return [
      {
        waitsFor: 'members to be awake and equal',
        begin: () => {
          this.#watcher.finish(this.#story.due);
        },
        isDone: () => {
          const hosts = this.#hosts();
          for (const { current, id } of hosts) {
            if (current !== undefined || this.#open > 0) continue;
            this.#open++;
            const read = { kind: 'range', key: WRITTEN_KEY } as const;
            this.#cluster.call(CLIENT, id, read, PATIENCE_MS, () => {
              this.#open--;
            });
          }
          const states = hosts.map(({ current }) => current?.instance.member.state.applied.index);
          return this.#open === 0 && new Set(states).size === 1 && states[0] !== undefined;
        },
      },
    ];
  }

  /** Everybody sleeps, some time after the cluster has come to rest. */
  #sleep(): Step {
    return {
      waitsFor: 'sleep',
      begin: () => {
        // It comes by itself.
      },
      isDone: () => {
        this.#letSleep();
        return this.#hosts().every(({ current }) => current === undefined);
      },
    };
  }

  #heard(waitsFor: string): Step {
    const { scheduler } = this.#cluster;
    let sinceMs = 0;
    return {
      waitsFor,
      begin: () => {
        sinceMs = scheduler.nowMs;
      },
      isDone: () => {
        this.#story.heard = this.#watcher.watches.wanted[0]?.next ?? 0;
        return this.#story.heard > this.#story.due || scheduler.nowMs > sinceMs + PATIENCE_MS;
      },
    };
  }

  #letSleep(): void {
    for (const host of this.#hosts()) {
      const member = host.current?.instance.member;
      if (member?.status.resting !== true || host.twin !== undefined || !host.sleep()) continue;
      this.#slept++;
      this.#sleptAt.set(host.id, member.state.mvcc.revision);
    }
  }

  #hosts(): ObjectHost<SimulatedMember>[] {
    return this.#cluster.usable();
  }

  #atRest(): boolean {
    return this.#hosts().every(
      ({ current }) => current === undefined || current.instance.member.status.resting,
    );
  }

  #put(client: string, value: string, done: (outcome: Outcome) => void): void {
    const member = this.#prng.pick(this.#hosts()).id;
    this.#cluster.call(client, member, { kind: 'put', key: WRITTEN_KEY, value }, PATIENCE_MS, done);
  }

  /** A key under a lease: anew as long as either fails, since the member asked may be gone, or the lease. */
  #leaseKey(): void {
    this.#ask({ kind: 'grant', lease: 0n, ttl: TTL_SECONDS }, ({ lease = 0n }) => {
      this.#ask({ kind: 'put', key: LEASED_KEY, value: 'x', lease }, () => {
        this.#isLeased = true;
      });
    });
  }

  #ask(ask: Ask, done: (answer: Answer) => void): void {
    const [method, body] = encodeAsk(ask);
    const member = this.#prng.pick(this.#hosts()).id;
    const request = { client: CLIENT, member, method, body, timeoutMs: PATIENCE_MS };
    sendCall(this.#cluster, request, (result: CallResult | CallLost) => {
      if (typeof result !== 'string' && result.code === 0) done(decodeAnswer(ask, result.body));
      else this.#cluster.scheduler.after(RETRY_MS, () => this.#leaseKey());
    });
  }
}
