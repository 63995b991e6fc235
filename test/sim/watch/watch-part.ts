/** Watches in the simulated workload: clients at any member, what they ask, and the nine guarantees. */
import type { Prng } from '../../../src/lib/prng.ts';
import { checkWatch } from '../checkers/watch.ts';
import type { Member } from '../../../src/member/member.ts';
import type { WatchGauges } from '../../../src/watch/types.ts';
import type { SimulatedCluster } from '../cluster.ts';
import type { PartContext, WorkloadPart } from '../part.ts';
import { WatchClient } from './client.ts';
import { AppliedTruth } from './truth.ts';
import { strayStreams } from './whereabouts.ts';
import { type CreateFields, PROGRESS_FRAME } from './wire.ts';

/** Runs without any watch show what watches change. */
const RUNS_WITH_WATCHES = 0.7;
/** How often the platform looks for objects that nothing keeps in memory. */
const SLEEP_CHECK_MS = 150;
const WATCHES_PER_CLIENT_MAX = 4;
const PAUSE_MS_MAX = 2_500;

export function buildWatches(context: PartContext): WorkloadPart | undefined {
  return context.prng.bool(RUNS_WITH_WATCHES) ? new WatchPart(context) : undefined;
}

class WatchPart implements WorkloadPart {
  readonly description: string;
  readonly #cluster: SimulatedCluster;
  readonly #prng: Prng;
  readonly #keys: number;
  readonly #truth = new AppliedTruth();
  readonly #clients: WatchClient[] = [];
  /** Mean pause between two actions of a client. */
  readonly #actMs: number;
  readonly #slowReaders: boolean;
  readonly #breaks: boolean;
  #stopped = false;
  #finished = false;

