/** Hands leadership to another member by Maintenance/MoveLeader, over the JSON gateway. */
import { setTimeout as sleep } from 'node:timers/promises';
import { UsageError } from './usage.ts';

export interface DrainOptions {
  /** Of the deployment, or where it is several of the processes: one that reaches the leader is needed. */
  readonly endpoints: readonly string[];
  /** Whose leadership ends; whoever leads unless given. */
  readonly member?: string | undefined;
  /** Who is to lead; the voter that is furthest ahead unless given. */
  readonly to?: string | undefined;
  readonly token?: string | undefined;
}

export type Drained =
  /** It did not lead. */
  | { readonly kind: 'idle'; readonly member: string; readonly leader: string }
  | {
      readonly kind: 'handed over';
      readonly member: string;
      readonly leader: string;
      readonly tookMs: number;
    };

interface Listed {
  /** Decimal, as 64 bits do not fit a number. */
  readonly ID: string;
  readonly name?: string;
  readonly isLearner?: boolean;
  readonly clientURLs?: readonly string[];
}

interface Status {
  readonly header: { readonly member_id: string };
  readonly leader?: string;
  readonly raftIndex?: string;
}

/** A member, at an endpoint that reaches it. */
interface Reached {
  readonly member: Listed;
  readonly endpoint: string;
  readonly status: Status;
}

const POLL_MS = 20;
const CALL_TIMEOUT_MS = 10_000;
const LEADER_TIMEOUT_MS = 15_000;

/** @throws UsageError when nobody else can lead, or the leader cannot be reached */
export async function drain(options: DrainOptions): Promise<Drained> {
  const gateway = new Gateway(options);
  const members = await gateway.members();
  const nameOf = (id: string): string => members.find(({ ID }) => ID === id)?.name ?? id;
  const named = members.find(({ name }) => name === options.member);
  if (options.member !== undefined && named === undefined) {
    throw new UsageError(
      `drain ${options.member}: no such member, there are ${members.map(({ name }) => name).join(', ')}`,
    );
  }
  const leaderId = await gateway.leader();
  const leader = members.find(({ ID }) => ID === leaderId);
  if (leader === undefined) throw new UsageError(`drain: the leader ${leaderId} is no member`);
  if (named !== undefined && named.ID !== leaderId) {
    return { kind: 'idle', member: nameOf(named.ID), leader: nameOf(leaderId) };
  }
  const from = await gateway.reach(leader);
  if (from === undefined) {
    throw new UsageError(
      `drain ${nameOf(leaderId)}: no endpoint reaches it; name one with --endpoint`,
    );
  }
  const targets = await targetsOf(gateway, members, leader, options.to);
  const beganMs = performance.now();
  let refusal: unknown;
  for (const { member } of targets) {
    try {
      const body = { targetID: member.ID };
      await gateway.call(from.endpoint, '/v3/maintenance/transfer-leadership', body, leader.name);
      const tookMs = performance.now() - beganMs;
      return { kind: 'handed over', member: nameOf(leaderId), leader: nameOf(member.ID), tookMs };
    } catch (error) {
      refusal = error;
    }
  }
  const why = refusal instanceof Error ? refusal.message : 'there is no other voter that answers';
  throw new UsageError(`drain ${nameOf(leaderId)}: ${why}`);
}

/** Voters that answer, those first that are furthest ahead. */
async function targetsOf(
  gateway: Gateway,
  members: readonly Listed[],
  leader: Listed,
  to: string | undefined,
): Promise<readonly Reached[]> {
  const voters = members.filter(
    ({ ID, isLearner, name }) =>
      ID !== leader.ID && isLearner !== true && (to === undefined || to === name),
  );
  if (to !== undefined && voters.length === 0) {
    throw new UsageError(`drain: "${to}" is no other voter`);
  }
  const reached = await Promise.all(voters.map((voter) => gateway.reach(voter)));
  return reached
    .filter((each) => each !== undefined)
    .sort((left, right) => indexOf(right) - indexOf(left));
}

function indexOf({ status }: Reached): number {
  return Number(status.raftIndex ?? '0');
}

class Gateway {
  readonly #endpoints: readonly string[];
  readonly #headers: Readonly<Record<string, string>>;

  constructor({ endpoints, token }: DrainOptions) {
    this.#endpoints = endpoints;
    this.#headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  }

  async members(): Promise<readonly Listed[]> {
    const list = await this.#first('/v3/cluster/member/list', { linearizable: true });
    return (list as { readonly members: readonly Listed[] }).members;
  }

  /** Waits for one: a cluster that has just been started elects it first. */
  async leader(): Promise<string> {
    const deadlineMs = performance.now() + LEADER_TIMEOUT_MS;
    for (;;) {
      const { leader = '0' } = (await this.#first('/v3/maintenance/status', {})) as Status;
      if (leader !== '0') return leader;
      if (performance.now() > deadlineMs) {
        throw new UsageError(`drain: there has been no leader for ${LEADER_TIMEOUT_MS} ms`);
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
    if (response.ok) return JSON.parse(text) as unknown;
    throw new UsageError(`ask ${endpoint}${path}: ${response.status} ${text.trim()}`);
  }

  /** At the first endpoint that answers. */
  async #first(path: string, body: object): Promise<unknown> {
    let refusal: unknown = new UsageError('drain: name an endpoint with --endpoint');
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
