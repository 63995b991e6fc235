/** How a caller says which of a deployment's clusters a call is for. */
import { CLUSTER_NAME_LENGTH_MAX } from '../constants.ts';
import { Code, StatusError } from './errors.ts';

/** Names the cluster in HTTP headers and gRPC metadata. */
export const CLUSTER_HEADER = 'edgetcd-cluster';
/** Begins paths that name the cluster: `/c/NAME/v3/kv/put`. */
export const CLUSTER_PATH = '/c/';
/** The cluster of calls that name none. */
export const DEFAULT_CLUSTER = 'default';

const NAME = new RegExp(`^[a-zA-Z0-9_-]{1,${CLUSTER_NAME_LENGTH_MAX}}$`);

export function isClusterName(text: string): boolean {
  return NAME.test(text);
}

/** @throws StatusError InvalidArgument */
export function requireClusterName(text: string): string {
  if (isClusterName(text)) return text;
  throw new StatusError(
    Code.InvalidArgument,
    `edgetcd: choose cluster ${JSON.stringify(text)}: a name has 1 to ${CLUSTER_NAME_LENGTH_MAX} of the characters a-z, A-Z, 0-9, "-" and "_"`,
  );
}

/** Where a cluster is reached at a deployment's URL. */
export function clusterUrl(endpoint: string, cluster: string): string {
  const base = endpoint.replace(/\/+$/, '');
  return cluster === DEFAULT_CLUSTER ? base : `${base}${CLUSTER_PATH}${cluster}`;
}
