/** The URLs under which members reach each other. */
import { StatusError } from '../api/errors.ts';
import { isRegion, type Region } from './cluster-config.ts';

/**
 * etcd's clients let only http, https and unix URLs pass. A sibling object can be named to them as
 * `http://NAME.edgetcd.internal:PORT` or `http://NAME.REGION.edgetcd.internal:PORT`; the port means nothing.
 */
const ALIAS =
  /^https?:\/\/(?<name>[a-z0-9_-]{1,64})(?:\.(?<region>[a-z-]+))?\.edgetcd\.internal:\d+$/;
const SIBLING =
  /^do:\/\/(?<cluster>[^/\s?]+)\/(?<name>[a-zA-Z0-9_-]{1,64})(?:\?region=(?<region>[a-z-]+))?$/;
/** etcd's rule M1: scheme, host and port, and no path. */
const REMOTE = /^https?:\/\/(?:[^\s/:?#@[\]]+|\[[0-9a-fA-F:]+\]):\d{1,5}$/;

export interface PeerUrl {
  readonly url: string;
  /** Where a sibling object is to be placed. */
  readonly region: Region | undefined;
}

/** @throws StatusError memberBadURLs */
export function parsePeerUrl(text: string, cluster: string): PeerUrl {
  const alias = ALIAS.exec(text)?.groups;
  const sibling = alias ?? SIBLING.exec(text)?.groups;
  if (sibling === undefined) {
    if (!REMOTE.test(text)) throw StatusError.of('memberBadURLs');
    return { url: text, region: undefined };
  }
  const { name = '', region } = sibling;
  const of = sibling['cluster'] ?? cluster;
  if (of !== cluster) throw StatusError.of('memberBadURLs');
  if (region !== undefined && !isRegion(region)) throw StatusError.of('memberBadURLs');
  return { url: siblingUrl(cluster, name), region };
}

/** All of a member's, ascending; at most one may be a sibling object. @throws StatusError memberBadURLs */
export function parsePeerUrls(texts: readonly string[], cluster: string): readonly PeerUrl[] {
  const urls = texts.map((text) => parsePeerUrl(text, cluster));
  const siblings = urls.filter(({ url }) => siblingName(url) !== undefined);
  if (urls.length === 0 || (siblings.length > 0 && urls.length > 1)) {
    throw StatusError.of('memberBadURLs');
  }
  return urls.toSorted((left, right) => (left.url < right.url ? -1 : 1));
}

export function siblingUrl(cluster: string, name: string): string {
  return `do://${cluster}/${name}`;
}

/** The name of the object behind a `do://` URL; undefined for other URLs. */
export function siblingName(url: string): string | undefined {
  return SIBLING.exec(url)?.groups?.['name'];
}
