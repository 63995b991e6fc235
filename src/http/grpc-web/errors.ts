/** A call that failed before it had anything to answer: its status stands in the head. */
import type { StatusError } from '../../api/errors.ts';
import { CONTENT_TYPES, type GrpcWebMode } from './content-type.ts';
import { statusFields } from './frames.ts';

export function refusal(error: StatusError, mode: GrpcWebMode): Response {
  return new Response(null, {
    headers: [['Content-Type', CONTENT_TYPES[mode]], ...statusFields(error)],
  });
}
