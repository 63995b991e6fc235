/** Every limit of the product: a name, a unit, one home. Derived values show their derivation. */

/** Durable Object storage: a row or blob may hold 2 MB at most; head, data and columns stay below. */
export const ROW_BYTES_MAX = 1_900_000;

// Members and peers.

/** Release of etcd whose API and semantics this server has; clients read it from /version and Status. */
export const SERVER_VERSION = '3.7.0';
/** Schema version that etcd 3.7 reports for its storage. */
export const STORAGE_VERSION = '3.7.0';

/** A cluster's name stands in URLs and in the names of its objects, which the platform keeps to 1,024 bytes. */
export const CLUSTER_NAME_LENGTH_MAX = 64;
/** Clusters whose members and leader a Worker remembers; it asks again about those it has forgotten. */
export const CLUSTERS_REMEMBERED_MAX = 1_000;

/** Version of everything members say to each other; old and new code run side by side in a deploy. */
export const PEER_PROTOCOL_VERSION = 1;
/** Frames kept while a stream is being dialled. Raft repeats what is dropped beyond. */
export const PEER_STREAM_QUEUE_BYTES_MAX = 8 * 1024 * 1024;
/** Frames that go by requests of their own while a stream is being dialled; later ones wait for it. */
export const PEER_POSTS_WHILE_DIALING_MAX = 4;
/** Pause after a failed dial; about two heartbeats, so that a returned peer is found quickly. */
export const PEER_REDIAL_MS = 200;
/** One batch of messages to one peer; larger batches are cut. Inbound WebSocket limit: 32 MiB. */
export const PEER_FRAME_BYTES_MAX = 4 * 1024 * 1024;

/**
 * News of a commit waits this long for an append to ride on. A lone client's next put carries it, which
 * saves a message, a wake-up and a turn at every follower; nobody waits for it but a follower's watchers.
 */
export const COMMIT_NEWS_DELAY_MS = 2;

/** One tick of Raft's logical clock. */
export const TICK_MS = 100;
/** Leader to followers; etcd's default of 100 ms. */
export const HEARTBEAT_TICKS = 1;
/** etcd's default of 1000 ms. Randomised up to twice this. */
export const ELECTION_TICKS = 10;
/** Time without a leader after which streams that need one end: etcd's three election timeouts. */
export const LEADERLESS_TICKS_MAX = 3 * ELECTION_TICKS;
/** Idle time after which a cluster comes to rest: one second, as long as an election timeout. */
export const REST_AFTER_TICKS = 10;

/** etcd: 5 s plus two election timeouts. */
export const PROPOSAL_TIMEOUT_MS = 5_000 + 2 * ELECTION_TICKS * TICK_MS;
/** Proposals of one member that may wait for their fate at once. */
export const PROPOSALS_WAITING_MAX = 20_000;
/** Turns of a member, in a millisecond, that need not wait for other requests to share them. */
export const TURNS_AT_ONCE_PER_MS_MAX = 2;

/** Learners that may be added at run time; etcd's own default is 1, but here they are how regions read. */
export const LEARNERS_MAX_DEFAULT = 16;
/** Share of the leader's log that a learner must hold to be promoted, as in etcd. */
export const LEARNER_MATCH_SHARE_MIN = 0.9;

/**
 * Time awake after which a leader asks itself whether another would serve the writers better: 4 s. When
 * all writers move at once, what was counted before fades for two rounds in which another place between
 * the two may seem best; so leadership follows after 5 or 6 of them.
 */
export const PLACEMENT_ROUND_TICKS = 40;
/** Rounds in succession in which another voter must be better. */
export const PLACEMENT_ROUNDS_MIN = 3;
/** Who is to lead must have all that was in the log this long ago, or the transfer would take long. */
export const PLACEMENT_CAUGHT_UP_TICKS = ELECTION_TICKS / 2;
/** Priority of a member that the configuration gives none. */
export const PLACEMENT_PRIORITY_DEFAULT = 1;
/** Rounds after which measured round trips are forgotten: ten minutes. */
export const PLACEMENT_FORGET_ROUNDS = 150;
/** Pings to a member when round trips are measured; the shortest counts. */
export const ROUND_TRIP_PINGS = 3;
export const ROUND_TRIP_TIMEOUT_MS = 1_000;
/** Proposals of late, below which nobody is moved. */
export const PLACEMENT_PROPOSALS_MIN = 10;
/** What the mean commit must gain at least, in time and as a share: a transfer holds up writes itself. */
export const PLACEMENT_GAIN_MS_MIN = 10;
export const PLACEMENT_GAIN_SHARE_MIN = 0.2;

