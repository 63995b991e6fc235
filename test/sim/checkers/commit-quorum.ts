/**
 * A leader calls an entry committed only when a majority of its voters have said in its own term that
 * they store it, of both halves in a joint phase (paper 5.3, 5.4.2; thesis 4.3). Learners do not count.
 */
import { type Message, MessageType, type NodeId } from '../../../src/raft/types.ts';
import { type Configurations, isQuorum } from '../membership/configurations.ts';
import { Violation } from '../world.ts';

export const PROPERTY = 'commit by a quorum';

/** Acknowledgements of older terms are forgotten. */
const TERMS_KEPT = 20;

const FROM_LEADERS: ReadonlySet<MessageType> = new Set<MessageType>([
  MessageType.append,
  MessageType.heartbeat,
  MessageType.commit,
  MessageType.rest,
]);

export class CommitQuorum {
  readonly #configurations: Configurations;
  /** By term: the highest index that each member said it stores. */
  readonly #stored = new Map<number, Map<NodeId, number>>();
  /** Known to be committed, and rightly so. */
  #committed = 0;

  constructor(configurations: Configurations) {
    this.#configurations = configurations;
  }

  /** A message that left its sender. */
  sent(message: Message): void {
    if (message.type === MessageType.appendResponse && !message.reject) this.#acknowledged(message);
    if (!FROM_LEADERS.has(message.type) || message.commit <= this.#committed) return;
    const { from, term, commit } = message;
    const stored = this.#stored.get(term);
    const has = (id: NodeId): boolean => id === from || (stored?.get(id) ?? 0) >= commit;
    const recent = this.#configurations.recent(from);
    if (!recent.some((conf) => isQuorum(conf, has))) {
      const said = [...(stored ?? [])].map(([id, index]) => `${id} up to ${index}`).join(', ');
      const voters = recent.map((conf) => `[${conf.voters.join()}|${conf.votersOutgoing.join()}]`);
      throw new Violation(
        PROPERTY,
        `${from}, leader of term ${term}, calls ${commit} committed; stored in that term: ${said || 'nothing'}; voters: ${voters.join(' or ')}`,
      );
    }
    this.#committed = commit;
  }

  #acknowledged({ from, term, index }: Message): void {
    let stored = this.#stored.get(term);
    if (stored === undefined) {
      stored = new Map();
      this.#stored.set(term, stored);
      for (const old of this.#stored.keys()) if (old < term - TERMS_KEPT) this.#stored.delete(old);
    }
    stored.set(from, Math.max(stored.get(from) ?? 0, index));
  }
}
