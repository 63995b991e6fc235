/**
 * Log matching (paper, figure 3): two logs that hold an entry of the same index and term are equal up
 * to it. Checked link by link: wherever an entry is seen, what it holds and the term of the entry
 * before it must be what was seen everywhere else; equality of whole logs follows by induction.
 */
import { checksum32 } from '../../../src/lib/checksum.ts';
import { type Entry, MessageType, type Message } from '../../../src/raft/types.ts';
import { Violation } from '../world.ts';

export const PROPERTY = 'log matching';

interface Link {
  readonly digest: number;
  /** Term of the entry before. */
  readonly previousTerm: number;
}

/** One number for index and term, both far below 2^26 in a simulated run. */
const TERM_SPAN = 2 ** 26;

export class LogMatching {
  readonly #links = new Map<number, Link>();

  /** An append that left its sender. */
  sent(message: Message): void {
    if (message.type !== MessageType.append) return;
    let previousTerm = message.logTerm;
    for (const entry of message.entries) {
      this.see(entry, previousTerm, message.from);
      previousTerm = entry.term;
    }
  }

  see(entry: Entry, previousTerm: number, who: string): void {
    const link: Link = { digest: digestOf(entry), previousTerm };
    const at = entry.index * TERM_SPAN + entry.term;
    const known = this.#links.get(at);
    if (known === undefined) {
      this.#links.set(at, link);
      return;
    }
    if (known.digest !== link.digest) {
      throw new Violation(
        PROPERTY,
        `${who} has another entry ${entry.index} of term ${entry.term}`,
      );
    }
    if (known.previousTerm !== previousTerm) {
      throw new Violation(
        PROPERTY,
        `before entry ${entry.index} of term ${entry.term}, ${who} has term ${previousTerm}, others ${known.previousTerm}`,
      );
    }
  }

  /** Term of the entry before (index, term), if that entry was ever seen. */
  termBefore(index: number, term: number): number | undefined {
    return this.#links.get(index * TERM_SPAN + term)?.previousTerm;
  }
}

/** Digest of what an entry holds. */
export function digestOf(entry: Entry): number {
  return checksum32(entry.data, entry.kind);
}
