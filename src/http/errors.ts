import { Code, httpStatusOf, type StatusError } from '../api/errors.ts';
import { errorJson } from '../api/json.ts';
import { answerMode, grpcWebMode } from './grpc-web/content-type.ts';
import { refusal } from './grpc-web/errors.ts';

/** A failed call, told in the way the request came. */
export function failure(request: Request, error: StatusError): Response {
  const mode = grpcWebMode(request);
  return mode === undefined ? errorResponse(error) : refusal(error, answerMode(request, mode));
}

/** A failed call, with the HTTP status of its code. */
export function errorResponse(error: StatusError): Response {
  const headers = new Headers({ 'Content-Type': 'application/json' });
  if (error.code === Code.Unauthenticated) headers.set('WWW-Authenticate', 'Bearer');
  return new Response(errorJson(error), { status: httpStatusOf(error.code), headers });
}
