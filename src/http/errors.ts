import { Code, httpStatusOf, StatusError } from '../api/errors.ts';

/** Body of a failed call: etcd's gateway in 3.4 and 3.5 has all four fields, later ones a subset. */
export function errorBody(error: StatusError): string {
  const details = error.details.length > 0 ? { details: error.details } : {};
  return JSON.stringify({
    error: error.message,
    code: error.code,
    message: error.message,
    ...details,
  });
}

export function errorResponse(error: StatusError): Response {
  const headers = new Headers({ 'Content-Type': 'application/json' });
  if (error.code === Code.Unauthenticated) headers.set('WWW-Authenticate', 'Bearer');
  return new Response(errorBody(error), { status: httpStatusOf(error.code), headers });
}

/** A line of a newline-delimited stream that says why the stream ends. */
export function errorLine(error: StatusError): string {
  const { code, message } = error;
  return `${JSON.stringify({ error: { grpc_code: code, http_code: httpStatusOf(code), message, code } })}\n`;
}
