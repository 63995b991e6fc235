/**
 * The cluster as its operator wrote it down: who the first members are, where they live and how they
 * reach each other. Once a member has state of its own, the replicated membership wins over this.
 */
import { sha1 } from '@noble/hashes/legacy.js';
import { PLACEMENT_PRIORITY_DEFAULT } from '../constants.ts';
import { bytesOf, bytesOfHex, concatBytes, hexOf } from '../lib/bytes.ts';
import type { NodeId } from '../raft/types.ts';

/** Cloudflare's location hints (Durable Objects, "Data location"). */
export const REGIONS = [
  'wnam',
  'enam',
  'sam',
  'weur',
  'eeur',
  'apac',
  'apac-ne',
  'apac-se',
  'oc',
  'afr',
  'me',
] as const;
export type Region = (typeof REGIONS)[number];

/** Which member an object or process is. */
export interface Self {
  readonly id: NodeId;
  readonly name: string;
  /** Where its object is placed; undefined: near whoever calls it first. */
  readonly region: Region | undefined;
}

export interface ConfiguredMember extends Self {
  readonly peerUrl: string;
  readonly learner: boolean;
  /** See Candidate.priority (leader-placement.ts). */
  readonly priority: number;
}

export interface ClusterConfig {
  readonly name: string;
  /** 16 hex digits. What a new cluster of these members takes; one that exists has its id in storage. */
  readonly id: string;
  /** Those that the cluster begins with. Who belongs to it later, the replicated membership says. */
  readonly members: readonly ConfiguredMember[];
}

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const MEMBER_SYNTAX =
  /^(?<name>[a-zA-Z0-9_-]{1,64})(?::(?<region>[a-z-]+))?(?<learner>:learner)?(?:@(?<priority>\d{1,3}))?(?:=(?<url>\S+))?$/;

/**
 * Reads EDGETCD_MEMBERS: comma-separated `name[:region][:learner][@priority][=peerURL]`, for example
 * `m1:enam,m2:weur,m3:apac` or `m1=http://127.0.0.1:2379`. Without a peer URL a member is a sibling
 * object of the same deployment, `do://<cluster>/<name>`. Leadership goes to the voters of the highest
 * priority (`m1:enam@2` pins it), never to those of 0 (`m3:apac@0`) while another can lead, and among
 * equals to where most is written; without a priority a member has 1.
 *
 * @throws ConfigError naming the entry and what is wrong with it.
 */
export function parseCluster(clusterName: string, members: string): ClusterConfig {
  const parsed = members
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => parseMember(clusterName, part));
  refuseRepeated(parsed);
  if (!parsed.some((member) => !member.learner)) {
    throw new ConfigError(
      `read EDGETCD_MEMBERS "${members}": it names no voter, a cluster needs at least one`,
    );
  }
  return { name: clusterName, id: clusterIdOf(parsed.map((member) => member.id)), members: parsed };
}

function parseMember(clusterName: string, text: string): ConfiguredMember {
  const groups = MEMBER_SYNTAX.exec(text)?.groups;
  const name = groups?.['name'];
  if (name === undefined) {
    throw new ConfigError(
      `read EDGETCD_MEMBERS entry "${text}": expected name[:region][:learner][@priority][=peerURL]`,
    );
  }
  const learnerAsRegion = groups?.['region'] === 'learner';
  const region = learnerAsRegion ? undefined : groups?.['region'];
  if (region !== undefined && !isRegion(region)) {
    throw new ConfigError(
      `read EDGETCD_MEMBERS entry "${text}": unknown region "${region}", expected one of ${REGIONS.join(', ')}`,
    );
  }
  const peerUrl = groups?.['url'] ?? `do://${clusterName}/${name}`;
  if (!/^(do|https?):\/\/[^/\s]+/.test(peerUrl)) {
    throw new ConfigError(
      `read EDGETCD_MEMBERS entry "${text}": peer URL "${peerUrl}" must start with do://, http:// or https://`,
    );
  }
  if (peerUrl.startsWith('do://') && !peerUrl.startsWith(`do://${clusterName}/`)) {
    throw new ConfigError(
      `read EDGETCD_MEMBERS entry "${text}": peer URL "${peerUrl}" is not of cluster ${clusterName}, expected do://${clusterName}/NAME`,
    );
  }
  return {
    id: memberIdOf([peerUrl], clusterName),
    name,
    region,
    peerUrl,
    learner: learnerAsRegion || groups?.['learner'] !== undefined,
    priority: Number(groups?.['priority'] ?? PLACEMENT_PRIORITY_DEFAULT),
  };
}

export function isRegion(text: string): text is Region {
  return (REGIONS as readonly string[]).includes(text);
}

function refuseRepeated(members: readonly ConfiguredMember[]): void {
  const seen = new Set<string>();
  for (const member of members) {
    for (const unique of [`name ${member.name}`, `peer URL ${member.peerUrl}`]) {
      if (seen.has(unique)) {
        throw new ConfigError(`read EDGETCD_MEMBERS: ${unique} appears twice`);
      }
      seen.add(unique);
    }
  }
}

/**
 * First 8 bytes of SHA-1 over the sorted peer URLs, the cluster's name and, for members added at run
 * time, the second of the addition (as etcd computes it, so that a re-added URL gets a new id).
 */
export function memberIdOf(
  peerUrls: readonly string[],
  clusterName: string,
  addedAtSeconds?: number,
): NodeId {
  const seconds = addedAtSeconds === undefined ? '' : String(addedAtSeconds);
  return firstEightBytes(bytesOf([...peerUrls].sort().join('') + clusterName + seconds));
}

/** First 8 bytes of SHA-1 over the sorted ids of the first members. */
function clusterIdOf(memberIds: readonly NodeId[]): string {
  return firstEightBytes(concatBytes([...memberIds].sort().map(bytesOfHex)));
}

function firstEightBytes(input: Uint8Array): string {
  return hexOf(sha1(input).subarray(0, 8));
}
