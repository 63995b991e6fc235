import { DEFAULT_CLUSTER } from '../src/api/cluster-name.ts';
import type { Log } from '../src/member/ports.ts';

/** Log port: one JSON line an event, which `wrangler tail` and the dashboard show as they are. */
export class ConsoleLog implements Log {
  readonly #source: Readonly<Record<string, string>>;

  constructor(cluster: string, member: string) {
    this.#source = cluster === DEFAULT_CLUSTER ? { member } : { cluster, member };
  }

  info(text: string, fields: Readonly<Record<string, unknown>> = {}): void {
    console.log(JSON.stringify({ level: 'info', ...this.#source, text, ...fields }));
  }

  warn(text: string, fields: Readonly<Record<string, unknown>> = {}): void {
    console.warn(JSON.stringify({ level: 'warn', ...this.#source, text, ...fields }));
  }
}