/** One unary answer; a call between a Worker and an object carries 32 MiB at most. */
export const RESPONSE_BYTES_MAX = 28 * 1024 * 1024;

/** Space a member may use before it raises NOSPACE; etcd's default of 2 GiB. */
export const QUOTA_BYTES_DEFAULT = 2 * 1024 * 1024 * 1024;
/** The storage is measured again after so many calls that make it larger (a statement each), or ticks. */
export const QUOTA_MEASURE_CALLS = 512;
export const QUOTA_MEASURE_TICKS = 10;
/** How often a compaction that waits for its clean-up looks, and for how long. */
export const CLEAN_UP_POLL_MS = 10;
export const CLEAN_UP_WAIT_MS_MAX = 60_000;
/** Pause between two comparisons of the members' hashes, while there are writes. */
export const CORRUPTION_CHECK_MS_DEFAULT = 3_600_000;
/** A member that is asked for its hash may take this long, and wait this long until it is up to date. */
export const HASH_REQUEST_TIMEOUT_MS = 60_000;
export const HASH_WAIT_MS_MAX = 5_000;

/** Unflushed changes after which a member saves its state and cuts its log. */
export const CHECKPOINT_BYTES = 4 * 1024 * 1024;
/** Applied entries after which it does so even if they are small (etcd's snapshot-count). */
export const CHECKPOINT_ENTRIES = 10_000;
/** Rows of the log after which a member that comes to rest does so: every wake reads, and pays for, each. */
export const CHECKPOINT_AT_REST_ROWS = 256;
/** Entries left in the log for slow followers after a checkpoint (etcd's catch-up entries). */
export const CATCH_UP_ENTRIES = 5_000;
/** Bytes of log left for slow followers; beyond this they get a snapshot. */
export const CATCH_UP_BYTES = 8 * 1024 * 1024;

/**
 * A member that lost its log votes again no sooner than this after it began anew: ten election
 * timeouts, long after the last message of its former instance can have arrived.
 */
export const RECOVERY_HOLD_MS = 10 * ELECTION_TICKS * TICK_MS;

/** One piece of a snapshot on the pipeline; a Durable Object message may hold 32 MiB. */
export const SNAPSHOT_CHUNK_BYTES = 1024 * 1024;
/** One request of a snapshot transfer. */
export const SNAPSHOT_REQUEST_TIMEOUT_MS = 20_000;

// Maintenance/Snapshot and restore (src/backend, src/member/snapshot-streams.ts).

/** One message of the stream. etcd sends 32 KiB; each costs a call where it is pulled. */
export const SNAPSHOT_BLOB_BYTES = 256 * 1024;
/** Changes turned into pages in one slice: some milliseconds. */
export const SNAPSHOT_SLICE_BYTES = 256 * 1024;
/** Pause between two slices while there are writes, so that they keep four fifths of the time. */
export const SNAPSHOT_SLICE_PAUSE_MS = 25;
/** A snapshot that nobody pulls for so long is given up: while it is open, nothing is compacted. */
export const SNAPSHOT_IDLE_TIMEOUT_MS = 60_000;
/** Snapshots under way at one member; each holds about a megabyte, and its leases. */
export const SNAPSHOTS_OPEN_MAX = 4;

// Requests and their application (src/apply).

/** etcd's --max-request-bytes: the encoded request as it goes into the log. */
export const REQUEST_BYTES_MAX = 1.5 * 1024 * 1024;
/** A message on the wire; etcd gives gRPC 512 KiB more, so that it answers large requests itself. */
export const MESSAGE_BYTES_MAX = REQUEST_BYTES_MAX + 512 * 1024;
/** etcd's --max-txn-ops: per level; a nested transaction has what the levels above it left. */
export const TXN_OPS_MAX = 128;
/** Keys in the first page of a RangeStream; later ones grow towards REQUEST_BYTES_MAX. */
export const RANGE_STREAM_FIRST_PAGE_KEYS = 10;

