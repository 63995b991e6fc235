import type { MiddlewareHandler } from 'hono';
import { Code, StatusError } from '../api/errors.ts';
import { tokenOfSubprotocol } from '../session/token.ts';
import { failure } from './errors.ts';

/** Who may call. A deployed worker is on the open internet: without a setting nobody may. */
export interface AccessPolicy {
  /** Expected in `Authorization: Bearer …`; undefined when none is set. */
  readonly token: string | undefined;
  readonly allowAnonymous: boolean;
}

const NOT_CONFIGURED =
  'access is not configured: set the secret EDGETCD_TOKEN (wrangler secret put EDGETCD_TOKEN) and send it as "Authorization: Bearer <token>", or set EDGETCD_ALLOW_ANONYMOUS to "true"';
const WRONG_TOKEN =
  'the token of this deployment is missing or wrong: send "Authorization: Bearer <EDGETCD_TOKEN>"';

/** Refuses every call that does not carry the token, with Unauthenticated (HTTP 401). */
export function requireAccess(policyOf: () => AccessPolicy): MiddlewareHandler {
  return async (context, next) => {
    const refusal = refuse(policyOf(), authorizationsOf(context.req.raw));
    if (refusal !== undefined) return failure(context.req.raw, refusal);
    return next();
  };
}

/**
 * What the client sends to prove who it is. Browsers cannot set headers on a WebSocket or an EventSource:
 * for these the token may come as etcd's gateway takes it, in `Sec-WebSocket-Protocol: Bearer, <token>`
 * (as it is, or encoded as session/token.ts says), or in a cookie `token`. A cookie counts for nothing else,
 * since browsers send it unasked.
 */
function authorizationsOf({ method, headers }: Request): readonly string[] {
  const authorization = headers.get('authorization');
  if (authorization !== null) return [authorization];
  const isUpgrade = headers.get('upgrade')?.toLowerCase() === 'websocket';
  const protocol = headers.get('sec-websocket-protocol') ?? '';
  const bearer = /(?:^|,) *Bearer *, *(?<token>[^, ]+)/i.exec(protocol)?.groups?.['token'];
  if (isUpgrade && bearer !== undefined) {
    return [bearer, tokenOfSubprotocol(bearer) ?? ''].map((token) => `Bearer ${token}`);
  }
  const wantsEvents = headers.get('accept')?.includes('text/event-stream') === true;
  const isBrowserStream = isUpgrade || (method === 'GET' && wantsEvents);
  const cookie = /(?:^|; *)token=(?<token>[^;]+)/.exec(headers.get('cookie') ?? '')?.groups?.[
    'token'
  ];
  return isBrowserStream && cookie !== undefined ? [`Bearer ${cookie}`] : [];
}

function refuse(policy: AccessPolicy, authorizations: readonly string[]): StatusError | undefined {
  if (policy.allowAnonymous) return undefined;
  if (policy.token === undefined || policy.token === '') {
    return new StatusError(Code.Unauthenticated, NOT_CONFIGURED);
  }
  for (const authorization of authorizations) {
    const sent = /^Bearer (?<token>.+)$/i.exec(authorization)?.groups?.['token'] ?? '';
    if (equalInConstantTime(sent, policy.token)) return undefined;
  }
  return new StatusError(Code.Unauthenticated, WRONG_TOKEN);
}

/** Compares every character whatever differs, so that time tells nothing about the token. */
function equalInConstantTime(left: string, right: string): boolean {
  let difference = left.length ^ right.length;
  for (let at = 0; at < left.length; at++) {
    difference |= left.charCodeAt(at) ^ right.charCodeAt(at % right.length);
  }
  return difference === 0;
}
