/**
 * An entry is committed once the leader of a term has it stored by a majority of its voters, of both
 * halves in a joint phase, all in that term, and the entry or a later one is of that term (paper 5.3,
 * 5.4.2; thesis 4.3). Learners do not count. Nobody calls anything committed before.
 *
 * Whether a leader heard of its majority does not matter, nor whether it said so: it may tell what its
 * former term committed as the leader of a later one, or when it is asked for its vote. So what is
 * committed is worked out from what members acknowledge, as soon as it is.
 */
import { type Message, MessageType, type NodeId } from '../../../src/raft/types.ts';
import { type Configurations, isQuorum } from '../membership/configurations.ts';
import { Violation } from '../world.ts';

export const PROPERTY = 'commit by a quorum';

/** Acknowledgements of older terms are forgotten. */
const TERMS_KEPT = 20;

interface Term {
  readonly leader: NodeId;
  /** Lowest index of an entry of this term that was sent: older ones are not committed by counting. */
  firstIndex: number;
  /** The highest index that each member said it stores. */
  readonly stored: Map<NodeId, number>;
}

export class CommitQuorum {
  readonly #configurations: Configurations;
  readonly #terms = new Map<number, Term>();
  /** Highest index that is committed. */
  #committed = 0;

  constructor(configurations: Configurations) {
    this.#configurations = configurations;
  }

  /** A message that left its sender. */
  sent(message: Message): void {
    if (message.type === MessageType.append) this.#appended(message);
    if (message.type === MessageType.appendResponse && !message.reject) this.#acknowledged(message);
    if (message.commit > this.#committed) this.#claimed(message);
  }

  /** A member has another configuration in force, up to the entry at `index` that it applied. */
  reconfigured(who: NodeId, index: number): void {
    for (const term of this.#terms.values()) if (term.leader === who) this.#count(term);
    // It applies what is committed, and was all the quorum there is.
    if (this.#isAlone(who)) this.#committed = Math.max(this.#committed, index);
  }

  #appended({ from, term, entries }: Message): void {
    const first = entries.find((entry) => entry.term === term);
    if (first === undefined) return;
    const known = this.#terms.get(term);
    if (known !== undefined) {
      known.firstIndex = Math.min(known.firstIndex, first.index);
      return;
    }
    this.#terms.set(term, { leader: from, firstIndex: first.index, stored: new Map() });
    for (const old of this.#terms.keys()) if (old < term - TERMS_KEPT) this.#terms.delete(old);
  }

  #acknowledged({ from, term, index }: Message): void {
    const known = this.#terms.get(term);
    // Whoever stores an entry of the term was sent it in this term.
    if (known === undefined || index <= (known.stored.get(from) ?? 0)) return;
    known.stored.set(from, index);
    if (index > this.#committed) this.#count(known);
  }

  /** What the acknowledgements of a term commit, by any configuration that its leader has in force. */
  #count({ leader, firstIndex, stored }: Term): void {
    const configurations = this.#configurations.current(leader);
    for (const index of new Set(stored.values())) {
      if (index <= this.#committed || index < firstIndex) continue;
      const has = (id: NodeId): boolean => id === leader || (stored.get(id) ?? 0) >= index;
      if (configurations.some((conf) => isQuorum(conf, has))) this.#committed = index;
    }
  }

  #claimed({ from, term, commit }: Message): void {
    if (this.#isAlone(from)) {
      this.#committed = commit;
      return;
    }
    const stored = [...(this.#terms.get(term)?.stored ?? [])];
    const said = stored.map(([id, index]) => `${id} up to ${index}`).join(', ');
    const voters = this.#configurations
      .recent(from)
      .map((conf) => `[${conf.voters.join()}|${conf.votersOutgoing.join()}]`);
    throw new Violation(
      PROPERTY,
      `${from} in term ${term} calls ${commit} committed, which holds up to ${this.#committed}; stored in that term: ${said || 'nothing'}; voters: ${voters.join(' or ')}`,
    );
  }

  #isAlone(who: NodeId): boolean {
    return this.#configurations
      .recent(who)
      .some((conf) => conf.voters.length > 0 && isQuorum(conf, (id) => id === who));
  }
}