// The API's messages (src/api).

/**
 * Levels of messages in messages that a decoder follows. Transactions may nest TXN_OPS_MAX deep, each
 * with two levels (TxnRequest, RequestOp); the rest is for what stands around and inside them, and for
 * requests a little too deep, which get etcd's own error.
 */
export const MESSAGE_DEPTH_MAX = 2 * TXN_OPS_MAX + 44;
/** Levels of arrays and objects in JSON; a nested transaction takes three (object, list, operation). */
export const JSON_DEPTH_MAX = 1_000;
/** JSON of one request: a message of MESSAGE_BYTES_MAX in base64 is 2.7 MiB, the rest is for names and blanks. */
export const JSON_REQUEST_BYTES_MAX = 4 * 1024 * 1024;
/** Of a body beyond its limit this much is read before it is refused, so that the client reads why. */
export const BODY_DRAIN_BYTES_MAX = 32 * 1024 * 1024;

// Watch (src/watch).

/** Distinct revisions in one catch-up response, as in etcd. */
export const WATCH_RESPONSE_REVISIONS_MAX = 1_000;
/** Size from which a response is split for a watcher that allows it: etcd's request limit and 512 KiB. */
export const WATCH_FRAGMENT_BYTES = 1.5 * 1024 * 1024 + 512 * 1024;
/**
 * Events one receiver may have unread before its watchers fall back to reading history. Counts whole
 * responses, the last of which may overshoot. etcd keeps 128 responses of any size.
 */
export const WATCH_STREAM_UNREAD_BYTES_MAX = 1024 * 1024;
/**
 * The same over all receivers of a member, a quarter of an object's memory; beyond it each may have one
 * response unread.
 */
export const WATCH_UNREAD_BYTES_MAX = 32 * 1024 * 1024;
/** Unread answers to requests beyond which a stream is ended: its client asks but does not read. */
export const WATCH_STREAM_CONTROL_BYTES_MAX = 2 * 1024 * 1024;
/** Allowance for all of a response but its events, when sizes are estimated. */
export const WATCH_RESPONSE_OVERHEAD_BYTES = 64;

/** History read in one slice of catch-up: about a millisecond of work. */
export const WATCH_SLICE_READ_BYTES = 256 * 1024;
/** Stretches of that size that are kept, with what was made of them, while watchers catch up. */
export const WATCH_STRETCHES_KEPT = 8;
/** Responses made in one slice of catch-up: sending them takes some milliseconds. */
export const WATCH_SLICE_SENT_BYTES_MAX = 512 * 1024;
/** Pause between two slices while there are writes, so that they keep four fifths of the time. */
export const WATCH_SLICE_PAUSE_MS = 25;
/** After a write others are expected for so long; clients that wait for answers send the next then. */
export const WATCH_WRITES_LAST_MS = 100;
/** Watchers that take part in one slice of catch-up; etcd's number. */
export const WATCH_SLICE_WATCHERS_MAX = 512;
/**
 * Watchers on one member. At 380 bytes each, besides 460 for each stream, they take up to half of an
 * object's memory.
 */
export const WATCHERS_MAX = 150_000;
/** Keys and range ends of all of them together: an eighth of an object's memory, 111 bytes for each. */
export const WATCH_KEY_BYTES_MAX = 16 * 1024 * 1024;

/** etcd's defaults: every ten minutes, and a random tenth of it on top. */
export const WATCH_PROGRESS_INTERVAL_MS = 10 * 60_000;
export const WATCH_PROGRESS_INTERVAL_MS_MIN = 100;

/** Saved state of a stream that goes into its socket's attachment, which holds 16,384 bytes in all. */
export const WATCH_ATTACHMENT_BYTES_MAX = 12 * 1024;
/** Beyond that the watchers go into rows of about this size, so that a new one rewrites one row. */
export const WATCH_ROW_BYTES = 16 * 1024;

