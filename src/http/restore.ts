/**
 * /edgetcd/restore/STEP: a state from a file on its way into a new cluster, for `edgetcd restore`
 * (src/member/restore-messages.ts). Each step is for the one member that X-Edgetcd-Member names.
 */
import { Hono } from 'hono';
import { MESSAGE_BYTES_MAX } from '../constants.ts';
import { RESTORE_METHODS } from '../member/restore-messages.ts';
import { readBody } from './body.ts';
import { type RouterOf, statusOf, withServed } from './calls.ts';
import { errorResponse } from './errors.ts';

export function restoreRoutes(routerOf: RouterOf): Hono {
  const app = new Hono();
  for (const [step, method] of Object.entries(RESTORE_METHODS)) {
    app.post(`/edgetcd/restore/${step}`, async ({ req: { raw } }) => {
      const body = await readBody(raw, MESSAGE_BYTES_MAX);
      const result = await routerOf(raw).nearest.call(method, body);
      const response = result.code === 0 ? new Response('ok\n') : errorResponse(statusOf(result));
      return withServed(response, result);
    });
  }
  return app;
}
