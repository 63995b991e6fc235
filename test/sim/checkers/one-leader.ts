/** Election safety (paper, figure 3): at most one member acts as leader in a term. */
import { MessageType, type Message, type NodeId } from '../../../src/raft/types.ts';
import { Violation } from '../world.ts';

export const PROPERTY = 'one leader a term';

/** What only the leader of its term sends. */
const LEADERS_ONLY: ReadonlySet<MessageType> = new Set([
  MessageType.append,
  MessageType.heartbeat,
  MessageType.snapshot,
  MessageType.timeoutNow,
]);

export class OneLeader {
  readonly #leaders = new Map<number, NodeId>();

  /** Terms that had a leader. */
  get terms(): number {
    return this.#leaders.size;
  }

  leaderOf(term: number): NodeId | undefined {
    return this.#leaders.get(term);
  }

  /** A message that left its sender. Returns true when it shows a leader not known before. */
  sent(message: Message): boolean {
    if (!LEADERS_ONLY.has(message.type)) return false;
    const known = this.#leaders.get(message.term);
    if (known === message.from) return false;
    if (known !== undefined) {
      throw new Violation(PROPERTY, `${known} and ${message.from} both lead term ${message.term}`);
    }
    this.#leaders.set(message.term, message.from);
    return true;
  }
}
