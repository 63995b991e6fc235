/** Clients of real processes, over etcd's JSON gateway. */
import { decodeJsonAnswer, encodeJsonCall } from '../sim/etcd-messages.ts';
import type { KvClient, Outcome, Request } from '../sim/kv.ts';
import { mayWrite } from '../sim/kv.ts';

/** Longer than an election, so that most requests outlive a failover. */
const REQUEST_TIMEOUT_MS = 4_000;

export class HttpClient implements KvClient {
  readonly #endpoint: string;

  constructor(endpoint: string) {
    this.#endpoint = endpoint;
  }

  async call(request: Request): Promise<Outcome> {
    const { path, body } = encodeJsonCall(request);
    try {
      const response = await fetch(this.#endpoint + path, {
        method: 'POST',
        body,
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      });
      return decodeJsonAnswer(request, response.status, await response.text());
    } catch (error) {
      return failure(request, error);
    }
  }
}

/** A connection that was refused carried nothing; anything else may have. */
function failure(request: Request, error: unknown): Outcome {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error ? (cause as NodeJS.ErrnoException).code : undefined;
  const text = `${String(error)} ${code ?? ''}`;
  const writes = request.kind === 'compact' || mayWrite(request);
  return { kind: code === 'ECONNREFUSED' || !writes ? 'failed' : 'unknown', error: text };
}
