/** What the speed of the network alone allows, in milliseconds, for a layout with its leader in one region. */
import type { Region } from '../../../src/member/cluster-config.ts';
import { nearest, type Layout } from './layout.ts';
import { roundTripMs } from './round-trips.ts';

export interface Limits {
  readonly write: number;
  readonly linearizableRead: number;
  readonly localRead: number;
  /** One way from the leader to the client's member, and to the client. */
  readonly event: number;
}

/** @param members where the contestant has members, the client's nearest of which it asks */
export function limitsOf(
  { voters }: Layout,
  members: readonly Region[],
  leader: Region,
  client: Region,
): Limits {
  const near = members[nearest(client, members)] ?? leader;
  const toNear = roundTripMs(client, near);
  // A member in the leader's own region is the leader, as far as distance goes.
  const toLeader = near === leader ? 0 : roundTripMs(near, leader);
  const quorum = quorumMs(voters, leader);
  return {
    write: toNear + toLeader + quorum,
    linearizableRead: toNear + toLeader + quorum,
    localRead: toNear,
    event: (toLeader + toNear) / 2,
  };
}

/** From the leader to the voters that make a majority with it, and back. */
export function quorumMs(voters: readonly Region[], leader: Region): number {
  const others = [...voters];
  others.splice(others.indexOf(leader), 1);
  const trips = others.map((voter) => roundTripMs(leader, voter)).sort((a, b) => a - b);
  const needed = Math.floor(voters.length / 2);
  return needed === 0 ? 0 : (trips[needed - 1] ?? 0);
}
