/** Entry of the deployment: wires the HTTP surface to the members' objects. */
import { waitUntil } from 'cloudflare:workers';
import type { Hono } from 'hono';
import { MemberObject } from '../durable/member-object.ts';
import { type ClusterObjects, deploymentOf, type Env, listOf, memberStub } from '../durable/env.ts';
import { DEFAULT_CLUSTER, isClusterName } from './api/cluster-name.ts';
import { Code, StatusError } from './api/errors.ts';
import { CLUSTERS_REMEMBERED_MAX } from './constants.ts';
import { createApp } from './http/app.ts';
import { clusterNameOf } from './http/cluster-path.ts';
import { errorResponse } from './http/errors.ts';
import { Directory } from './http/directory.ts';
import { type LeaderHints, type RoutedMember, Router } from './http/router.ts';
import { nearestFirst } from './http/distance.ts';
import type { ClusterConfig } from './member/cluster-config.ts';
import type { Deployment } from './member/deployment.ts';
import type { RosterMember } from './member/roster.ts';
import { PEER_HEADERS } from './member/peer-protocol.ts';

export { MemberObject };

/** Names the one member a request is for, where etcd's clients would choose its endpoint. */
const MEMBER_HEADER = 'X-Edgetcd-Member';

/** Built once for an environment, which is the same object for the life of the isolate. */
let built: { readonly env: Env; readonly surface: Surface } | undefined;

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    try {
      const { app, deployment } = surfaceOf(env);
      if (new URL(request.url).pathname.startsWith('/peer/')) {
        return await toPeer(request, env, deployment);
      }
      return await app.fetch(request, env);
    } catch (error) {
      // The configuration does not read: say so to whoever calls, the log may be far away.
      return errorResponse(new StatusError(Code.FailedPrecondition, String(error)));
    }
  },
} satisfies ExportedHandler<Env>;

interface Surface {
  readonly app: Hono;
  readonly deployment: Deployment;
}

function surfaceOf(env: Env): Surface {
  if (built?.env === env) return built.surface;
  const deployment = deploymentOf(env);
  const clusters = new Clusters(env, deployment);
  const app = createApp({
    access: () => ({
      token: env.EDGETCD_TOKEN,
      allowAnonymous: env.EDGETCD_ALLOW_ANONYMOUS === 'true',
    }),
    admit: async (request) => {
      const { directory } = clusters.of(request);
      const chosen = chosenBy(request, env);
      if (chosen !== null && !directory.has(chosen)) await directory.refresh();
    },
    routerOf: (request) => routerFor(request, env, clusters.of(request)),
    origins: listOf(env.EDGETCD_CORS),
  });
  const surface = { app, deployment };
  built = { env, surface };
  return surface;
}

/** What a Worker knows of one cluster. */
interface Route {
  readonly objects: ClusterObjects;
  readonly directory: Directory;
  readonly hints: LeaderHints;
}

class Clusters {
  readonly #env: Env;
  readonly #deployment: Deployment;
  /** By name; the one asked for least recently comes first. */
  readonly #routes = new Map<string, Route>();

  constructor(env: Env, deployment: Deployment) {
    this.#env = env;
    this.#deployment = deployment;
  }

  /** The cluster that a request is for. @throws StatusError */
  of(request: Request): Route {
    const name = clusterNameOf(request);
    const route = this.#routes.get(name) ?? this.#begin(name);
    this.#routes.delete(name);
    this.#routes.set(name, route);
    return route;
  }

  #begin(name: string): Route {
    const [oldest] = this.#routes.keys();
    if (this.#routes.size >= CLUSTERS_REMEMBERED_MAX && oldest !== undefined) {
      this.#routes.delete(oldest);
    }
    const { config, jurisdiction } = this.#deployment.require(name);
    const objects = { cluster: name, jurisdiction };
    const directory = new Directory(firstRoster(this.#env, config), async (member) =>
      memberStub(this.#env, objects, member).roster(),
    );
    const hints: LeaderHints = {
      leader: undefined,
      served: (served) => {
        const news = directory.heard(served);
        if (news !== undefined) waitUntil(news);
      },
    };
    return { objects, directory, hints };
  }
}

function routerFor(request: Request, env: Env, { objects, directory, hints }: Route): Router {
  const routed = (): readonly RoutedMember[] =>
    nearestFirst(request.cf, directory.members).map((member) => routedMember(env, objects, member));
  const chosen = chosenBy(request, env);
  if (chosen !== null) {
    const reachable = routed().filter(({ name }) => name === chosen);
    if (reachable.length === 0) throw StatusError.of('memberNotFound');
    return new Router(reachable, hints);
  }
  return new Router(routed(), hints, async () => {
    await directory.refresh();
    return routed();
  });
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
  objects: ClusterObjects,
  { name, region }: RosterMember,
): RoutedMember {
  const open = (): DurableObjectStub<MemberObject> => memberStub(env, objects, name, region);
  return {
    name,
    open,
    fetch: (path: string, init: RequestInit) => open().fetch(`http://member${path}`, init),
  };
}

/** Peers of another process or deployment; the member itself checks secret, cluster and version. */
function toPeer(request: Request, env: Env, deployment: Deployment): Response | Promise<Response> {
  const secret = env.EDGETCD_CLUSTER_SECRET ?? '';
  if (secret === '') {
    return new Response('peer request refused: EDGETCD_CLUSTER_SECRET is not set here\n', {
      status: 403,
    });
  }
  if (request.headers.get(PEER_HEADERS.secret) !== secret) {
    return new Response('peer request refused: wrong cluster secret\n', { status: 401 });
  }
  const cluster = request.headers.get(PEER_HEADERS.clusterName) ?? DEFAULT_CLUSTER;
  if (!isClusterName(cluster) || !deployment.has(cluster)) {
    return new Response(`peer request refused: no cluster ${cluster} here\n`, { status: 412 });
  }
  const { config, jurisdiction } = deployment.plan(cluster);
  const to = request.headers.get(PEER_HEADERS.to);
  const name = env.EDGETCD_SELF ?? config.members.find(({ id }) => id === to)?.name;
  if (name === undefined) {
    return new Response(`peer request refused: no member ${to} here\n`, { status: 412 });
  }
  return memberStub(env, { cluster, jurisdiction }, name).fetch(request);
}
