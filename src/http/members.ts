/**
 * /edgetcd/members/replace: a learner takes the place of a voter in one change, which etcd's API has no
 * call for. Body: {"voter": ID, "learner": ID}, ids in decimal as MemberList tells them.
 */
import { Hono } from 'hono';
import { Code, StatusError } from '../api/errors.ts';
import { encodeCommand, REPLACE_METHOD } from '../member/membership-messages.ts';
import { readBody } from './body.ts';
import { type RouterOf, statusOf, withServed } from './calls.ts';
import { errorResponse } from './errors.ts';

const BODY_BYTES_MAX = 1_024;

export function memberRoutes(routerOf: RouterOf): Hono {
  const app = new Hono();
  app.post('/edgetcd/members/replace', async ({ req: { raw } }) => {
    const { voter, learner } = idsIn(await readBody(raw, BODY_BYTES_MAX));
    const body = encodeCommand({ kind: 'replace', id: learner, voter });
    const result = await routerOf(raw).write((member) => member.call(REPLACE_METHOD, body));
    const response = result.code === 0 ? new Response('ok\n') : errorResponse(statusOf(result));
    return withServed(response, result);
  });
  return app;
}

/** @throws StatusError InvalidArgument */
function idsIn(body: Uint8Array): { readonly voter: string; readonly learner: string } {
  const text = new TextDecoder().decode(body);
  try {
    const { voter, learner } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    return { voter: idIn(voter), learner: idIn(learner) };
  } catch {
    throw new StatusError(
      Code.InvalidArgument,
      `edgetcd: replace a voter by ${text.slice(0, 100)}: expected {"voter": ID, "learner": ID}, decimal`,
    );
  }
}

function idIn(value: unknown): string {
  if (typeof value !== 'string' || !/^\d{1,20}$/.test(value)) throw new TypeError('no id');
  return BigInt.asUintN(64, BigInt(value)).toString(16).padStart(16, '0');
}
