/** The HTTP surface of a cluster, as etcd's client port answers it. */
import { Hono } from 'hono';
import { Code, StatusError } from '../api/errors.ts';
import { CLUSTER_VERSION, SERVER_VERSION, STORAGE_VERSION } from '../constants.ts';
import { type AccessPolicy, requireAccess } from './access.ts';
import { errorResponse } from './errors.ts';
import type { RouterOf } from './calls.ts';
import { gatewayRoutes } from './gateway.ts';
import { healthRoutes } from './health.ts';
import { keepAliveRoutes } from './keepalive.ts';
import { observeRoutes } from './observe.ts';
import { waitingRoutes } from './waiting.ts';
import { watchRoutes } from './watch/routes.ts';

export interface AppParts {
  readonly access: () => AccessPolicy;
  readonly routerOf: RouterOf;
}

export function createApp({ access, routerOf }: AppParts): Hono {
  const app = new Hono();
  app.use(requireAccess(access));
  app.route('/', waitingRoutes(routerOf));
  app.route('/', observeRoutes(routerOf));
  app.route('/', gatewayRoutes(routerOf));
  app.route('/', watchRoutes(routerOf));
  app.route('/', keepAliveRoutes(routerOf));
  app.route(
    '/',
    healthRoutes((request) => routerOf(request).nearest),
  );
  app.get('/version', (context) =>
    context.json({
      etcdserver: SERVER_VERSION,
      etcdcluster: CLUSTER_VERSION,
      storage: STORAGE_VERSION,
    }),
  );
  app.all('/version', (context) => context.text('Method Not Allowed\n', 405, { Allow: 'GET' }));
  app.notFound((context) => notFound(context.req.path, app));
  app.onError((error) => errorResponse(StatusError.from(error)));
  return app;
}

/** Under /v3 the gateway answers, elsewhere a plain 404; a known path asked in another way is 501. */
function notFound(path: string, app: Hono): Response {
  if (!path.startsWith('/v3/')) return new Response('404 page not found\n', { status: 404 });
  const known = app.routes.some((route) => route.path === path && route.method === 'POST');
  return errorResponse(
    known
      ? new StatusError(Code.Unimplemented, 'Method Not Allowed')
      : new StatusError(Code.NotFound, 'Not Found'),
  );
}
