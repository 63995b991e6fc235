import type { MiddlewareHandler } from 'hono';

/** What a page may send, beside what browsers always allow. */
const REQUEST_HEADERS =
  'accept, authorization, content-type, edgetcd-cluster, edgetcd-consistency, grpc-timeout, hasleader, last-event-id, token, x-edgetcd-member, x-grpc-web, x-user-agent';
/** What a page may read of an answer. */
const ANSWER_HEADERS =
  'grpc-status, grpc-message, grpc-status-details-bin, x-edgetcd-leader, x-edgetcd-member, x-edgetcd-region, x-edgetcd-revision, x-edgetcd-staleness-ms';
const METHODS = 'POST, GET, OPTIONS';
/** Browsers ask again after this time. */
const PREFLIGHT_SECONDS = 600;

/**
 * Lets pages of the named origins call (etcd's --cors): "*" stands for all. Without any, browsers keep
 * pages from other origins out, as for every site.
 */
export function allowOrigins(origins: readonly string[]): MiddlewareHandler {
  return async (context, next) => {
    const origin = context.req.header('origin');
    if (origin === undefined || origins.length === 0) return next();
    const allowed = origins.includes('*') || origins.includes(origin);
    const asks = context.req.header('access-control-request-method') !== undefined;
    if (allowed && context.req.method === 'OPTIONS' && asks) {
      return new Response(null, {
        status: 204,
        headers: {
          ...shared(origin),
          'Access-Control-Allow-Methods': METHODS,
          'Access-Control-Allow-Headers': REQUEST_HEADERS,
          'Access-Control-Max-Age': String(PREFLIGHT_SECONDS),
        },
      });
    }
    await next();
    // An upgrade has no headers of ours, and needs none: browsers do not ask for them.
    if (!allowed || context.res.status === 101) return undefined;
    const headers = { ...shared(origin), 'Access-Control-Expose-Headers': ANSWER_HEADERS };
    for (const [name, value] of Object.entries(headers)) context.header(name, value);
    return undefined;
  };
}

/** Answers differ by origin, so that caches must not mix them up. */
function shared(origin: string): Record<string, string> {
  return { 'Access-Control-Allow-Origin': origin, Vary: 'Origin' };
}
