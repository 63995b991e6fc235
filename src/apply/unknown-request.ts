import { Code, StatusError } from '../api/errors.ts';

/**
 * A mutation, or an operation in a transaction, of a kind that this version does not know: a newer
 * member has proposed it. Passing over it would part this member from those that apply it, so it stops
 * before the entry, and goes on as a newer version.
 */
export class UnknownRequestError extends Error {
  override readonly name = 'UnknownRequestError';

  /** Every instance of this version would end here, so the member stays, idle, and says this to all. */
  refusalAt(member: string): StatusError {
    const text = `edgetcd: member ${member} waits for a newer version: ${this.message}`;
    return new StatusError(Code.Unavailable, text);
  }
}
