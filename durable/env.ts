import { type ClusterConfig, parseCluster } from '../src/member/cluster-config.ts';
import type { MemberObject } from './member-object.ts';

/** Bindings and variables of the deployment; wrangler.toml documents each. */
export interface Env {
  readonly MEMBERS: DurableObjectNamespace<MemberObject>;
  /** `name[:region][:learner][=peerURL]`, comma-separated. */
  readonly EDGETCD_MEMBERS: string;
  /** Secret a client sends as `Authorization: Bearer …`. */
  readonly EDGETCD_TOKEN?: string;
  /** "true" lets everyone in; otherwise no token means no access. */
  readonly EDGETCD_ALLOW_ANONYMOUS?: string;
  /** Shared by the members; needed as soon as a peer URL is http(s). */
  readonly EDGETCD_CLUSTER_SECRET?: string;
  /** This process runs only the member of this name (a cluster with one process per member). */
  readonly EDGETCD_SELF?: string;
}

/** Name of the cluster that a deployment serves by default. */
export const DEFAULT_CLUSTER = 'default';

export function clusterOf(env: Env): ClusterConfig {
  return parseCluster(DEFAULT_CLUSTER, env.EDGETCD_MEMBERS);
}

/** Name of the object that holds a member. */
export function objectName(cluster: string, member: string): string {
  return `${cluster}/${member}`;
}
