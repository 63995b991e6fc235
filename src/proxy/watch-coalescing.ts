/**
 * Watches of many clients over one stream to the cluster, equal ones over one watcher, as etcd's grpc-proxy
 * has it. Each client's watcher is created at the cluster first, which says from which revision on it is to be
 * told; once it has its history, it is fed by the watcher that others share and its own is canceled.
 *
 * The cluster's stream keeps revisions in order: no message before a `created` of revision R holds an event
 * beyond R. So the shared watcher still brings all that a joiner at R waits for.
 */
import {
  longOf,
  toClampedNumber,
  WatchCreateRequest,
  WatchRequest,
  WatchResponse,
} from '../api/messages.ts';
import type { CallHandlers, CallOptions, Channel, ClientCall, Status } from '../client/channel.ts';
import { scanWatchResponse } from '../session/watch-scan.ts';
import { metadataKey } from './metadata-key.ts';
import { SharedWatch, withWatchId, type WatchMember } from './shared-watch.ts';
import { WatchingClient, type WatchRoute } from './watching-client.ts';

const METHOD = 'etcdserverpb.Watch/Watch';
/** In answers that are for no single watcher. */
const NO_ID = -1n;

/** For /metrics. */
export interface CoalescingCounts {
  /** Clients' watchers, and those at the cluster. */
  watchers: number;
  shared: number;
  /** Events that came once and went to several. */
  events: number;
}

/** Everything but watches goes on to `channel` as it is. */
export function withSharedWatches(channel: Channel, counts: CoalescingCounts): Channel {
  const streams = new Map<string, SharedStream>();
  return {
    open(method: string, options: CallOptions, handlers: CallHandlers): ClientCall {
      if (method !== METHOD) return channel.open(method, options, handlers);
      const key = metadataKey(options.metadata);
      let stream = streams.get(key);
      if (stream === undefined) {
        stream = new SharedStream(counts, () => streams.delete(key));
        stream.begin(channel, options);
        streams.set(key, stream);
      }
      return new WatchingClient(stream, handlers);
    },
    close: () => channel.close(),
  };
}

interface Creation {
  readonly watch: SharedWatch;
  readonly client: WatchingClient;
  readonly member: WatchMember;
  /** As the client asked; 0: from now on. */
  readonly startRevision: number;
}

class SharedStream implements WatchRoute {
  readonly #counts: CoalescingCounts;
  readonly #over: () => void;
  readonly #clients = new Set<WatchingClient>();
  readonly #watches = new Map<bigint, SharedWatch>();
  /** Which watcher feeds whom. */
  readonly #feeds = new Map<WatchMember, SharedWatch>();
  /** Watchers that others may be fed by. */
  readonly #open = new Map<string, SharedWatch>();
  /** Not answered yet, in the order in which answers come. */
  #creations: Creation[] = [];
  readonly #askers = new Set<WatchingClient>();
  #call: ClientCall | undefined;
  #nextId = 1n;
  /** The last header, for answers that we give ourselves. */
  #header: WatchResponse['header'] = null;

  /** @param over called when the stream takes no more clients */
  constructor(counts: CoalescingCounts, over: () => void) {
    this.#counts = counts;
    this.#over = over;
  }

