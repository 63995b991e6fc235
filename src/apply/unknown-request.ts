/**
 * A mutation, or an operation in a transaction, of a kind that this version does not know: a newer
 * member has proposed it. Passing over it would part this member from those that apply it, so it stops
 * before the entry, and goes on as a newer version.
 */
export class UnknownRequestError extends Error {
  override readonly name = 'UnknownRequestError';
}
