/** Puts every key of a message under a prefix, and takes the prefix away again. etcd: client/v3/namespace. */
import { StatusError } from '../api/errors.ts';
import {
  CampaignRequest,
  CampaignResponse,
  DeleteRangeRequest,
  DeleteRangeResponse,
  LeaderRequest,
  LeaderResponse,
  LeaseTimeToLiveResponse,
  LockRequest,
  LockResponse,
  ProclaimRequest,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  RangeStreamResponse,
  ResignRequest,
  TxnRequest,
  TxnResponse,
  UnlockRequest,
  WatchRequest,
  WatchResponse,
  type KeyValue,
  type LeaderKey,
  type MessageType,
  type RequestOp,
  type ResponseOp,
} from '../api/messages.ts';
import { concatBytes } from '../lib/bytes.ts';

/** A request or an answer as it has to be on the other side. */
export type Rewrite = (body: Uint8Array) => Uint8Array;

export interface Rewriting {
  /** @throws StatusError for what the server would not accept but for its prefix */
  readonly request?: Rewrite;
  readonly response?: Rewrite;
}

/** What a range end of this one byte means: no end. */
const NO_END = Uint8Array.of(0);

export class KeyPrefix {
  readonly #prefix: Uint8Array;

  constructor(prefix: Uint8Array) {
    this.#prefix = Uint8Array.from(prefix);
  }

