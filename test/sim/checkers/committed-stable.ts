/**
 * State machine safety (paper, figure 3): what one member applied at an index, every member applies
 * there, for ever.
 */
import type { Entry } from '../../../src/raft/types.ts';
import { Violation } from '../world.ts';
import { digestOf } from './log-matching.ts';

export const PROPERTY = 'committed entries never change';

export interface CommittedEntry {
  readonly entry: Entry;
  readonly digest: number;
}

export class CommittedStable {
  /** By index; holes where only a snapshot was seen. */
  readonly #log: (CommittedEntry | undefined)[] = [];

  /** Highest index known to be committed; 0 at the start. */
  get last(): number {
    return Math.max(0, this.#log.length - 1);
  }

  at(index: number): Entry | undefined {
    return this.#log[index]?.entry;
  }

  /** A member applies an entry. Returns true when nobody had before. */
  applied(who: string, entry: Entry): boolean {
    const known = this.#log[entry.index];
    const digest = digestOf(entry);
    if (known === undefined) {
      this.#log[entry.index] = { entry, digest };
      return true;
    }
    if (known.entry.term !== entry.term || known.digest !== digest) {
      throw new Violation(
        PROPERTY,
        `${who} applies entry ${entry.index} of term ${entry.term}, others applied one of term ${known.entry.term}`,
      );
    }
    return false;
  }
}
