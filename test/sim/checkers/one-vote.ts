/** A member grants its vote to at most one candidate of a term, restarts and twins included (paper 5.2). */
import { MessageType, type Message, type NodeId } from '../../../src/raft/types.ts';
import { Violation } from '../world.ts';

export const PROPERTY = 'one vote a term';

export class OneVote {
  /** By voter and term: the candidate. */
  readonly #votes = new Map<string, NodeId>();

  /** A message that left its sender. */
  sent(message: Message): void {
    if (message.type !== MessageType.voteResponse || message.reject) return;
    const ballot = `${message.from}@${message.term}`;
    const known = this.#votes.get(ballot);
    if (known !== undefined && known !== message.to) {
      throw new Violation(
        PROPERTY,
        `${message.from} voted for ${known} and for ${message.to} in term ${message.term}`,
      );
    }
    this.#votes.set(ballot, message.to);
  }
}
