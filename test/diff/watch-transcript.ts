/**
 * What one stream was told, by watcher, without what may differ between servers that are both right: how
 * catch-up is cut into responses, and in which order watchers hear of the same revision.
 */
import type { ResultJson, SocketClient } from '../support/watch-client.ts';

export class Transcript {
  readonly #byWatcher = new Map<string, string[]>();

  /** Reads the client to its end. */
  async follow(client: SocketClient): Promise<void> {
    for (;;) {
      const { result, error } = await client.nextJson();
      if (error !== undefined) this.#note('error', JSON.stringify(error));
      else if (result !== undefined) this.#take(result);
    }
  }

  /** By watcher, in order of id. */
  get text(): string {
    return [...this.#byWatcher]
      .sort(([left], [right]) => Number(left) - Number(right))
      .map(([id, lines]) => `watcher ${id}:\n  ${lines.join('\n  ')}`)
      .join('\n');
  }

  #take(result: ResultJson): void {
    const { header, watch_id = '0', events = [] } = result;
    const revision = Number(header?.revision ?? 0);
    if (result.created === true) {
      this.#note(watch_id, `created at ${revision} ${result.cancel_reason ?? ''}`);
    }
    if (result.canceled === true && result.created !== true && !this.#isOver(watch_id)) {
      this.#note(watch_id, `canceled at ${revision}, compact ${result.compact_revision ?? '-'}`);
    }
    let last = 0;
    for (const event of events) {
      this.#note(watch_id, JSON.stringify(event));
      const of = Number(event.kv?.mod_revision);
      if (of < last) this.#note(watch_id, `out of order: ${of} after ${last}`);
      last = of;
    }
    if (last > revision) this.#note(watch_id, `header ${revision} below event ${last}`);
  }

  /** etcd answers a cancel of a watcher that it has canceled for a compaction; edgetcd does not know it. */
  #isOver(watcher: string): boolean {
    return this.#byWatcher.get(watcher)?.at(-1)?.startsWith('canceled') === true;
  }

  #note(watcher: string, line: string): void {
    const lines = this.#byWatcher.get(watcher);
    if (lines === undefined) this.#byWatcher.set(watcher, [line]);
    else lines.push(line);
  }
}
