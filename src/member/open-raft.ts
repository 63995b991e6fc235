import { ELECTION_TICKS, HEARTBEAT_TICKS, REST_AFTER_TICKS } from '../constants.ts';
import { RawNode } from '../raft/raw-node.ts';
import type { NodeId } from '../raft/types.ts';
import type { Wal } from '../wal/wal.ts';
import type { MemberPorts } from './ports.ts';

/**
 * The member's Raft node over its log.
 * @param nonce random bytes of this construction
 * @param recovering the storage was damaged, and the state is fetched from peers
 * @param isMember what is in the storage knows this member as one of the cluster
 */
export function openRaft(
  id: NodeId,
  { random }: MemberPorts,
  wal: Wal,
  nonce: Uint8Array,
  recovering: boolean,
  isMember: boolean,
): RawNode {
  return new RawNode({
    id,
    storage: wal,
    random,
    nonce,
    electionTicks: ELECTION_TICKS,
    heartbeatTicks: HEARTBEAT_TICKS,
    restAfterTicks: REST_AFTER_TICKS,
    recovering,
    blank: recovering || !isMember,
  });
}
