/**
 * Members that applied the same entries are in the same state: after each entry the same revision and
 * the same answer, and at sampled entries the same hash over all keys and revisions.
 */
import { Violation } from '../world.ts';

export const PROPERTY = 'state equal at equal applied index';

interface Seen {
  readonly who: string;
  readonly digest: string;
}

export class StateAgreement {
  /** By what was compared and the applied index. */
  readonly #seen = new Map<string, Seen>();
  comparisons = 0;

  /** `aspect` names what the digest is of: two digests of one aspect and index must be equal. */
  observe(who: string, aspect: string, appliedIndex: number, digest: string): void {
    const key = `${aspect}@${appliedIndex}`;
    const known = this.#seen.get(key);
    if (known === undefined) {
      this.#seen.set(key, { who, digest });
      return;
    }
    this.comparisons++;
    if (known.digest !== digest) {
      throw new Violation(
        PROPERTY,
        `${aspect} after entry ${appliedIndex} is ${digest} at ${who}, ${known.digest} at ${known.who}`,
      );
    }
  }
}
