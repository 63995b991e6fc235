/** Errors and stream items as etcd's gateway writes them. */
import { httpStatusOf, type StatusError } from './errors.ts';
import { encodeJson } from './json-encode.ts';
import type { MessageType } from './wire.ts';

/** Go's names of the HTTP statuses in use; it has none for 499. */
const HTTP_STATUS_TEXT: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

/** Body of a failed call; its HTTP status is httpStatusOf(error.code). */
export function errorJson(error: StatusError): string {
  const { code, message, details } = error;
  return JSON.stringify({
    error: message,
    message,
    code,
    ...(details.length === 0 ? {} : { details }),
  });
}

/** One line of a streamed answer, with its line break. */
export function resultLine<I extends object>(type: MessageType<object, I>, message: I): string {
  return `{"result":${encodeJson(type, message)}}\n`;
}

/**
 * The last line of a streamed answer that failed. Clients of etcd 3.5 and before read the first four
 * fields, later ones `code` and `message`.
 */
export function errorLine(error: StatusError): string {
  const httpStatus = httpStatusOf(error.code);
  const body = {
    grpc_code: error.code,
    http_code: httpStatus,
    message: error.message,
    http_status: HTTP_STATUS_TEXT[httpStatus] ?? '',
    code: error.code,
  };
  return `${JSON.stringify({ error: body })}\n`;
}
