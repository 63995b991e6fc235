/**
 * Leader completeness (paper, figure 3): the leader of a term has every entry that was committed in
 * earlier terms. Seen from the links of its log: walking back from the entry before its first, one
 * must meet every entry that was known to be committed when it was elected.
 */
import { MessageType, type Message } from '../../../src/raft/types.ts';
import { Violation } from '../world.ts';
import type { CommittedStable } from './committed-stable.ts';
import type { LogMatching } from './log-matching.ts';

export const PROPERTY = 'leader completeness';

export class LeaderCompleteness {
  readonly #committed: CommittedStable;
  readonly #links: LogMatching;
  /** By term: what was committed when its leader first spoke. */
  readonly #committedAtElection = new Map<number, number>();
  readonly #checked = new Set<number>();

  constructor(committed: CommittedStable, links: LogMatching) {
    this.#committed = committed;
    this.#links = links;
  }

  /** The leader of `term` speaks for the first time. */
  elected(term: number): void {
    // A leader that is late to speak may find committed what a later leader has brought to that, entries of
    // older terms among it; those are not its duty.
    let index = this.#committed.last;
    for (const [later, committed] of this.#committedAtElection) {
      if (later > term) index = Math.min(index, committed);
    }
    while (index > 0 && (this.#committed.at(index)?.term ?? term) >= term) index--;
    this.#committedAtElection.set(term, index);
  }

  /** An append that left its sender, after the other checkers saw it. */
  sent(message: Message): void {
    if (message.type !== MessageType.append || this.#checked.has(message.term)) return;
    const first = message.entries.find((entry) => entry.term === message.term);
    const committed = this.#committedAtElection.get(message.term);
    if (first === undefined || committed === undefined) return;
    const previousTerm = this.#links.termBefore(first.index, first.term);
    if (previousTerm === undefined || previousTerm === message.term) return;
    this.#checked.add(message.term);
    this.#walk(message, first.index - 1, previousTerm, committed);
  }

  #walk(message: Message, lastIndex: number, lastTerm: number, committed: number): void {
    const who = `${message.from}, leader of term ${message.term},`;
    if (lastIndex < committed) {
      throw new Violation(
        PROPERTY,
        `${who} has ${lastIndex} entries of earlier terms, ${committed} are committed`,
      );
    }
    let index = lastIndex;
    let term: number | undefined = lastTerm;
    while (index > 0 && term !== undefined) {
      const entry = index <= committed ? this.#committed.at(index) : undefined;
      if (entry !== undefined) {
        if (entry.term !== term) {
          throw new Violation(
            PROPERTY,
            `${who} has term ${term} at ${index}, committed is term ${entry.term}`,
          );
        }
        // Everything before it follows from log matching.
        return;
      }
      term = this.#links.termBefore(index, term);
      index--;
    }
  }
}