  begin(channel: Channel, { metadata }: CallOptions): void {
    this.#call = channel.open(METHOD, metadata === undefined ? {} : { metadata }, {
      onMessage: (body) => this.#message(body),
      onEnd: (status) => this.#ended(status),
    });
  }

  join(client: WatchingClient): void {
    this.#clients.add(client);
  }

  leave(client: WatchingClient, members: Iterable<WatchMember>): void {
    for (const member of members) this.remove(member);
    this.#askers.delete(client);
    if (!this.#clients.delete(client) || this.#clients.size > 0) return;
    this.#over();
    this.#call?.cancel();
    this.#call = undefined;
  }

  create(client: WatchingClient, member: WatchMember, request: WatchCreateRequest): void {
    const key = sharingKey(request);
    const watch = new SharedWatch(this.#nextId++, key);
    this.#feed(member, watch);
    this.#watches.set(watch.id, watch);
    this.#counts.shared++;
    this.#counts.watchers++;
    const startRevision = toClampedNumber(request.start_revision);
    this.#creations.push({ watch, client, member, startRevision });
    this.#send({ create_request: Object.assign(request, { watch_id: longOf(watch.id) }) });
  }

  remove(member: WatchMember): void {
    const watch = this.#feeds.get(member);
    if (watch === undefined) return;
    this.#starve(member, watch);
    if (watch.members.size === 0) this.#cancel(watch);
  }

  askProgress(client: WatchingClient): void {
    this.#askers.add(client);
    this.#send({ progress_request: {} });
  }

  answer(fields: Partial<WatchResponse>): Uint8Array {
    return WatchResponse.encode({ header: this.#header, ...fields }).finish();
  }

  #feed(member: WatchMember, watch: SharedWatch): void {
    watch.members.add(member);
    this.#feeds.set(member, watch);
  }

  #starve(member: WatchMember, watch: SharedWatch): void {
    watch.members.delete(member);
    this.#feeds.delete(member);
    this.#counts.watchers--;
  }

  #send(request: Parameters<typeof WatchRequest.encode>[0]): void {
    this.#call?.send(WatchRequest.encode(request).finish());
  }

  #cancel(watch: SharedWatch): void {
    // One that is not created yet is canceled when it is.
    if (this.#creations.some((creation) => creation.watch === watch)) return;
    this.#forget(watch);
    this.#send({ cancel_request: { watch_id: longOf(watch.id) } });
  }

  #forget(watch: SharedWatch): void {
    if (!this.#watches.delete(watch.id)) return;
    this.#counts.shared--;
    if (this.#open.get(watch.key) === watch) this.#open.delete(watch.key);
  }

  #message(body: Uint8Array): void {
    const message = scanWatchResponse(body);
    if (message.next === 0) this.#header = WatchResponse.decode(body).header;
    if (message.created) {
      this.#created(body, message);
      return;
    }
    if (message.watchId === NO_ID) {
      for (const client of this.#askers) client.deliver(body);
      this.#askers.clear();
      return;
    }
    const watch = this.#watches.get(message.watchId);
    // It was canceled here, and the cluster did not know yet.
    if (watch === undefined) return;
    if (message.canceled) {
      this.#canceled(watch, body);
      return;
    }
    if (watch.members.size > 1 && message.next > 0) this.#counts.events++;
    watch.spread(body, message);
    if (message.next > 0 && !message.fragment) this.#settle(watch);
  }

  #created(body: Uint8Array, message: ReturnType<typeof scanWatchResponse>): void {
    const creation = this.#creations.shift();
    if (creation === undefined) return;
    const { watch, client, member, startRevision } = creation;
    const isWanted = watch.members.has(member);
    if (message.canceled) {
      this.#forget(watch);
      if (!isWanted) return;
      this.#starve(member, watch);
      client.refused(member, body);
      return;
    }
    watch.createdRevision = message.revision;
    member.first = Math.max(startRevision, startRevision === 0 ? message.revision + 1 : 0);
    if (!isWanted) {
      this.#cancel(watch);
      return;
    }
    client.deliver(withWatchId(body, member.id));
    if (member.first > message.revision) this.#share(watch, message.revision);
  }

  /** After a revision: a watcher that had history to read may have read it all. */
  #settle(watch: SharedWatch): void {
    if (this.#open.get(watch.key) === watch) return;
    if (watch.through >= watch.createdRevision) this.#share(watch, watch.through);
  }

  /** The watcher's members were told of all until `revision`: from there on they can be fed by another. */
  #share(watch: SharedWatch, revision: number): void {
    const open = this.#open.get(watch.key);
    if (open === undefined) {
      this.#open.set(watch.key, watch);
      return;
    }
    if (open === watch || open.through > revision) return;
    for (const member of watch.members) {
      member.first = Math.max(member.first, revision + 1);
      member.isFlowing = false;
      this.#feed(member, open);
    }
    watch.members.clear();
    this.#cancel(watch);
  }

  #canceled(watch: SharedWatch, body: Uint8Array): void {
    this.#forget(watch);
    for (const member of watch.members) {
      this.#starve(member, watch);
      member.gone();
      member.deliver(withWatchId(body, member.id));
    }
  }

  #ended(status: Status): void {
    this.#call = undefined;
    this.#counts.shared -= this.#watches.size;
    this.#counts.watchers -= this.#feeds.size;
    this.#watches.clear();
    this.#feeds.clear();
    this.#creations = [];
    this.#over();
    for (const client of [...this.#clients]) client.ended(status);
  }
}

/** Everything of a request but where it begins and what its id is. */
function sharingKey(request: WatchCreateRequest): string {
  const zero = longOf(0n);
  const same = { start_revision: zero, watch_id: zero };
  const bytes = WatchCreateRequest.encode(Object.assign(new WatchCreateRequest(), request, same));
  return Buffer.from(bytes.finish()).toString('latin1');
}
