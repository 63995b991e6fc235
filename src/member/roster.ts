/** Who belongs to a cluster, as a Worker needs to know it to reach them. */
import type { Membership } from '../apply/membership.ts';
import { bytesOf } from '../lib/bytes.ts';
import { checksum32 } from '../lib/checksum.ts';
import { isRegion, type Region } from './cluster-config.ts';
import { siblingName } from './peer-url.ts';

export interface RosterMember {
  /** Of the object that holds the member. */
  readonly name: string;
  readonly region: Region | undefined;
}

export interface Roster {
  readonly clusterId: string;
  /** Equal for equal lists of members. */
  readonly mark: string;
  /** How much of the log it stands for: of two rosters of a cluster the higher one is newer. */
  readonly appliedIndex: number;
  /** Members that are objects of this deployment; ascending by id. */
  readonly members: readonly RosterMember[];
}

export function rosterMembers(membership: Membership): readonly RosterMember[] {
  return membership.members.flatMap(({ peerUrls, region }) => {
    const name = peerUrls.map(siblingName).find((each) => each !== undefined);
    if (name === undefined) return [];
    return [{ name, region: isRegion(region) ? region : undefined }];
  });
}

export function markOf(members: readonly RosterMember[]): string {
  const text = members.map(({ name, region }) => `${name}:${region ?? ''}`).join();
  return checksum32(bytesOf(text)).toString(16);
}