/** Sockets of one member that carry watches; the platform lets 32,768 hibernate, and peers need some. */
export const WATCH_SOCKETS_MAX = 32_000;
/** Messages of one turn share a frame to the Worker up to about this size. */
export const WATCH_FRAME_BYTES = 256 * 1024;
/** A member that does not take a stream within this is passed over. */
export const MEMBER_DIAL_TIMEOUT_MS = 10_000;
/** The Worker asks so often whether the member is there; also the pace of heartbeats to clients. */
export const WATCH_PING_MS = 10_000;
/** Written to a client at once, unless a single message is longer. */
export const WATCH_CHUNK_BYTES = 64 * 1024;
/** The Worker tells the member what was read after so many bytes or messages, or after this time. */
export const WATCH_READ_REPORT_BYTES = 64 * 1024;
export const WATCH_READ_REPORT_MESSAGES = 32;
export const WATCH_READ_REPORT_MS = 1_000;
/** Pauses between attempts to find a member that goes on with a stream, and when that is given up. */
export const WATCH_RESUME_PAUSE_MS_MIN = 50;
export const WATCH_RESUME_PAUSE_MS_MAX = 2_000;
export const WATCH_RESUME_TIMEOUT_MS = 60_000;
/** State of streams is saved after this much quiet; objects sleep after ten seconds of it. */
export const WATCH_SAVE_AFTER_MS = 1_000;
/** How often sockets that have more to send than they can are looked at. */
export const WATCH_POLL_MS = 50;
/** A client that takes nothing for so long, while something waits for it, is closed. */
export const WATCH_UNREAD_TIMEOUT_MS = 60_000;
/** The same in looks at its socket: a clock that is set forward, or a process that stood still, is not the client's fault. */
export const WATCH_UNREAD_POLLS_MAX = WATCH_UNREAD_TIMEOUT_MS / WATCH_POLL_MS;
/** Requests that may wait for a member that has just woken to know where the cluster stands. */
export const WATCH_START_REQUESTS_MAX = 1_000;

// Sessions (src/session, src/member/session-*, src/client); docs/internals/session.md.

/** Largest frame a member takes: a message of MESSAGE_BYTES_MAX and others beside it. */
export const SESSION_FRAME_BYTES_MAX = 4 * 1024 * 1024;
/** Largest frame a client takes: an answer of RESPONSE_BYTES_MAX with its head. */
export const SESSION_ANSWER_FRAME_BYTES_MAX = RESPONSE_BYTES_MAX + 64 * 1024;
/** What is ready in one turn shares a frame up to about this size. */
export const SESSION_FRAME_BYTES = 256 * 1024;
/** Items in one frame; a frame of SESSION_FRAME_BYTES_MAX could hold two million empty ones. */
export const SESSION_FRAME_ITEMS_MAX = 64 * 1024;
export const SESSION_METHOD_BYTES_MAX = 128;
export const SESSION_METADATA_BYTES_MAX = 16 * 1024;
/** Messages of one call that a side takes before it grants more. etcd's gRPC: 64 KiB and growing. */
export const SESSION_WINDOW_BYTES = 1024 * 1024;
/** The least that a client may offer, so that a stream moves at all. */
export const SESSION_WINDOW_BYTES_MIN = 64 * 1024;
/** Calls of one session that may be open at once. */
export const SESSION_CALLS_MAX = 16 * 1024;
/** Requests of all sessions of a member that wait for their answers. */
export const SESSION_REQUEST_BYTES_MAX = 24 * 1024 * 1024;
/** Sessions of one member. */
export const SESSION_SOCKETS_MAX = 16_000;
/** A socket with more than this on its way gets no more of streams until it has taken some. */
export const SESSION_UNSENT_BYTES_MAX = 1024 * 1024;
/** A socket with this much on its way is closed: its client asks and does not read. */
export const SESSION_UNSENT_BYTES_LIMIT = 16 * 1024 * 1024 + RESPONSE_BYTES_MAX;
/** While calls wait that do not outlive the object's memory, it is kept awake by a timer of this period. */
export const SESSION_AWAKE_MS = 1_000;
/** Saved state of a session that goes into its socket's attachment; more goes into rows. */
export const SESSION_ATTACHMENT_BYTES_MAX = 14 * 1024;
/** A client asks so often whether the other side is there. */
export const SESSION_PING_MS = 10_000;
/** A client gives up a dial after this time. */
export const SESSION_DIAL_TIMEOUT_MS = 5_000;
/** Pauses between a client's attempts to find an endpoint that answers. */
export const SESSION_REDIAL_MS_MIN = 20;
export const SESSION_REDIAL_MS_MAX = 2_000;
/** A watch that found no endpoint to go on at ends after this time. */
export const SESSION_RESUME_TIMEOUT_MS = 60_000;

