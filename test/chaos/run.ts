/** One chaos run: real processes, etcd's traffic, faults, healing, and the checkers of the simulator. */
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from '../../scripts/lib/ports.ts';
import { type LocalCluster, startCluster } from '../../scripts/lib/cluster.ts';
import { Prng } from '../../src/lib/prng.ts';
import { parseCluster } from '../../src/member/cluster-config.ts';
import { checkLinearizable } from '../sim/checkers/linearizability.ts';
import { checkOldReads } from '../sim/checkers/old-reads.ts';
import { checkRevisions } from '../sim/checkers/revisions.ts';
import { checkWatch } from '../sim/checkers/watch.ts';
import { type Call, History } from '../sim/history.ts';
import type { Outcome, Request } from '../sim/kv.ts';
import { generatorOf, type Mix } from '../sim/workload.ts';
import { seenOf, truthOf } from '../sim/watch-record.ts';
import { Violation } from '../sim/world.ts';
import { Faults } from './faults.ts';
import { HttpClient } from './http-client.ts';
import { type FaultMark, plotRun } from './plot.ts';
import { LinkProxy } from '../../scripts/lib/link-proxy.ts';
import { ChangeFollower } from './watcher.ts';
import { type ChaosWatcher, WATCH_FORMS, watcherOf } from './watching.ts';

export interface ChaosOptions {
  readonly members: number;
  readonly forMs: number;
  readonly seed: number;
  readonly clients: number;
  readonly mix: Mix;
  readonly say: (text: string) => void;
}

export interface ChaosResult {
  readonly failure: Violation | undefined;
  readonly calls: number;
  readonly acknowledged: number;
  readonly unknown: number;
  /** Watches that were judged, each from one connection, and their events. */
  readonly watches: number;
  readonly watchEvents: number;
  readonly faults: ReadonlyMap<string, number>;
  readonly svg: string;
  /** What clients asked and were told. */
  readonly history: readonly Call[];
  /** What a watcher of all keys was sent, by revision. */
  readonly changes: ReadonlyMap<number, unknown>;
}

/** Mean pause of a client. */
const THINK_MS = 20;
const HEAL_BOUND_MS = 60_000;
const KEYS = 10;
const WATCHERS_PER_FORM = 2;

export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const clientPorts = await freePorts(options.members);
  const peerPorts = await freePorts(options.members, clientPorts);
  const cluster = await startCluster({
    members: options.members,
    mode: 'process-per-member',
    ports: clientPorts,
    peerPorts,
  });
  const proxy = new LinkProxy();
  try {
    for (const [at, { name }] of cluster.members.entries()) {
      await proxy.listen(peerPorts[at] as number, name, clientPorts[at] as number);
    }
    await cluster.ready();
    return await new ChaosRun(options, cluster, proxy).run();
  } finally {
    await cluster.stop();
    proxy.close();
  }
}

class ChaosRun {
  readonly #options: ChaosOptions;
  readonly #cluster: LocalCluster;
  readonly #faults: Faults;
  readonly #history = new History();
  readonly #prng: Prng;
  readonly #startMs = performance.now();
  readonly #marks: FaultMark[] = [];
  #stopped = false;

  constructor(options: ChaosOptions, cluster: LocalCluster, proxy: LinkProxy) {
    this.#options = options;
    this.#cluster = cluster;
    this.#prng = new Prng(options.seed);
    const { members } = parseCluster('edgetcd', cluster.membersText);
    const idOf = new Map(members.map((member) => [member.name, member.id]));
    this.#faults = new Faults(
      cluster,
      proxy,
      idOf,
      new Prng(this.#prng.below(2 ** 32)),
      (mark) => {
        this.#marks.push(mark);
        options.say(`${(mark.fromMs / 1_000).toFixed(1)} s  ${mark.text}`);
      },
      () => this.#nowMs(),
    );
  }

