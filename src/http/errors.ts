import { Code, httpStatusOf, type StatusError } from '../api/errors.ts';
import { errorJson } from '../api/json.ts';

/** A failed call, with the HTTP status of its code. */
export function errorResponse(error: StatusError): Response {
  const headers = new Headers({ 'Content-Type': 'application/json' });
  if (error.code === Code.Unauthenticated) headers.set('WWW-Authenticate', 'Bearer');
  return new Response(errorJson(error), { status: httpStatusOf(error.code), headers });
}
