/** What an instance that cannot go on says. */
import type { StatusError } from '../api/errors.ts';
import { UnknownRequestError } from '../apply/unknown-request.ts';

/**
 * An entry of a newer version: every instance of this one would end at it, so it stays, idle, and refuses
 * everything with this. Undefined: the error is another.
 */
export function waitForNewerVersion(member: string, error: unknown): StatusError | undefined {
  return error instanceof UnknownRequestError ? error.refusalAt(member) : undefined;
}

/** For the log. */
export function traceOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
