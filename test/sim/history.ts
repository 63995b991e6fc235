/** What clients did and saw, in the order of one observer. */
import type { Outcome, Request } from './kv.ts';

export interface Call {
  /** Position in the history. */
  readonly id: number;
  readonly client: string;
  readonly request: Request;
  /** Calls and returns of all clients share one count: smaller is earlier, equal never happens. */
  readonly called: number;
  /** Infinity until it returns, and for ever when its fate is unknown. */
  returned: number;
  outcome: Outcome | undefined;
  readonly calledAtMs: number;
  returnedAtMs: number;
}

export class History {
  readonly calls: Call[] = [];
  #order = 0;

  begin(client: string, request: Request, nowMs: number): Call {
    const call: Call = {
      id: this.calls.length,
      client,
      request,
      called: this.#order++,
      returned: Infinity,
      outcome: undefined,
      calledAtMs: nowMs,
      returnedAtMs: Infinity,
    };
    this.calls.push(call);
    return call;
  }

  end(call: Call, outcome: Outcome, nowMs: number): void {
    if (call.outcome !== undefined) throw new Error(`end call ${call.id}: it has ended already`);
    call.outcome = outcome;
    call.returnedAtMs = nowMs;
    if (outcome.kind !== 'unknown') call.returned = this.#order++;
  }
}

export function describeCall(call: Call): string {
  const times = `${call.calledAtMs.toFixed(1)}..${call.returnedAtMs.toFixed(1)} ms`;
  return `#${call.id} ${call.client} [${times}] ${JSON.stringify(call.request)} -> ${JSON.stringify(call.outcome)}`;
}
