/**
 * A leader proposes a change of the members only when all changes before it in its log are committed
 * (thesis 4.1): else two configurations could be in force whose majorities do not meet.
 */
import { EntryKind, type Message, MessageType } from '../../../src/raft/types.ts';
import { Violation } from '../world.ts';

export const PROPERTY = 'one change of the members at a time';

/** What the leader of a term was seen to have in its log. */
interface Reign {
  readonly instance: object;
  /** Another instance went on in the term: it may commit again what the first knew to be committed. */
  resumed: boolean;
  /** Indexes of changes. */
  readonly changes: Set<number>;
}

export class OneChange {
  readonly #reigns = new Map<number, Reign>();

  /** A message that left its sender, of which `instance` is one instance. @throws Violation */
  sent({ type, from, term, commit, entries }: Message, instance: object): void {
    if (type !== MessageType.append) return;
    const reign = this.#reignOf(term, instance);
    if (reign.resumed) return;
    for (const entry of entries) {
      if (entry.kind !== EntryKind.confChange) continue;
      reign.changes.add(entry.index);
      if (entry.term !== term) continue;
      for (const index of reign.changes) {
        if (index >= entry.index || index <= commit) continue;
        throw new Violation(
          PROPERTY,
          `${from}, leader of term ${term}, proposed the change at ${entry.index} while that at ${index} was not committed`,
        );
      }
    }
  }

  #reignOf(term: number, instance: object): Reign {
    let reign = this.#reigns.get(term);
    if (reign === undefined) {
      reign = { instance, resumed: false, changes: new Set() };
      this.#reigns.set(term, reign);
    }
    if (reign.instance !== instance) reign.resumed = true;
    return reign;
  }
}
