/** One watcher at the cluster, and the clients' watchers that are fed by it. */
import { longOf, toNumber, WatchResponse, Writer, type Event } from '../api/messages.ts';
import type { SentMessage } from '../session/watch-positions.ts';

/** Where a client's watcher ends. */
export interface WatchMember {
  readonly id: bigint;
  /** First revision that it is to be told of. */
  first: number;
  /** It was told of a revision: from then on everything is for it. */
  isFlowing: boolean;
  deliver(body: Uint8Array): void;
  /** The cluster has ended the watcher that feeds it. */
  gone(): void;
}

export class SharedWatch {
  /** At the cluster. */
  readonly id: bigint;
  /** What it watches: equal for watchers that may share. */
  readonly key: string;
  readonly members = new Set<WatchMember>();
  /** Last revision whose events came in full. */
  through = 0;
  /** Revision of the store when it was created. */
  createdRevision = 0;

  constructor(id: bigint, key: string) {
    this.id = id;
    this.key = key;
  }

  /** Hands a message of the cluster to those it is for. */
  spread(body: Uint8Array, { revision, next, fragment }: SentMessage): void {
    let decoded: WatchResponse | undefined;
    for (const member of this.members) {
      if (member.isFlowing) {
        member.deliver(withWatchId(body, member.id));
      } else if (next === 0) {
        // Progress: it may be ahead of what this client has been promised.
        if (revision + 1 >= member.first) member.deliver(withWatchId(body, member.id));
      } else if (next > member.first) {
        decoded ??= WatchResponse.decode(body);
        deliverFrom(member, decoded, fragment);
      } else if (next === member.first) {
        // The last revision it was not to be told of.
        member.isFlowing = !fragment;
      }
    }
    if (next > 0 && !fragment) this.through = next - 1;
  }
}

/** A message of which the member has not seen all revisions, and may have seen some. */
function deliverFrom(member: WatchMember, message: WatchResponse, fragment: boolean): void {
  const events = message.events.filter((event) => revisionOf(event) >= member.first);
  member.isFlowing = !fragment;
  if (events.length === 0) return;
  const { header } = message;
  const watch_id = longOf(member.id);
  member.deliver(WatchResponse.encode({ header, watch_id, fragment, events }).finish());
}

function revisionOf({ kv }: Event): number {
  return kv === null ? 0 : toNumber(kv.mod_revision);
}

/** The same message for another watcher. Of a field that is there twice, protobuf takes the last. */
export function withWatchId(body: Uint8Array, id: bigint): Uint8Array {
  const field = Writer.create().uint32(WATCH_ID_TAG).int64(longOf(id)).finish();
  const message = new Uint8Array(body.length + field.length);
  message.set(body);
  message.set(field, body.length);
  return message;
}

/** Field 2 of WatchResponse, a varint. */
const WATCH_ID_TAG = 16;