// Raft (src/raft).

/** Entries in one append message (etcd's max-size-per-msg). A peer frame holds several. */
export const RAFT_MESSAGE_BYTES_MAX = 1024 * 1024;
/** Appends on the way to one member (etcd's max-inflight-msgs). */
export const RAFT_INFLIGHT_MESSAGES_MAX = 512;
/** Bytes on the way to one member: 16 MiB over a 400 ms round trip is 40 MB/s. */
export const RAFT_INFLIGHT_BYTES_MAX = 16 * 1024 * 1024;
/** Proposed and not yet applied bytes at the leader; what an object of 128 MB can spare. */
export const RAFT_UNCOMMITTED_BYTES_MAX = 32 * 1024 * 1024;
/** Entries handed out for apply at once, so that one turn stays short after a long absence. */
export const RAFT_COMMITTED_BYTES_PER_READY_MAX = 4 * 1024 * 1024;
/** Applied entries kept in memory for members a little behind; the rest is read from the WAL. */
export const RAFT_TAIL_BYTES = 2 * 1024 * 1024;
/** What an entry counts beside its data: term, index, kind and length as they are encoded. */
export const RAFT_ENTRY_OVERHEAD_BYTES = 12;
/** A read without a confirmed leader is aborted after this many election timeouts. */
export const RAFT_READ_TIMEOUT_ELECTIONS = 10;
/** A member that finds no leader and has nothing to do stops trying after this many. */
export const RAFT_LEADERLESS_REST_ELECTIONS = 20;

// The write-ahead log (src/wal).

/** Entries packed in one row; a larger Ready makes several rows. Also what one read-back decodes at least. */
export const WAL_BATCH_BYTES_MAX = 256 * 1024;
/** Changes of term within one row; a run of one term takes at most 16 bytes of the row's head. */
export const WAL_BATCH_TERMS_MAX = 1_000;
/** Room in a row for its head: the runs of terms, and less than 100 bytes besides. */
export const WAL_HEAD_BYTES_MAX = WAL_BATCH_TERMS_MAX * 16 + 100;
/** Data of one row. An entry that is larger is spread over several rows. */
export const WAL_ROW_DATA_BYTES_MAX = ROW_BYTES_MAX - WAL_HEAD_BYTES_MAX;
/** Newest entries kept decoded in memory: what followers that keep up ask for. */
export const WAL_CACHE_BYTES = 4 * 1024 * 1024;
/** Rows of compacted entries kept to be written over: that is billed once, delete and insert twice. */
export const WAL_RECYCLED_ROWS_MAX = 4_096;
/** Larger rows are deleted instead, so that what is kept for reuse stays below 64 MiB, and mostly far. */
export const WAL_RECYCLED_ROW_BYTES_MAX = 16 * 1024;
/** Version of etcd's API that all members serve, until the cluster agrees on another. */
export const CLUSTER_VERSION = '3.7.0';

// The multi-version store (src/mvcc). Sizes were chosen by `npm run bench -- mvcc`; see docs/internals/mvcc.md.