  /** For the methods that have keys in them, by full name. */
  rewritings(): Readonly<Record<string, Rewriting>> {
    return { ...this.#ofKv(), ...this.#ofWatches(), ...this.#ofLocks(), ...this.#ofElections() };
  }

  #ofKv(): Readonly<Record<string, Rewriting>> {
    const range = changing(RangeRequest, (request) => this.#intoRange(request));
    return {
      'etcdserverpb.KV/Range': {
        request: range,
        response: changing(RangeResponse, ({ kvs }) => this.#outOfAll(kvs)),
      },
      'etcdserverpb.KV/RangeStream': {
        request: range,
        response: changing(RangeStreamResponse, (answer) =>
          this.#outOfAll(answer.range_response?.kvs ?? []),
        ),
      },
      'etcdserverpb.KV/Put': {
        request: changing(PutRequest, (request) => this.#intoPut(request)),
        response: changing(PutResponse, ({ prev_kv }) => this.#outOf(prev_kv)),
      },
      'etcdserverpb.KV/DeleteRange': {
        request: changing(DeleteRangeRequest, (request) => this.#intoRange(request)),
        response: changing(DeleteRangeResponse, ({ prev_kvs }) => this.#outOfAll(prev_kvs)),
      },
      'etcdserverpb.KV/Txn': {
        request: changing(TxnRequest, (request) => this.#intoTxn(request)),
        response: changing(TxnResponse, ({ responses }) => this.#outOfOps(responses)),
      },
    };
  }

  #ofWatches(): Readonly<Record<string, Rewriting>> {
    return {
      'etcdserverpb.Watch/Watch': {
        request: changing(WatchRequest, ({ create_request: create }) => {
          if (create === null) return;
          // A watch of the empty key begins at the first one there can be.
          if (create.key.length === 0) create.key = NO_END;
          this.#intoRange(create);
        }),
        response: changing(WatchResponse, ({ events }) => {
          for (const { kv, prev_kv } of events) {
            this.#outOf(kv);
            this.#outOf(prev_kv);
          }
        }),
      },
      'etcdserverpb.Lease/LeaseTimeToLive': {
        response: changing(LeaseTimeToLiveResponse, (answer) => {
          answer.keys = answer.keys.filter((key) => this.#has(key)).map((key) => this.#strip(key));
        }),
      },
    };
  }

  #ofLocks(): Readonly<Record<string, Rewriting>> {
    return {
      'v3lockpb.Lock/Lock': {
        request: changing(LockRequest, (request) => {
          request.name = this.#into(request.name);
        }),
        response: changing(LockResponse, (answer) => {
          answer.key = this.#strip(answer.key);
        }),
      },
      'v3lockpb.Lock/Unlock': {
        request: changing(UnlockRequest, (request) => {
          request.key = this.#into(request.key);
        }),
      },
    };
  }

  #ofElections(): Readonly<Record<string, Rewriting>> {
    const leader = changing(LeaderRequest, (request) => {
      request.name = this.#into(request.name);
    });
    const observed = changing(LeaderResponse, ({ kv }) => this.#outOf(kv));
    return {
      'v3electionpb.Election/Campaign': {
        request: changing(CampaignRequest, (request) => {
          request.name = this.#into(request.name);
        }),
        response: changing(CampaignResponse, ({ leader: key }) => {
          if (key === null) return;
          key.name = this.#strip(key.name);
          key.key = this.#strip(key.key);
        }),
      },
      'v3electionpb.Election/Proclaim': {
        request: changing(ProclaimRequest, (request) => this.#intoLeader(request.leader)),
      },
      'v3electionpb.Election/Resign': {
        request: changing(ResignRequest, (request) => this.#intoLeader(request.leader)),
      },
      'v3electionpb.Election/Leader': { request: leader, response: observed },
      'v3electionpb.Election/Observe': { request: leader, response: observed },
    };
  }

  #into(key: Uint8Array): Uint8Array {
    return concatBytes([this.#prefix, key]);
  }

  /** As it would be told of itself: under a prefix there is no empty key. */
  #intoKey(key: Uint8Array): Uint8Array {
    if (key.length === 0) throw StatusError.of('emptyKey');
    return this.#into(key);
  }

  #intoEnd(end: Uint8Array): Uint8Array {
    if (end.length === 0) return end;
    return end.length === 1 && end[0] === 0 ? endOfPrefix(this.#prefix) : this.#into(end);
  }

  #intoRange(request: { key: Uint8Array; range_end: Uint8Array }): void {
    request.key = this.#intoKey(request.key);
    request.range_end = this.#intoEnd(request.range_end);
  }

  #intoPut(request: PutRequest): void {
    request.key = this.#intoKey(request.key);
  }

  #intoTxn(request: TxnRequest): void {
    for (const compare of request.compare) this.#intoRange(compare);
    for (const op of [...request.success, ...request.failure]) this.#intoOp(op);
  }

  #intoOp({ request_range, request_put, request_delete_range, request_txn }: RequestOp): void {
    if (request_range !== null) this.#intoRange(request_range);
    if (request_put !== null) this.#intoPut(request_put);
    if (request_delete_range !== null) this.#intoRange(request_delete_range);
    if (request_txn !== null) this.#intoTxn(request_txn);
  }

  #intoLeader(leader: LeaderKey | null): void {
    if (leader === null) return;
    leader.name = this.#into(leader.name);
    leader.key = this.#into(leader.key);
  }

  #has(key: Uint8Array): boolean {
    return this.#prefix.every((byte, at) => key[at] === byte);
  }

  #strip(key: Uint8Array): Uint8Array {
    return this.#has(key) ? key.subarray(this.#prefix.length) : key;
  }

  #outOf(kv: KeyValue | null): void {
    if (kv !== null) kv.key = this.#strip(kv.key);
  }

  #outOfAll(kvs: readonly KeyValue[]): void {
    for (const kv of kvs) this.#outOf(kv);
  }

  #outOfOps(ops: readonly ResponseOp[]): void {
    for (const op of ops) {
      this.#outOfAll(op.response_range?.kvs ?? []);
      this.#outOf(op.response_put?.prev_kv ?? null);
      this.#outOfAll(op.response_delete_range?.prev_kvs ?? []);
      this.#outOfOps(op.response_txn?.responses ?? []);
    }
  }
}

/** The first key after all that begin with `prefix`; no end when there is none. */
function endOfPrefix(prefix: Uint8Array): Uint8Array {
  const last = prefix.findLastIndex((byte) => byte < 0xff);
  if (last < 0) return NO_END;
  const end = Uint8Array.from(prefix.subarray(0, last + 1));
  end[last] = (end[last] ?? 0) + 1;
  return end;
}

/** Decodes, changes and encodes a message. */
function changing<T extends object>(
  type: MessageType<T, never>,
  change: (message: T) => void,
): Rewrite {
  return (body) => {
    const message = type.decode(body);
    change(message);
    return type.encode(message as never).finish();
  };
}
