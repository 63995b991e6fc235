/** Hands leadership to another member by Maintenance/MoveLeader, over the JSON gateway. */
import { Gateway, type GatewayOptions, type Listed, type Reached } from './gateway.ts';
import { UsageError } from './usage.ts';

/** One endpoint that reaches the leader is needed. */
export interface DrainOptions extends GatewayOptions {
  /** Whose leadership ends; whoever leads unless given. */
  readonly member?: string | undefined;
  /** Who is to lead; the voter that is furthest ahead unless given. */
  readonly to?: string | undefined;
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