/** A page of the revision log. A change that does not fit gets a page of its own. */
export const LOG_PAGE_BYTES = 32 * 1024;
/** Pages one revision may spread over; a page id is revision * this + part, and stays below 2^53. */
export const LOG_PAGE_PARTS_MAX = 1_024;
/** From this part on pages are larger, so that 1,024 hold half a gigabyte of one revision's changes. */
export const LOG_PAGE_LARGE_FROM_PART = 16;
export const LOG_PAGE_LARGE_BYTES = 512 * 1024;
/** Pages described by one row of the log's directory: about 3 KB, rewritten with every flush. */
export const LOG_RUN_PAGES = 256;
/** A leaf of the key index is cut into pieces of this size when it exceeds LEAF_PAGE_BYTES_MAX. */
export const LEAF_PAGE_BYTES = 12 * 1024;
export const LEAF_PAGE_BYTES_MAX = 16 * 1024;
/** A smaller leaf is joined with its neighbour when it is next written. */
export const LEAF_PAGE_BYTES_MIN = 3 * 1024;
/** Entries between two places where a search in a leaf may begin. */
export const LEAF_RESTART_ENTRIES = 16;
/** Longer separators are read from the leaf itself at start. */
export const LEAF_SEPARATOR_BYTES_MAX = 1_024;
/** The versions of a key longer than this stay in one leaf: its head need not repeat the key. */
export const LEAF_SPLIT_KEY_BYTES_MAX = 256 * 1024;
/** Page bytes kept in memory; an object has 128 MB for everything. */
export const PAGE_CACHE_BYTES = 24 * 1024 * 1024;
/** Index entries in memory before they are merged into leaves; about 200 bytes each. */
export const MEMTABLE_ENTRIES_MAX = 32 * 1024;
/** Revision log read again at a start to rebuild those entries. */
export const REPLAY_BYTES_MAX = 16 * 1024 * 1024;
/** Leaves written in one slice of background work. */
export const MERGE_SLICE_LEAVES = 16;
/** Log bytes walked, and pages rewritten, in one slice of compaction. */
export const COMPACTION_SLICE_BYTES = 1024 * 1024;
export const COMPACTION_SLICE_PAGES = 8;
/** Rows of a replaced generation deleted in one slice. */
export const DISCARD_SLICE_ROWS = 64;
/** Records hashed in one step of a hash that is taken in steps. */
export const HASH_STEP_BYTES = 512 * 1024;
/** What a key counts in `liveBytes` besides its own bytes and its value's. */
export const PAIR_OVERHEAD_BYTES = 32;

// Leases (src/lease).

/** etcd: one and a half election timeouts, in whole seconds; shorter ones are raised to it. */
export const LEASE_TTL_SECONDS_MIN = Math.ceil((1.5 * ELECTION_TICKS * TICK_MS) / 1000);
/** etcd's upper limit. */
export const LEASE_TTL_SECONDS_MAX = 9_000_000_000;
/**
 * Leases and attached keys of one member, by the estimate of src/lease/lease-table.ts: what an
 * object of 128 MB can spare. Some 200,000 leases with a key each.
 */
export const LEASE_MEMORY_BYTES_MAX = 40 * 1024 * 1024;
/** Ended leases handed out for revocation a second, as in etcd: 100,000 at once never hold up writes. */
export const LEASE_EXPIRIES_PER_SECOND_MAX = 1_000;
/** Of these at once: what etcd's checker takes in its period of half a second. */
export const LEASE_EXPIRIES_BURST = LEASE_EXPIRIES_PER_SECOND_MAX / 2;
/** How often ended leases are looked for; half of a tick. */
export const LEASE_EXPIRE_PERIOD_MS = 50;
/** Revocations on their way through the log; more wait for these. */
export const LEASE_EXPIRIES_PENDING_MAX = 4 * LEASE_EXPIRIES_PER_SECOND_MAX;
/** A revocation that was not applied by then is handed out again, as in etcd. */
export const LEASE_EXPIRY_RETRY_MS = 3_000;
/**
 * How far behind the replicated remaining time of a lease may be before it is brought up to date: half
 * the TTL, but within these bounds. By this much a new leader may extend a lease, at most.
 */
export const LEASE_CHECKPOINT_DRIFT_SECONDS_MIN = 60;
export const LEASE_CHECKPOINT_DRIFT_SECONDS_MAX = 300;
/** Pause between two rounds of checkpoints over all leases. */
export const LEASE_CHECKPOINT_SWEEP_MS = 30_000;
/** Leases looked at, and so checkpoints proposed, at once; etcd's number of checkpoints in a request. */
export const LEASE_CHECKPOINT_SLICE = 1_000;
/** Leases in one page of rows: about 6 KiB. */
export const LEASE_PAGE_SLOTS = 512;
/** Attached keys in one page of rows: 5 to 15 KiB with keys of usual length. */
export const LEASE_KEY_PAGE_SLOTS = 256;
/** Rows one page may take when its keys are long. */
export const LEASE_PAGE_ROWS_MAX = 4_096;

