/** What commands for operators ask of members over the JSON gateway, wherever each is reached. */
import { setTimeout as sleep } from 'node:timers/promises';
import { UsageError } from './usage.ts';

export interface GatewayOptions {
  /** Of the deployment, or where it is several of the processes. */
  readonly endpoints: readonly string[];
  readonly token?: string | undefined;
}

export interface Listed {
  /** Decimal, as 64 bits do not fit a number. */
  readonly ID: string;
  readonly name?: string;
  readonly isLearner?: boolean;
  readonly clientURLs?: readonly string[];
}

export interface Status {
  readonly header: { readonly member_id: string };
  readonly leader?: string;
  readonly raftIndex?: string;
}

/** A member, at an endpoint that reaches it. */
export interface Reached {
  readonly member: Listed;
  readonly endpoint: string;
  readonly status: Status;
}

const POLL_MS = 20;
const CALL_TIMEOUT_MS = 10_000;
const LEADER_TIMEOUT_MS = 15_000;

export class Gateway {
  readonly #endpoints: readonly string[];
  readonly #headers: Readonly<Record<string, string>>;

  constructor({ endpoints, token }: GatewayOptions) {
    this.#endpoints = endpoints;
    this.#headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  }

  async members(): Promise<readonly Listed[]> {
    const list = await this.first('/v3/cluster/member/list', { linearizable: true });
    return (list as { readonly members: readonly Listed[] }).members;
  }

  /** Waits for one: a cluster that has just been started elects it first. */
  async leader(): Promise<string> {
    const deadlineMs = performance.now() + LEADER_TIMEOUT_MS;
    for (;;) {
      const { leader = '0' } = (await this.first('/v3/maintenance/status', {})) as Status;
      if (leader !== '0') return leader;
      if (performance.now() > deadlineMs) {
        throw new UsageError(`there has been no leader for ${LEADER_TIMEOUT_MS} ms`);
      }
      await sleep(POLL_MS);
    }
  }

  /** Undefined: no endpoint leads to it, or it does not answer. */
  async reach(member: Listed): Promise<Reached | undefined> {
    for (const endpoint of [...this.#endpoints, ...(member.clientURLs ?? [])]) {
      try {
        const answer = await this.call(endpoint, '/v3/maintenance/status', {}, member.name);
        const status = answer as Status;
        if (status.header.member_id === member.ID) return { member, endpoint, status };
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
      }
    }
    return undefined;
  }

  /** @param member the only one that may answer, where an endpoint reaches several. @throws UsageError */
  async call(endpoint: string, path: string, body: object, member?: string): Promise<unknown> {
    let response: Response;
    try {
      response = await fetch(endpoint + path, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: {
          ...this.#headers,
          ...(member === undefined ? {} : { 'X-Edgetcd-Member': member }),
        },
        signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
      });
    } catch (error) {
      const cause = error instanceof Error ? (error.cause ?? error) : error;
      throw new UsageError(`ask ${endpoint}${path}: ${String(cause)}`);
    }
    const text = await response.text();
    if (response.ok) return text.startsWith('{') ? (JSON.parse(text) as unknown) : text;
    throw new UsageError(`ask ${endpoint}${path}: ${response.status} ${text.trim()}`);
  }

  /** At the first endpoint that answers well. */
  async first(path: string, body: object): Promise<unknown> {
    let refusal: unknown = new UsageError('name an endpoint with --endpoint');
    for (const endpoint of this.#endpoints) {
      try {
        return await this.call(endpoint, path, body);
      } catch (error) {
        refusal = error;
      }
    }
    throw refusal;
  }
}
