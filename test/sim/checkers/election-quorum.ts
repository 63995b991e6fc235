/**
 * Whoever leads was voted for by a majority of its voters, of both halves in a joint phase (paper 5.2;
 * thesis 4.3), and goes on only as long as it is a voter itself (thesis 4.2.2).
 */
import { type Message, MessageType, type NodeId } from '../../../src/raft/types.ts';
import { type Configurations, isQuorum, isVoterOf } from '../membership/configurations.ts';
import { Violation } from '../world.ts';

export const PROPERTY = 'leaders are voters, elected by a quorum';

const FROM_LEADERS: ReadonlySet<MessageType> = new Set<MessageType>([
  MessageType.append,
  MessageType.heartbeat,
  MessageType.commit,
]);

export class ElectionQuorum {
  readonly #configurations: Configurations;
  /** By term and candidate: who voted for it. */
  readonly #votes = new Map<string, Set<NodeId>>();
  /** By term and candidate: when it asked for votes first. It counted none before, so by no older voters. */
  readonly #askedMs = new Map<string, number>();

  constructor(configurations: Configurations) {
    this.#configurations = configurations;
  }

  /** A message that left its sender. */
  sent(message: Message): void {
    const { type, from, to, term } = message;
    if (type === MessageType.voteResponse && !message.reject) {
      const name = `${term} ${to}`;
      const votes = this.#votes.get(name);
      if (votes === undefined) this.#votes.set(name, new Set([from]));
      else votes.add(from);
    }
    if (type === MessageType.vote) {
      const name = `${term} ${from}`;
      if (!this.#askedMs.has(name)) this.#askedMs.set(name, this.#configurations.nowMs);
    }
    if (!FROM_LEADERS.has(type)) return;
    if (this.#configurations.recent(from).some((conf) => isVoterOf(conf, from))) return;
    throw new Violation(PROPERTY, `${from} leads term ${term}, and is no voter any more`);
  }

  /** The leader of `term` speaks for the first time. */
  elected(leader: NodeId, term: number): void {
    const name = `${term} ${leader}`;
    const votes = this.#votes.get(name);
    const has = (id: NodeId): boolean => id === leader || votes?.has(id) === true;
    const recent = this.#configurations.recent(leader, this.#askedMs.get(name));
    if (recent.some((conf) => isQuorum(conf, has))) return;
    const voters = recent.map((conf) => `[${conf.voters.join()}|${conf.votersOutgoing.join()}]`);
    throw new Violation(
      PROPERTY,
      `${leader} leads term ${term}, voted for by ${[...(votes ?? [])].join(', ') || 'nobody else'}; voters: ${voters.join(' or ')}`,
    );
  }
}