/**
 * How much later than the leader followers at rest are woken to see whether it ended a lease: longer
 * than the extension after an election, an alarm's lateness and a commit.
 */
export const LEASE_FOLLOWER_GRACE_MS = 5_000;
/** Longest pause between two looks for a leader that is gone, while there are leases to end. */
export const LEASE_LEADERLESS_ALARM_MS_MAX = 60 * 60 * 1_000;
/** How far ahead an awake member keeps its alarm while there are leases, in case its process dies. */
export const LEASE_AWAKE_ALARM_MS = 30_000;
/** A renewal that waits for the end of its lease asks again who leads after this time. */
export const LEASE_ENDED_RECHECK_MS = 500;
/** One request of a follower to the leader for renewals or remaining times. */
export const LEASE_FORWARD_TIMEOUT_MS = 2_000;
/** Renewals in one such request. */
export const LEASE_FORWARD_ITEMS_MAX = 4_096;
/** Pause before a leader is looked for again. */
export const LEASE_FORWARD_PAUSE_MS = TICK_MS;

/** A keepalive request over HTTP whose length is known and below this is read and answered as a whole. */
export const KEEPALIVE_WHOLE_BODY_BYTES_MAX = 64 * 1024;

// Locks and elections (src/member).

/** Lease that the server grants to a lock or campaign that names none; nobody renews it (etcd's rule K3). */
export const LOCK_LEASE_TTL_SECONDS = 60;
/** Calls that may wait at one member for a lock or an election. Each holds a request open, some 4 KB. */
export const LOCK_WAITERS_MAX = 4_096;
/**
 * A call over HTTP that waited so long is sent the head of its answer, and blanks now and then: runtimes
 * that tell nothing of a client that closes its connection learn it by writing.
 */
export const WAIT_HEAD_AFTER_MS = 10_000;
export const WAIT_BLANK_MS = 10_000;
/** A waiting call whose member is lost looks for another this often, and for so long. */
export const LOCK_RETRY_PAUSE_MS = 200;
export const LOCK_RETRY_TIMEOUT_MS = 60_000;

// The gRPC proxy (src/proxy).

/** What a client may send on one stream before it is read; a message of MESSAGE_BYTES_MAX takes a few rounds. */
export const PROXY_STREAM_WINDOW_BYTES = 1024 * 1024;
/** The same over all streams of a connection. */
export const PROXY_CONNECTION_WINDOW_BYTES = 16 * 1024 * 1024;
/** Calls open at once on one connection. */
export const PROXY_STREAMS_MAX = 16 * 1024;
/**
 * Calls that one connection may cancel at once, and for how many each second lets it go on. nghttp2 ends the
 * connection beyond that, with every watch on it; by default after 1,000, which a program with short deadlines
 * soon has. etcd's server sets no limit.
 */
export const PROXY_RESETS_AT_ONCE_MAX = 100_000;
export const PROXY_RESETS_PER_SECOND_MAX = 20_000;
/** Clusters besides its own that a proxy keeps sessions with, for calls that name them. */
export const PROXY_CLUSTERS_MAX = 256;
/** What one connection may hold in memory; Node refuses streams beyond it. */
export const PROXY_SESSION_MEMORY_MEGABYTES_MAX = 256;
/** A client stream with more than this on its way to the member is not read until some has left. */
export const PROXY_UNSENT_BYTES_MAX = 1024 * 1024;
export const PROXY_UNSENT_RECHECK_MS = 10;
/** A connection that has sent nothing by then is closed. */
export const PROXY_FIRST_BYTE_TIMEOUT_MS = 60_000;
/** A client that asks nothing for so long gets its connection opened all the same. */
export const PROXY_FIRST_REQUEST_WAIT_MS = 500;
/** Renewals of leases whose stream was lost are asked again after this pause, and given up after this time. */
export const PROXY_RENEWAL_PAUSE_MS = 50;
export const PROXY_RENEWAL_TIMEOUT_MS = 60_000;
/** Events that wait for a client of a shared watch; beyond it the client's stream is ended. */
export const PROXY_WATCH_UNREAD_BYTES_MAX = 16 * 1024 * 1024;
/** A read that a health check waits for. */
export const PROXY_HEALTH_TIMEOUT_MS = 5_000;
