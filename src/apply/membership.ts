/** Who belongs to the cluster, as configuration changes in the log have made it (etcd rules M1, M2, M6). */
import { StatusError } from '../api/errors.ts';
import { idOf, type MemberAttributes, type MemberDescription } from '../api/messages.ts';
import { ConfChangeType, type ConfChangeStep, type NodeId } from '../raft/types.ts';

export interface Member {
  readonly id: NodeId;
  /** Empty until the member has started and said its name, as are the client URLs. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  /** Cloudflare location hint; empty: none. */
  readonly region: string;
  readonly isLearner: boolean;
}

export class Membership {
  #members = new Map<NodeId, Member>();
  /** Ids that were members once. Invariant: disjoint from the members, and it only grows. */
  #removed = new Set<NodeId>();
  /** Counts changes seen by this instance. */
  version = 0;

  /** Ascending by id. */
  get members(): readonly Member[] {
    return [...this.#members.values()];
  }

  /** Ascending. */
  get removed(): readonly NodeId[] {
    return [...this.#removed].sort();
  }

  get(id: NodeId): Member | undefined {
    return this.#members.get(id);
  }

  isRemoved(id: NodeId): boolean {
    return this.#removed.has(id);
  }

  /**
   * Applies all steps of one change, or none of them.
   *
   * addVoter adds a member, promotes a learner, or, for a voter, takes over the description's peer URLs;
   * addLearner adds a learner or takes over its peer URLs. A description stands for one member, so a
   * change of several steps can add one at most.
   *
   * @throws StatusError memberNotFound (unknown, or removed and so never to return), peerURLExist,
   *   memberExist (a voter cannot become a learner), memberBadURLs (a new member without peer URLs)
   */
  change(steps: readonly ConfChangeStep[], description: MemberDescription): void {
    const members = new Map(this.#members);
    const removed = new Set(this.#removed);
    for (const step of steps) {
      if (removed.has(step.node)) throw StatusError.of('memberNotFound');
      if (step.type === ConfChangeType.remove) {
        if (!members.delete(step.node)) throw StatusError.of('memberNotFound');
        removed.add(step.node);
      } else {
        members.set(step.node, memberAfter(step, members.get(step.node), description));
      }
    }
    refuseSharedUrls(members.values());
    this.restore([...members.values()], [...removed]);
  }

  /**
   * Takes over what a member says about itself.
   * @throws StatusError memberNotFound
   */
  setAttributes(attributes: MemberAttributes): void {
    const id = idOf(attributes.ID);
    const member = this.#members.get(id);
    if (member === undefined) throw StatusError.of('memberNotFound');
    this.#members.set(id, {
      ...member,
      name: attributes.name,
      clientUrls: attributes.client_urls,
    });
    this.version++;
  }

  restore(members: readonly Member[], removed: readonly NodeId[]): void {
    const ascending = members.toSorted((left, right) => (left.id < right.id ? -1 : 1));
    this.#members = new Map(ascending.map((member) => [member.id, member]));
    this.#removed = new Set(removed);
    this.version++;
  }
}

function memberAfter(
  step: ConfChangeStep,
  before: Member | undefined,
  description: MemberDescription,
): Member {
  const isLearner = step.type === ConfChangeType.addLearner;
  const described = idOf(description.ID) === step.node ? description : undefined;
  const peerUrls = described?.peer_urls ?? [];
  if (before === undefined) {
    if (described === undefined || peerUrls.length === 0) throw StatusError.of('memberBadURLs');
    return {
      id: step.node,
      name: described.name,
      peerUrls,
      clientUrls: described.client_urls,
      region: described.region,
      isLearner,
    };
  }
  // A late update of a learner's URLs must not undo its promotion.
  if (isLearner && !before.isLearner) throw StatusError.of('memberExist');
  return { ...before, isLearner, peerUrls: peerUrls.length > 0 ? peerUrls : before.peerUrls };
}

function refuseSharedUrls(members: Iterable<Member>): void {
  const seen = new Set<string>();
  for (const { peerUrls } of members) {
    for (const url of new Set(peerUrls)) {
      if (seen.has(url)) throw StatusError.of('peerURLExist');
      seen.add(url);
    }
  }
}
