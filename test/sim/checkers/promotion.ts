/**
 * A learner becomes a voter by the RPC only when it stores most of what its leader does (etcd rule M4):
 * a voter that lacks the log counts for the size of a quorum and cannot be part of one.
 */
import { decodeConfChange } from '../../../src/raft/codec.ts';
import {
  ConfChangeType,
  EntryKind,
  type Message,
  MessageType,
  type NodeId,
} from '../../../src/raft/types.ts';
import type { Configurations } from '../membership/configurations.ts';
import { Violation } from '../world.ts';

export const PROPERTY = 'learners are promoted when they are ready';

const SHARE_MIN = 0.9;
/** The leader's log may have grown by this between its look at the learner and the change. */
const SLACK_ENTRIES = 30;

export class PromotionReady {
  readonly #configurations: Configurations;
  /** The highest index that each member ever said it stores. */
  readonly #stored = new Map<NodeId, number>();
  readonly #seen = new Set<string>();

  constructor(configurations: Configurations) {
    this.#configurations = configurations;
  }

  /** A message that left its sender. */
  sent(message: Message): void {
    const { type, from, index, term, entries } = message;
    if (type === MessageType.appendResponse && !message.reject) {
      this.#stored.set(from, Math.max(this.#stored.get(from) ?? 0, index));
    }
    if (type !== MessageType.append) return;
    for (const entry of entries) {
      if (entry.kind !== EntryKind.confChange || entry.term !== term) continue;
      const name = `${entry.index} ${entry.term}`;
      if (this.#seen.has(name)) continue;
      this.#seen.add(name);
      this.#proposed(from, entry.index, entry.data);
    }
  }

  #proposed(leader: NodeId, index: number, data: Uint8Array): void {
    const { steps } = decodeConfChange(data);
    const [step, ...others] = steps.filter(({ type }) => type === ConfChangeType.addVoter);
    // Promotions of several members at once are the simulator's own, which asks nobody.
    if (step === undefined || others.length > 0) return;
    const { node } = step;
    const confs = this.#configurations.recent(leader);
    if (!confs.some(({ learners }) => learners.includes(node))) return;
    const stored = this.#stored.get(node) ?? 0;
    if (stored >= SHARE_MIN * index - SLACK_ENTRIES) return;
    throw new Violation(
      PROPERTY,
      `${leader} proposes at ${index} to promote ${node}, which stores entries up to ${stored}`,
    );
  }
}
