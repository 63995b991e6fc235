/** Which cluster a request is for, and which path of that cluster it asks for. */
import {
  CLUSTER_HEADER,
  CLUSTER_PATH,
  DEFAULT_CLUSTER,
  requireClusterName,
} from '../api/cluster-name.ts';
import { Code, StatusError } from '../api/errors.ts';

/** The path without the cluster, in the spelling of today: /v3alpha and /v3beta are /v3. */
export function pathOf(request: Request): string {
  const { path } = split(request);
  return path.replace(/^\/v3(alpha|beta)\//, '/v3/');
}

/** @throws StatusError InvalidArgument for what is no name, and for two that differ */
export function clusterNameOf(request: Request): string {
  const { cluster: inPath } = split(request);
  const inHeader = request.headers.get(CLUSTER_HEADER);
  const name = requireClusterName(inPath ?? inHeader ?? DEFAULT_CLUSTER);
  if (inHeader === null || inHeader === name) return name;
  throw new StatusError(
    Code.InvalidArgument,
    `edgetcd: choose a cluster: the path names ${JSON.stringify(name)} and the header ${CLUSTER_HEADER} ${JSON.stringify(inHeader)}`,
  );
}

function split(request: Request): { readonly cluster: string | undefined; readonly path: string } {
  const { pathname } = new URL(request.url);
  if (!pathname.startsWith(CLUSTER_PATH)) return { cluster: undefined, path: pathname };
  const end = pathname.indexOf('/', CLUSTER_PATH.length);
  if (end < 0) return { cluster: pathname.slice(CLUSTER_PATH.length), path: '/' };
  return { cluster: pathname.slice(CLUSTER_PATH.length, end), path: pathname.slice(end) };
}
