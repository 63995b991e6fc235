/** Every limit of the product: a name, a unit, one home. Derived values show their derivation. */

/** Durable Object storage: a row or blob may hold 2 MB at most; head, data and columns stay below. */
export const ROW_BYTES_MAX = 1_900_000;

// Members and peers.

/** Version of everything members say to each other; old and new code run side by side in a deploy. */
export const PEER_PROTOCOL_VERSION = 1;
/** Frames kept while a stream is being dialled. Raft repeats what is dropped beyond. */
export const PEER_STREAM_QUEUE_BYTES_MAX = 8 * 1024 * 1024;
/** Pause after a failed dial; about two heartbeats, so that a returned peer is found quickly. */
export const PEER_REDIAL_MS = 200;
/** One batch of messages to one peer; larger batches are cut. Inbound WebSocket limit: 32 MiB. */
export const PEER_FRAME_BYTES_MAX = 4 * 1024 * 1024;

/** One tick of Raft's logical clock. */
export const TICK_MS = 100;
/** Leader to followers; etcd's default of 100 ms. */
export const HEARTBEAT_TICKS = 1;
/** etcd's default of 1000 ms. Randomised up to twice this. */
export const ELECTION_TICKS = 10;
/** Idle time after which a cluster comes to rest: one second, as long as an election timeout. */
export const REST_AFTER_TICKS = 10;

/** etcd: 5 s plus two election timeouts. */
export const PROPOSAL_TIMEOUT_MS = 5_000 + 2 * ELECTION_TICKS * TICK_MS;
/** etcd asks again for a read index after 500 ms. */
export const READ_RETRY_MS = 500;
/** Proposals of one member that may wait for their fate at once. */
export const PROPOSALS_WAITING_MAX = 20_000;

/** Unflushed changes after which a member saves its state and cuts its log. */
export const CHECKPOINT_BYTES = 4 * 1024 * 1024;
/** Applied entries after which it does so even if they are small (etcd's snapshot-count). */
export const CHECKPOINT_ENTRIES = 10_000;
/** Entries left in the log for slow followers after a checkpoint (etcd's catch-up entries). */
export const CATCH_UP_ENTRIES = 5_000;
/** Bytes of log left for slow followers; beyond this they get a snapshot. */
export const CATCH_UP_BYTES = 8 * 1024 * 1024;

/** One piece of a snapshot on the pipeline; a Durable Object message may hold 32 MiB. */
export const SNAPSHOT_CHUNK_BYTES = 1024 * 1024;
/** One request of a snapshot transfer. */
export const SNAPSHOT_REQUEST_TIMEOUT_MS = 20_000;

// The API's messages (src/api).

/** Levels of messages in messages that a decoder follows; 100 is what gRPC's Go and JavaScript take. */
export const MESSAGE_DEPTH_MAX = 100;
