/**
 * Which configurations members have in force, worked out beside the production code: a twin of its rules
 * (thesis 4.1, 4.3), written as plainly as they can be said.
 */
import {
  type ConfChange,
  ConfChangeType,
  type ConfState,
  type NodeId,
} from '../../../src/raft/types.ts';

/** The configuration after a change; the same one when the change does not fit. */
export function configurationAfter(before: ConfState, change: ConfChange): ConfState {
  const joint = before.votersOutgoing.length > 0;
  if (change.steps.length === 0) {
    if (!joint) return before;
    const learners = [...before.learners, ...before.learnersNext];
    return { ...before, learners, votersOutgoing: [], learnersNext: [], autoLeave: false };
  }
  if (joint) return before;
  const simple = withSteps(before, change);
  const differing = difference(before.voters, simple.voters);
  const outgoing = { ...before, votersOutgoing: before.voters };
  const after =
    change.transition === 'explicit'
      ? withSteps({ ...outgoing, autoLeave: false }, change)
      : differing > 1
        ? withSteps({ ...outgoing, autoLeave: true }, change)
        : simple;
  return after.voters.length === 0 ? before : after;
}

function withSteps(before: ConfState, { steps }: ConfChange): ConfState {
  let { voters, learners, learnersNext } = before;
  for (const { type, node } of steps) {
    voters = voters.filter((id) => id !== node);
    learners = learners.filter((id) => id !== node);
    learnersNext = learnersNext.filter((id) => id !== node);
    if (type === ConfChangeType.addVoter) voters = [...voters, node];
    if (type === ConfChangeType.addLearner) {
      if (before.votersOutgoing.includes(node)) learnersNext = [...learnersNext, node];
      else learners = [...learners, node];
    }
  }
  return { ...before, voters, learners, learnersNext };
}

function difference(left: readonly NodeId[], right: readonly NodeId[]): number {
  const only = (these: readonly NodeId[], those: readonly NodeId[]): number =>
    these.filter((id) => !those.includes(id)).length;
  return only(left, right) + only(right, left);
}

/** Do those for whom `has` holds make a majority of the voters, of both halves in a joint phase? */
export function isQuorum(conf: ConfState, has: (id: NodeId) => boolean): boolean {
  const majority = (ids: readonly NodeId[]): boolean =>
    ids.length === 0 || 2 * ids.filter(has).length > ids.length;
  return majority(conf.voters) && majority(conf.votersOutgoing);
}

export function isVoterOf(conf: ConfState, id: NodeId): boolean {
  return conf.voters.includes(id) || conf.votersOutgoing.includes(id);
}

/** An instance of a member, as long as it can send anything. */
export interface Instance {
  readonly dead: boolean;
}

interface InForce {
  readonly instance: Instance;
  conf: ConfState;
}

/** What a member sends may have been decided this long ago: slow disks hold it back. */
const WINDOW_MS = 10_000;

/** The configurations that each member's instances have, or had a while ago. */
export class Configurations {
  readonly #nowMs: () => number;
  readonly #current = new Map<NodeId, InForce[]>();
  readonly #past = new Map<NodeId, { readonly conf: ConfState; readonly endedMs: number }[]>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** An instance was opened, or got a snapshot. */
  begin(who: NodeId, instance: Instance, conf: ConfState): void {
    const known = this.#current.get(who) ?? [];
    for (const each of known) {
      if (each.instance === instance || each.instance.dead) this.#ended(who, each.conf);
    }
    const others = known.filter((each) => each.instance !== instance && !each.instance.dead);
    this.#current.set(who, [...others, { instance, conf }]);
  }

  /** An instance applied a change that was not refused. */
  change(who: NodeId, instance: Instance, change: ConfChange): void {
    const mine = this.#current.get(who)?.find((each) => each.instance === instance);
    if (mine === undefined) throw new Error(`change the configuration of ${who}: it has none`);
    this.#ended(who, mine.conf);
    mine.conf = configurationAfter(mine.conf, change);
  }

  /** Those that `who` has in force: one an instance. */
  current(who: NodeId): ConfState[] {
    return (this.#current.get(who) ?? []).map(({ conf }) => conf);
  }

  /**
   * Those that `who` may have decided in when it made what it sends now.
   * @param sinceMs it did not decide before
   */
  recent(who: NodeId, sinceMs = -Infinity): ConfState[] {
    const windowMs = this.#nowMs() - WINDOW_MS;
    const past = (this.#past.get(who) ?? []).filter(({ endedMs }) => endedMs >= windowMs);
    this.#past.set(who, past);
    const possible = past.filter(({ endedMs }) => endedMs >= sinceMs);
    return [...(this.#current.get(who) ?? []), ...possible].map(({ conf }) => conf);
  }

  get nowMs(): number {
    return this.#nowMs();
  }

  #ended(who: NodeId, conf: ConfState): void {
    const entry = { conf, endedMs: this.#nowMs() };
    const past = this.#past.get(who);
    if (past === undefined) this.#past.set(who, [entry]);
    else past.push(entry);
  }
}
