/** Entry of the deployment: wires the HTTP surface to the members' objects. */
import type { Hono } from 'hono';
import { MemberObject } from '../durable/member-object.ts';
import { clusterOf, type Env, objectName } from '../durable/env.ts';
import { Code, StatusError } from './api/errors.ts';
import { createApp } from './http/app.ts';
import { errorResponse } from './http/errors.ts';
import { type LeaderHints, Router } from './http/router.ts';
import { nearestFirst } from './http/distance.ts';
import type { ClusterConfig } from './member/cluster-config.ts';
import { PEER_HEADERS } from './member/peer-protocol.ts';

export { MemberObject };

/** Names the one member a request is for, where etcd's clients would choose its endpoint. */
const MEMBER_HEADER = 'X-Edgetcd-Member';

/** Kept for the life of the isolate; see LeaderHints. */
const hints: LeaderHints = { leader: undefined };

/** The app depends on the environment alone, which is the same object for the life of the isolate. */
let built: { readonly env: Env; readonly app: Hono } | undefined;

export default {
  fetch(request: Request, env: Env): Response | Promise<Response> {
    try {
      const url = new URL(request.url);
      if (url.pathname.startsWith('/peer/')) return toPeer(request, env);
      const path = canonicalPath(url.pathname);
      if (path === url.pathname) return appOf(env).fetch(request, env);
      url.pathname = path;
      return appOf(env).fetch(new Request(url, request), env);
    } catch (error) {
      // The configuration does not read: say so to whoever calls, the log may be far away.
      return errorResponse(new StatusError(Code.FailedPrecondition, String(error)));
    }
  },
} satisfies ExportedHandler<Env>;

function appOf(env: Env): Hono {
  if (built?.env === env) return built.app;
  const cluster = clusterOf(env);
  const app = createApp({
    access: () => ({
      token: env.EDGETCD_TOKEN,
      allowAnonymous: env.EDGETCD_ALLOW_ANONYMOUS === 'true',
    }),
    routerOf: (request) => new Router(membersFor(request, env, cluster), hints),
  });
  built = { env, app };
  return app;
}

/** The members a request can be sent to from here, nearest first. */
function membersFor(request: Request, env: Env, cluster: ClusterConfig) {
  const chosen = env.EDGETCD_SELF ?? request.headers.get(MEMBER_HEADER);
  const reachable =
    chosen === null ? cluster.members : cluster.members.filter(({ name }) => name === chosen);
  if (reachable.length === 0) throw StatusError.of('memberNotFound');
  return nearestFirst(request.cf, reachable).map(({ name, region }) => {
    const open = (): DurableObjectStub<MemberObject> => {
      const id = env.MEMBERS.idFromName(objectName(cluster.name, name));
      return env.MEMBERS.get(id, region === undefined ? {} : { locationHint: region });
    };
    return {
      name,
      open,
      fetch: (path: string, init: RequestInit) => open().fetch(`http://member${path}`, init),
    };
  });
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
  const member = cluster.members.find(({ id }) => id === to);
  if (member === undefined) {
    return new Response(`peer request refused: no member ${to} here\n`, { status: 412 });
  }
  const id = env.MEMBERS.idFromName(objectName(cluster.name, member.name));
  return env.MEMBERS.get(id).fetch(request);
}

/** Spellings of older releases: /v3alpha and /v3beta are /v3. */
function canonicalPath(path: string): string {
  return path.replace(/^\/v3(alpha|beta)\//, '/v3/');
}