  async run(): Promise<ChaosResult> {
    const { endpoints } = this.#cluster;
    const follower = new ChangeFollower(endpoints);
    const following = follower.run();
    const watchers = this.#watchers();
    const watching = Promise.all(watchers.map((watcher) => watcher.run()));
    const clients = Array.from({ length: this.#options.clients }, (_, at) => this.#client(at));
    await this.#faults.run(this.#options.forMs);
    this.#stopped = true;
    await Promise.all(clients);
    await this.#faults.heal();
    let failure: Violation | undefined;
    try {
      await this.#judge(follower, watchers);
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      failure = error;
    } finally {
      follower.stop();
      await following;
      for (const watcher of watchers) watcher.stop();
      await watching;
    }
    const recorded = watchers.flatMap((watcher) => watcher.recorded);
    const kinds = this.#history.calls.map((call) => call.outcome?.kind);
    return {
      failure,
      calls: kinds.length,
      acknowledged: kinds.filter((kind) => kind === 'ok').length,
      unknown: kinds.filter((kind) => kind === 'unknown').length,
      watches: recorded.length,
      watchEvents: recorded.reduce((total, watch) => total + seenOf(watch).length, 0),
      faults: this.#faults.counts,
      svg: plotRun(this.#history.calls, this.#marks, this.#nowMs()),
      history: this.#history.calls,
      changes: follower.changes,
    };
  }

  #nowMs(): number {
    return performance.now() - this.#startMs;
  }

  /** Some over each form. */
  #watchers(): ChaosWatcher[] {
    const { endpoints } = this.#cluster;
    return Array.from({ length: WATCHERS_PER_FORM }, (_, at) =>
      WATCH_FORMS.map((form) => {
        const prng = new Prng(this.#prng.below(2 ** 32));
        return watcherOf(form, `${form} ${at}`, endpoints, prng, KEYS);
      }),
    ).flat();
  }

  /** After healing every watch gets to the last revision. @throws Violation */
  async #settle(
    watchers: readonly ChaosWatcher[],
    revision: number,
    deadlineMs: number,
  ): Promise<void> {
    let left = watchers;
    for (;;) {
      left = left.filter((watcher) => !watcher.settle(revision));
      for (const { failure } of watchers) if (failure !== undefined) throw failure;
      if (left.length === 0) return;
      if (this.#nowMs() > deadlineMs) {
        const names = left.map(({ name }) => name).join(', ');
        throw new Violation(
          'watch reliable',
          `not at revision ${revision} after healing: ${names}`,
        );
      }
      await sleep(200);
    }
  }

  /** Most clients keep to one member, some go round. */
  async #client(at: number): Promise<void> {
    const prng = new Prng(this.#options.seed * 1_000 + at);
    const { endpoints } = this.#cluster;
    const generator = generatorOf(this.#options.mix, `c${at}`, prng, KEYS);
    while (!this.#stopped) {
      const place = at % 4 === 3 ? prng.below(endpoints.length) : at % endpoints.length;
      const request = generator.next();
      generator.learn(request, await this.#call(`c${at}`, endpoints[place] as string, request));
      await sleep(-THINK_MS * Math.log(1 - prng.float()));
    }
  }

  async #call(client: string, endpoint: string, request: Request): Promise<Outcome> {
    const entry = this.#history.begin(client, request, this.#nowMs());
    const outcome = await new HttpClient(endpoint).call(request);
    this.#history.end(entry, outcome, this.#nowMs());
    return outcome;
  }

  /** A last write and a read of everything at every member; then the verdicts. */
  async #judge(follower: ChangeFollower, watchers: readonly ChaosWatcher[]): Promise<void> {
    const { endpoints } = this.#cluster;
    const revision = await this.#untilOk(endpoints[0] as string, {
      kind: 'put',
      key: 'zz/tombstone',
      value: 'end',
    });
    for (const endpoint of endpoints)
      await this.#untilOk(endpoint, { kind: 'range', key: 'key/', end: 'zzz' });
    const deadlineMs = this.#nowMs() + HEAL_BOUND_MS;
    while (follower.seen < revision && this.#nowMs() < deadlineMs) await sleep(50);
    await this.#settle(watchers, revision, deadlineMs);
    const { calls } = this.#history;
    checkRevisions(calls);
    checkOldReads(calls);
    const model = checkLinearizable(calls, { hint: follower.hintsOver(calls) });
    const truth = truthOf(model);
    for (const watcher of watchers) {
      for (const watch of watcher.recorded) checkWatch(watch, truth);
    }
  }

  async #untilOk(endpoint: string, request: Request): Promise<number> {
    const deadlineMs = this.#nowMs() + HEAL_BOUND_MS;
    for (;;) {
      const outcome = await this.#call('final', endpoint, request);
      if (outcome.kind === 'ok') return outcome.result.revision;
      if (this.#nowMs() > deadlineMs) {
        throw new Violation('progress after healing', `${endpoint}: ${JSON.stringify(outcome)}`);
      }
      await sleep(100);
    }
  }
}
