import type { Roster, RosterMember } from '../member/roster.ts';
import type { Served } from '../member/rpc.ts';

/**
 * The members that requests can be sent to, kept for the life of the isolate. It begins with those of
 * the configuration and follows what members say: each answer carries the mark of its member's roster,
 * and the roster itself is asked for when that is news.
 */
export class Directory {
  readonly #first: readonly RosterMember[];
  readonly #ask: (name: string) => Promise<Roster | undefined>;
  #roster: Roster | undefined;
  /** Marks that were asked about under this roster: of members that are behind. */
  readonly #asked = new Set<string>();

  /** @param ask asks the object of a name, which need not answer */
  constructor(first: readonly RosterMember[], ask: (name: string) => Promise<Roster | undefined>) {
    this.#first = first;
    this.#ask = ask;
  }

  /** Never empty. */
  get members(): readonly RosterMember[] {
    const members = this.#roster?.members ?? [];
    return members.length === 0 ? this.#first : members;
  }

  has(name: string): boolean {
    return this.members.some((member) => member.name === name);
  }

  /** A member answered. Returns what has to happen for its news to be known here. */
  heard({ roster: mark, member }: Served): Promise<void> | undefined {
    if (mark === undefined || mark === this.#roster?.mark || this.#asked.has(mark))
      return undefined;
    this.#asked.add(mark);
    return this.#learnFrom(member);
  }

  /** Asks all that are known, also those that may have left. */
  async refresh(): Promise<void> {
    const names = new Set([...this.members, ...this.#first].map(({ name }) => name));
    await Promise.all([...names].map((name) => this.#learnFrom(name)));
  }

  async #learnFrom(name: string): Promise<void> {
    let roster: Roster | undefined;
    try {
      roster = await this.#ask(name);
    } catch {
      // Another one will tell.
    }
    if (roster === undefined) return;
    const known = this.#roster;
    const newer =
      known?.clusterId !== roster.clusterId || roster.appliedIndex >= known.appliedIndex;
    if (!newer) return;
    if (known?.mark !== roster.mark) this.#asked.clear();
    this.#roster = roster;
  }
}
