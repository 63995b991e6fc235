import { Code, StatusError } from '../api/errors.ts';
import { idToLong } from '../api/messages.ts';
import type { Membership } from '../apply/membership.ts';
import type { RowStore } from '../lib/row-store.ts';
import type { RaftStatus } from '../raft/raw-node.ts';
import { type Message, MessageType, type NodeId } from '../raft/types.ts';
import { type Identity, isMarkedRemoved, markRemoved } from './identity.ts';
import type { Log, PeerAddress } from './ports.ts';
import type { Proposal } from './proposal-queue.ts';
import { markOf, type Roster, type RosterMember, rosterMembers } from './roster.ts';
import { CANNOT_START } from './rpc.ts';

export interface SeatPorts {
  readonly rows: RowStore;
  readonly log: Log;
  readonly identity: Identity;
  readonly membership: Membership;
  /** URLs for clients that the member tells the cluster; undefined: it leaves what is known. */
  readonly clientUrls: readonly string[] | undefined;
  readonly propose: (proposal: Proposal) => Promise<unknown>;
}

/**
 * A member's place in its cluster: whether it has one yet, and still has it; and how to reach others,
 * also those whose addition has not come down the log to here.
 */
export class Seat {
  readonly #ports: SeatPorts;
  readonly #met = new Map<NodeId, PeerAddress>();
  #markedRemoved: boolean;
  #publishing = false;
  #roster:
    | { readonly version: number; readonly mark: string; members: readonly RosterMember[] }
    | undefined;

  constructor(ports: SeatPorts) {
    this.#ports = ports;
    this.#markedRemoved = isMarkedRemoved(ports.rows);
  }

  get joined(): boolean {
    const { membership, identity } = this.#ports;
    return membership.get(identity.id) !== undefined;
  }

  get removed(): boolean {
    const { membership, identity } = this.#ports;
    return this.#markedRemoved || membership.isRemoved(identity.id);
  }

  /** Why nothing is served here; undefined for a member of the cluster. */
  get refusal(): StatusError | undefined {
    if (this.removed) return this.#refusal('it was removed from the cluster');
    return this.joined ? undefined : this.#refusal('it has not joined the cluster yet');
  }

  /** Mark of the roster as this member knows it. */
  get rosterMark(): string {
    return this.#currentRoster().mark;
  }

  roster(appliedIndex: number): Roster {
    const { mark, members } = this.#currentRoster();
    return { clusterId: this.#ports.identity.clusterId, mark, appliedIndex, members };
  }

  addressOf(id: NodeId): PeerAddress | undefined {
    const { membership } = this.#ports;
    const member = membership.get(id);
    if (member !== undefined) return { id, peerUrls: member.peerUrls, region: member.region };
    return membership.isRemoved(id) ? undefined : this.#met.get(id);
  }

  /**
   * Is a message for this member to hear? After its removal only requests for votes are: who has not
   * learnt that the removal is committed learns it by the answer, or needs the vote (raft/election.ts).
   */
  hears({ from, to, type }: Message): boolean {
    const { membership, identity } = this.#ports;
    if (to !== identity.id || membership.isRemoved(from)) return false;
    return !this.removed || type === MessageType.vote || type === MessageType.preVote;
  }

  /** A peer said where it can be reached. */
  meet(address: PeerAddress): void {
    if (address.peerUrls.length > 0) this.#met.set(address.id, address);
  }

  /** Tells the cluster this member's name and client URLs where it knows others (etcd: publish). */
  publish(): void {
    const { membership, identity, clientUrls, propose, log } = this.#ports;
    const known = membership.get(identity.id);
    if (known === undefined || this.#publishing) return;
    const urls = clientUrls ?? known.clientUrls;
    if (known.name === identity.name && known.clientUrls.join() === urls.join()) return;
    this.#publishing = true;
    const finish = (): void => {
      this.#publishing = false;
    };
    const attributes = { ID: idToLong(identity.id), name: identity.name, client_urls: urls };
    propose({ member_attributes: attributes }).then(finish, (error: unknown) => {
      finish();
      log.warn('name and client URLs not published yet', { error: String(error) });
    });
  }

  /**
   * Peers take this object for another member: does this one have anything to lose? A member that was
   * removed has not, nor one that never had a log or a vote, such as one started before it was added.
   */
  givesWayTo(other: Identity, { term, lastIndex }: RaftStatus): boolean {
    const { id, clusterId } = this.#ports.identity;
    if (other.id === id && other.clusterId === clusterId) return false;
    return this.removed || (term === 0 && lastIndex === 0);
  }

  /** Durably: this member has no place any more. */
  leave(): void {
    if (!this.#markedRemoved) markRemoved(this.#ports.rows);
    this.#markedRemoved = true;
  }

  #currentRoster() {
    const { membership } = this.#ports;
    const { version } = membership;
    if (this.#roster?.version === version) return this.#roster;
    const members = rosterMembers(membership);
    this.#roster = { version, mark: markOf(members), members };
    return this.#roster;
  }

  #refusal(why: string): StatusError {
    const { name } = this.#ports.identity;
    return new StatusError(Code.Unavailable, `${CANNOT_START} ${name}: ${why}`);
  }
}
