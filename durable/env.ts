import { clusterUrl } from '../src/api/cluster-name.ts';
import { ConfigError, type Region } from '../src/member/cluster-config.ts';
import { Deployment, isWithin, type Jurisdiction } from '../src/member/deployment.ts';
import type { MemberSettings } from '../src/member/ports.ts';
import type { MemberObject } from './member-object.ts';

/** Bindings and variables of the deployment; wrangler.toml documents each. */
export interface Env {
  readonly MEMBERS: DurableObjectNamespace<MemberObject>;
  /** `name[:region][:learner][@priority][=peerURL]`, comma-separated. */
  readonly EDGETCD_MEMBERS: string;
  /** `NAME[@jurisdiction] [members]`, separated by semicolons; any name unless given. */
  readonly EDGETCD_CLUSTERS?: string;
  /** Secret a client sends as `Authorization: Bearer …`. */
  readonly EDGETCD_TOKEN?: string;
  /** "true" lets everyone in; otherwise no token means no access. */
  readonly EDGETCD_ALLOW_ANONYMOUS?: string;
  /** Shared by the members; needed as soon as a peer URL is http(s). */
  readonly EDGETCD_CLUSTER_SECRET?: string;
  /** This process runs only the member of this name (a cluster with one process per member). */
  readonly EDGETCD_SELF?: string;
  /** Comma-separated URLs under which clients reach the members; told to clients by MemberList. */
  readonly EDGETCD_CLIENT_URLS?: string;
  /** Learners that may be added at run time; 16 unless given. */
  readonly EDGETCD_MAX_LEARNERS?: string;
  /** Space a member may use before the cluster takes no more keys; 2 GiB unless given. */
  readonly EDGETCD_QUOTA_BYTES?: string;
  /** Seconds between two comparisons of the members' hashes; 3600 unless given, 0 for none. */
  readonly EDGETCD_CORRUPT_CHECK_SECONDS?: string;
  /** "false": leadership stays where it is, unless priorities move it. */
  readonly EDGETCD_FOLLOW_WRITERS?: string;
  /** Comma-separated origins whose pages may call this deployment, or "*" for all. */
  readonly EDGETCD_CORS?: string;
}

/** @throws ConfigError */
export function deploymentOf(env: Env): Deployment {
  return new Deployment(env.EDGETCD_MEMBERS, env.EDGETCD_CLUSTERS);
}

/** @throws ConfigError naming the variable */
export function settingsOf(env: Env, cluster: string): MemberSettings {
  const clientUrls = listOf(env.EDGETCD_CLIENT_URLS).map((url) => clusterUrl(url, cluster));
  const learnersMax = countOf('EDGETCD_MAX_LEARNERS', env.EDGETCD_MAX_LEARNERS);
  const quotaBytes = countOf('EDGETCD_QUOTA_BYTES', env.EDGETCD_QUOTA_BYTES);
  const checkSeconds = countOf('EDGETCD_CORRUPT_CHECK_SECONDS', env.EDGETCD_CORRUPT_CHECK_SECONDS);
  return {
    ...(env.EDGETCD_FOLLOW_WRITERS === 'false' ? { followsWriters: false } : {}),
    ...(checkSeconds === undefined ? {} : { corruptionCheckMs: 1000 * checkSeconds }),
    ...(clientUrls.length === 0 ? {} : { clientUrls }),
    ...(learnersMax === undefined ? {} : { learnersMax }),
    ...(quotaBytes === undefined ? {} : { quotaBytes }),
  };
}

export function listOf(text: string | undefined): readonly string[] {
  return (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function countOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= 0) return count;
  throw new ConfigError(`read ${name} "${text}": expected a whole number`);
}

/** Name of the object that holds a member. Neither name has a slash. */
export function objectName(cluster: string, member: string): string {
  return `${cluster}/${member}`;
}

/** The objects of one cluster. */
export interface ClusterObjects {
  readonly cluster: string;
  readonly jurisdiction: Jurisdiction | undefined;
}

/** A new stub of the object that holds a member. Where it is placed is decided by the first one ever. */
export function memberStub(
  { MEMBERS }: Pick<Env, 'MEMBERS'>,
  { cluster, jurisdiction }: ClusterObjects,
  name: string,
  region?: Region,
): DurableObjectStub<MemberObject> {
  const namespace = jurisdiction === undefined ? MEMBERS : MEMBERS.jurisdiction(jurisdiction);
  const isHint =
    region !== undefined && (jurisdiction === undefined || isWithin(region, jurisdiction));
  const id = namespace.idFromName(objectName(cluster, name));
  return namespace.get(id, isHint ? { locationHint: region } : {});
}
