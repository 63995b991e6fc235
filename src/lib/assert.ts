/** A broken invariant: a bug in this program, never a reaction to input or to the environment. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** Stays on in production: a member that contradicts itself must stop rather than go on. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** Marks a branch the types rule out. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable branch reached with ${JSON.stringify(value)}`);
}
