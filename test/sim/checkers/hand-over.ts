/**
 * A leader hands over only to a voter that stores all the leader has sent (thesis 3.10), and not before
 * it has led for the rounds in which another must be better: else leadership would flap. One that was
 * removed may go at once, and its successor catches up by itself.
 */
import { PLACEMENT_ROUND_TICKS, PLACEMENT_ROUNDS_MIN, TICK_MS } from '../../../src/constants.ts';
import { type Message, MessageType, type NodeId } from '../../../src/raft/types.ts';
import { type Configurations, isVoterOf } from '../membership/configurations.ts';
import { Violation } from '../world.ts';

export const PROPERTY = 'leadership goes to voters that have all, and stays for a while';

/** Clocks of members run too fast by this at most (nemesis.ts), and the first tick may be on its way. */
const CLOCK_RATE_MAX = 1.3;
const SLACK_TICKS = 1;

interface Leading {
  readonly term: number;
  readonly sinceMs: number;
  /** Highest index among the entries it sent. */
  sent: number;
  handedOver: boolean;
}

export class HandOvers {
  readonly #configurations: Configurations;
  readonly #nowMs: () => number;
  /** By instance: two of one member may lead one term, and one of them knows less. */
  readonly #leading = new WeakMap<object, Leading>();
  /** The highest index that a member said it stores, by term and member. */
  readonly #stored = new Map<string, number>();
  /** Leaders that handed over. */
  count = 0;
  /** When the last of them did. */
  lastMs = 0;

  constructor(configurations: Configurations, nowMs: () => number) {
    this.#configurations = configurations;
    this.#nowMs = nowMs;
  }

  /** A message that left its sender, of which `instance` is one instance. */
  sent(message: Message, instance: object): void {
    const { type, from, to, term, index, entries } = message;
    if (type === MessageType.appendResponse && !message.reject) {
      const name = `${term} ${from}`;
      this.#stored.set(name, Math.max(this.#stored.get(name) ?? 0, index));
    } else if (type === MessageType.append || type === MessageType.heartbeat) {
      const leading = this.#leads(term, instance);
      if (type === MessageType.append) {
        leading.sent = Math.max(leading.sent, index + entries.length);
      }
    } else if (type === MessageType.timeoutNow) {
      this.#handsOver(from, to, this.#leads(term, instance));
    }
  }

  #leads(term: number, instance: object): Leading {
    const known = this.#leading.get(instance);
    if (known?.term === term) return known;
    const leading = { term, sinceMs: this.#nowMs(), sent: 0, handedOver: false };
    this.#leading.set(instance, leading);
    return leading;
  }

  #handsOver(from: NodeId, to: NodeId, leading: Leading): void {
    const recent = this.#configurations.recent(from);
    if (!recent.some((conf) => isVoterOf(conf, to))) {
      throw new Violation(PROPERTY, `${from} hands over to ${to}, which is no voter`);
    }
    const isLeaving = recent.some((conf) => !isVoterOf(conf, from));
    if (isLeaving) return;
    const stored = this.#stored.get(`${leading.term} ${to}`) ?? 0;
    if (stored < leading.sent) {
      throw new Violation(
        PROPERTY,
        `${from} hands over to ${to}, which stores entries up to ${stored} of ${leading.sent}`,
      );
    }
    if (leading.handedOver) return;
    leading.handedOver = true;
    this.count++;
    this.lastMs = this.#nowMs();
    const ledMs = this.#nowMs() - leading.sinceMs;
    const ticks = PLACEMENT_ROUNDS_MIN * PLACEMENT_ROUND_TICKS - SLACK_TICKS;
    if (ledMs >= (ticks * TICK_MS) / CLOCK_RATE_MAX) return;
    throw new Violation(PROPERTY, `${from} hands over to ${to} after ${ledMs.toFixed(0)} ms`);
  }
}
