/** A cluster under workerd for tests of watching, with a few words to write to it. */
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LocalCluster, startCluster } from '../../scripts/lib/cluster.ts';
import { KvHttp } from '../../scripts/lib/kv-http.ts';
import type { WatchGauges } from '../../src/watch/types.ts';

const entry = resolve(import.meta.dirname, 'watch-worker.ts');
const SETTLE_TIMEOUT_MS = 60_000;

export class WatchCluster {
  readonly cluster: LocalCluster;
  readonly kv: KvHttp;
  readonly #lines: readonly string[];

  private constructor(cluster: LocalCluster, lines: readonly string[]) {
    this.cluster = cluster;
    this.kv = new KvHttp(this.endpoint0(cluster));
    this.#lines = lines;
  }

  static async start(members = 1): Promise<WatchCluster> {
    const lines: string[] = [];
    const cluster = await startCluster({
      entry,
      members,
      onLine: (_, line) => lines.push(line),
    });
    await cluster.ready();
    return new WatchCluster(cluster, lines);
  }

  get endpoint(): string {
    return this.endpoint0(this.cluster);
  }

  /** Returns the revision of the write. */
  put(key: string, value: string): Promise<number> {
    return this.kv.put({ key: Buffer.from(key), value: Buffer.from(value) });
  }

  delete(key: string): Promise<number> {
    return this.kv.deleteKey(Buffer.from(key));
  }

  async gauges(member = 'm1'): Promise<WatchGauges> {
    const response = await fetch(`${this.endpoint}/test/gauges?member=${member}`);
    return (await response.json()) as WatchGauges;
  }

  /** Ends a member's instance; the process and the Worker live on. */
  async crash(member = 'm1'): Promise<void> {
    await fetch(`${this.endpoint}/test/crash?member=${member}`);
  }

  /** How often the member was built in the life of the process. */
  timesBuilt(member = 'm1'): number {
    return this.#lines.filter(
      (line) => line.includes('member awake') && line.includes(`"member":"${member}"`),
    ).length;
  }

  /**
   * Waits until nothing is left of any stream. The runtime notices that an HTTP client has hung up when
   * it writes to it: `keys` are written until it has.
   */
  async allGone(...keys: string[]): Promise<void> {
    await this.until(async () => {
      for (const key of keys) await this.put(key, '');
      return Object.keys(await this.#held()).length === 0;
    });
    assert.deepEqual(await this.#held(), {});
  }

  /** What the member still has of streams. */
  async #held(): Promise<object> {
    const gauges = Object.entries(await this.gauges());
    return Object.fromEntries(
      gauges.filter(([name, value]) => name !== 'eventsTotal' && value !== 0),
    );
  }

  /** Waits until `holds`, or for a while. */
  async until(holds: () => Promise<boolean> | boolean): Promise<void> {
    const deadlineMs = performance.now() + SETTLE_TIMEOUT_MS;
    while (!(await holds()) && performance.now() < deadlineMs) await sleep(20);
  }

  stop(): Promise<void> {
    return this.cluster.stop();
  }

  endpoint0({ endpoints: [first = ''] }: LocalCluster): string {
    return first;
  }
}
