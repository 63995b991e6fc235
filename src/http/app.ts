/** The HTTP surface of a cluster, as etcd's client port answers it. */
import { Hono } from 'hono';
import { Code, StatusError } from '../api/errors.ts';
import { methods } from '../api/schema.ts';
import { CLUSTER_VERSION, SERVER_VERSION, STORAGE_VERSION } from '../constants.ts';
import { type AccessPolicy, requireAccess } from './access.ts';
import { METRICS_PATH } from '../member/metrics.ts';
import { pathOf } from './cluster-path.ts';
import { allowOrigins } from './cors.ts';
import { errorResponse, failure } from './errors.ts';
import type { RouterOf } from './calls.ts';
import { gatewayRoutes } from './gateway.ts';
import { grpcWebMode } from './grpc-web/content-type.ts';
import { grpcWebRoutes } from './grpc-web/routes.ts';
import { healthRoutes } from './health.ts';
import { keepAliveRoutes } from './keepalive.ts';
import { observeRoutes } from './observe.ts';
import { memberRoutes } from './members.ts';
import { restoreRoutes } from './restore.ts';
import { sessionRoutes } from './session.ts';
import { waitingRoutes } from './waiting.ts';
import { watchRoutes } from './watch/routes.ts';

/** Prometheus' text format. */
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export interface AppParts {
  readonly access: () => AccessPolicy;
  readonly routerOf: RouterOf;
  /** Runs before a call of one who has access, and may refuse it with a StatusError. */
  readonly admit?: (request: Request) => Promise<void>;
  /** Whose pages may call; "*": everybody's. None unless given. */
  readonly origins?: readonly string[];
}

export function createApp({ access, routerOf, admit, origins = [] }: AppParts): Hono {
  const app = new Hono({ getPath: pathOf });
  app.use(allowOrigins(origins));
  app.use(requireAccess(access));
  app.use(async ({ req: { raw } }, next) => {
    await admit?.(raw);
    await next();
  });
  app.route('/', waitingRoutes(routerOf));
  app.route('/', observeRoutes(routerOf));
  app.route('/', gatewayRoutes(routerOf));
  app.route('/', watchRoutes(routerOf));
  app.route('/', keepAliveRoutes(routerOf));
  app.route('/', sessionRoutes(routerOf));
  app.route('/', grpcWebRoutes(routerOf));
  app.route('/', restoreRoutes(routerOf));
  app.route('/', memberRoutes(routerOf));
  app.route(
    '/',
    healthRoutes((request) => routerOf(request).nearest),
  );
  app.get(METRICS_PATH, async ({ req: { raw } }) => {
    const { body, status } = await routerOf(raw).get(METRICS_PATH);
    return new Response(body, { status, headers: { 'Content-Type': METRICS_TYPE } });
  });
  app.get('/version', (context) =>
    context.json({
      etcdserver: SERVER_VERSION,
      etcdcluster: CLUSTER_VERSION,
      storage: STORAGE_VERSION,
    }),
  );
  app.all('/version', (context) => context.text('Method Not Allowed\n', 405, { Allow: 'GET' }));
  app.notFound((context) => notFound(context.req.raw, context.req.path, app));
  app.onError((error, context) => failure(context.req.raw, StatusError.from(error)));
  return app;
}

/** Under /v3 the gateway answers, elsewhere a plain 404; a known path asked in another way is 501. */
function notFound(request: Request, path: string, app: Hono): Response {
  if (grpcWebMode(request) !== undefined) return failure(request, unknownMethod(path));
  if (!path.startsWith('/v3/')) return new Response('404 page not found\n', { status: 404 });
  const known = app.routes.some((route) => route.path === path && route.method === 'POST');
  return errorResponse(
    known
      ? new StatusError(Code.Unimplemented, 'Method Not Allowed')
      : new StatusError(Code.NotFound, 'Not Found'),
  );
}

/** As grpc-go's server puts it. */
function unknownMethod(path: string): StatusError {
  const [service = '', method = ''] = path.slice(1).split('/');
  const known = methods.some((each) => each.service === service);
  return new StatusError(
    Code.Unimplemented,
    known ? `unknown method ${method} for service ${service}` : `unknown service ${service}`,
  );
}
