/** Entry of the deployment: wires the HTTP surface to the members' objects. */
import { waitUntil } from 'cloudflare:workers';
import type { Hono } from 'hono';
import { MemberObject } from '../durable/member-object.ts';
import { clusterOf, type Env, listOf, objectName } from '../durable/env.ts';
import { Code, StatusError } from './api/errors.ts';
import { createApp } from './http/app.ts';
import { errorResponse } from './http/errors.ts';
import type { RouterOf } from './http/calls.ts';
import { Directory } from './http/directory.ts';
import { type LeaderHints, type RoutedMember, Router } from './http/router.ts';
import { nearestFirst } from './http/distance.ts';
import type { ClusterConfig } from './member/cluster-config.ts';
import type { RosterMember } from './member/roster.ts';
import type { Served } from './member/rpc.ts';
import { PEER_HEADERS } from './member/peer-protocol.ts';

export { MemberObject };

/** Names the one member a request is for, where etcd's clients would choose its endpoint. */
const MEMBER_HEADER = 'X-Edgetcd-Member';

/** Built once for an environment, which is the same object for the life of the isolate. */
let built: { readonly env: Env; readonly surface: Surface } | undefined;

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    try {
      const url = new URL(request.url);
      if (url.pathname.startsWith('/peer/')) return await toPeer(request, env);
      const path = canonicalPath(url.pathname);
      const { app, directory } = surfaceOf(env);
      const chosen = chosenBy(request, env);
      if (chosen !== null && !directory.has(chosen)) await directory.refresh();
      if (path === url.pathname) return await app.fetch(request, env);
      url.pathname = path;
      return await app.fetch(new Request(url, request), env);
    } catch (error) {
      // The configuration does not read: say so to whoever calls, the log may be far away.
      return errorResponse(new StatusError(Code.FailedPrecondition, String(error)));
    }
  },
} satisfies ExportedHandler<Env>;

interface Surface {
  readonly app: Hono;
  readonly directory: Directory;
}

function surfaceOf(env: Env): Surface {
  if (built?.env === env) return built.surface;
  const cluster = clusterOf(env);
  const directory = new Directory(firstRoster(env, cluster), async (name) => {
    const id = env.MEMBERS.idFromName(objectName(cluster.name, name));
    return env.MEMBERS.get(id).roster();
  });
  const app = createApp({
    access: () => ({
      token: env.EDGETCD_TOKEN,
      allowAnonymous: env.EDGETCD_ALLOW_ANONYMOUS === 'true',
    }),
    routerOf: routing(env, cluster, directory),
    origins: listOf(env.EDGETCD_CORS),
  });
  const surface = { app, directory };
  built = { env, surface };
  return surface;
}

function routing(env: Env, cluster: ClusterConfig, directory: Directory): RouterOf {
  const routed = (request: Request): readonly RoutedMember[] =>
    nearestFirst(request.cf, directory.members).map((member) => routedMember(env, cluster, member));
  const heard = (served: Served): void => {
    const news = directory.heard(served);
    if (news !== undefined) waitUntil(news);
  };
  const hints: LeaderHints = { leader: undefined, served: heard };
  return (request) => {
    const chosen = chosenBy(request, env);
    if (chosen !== null) {
      const reachable = routed(request).filter(({ name }) => name === chosen);
      if (reachable.length === 0) throw StatusError.of('memberNotFound');
      return new Router(reachable, hints);
    }
    const others = async (): Promise<readonly RoutedMember[]> => {
      await directory.refresh();
      return routed(request);
    };
    return new Router(routed(request), hints, others);
  };
}

/** The one member a request is for; null: whichever is best. */
function chosenBy(request: Request, env: Env): string | null {
  return env.EDGETCD_SELF ?? request.headers.get(MEMBER_HEADER);
}

/** The members that can be reached from here, until a member has told who belongs to the cluster. */
function firstRoster(env: Env, cluster: ClusterConfig): readonly RosterMember[] {
  const self = env.EDGETCD_SELF;
  if (self === undefined) return cluster.members;
  const region = cluster.members.find(({ name }) => name === self)?.region;
  return [{ name: self, region }];
}

function routedMember(
  env: Env,
  cluster: ClusterConfig,
  { name, region }: RosterMember,
): RoutedMember {
  const open = (): DurableObjectStub<MemberObject> => {
    const id = env.MEMBERS.idFromName(objectName(cluster.name, name));
    return env.MEMBERS.get(id, region === undefined ? {} : { locationHint: region });
  };
  return {
    name,
    open,
    fetch: (path: string, init: RequestInit) => open().fetch(`http://member${path}`, init),
  };
}

/** Peers of another process or deployment; the member itself checks secret, cluster and version. */
function toPeer(request: Request, env: Env): Response | Promise<Response> {
  const cluster = clusterOf(env);
  const secret = env.EDGETCD_CLUSTER_SECRET ?? '';
  if (secret === '') {
    return new Response('peer request refused: EDGETCD_CLUSTER_SECRET is not set here\n', {
      status: 403,
    });
  }
  const to = request.headers.get(PEER_HEADERS.to);
  const name = env.EDGETCD_SELF ?? cluster.members.find(({ id }) => id === to)?.name;
  if (name === undefined) {
    return new Response(`peer request refused: no member ${to} here\n`, { status: 412 });
  }
  const id = env.MEMBERS.idFromName(objectName(cluster.name, name));
  return env.MEMBERS.get(id).fetch(request);
}

/** Spellings of older releases: /v3alpha and /v3beta are /v3. */
function canonicalPath(path: string): string {
  return path.replace(/^\/v3(alpha|beta)\//, '/v3/');
}
