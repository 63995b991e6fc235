import type { Log } from '../src/member/ports.ts';

/** Log port: one JSON line an event, which `wrangler tail` and the dashboard show as they are. */
export class ConsoleLog implements Log {
  readonly #member: string;

  constructor(member: string) {
    this.#member = member;
  }

  info(text: string, fields: Readonly<Record<string, unknown>> = {}): void {
    console.log(JSON.stringify({ level: 'info', member: this.#member, text, ...fields }));
  }

  warn(text: string, fields: Readonly<Record<string, unknown>> = {}): void {
    console.warn(JSON.stringify({ level: 'warn', member: this.#member, text, ...fields }));
  }
}
