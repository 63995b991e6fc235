/** Writers that never stop trying, and the account of what they were told: for runs with faults. */
import { setTimeout as sleep } from 'node:timers/promises';
import { KvHttp } from './kv-http.ts';

/** A write that the cluster acknowledged. */
export interface Acknowledged {
  readonly key: string;
  readonly value: string;
  readonly revision: number;
  readonly startedMs: number;
  readonly endedMs: number;
}

export interface WriteLoadOptions {
  readonly endpoints: readonly string[];
  readonly writers: number;
  /** First part of every key, so that loads do not share keys. */
  readonly prefix: string;
  /** A writer gives a write up after this long; whether it happened is then unknown. */
  readonly patienceMs?: number;
}

const PATIENCE_MS = 1_000;
const PAUSE_AFTER_ERROR_MS = 20;

/** Every write has a key of its own, so what is found later can be told apart. */
export class WriteLoad {
  readonly acknowledged: Acknowledged[] = [];
  /** Written perhaps, perhaps not. */
  readonly unknown = new Set<string>();
  readonly #options: WriteLoadOptions;
  readonly #writers: Promise<void>[];
  #stopping = false;

  constructor(options: WriteLoadOptions) {
    this.#options = options;
    this.#writers = Array.from({ length: options.writers }, (_, writer) => this.#write(writer));
  }

  /** Waits for `count` more acknowledged writes that start from now on. @throws Error after `limitMs` */
  async progress(count: number, limitMs: number): Promise<void> {
    const fromMs = performance.now();
    const since = (): number =>
      this.acknowledged.filter(({ startedMs }) => startedMs >= fromMs).length;
    while (since() < count) {
      if (performance.now() - fromMs > limitMs) {
        throw new Error(
          `wait for ${count} more writes: ${since()} were acknowledged within ${limitMs} ms`,
        );
      }
      await sleep(10);
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#writers);
  }

  /** From `ms` until a write ended that had started after it: how long nobody could write. */
  pauseAfter(ms: number): number {
    const ends = this.acknowledged
      .filter(({ startedMs }) => startedMs >= ms)
      .map(({ endedMs }) => endedMs);
    return Math.min(...ends) - ms;
  }

  async #write(writer: number): Promise<void> {
    const { endpoints, prefix, patienceMs = PATIENCE_MS } = this.#options;
    let at = writer;
    for (let count = 0; !this.#stopping; count++) {
      const key = `${prefix}/${writer}/${count}`;
      const value = `value of ${key}`;
      const kv = new KvHttp(endpoints[at % endpoints.length] ?? '', patienceMs);
      const startedMs = performance.now();
      try {
        const revision = await kv.put({ key: Buffer.from(key), value: Buffer.from(value) });
        this.acknowledged.push({ key, value, revision, startedMs, endedMs: performance.now() });
      } catch {
        this.unknown.add(key);
        at++;
        await sleep(PAUSE_AFTER_ERROR_MS);
      }
    }
  }
}