  constructor({ cluster, options, prng }: PartContext) {
    this.#cluster = cluster;
    this.#prng = prng;
    this.#keys = options.keys;
    this.#actMs = prng.pick([150, 400, 400, 1_500]);
    this.#slowReaders = prng.bool(0.6);
    this.#breaks = prng.bool(0.6);
    const count = 1 + prng.below(3);
    const ids = cluster.memberIds();
    for (let at = 0; at < count; at++) {
      const name = `w${at}`;
      const pinned = prng.bool(0.7) ? prng.pick(ids) : undefined;
      cluster.addClient(name, pinned);
      const windowBytes = prng.pick([0, 300, 20_000]);
      this.#clients.push(
        new WatchClient(cluster, prng, {
          name,
          pinned,
          windowBytes,
          needsLeader: prng.bool(0.2),
          overWorker: prng.bool(0.4),
        }),
      );
    }
    this.description = `${count} clients watch, acting every ${this.#actMs} ms${this.#slowReaders ? ', some read slowly' : ''}${this.#breaks ? ', connections break' : ''}`;
  }

  start(): void {
    const { observer } = this.#cluster;
    observer.onApplied.push((applied) => {
      this.#truth.note(applied);
    });
    observer.onApplying.push((applied) => {
      this.#truth.noteEarly(applied);
    });
    for (const client of this.#clients) {
      client.dial();
      this.#watch(client);
      this.#actLater(client);
    }
    this.#sleepLater();
  }

  stop(): void {
    this.#stopped = true;
  }

  unsettled(): string | undefined {
    if (!this.#finished) {
      for (const client of this.#clients) {
        if (client.unsettled !== undefined) return `${client.name}: ${client.unsettled}`;
      }
    }
    const stray = strayStreams(this.#cluster.usable());
    if (stray !== undefined) return stray;
    if (!this.#finished) {
      const behind = this.#hubRest(({ slowWatchers }) => slowWatchers);
      if (behind !== undefined) return `a hub with work at ${behind}`;
      this.#finished = true;
      for (const client of this.#clients) client.finish(this.#truth.revision);
    }
    const kept = this.#hubRest(
      ({ streams, watchers, ranges, pendingEvents, pendingBytes }) =>
        streams + watchers + ranges + pendingEvents + pendingBytes,
    );
    return kept === undefined ? undefined : `a hub with streams at ${kept}, though all have left`;
  }

  judge(): void {
    const compactRevision = Math.max(
      0,
      ...this.#members().map((member) => member.state.mvcc.compactRevision),
    );
    const truth = { events: this.#truth.events(), compactRevision };
    for (const client of this.#clients) {
      for (const watch of client.watches.recorded) checkWatch(watch, truth);
    }
  }

  counts(): Readonly<Record<string, number>> {
    const sum = (name: keyof WatchClient['watches']['counts']): number =>
      this.#clients.reduce((total, { watches }) => total + watches.counts[name], 0);
    return {
      watches: sum('watches'),
      'watch connections': sum('connections'),
      'watch events': sum('events'),
      'watch progress': sum('progress'),
      'watch fragments': sum('fragments'),
      'watches compacted': sum('compacted'),
      sleeps: this.#cluster.hosts().reduce((total, { counts }) => total + counts.sleeps, 0),
    };
  }

  #members(): Member[] {
    return this.#cluster.usable().flatMap((host) => host.current?.instance.member ?? []);
  }

  /** Names the first member at which something is left; undefined: nowhere is. */
  #hubRest(sum: (gauges: WatchGauges) => number): string | undefined {
    for (const { self, watch } of this.#members()) {
      const { gauges } = watch;
      if (sum(gauges) > 0) return `${self.name}: ${JSON.stringify(gauges)}`;
    }
    return undefined;
  }

  /** Objects that nothing keeps awake sleep, some time. */
  #sleepLater(): void {
    this.#cluster.scheduler.after(SLEEP_CHECK_MS, () => {
      if (this.#stopped) return;
      for (const host of this.#cluster.hosts()) if (this.#prng.bool(0.5)) host.sleep();
      this.#sleepLater();
    });
  }

  #actLater(client: WatchClient): void {
    const { scheduler, quietUntilMs } = this.#cluster;
    const pauseMs = -this.#actMs * Math.log(1 - this.#prng.float());
    scheduler.after(Math.max(pauseMs, quietUntilMs - scheduler.nowMs), () => {
      if (this.#stopped) return;
      this.#act(client);
      this.#actLater(client);
    });
  }

  #act(client: WatchClient): void {
    const prng = this.#prng;
    const { watches } = client;
    const { wanted } = watches;
    const die = prng.below(100);
    if (die < 25) {
      if (wanted.length < WATCHES_PER_CLIENT_MAX) this.#watch(client);
    } else if (die < 37) {
      if (wanted.length > 0) watches.unwatch(prng.pick(wanted));
    } else if (die < 60) watches.send(PROGRESS_FRAME);
    else if (die < 63) watches.watchInVain({ ...this.#draw(client), start: -1 - prng.below(3) });
    else if (die < 66) watches.watchInVain({ ...this.#draw(client), key: 'key/5', end: 'key/5' });
    else if (die < 68) watches.send('{}');
    else if (die < 82) {
      if (this.#slowReaders) client.pause(PAUSE_MS_MAX * prng.float());
    } else if (this.#breaks) {
      if (prng.bool()) client.breakConnection();
      else client.redial(prng.bool());
    }
  }

  #watch(client: WatchClient): void {
    client.watches.watch(this.#draw(client));
  }

  #draw(client: WatchClient): CreateFields {
    const prng = this.#prng;
    const { revision } = client.watches;
    const key = `key/${prng.below(this.#keys)}`;
    const range = prng.pick([
      { key },
      { key },
      { key: 'key/', end: 'key0' },
      { key: '\0', end: '\0' },
      { key, end: '\0' },
      { key, end: `${key}~` },
    ]);
    const start = prng.pick([
      0,
      0,
      0,
      Math.max(1, revision - prng.below(40)),
      Math.max(1, revision - prng.below(40)),
      1,
      revision + prng.below(20),
    ]);
    return {
      ...range,
      start,
      noPut: prng.bool(0.15),
      noDelete: prng.bool(0.15),
      prevKv: prng.bool(),
      fragment: prng.bool(0.4),
      progress: prng.bool(0.5),
      // Now and then one that is taken, which is refused.
      id: prng.bool(0.3) ? 1 + prng.below(6) : 0,
    };
  }
}
