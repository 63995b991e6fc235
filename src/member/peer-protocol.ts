/** What two members agree on before they exchange Raft messages. */

/** Upgraded to a WebSocket: binary frames, each a batch of messages (raft/codec). */
export const PEER_STREAM_PATH = '/peer/stream';
/** POST: one frame, when the stream is not to be had. */
export const PEER_FRAME_PATH = '/peer/frame';
/** POST: snapshot pieces, see snapshot-messages.ts. */
export const PEER_SNAPSHOT_PATH = '/peer/snapshot';
/** POST: questions to the leader, see lease-messages.ts. */
export const PEER_LEASE_PATH = '/peer/lease';
/** POST: a change of membership for the leader, see membership-messages.ts. */
export const PEER_MEMBERSHIP_PATH = '/peer/membership';

/** POST: the hash at a revision, see corruption-check.ts. */
export const PEER_HASH_PATH = '/peer/hash';

/** POST: answered with nothing at once, see round-trips.ts. */
export const PEER_PING_PATH = '/peer/ping';
/** POST: how far the receiver is from all others, see round-trips.ts. */
export const PEER_ROUND_TRIPS_PATH = '/peer/round-trips';

/** How a peer answers any request of a member that was removed. */
export const PEER_REMOVED_STATUS = 410;
/** And how it ends a stream that such a member opened when it still belonged to the cluster. */
export const PEER_REMOVED_CLOSE_CODE = 4410;
/** Of a stream that carries what is no frame: a violation of the protocol. */
export const PEER_BAD_FRAME_CLOSE_CODE = 1002;

/** Every peer request carries these; the receiver refuses a mismatch with 4xx and a text. */
export const PEER_HEADERS = {
  /** Its id. */
  cluster: 'x-edgetcd-cluster',
  /** For the Worker there, which finds the object by it; the default cluster's members leave it out. */
  clusterName: 'x-edgetcd-cluster-name',
  from: 'x-edgetcd-from',
  /** The sender's peer URLs, comma-separated: the receiver may not have heard of its addition yet. */
  fromUrls: 'x-edgetcd-from-urls',
  to: 'x-edgetcd-to',
  version: 'x-edgetcd-peer-version',
  secret: 'x-edgetcd-cluster-secret',
} as const;
