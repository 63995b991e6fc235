/**
 * What clients ask about leases, locks and elections, and what they are answered: plain values, keys and
 * values as text, so that a history can be printed and judged.
 */
import {
  CampaignRequest,
  CampaignResponse,
  CompareResult,
  CompareTarget,
  DeleteRangeRequest,
  DeleteRangeResponse,
  type KeyValue,
  type LeaderKeyInput,
  LeaderRequest,
  LeaderResponse,
  LeaseGrantRequest,
  LeaseGrantResponse,
  leaseIdOf,
  leaseIdToLong,
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponse,
  LeaseLeasesRequest,
  LeaseLeasesResponse,
  LeaseRevokeRequest,
  LeaseRevokeResponse,
  LeaseTimeToLiveRequest,
  LeaseTimeToLiveResponse,
  LockRequest,
  LockResponse,
  ProclaimRequest,
  ProclaimResponse,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  ResignRequest,
  ResignResponse,
  type ResponseHeader,
  SortOrder,
  SortTarget,
  toNumber,
  TxnRequest,
  TxnResponse,
  UnlockRequest,
  UnlockResponse,
} from '../../../src/api/messages.ts';
import { byteString, bytesOf } from '../../../src/lib/bytes.ts';
import type { LeaseId } from '../../../src/mvcc/types.ts';

/** Who leads an election, as Campaign answers it. */
export interface LeaderRef {
  readonly name: string;
  readonly key: string;
  readonly rev: number;
  readonly lease: LeaseId;
}

export type Ask =
  | { readonly kind: 'grant'; readonly lease: LeaseId; readonly ttl: number }
  | { readonly kind: 'keepAlive'; readonly lease: LeaseId }
  | { readonly kind: 'revoke'; readonly lease: LeaseId }
  | { readonly kind: 'timeToLive'; readonly lease: LeaseId }
  | { readonly kind: 'leases' }
  | { readonly kind: 'put'; readonly key: string; readonly value: string; readonly lease: LeaseId }
  | { readonly kind: 'touch'; readonly key: string; readonly value: string }
  | { readonly kind: 'delete'; readonly key: string; readonly end?: string }
  | {
      readonly kind: 'range';
      readonly key: string;
      readonly end: string;
      readonly serializable: boolean;
    }
  /** The candidate before the one created at `rev`, as etcd's client-side mutex looks for it. */
  | { readonly kind: 'before'; readonly name: string; readonly rev: number }
  /** Enters a candidate, as etcd's client-side mutex does. */
  | { readonly kind: 'enter'; readonly name: string; readonly lease: LeaseId }
  /** A write that its writer may do only while `holder` exists: the use of a fencing token. */
  | {
      readonly kind: 'guarded';
      readonly holder: string;
      readonly key: string;
      readonly value: string;
    }
  | { readonly kind: 'lock'; readonly name: string; readonly lease: LeaseId }
  | { readonly kind: 'unlock'; readonly key: string }
  | {
      readonly kind: 'campaign';
      readonly name: string;
      readonly lease: LeaseId;
      readonly value: string;
    }
  | { readonly kind: 'proclaim'; readonly leader: LeaderRef; readonly value: string }
  | { readonly kind: 'resign'; readonly leader: LeaderRef }
  | { readonly kind: 'leader'; readonly name: string };

export interface LeasedPair {
  readonly key: string;
  readonly value: string;
  readonly create: number;
  readonly mod: number;
  readonly lease: LeaseId;
}

/** Which fields are set goes with the kind of what was asked. `revision` is the header's. */
export interface Answer {
  readonly revision: number;
  readonly lease?: LeaseId;
  /** Seconds: granted, renewed or remaining. */
  readonly ttl?: number;
  readonly granted?: number;
  readonly keys?: readonly string[];
  readonly leases?: readonly LeaseId[];
  readonly pairs?: readonly LeasedPair[];
  readonly succeeded?: boolean;
  readonly leader?: LeaderRef;
}

export function candidateKey(name: string, lease: LeaseId): string {
  return `${name}/${lease.toString(16)}`;
}

type Rpc = readonly [method: string, body: Uint8Array];

export function encodeAsk(ask: Ask): Rpc {
  switch (ask.kind) {
    case 'grant':
      return [
        'etcdserverpb.Lease/LeaseGrant',
        LeaseGrantRequest.encode({ ID: leaseIdToLong(ask.lease), TTL: ask.ttl }).finish(),
      ];
    case 'keepAlive':
      return [
        'etcdserverpb.Lease/LeaseKeepAlive',
        LeaseKeepAliveRequest.encode({ ID: leaseIdToLong(ask.lease) }).finish(),
      ];
    case 'revoke':
      return [
        'etcdserverpb.Lease/LeaseRevoke',
        LeaseRevokeRequest.encode({ ID: leaseIdToLong(ask.lease) }).finish(),
      ];
    case 'timeToLive':
      return [
        'etcdserverpb.Lease/LeaseTimeToLive',
        LeaseTimeToLiveRequest.encode({ ID: leaseIdToLong(ask.lease), keys: true }).finish(),
      ];
    case 'leases':
      return ['etcdserverpb.Lease/LeaseLeases', LeaseLeasesRequest.encode({}).finish()];
    case 'lock':
    case 'unlock':
    case 'campaign':
    case 'proclaim':
    case 'resign':
    case 'leader':
      return encodeService(ask);
    default:
      return encodeKv(ask);
  }
}

type ServiceAsk = Extract<
  Ask,
  { kind: 'lock' | 'unlock' | 'campaign' | 'proclaim' | 'resign' | 'leader' }
>;

function encodeService(ask: ServiceAsk): Rpc {
  switch (ask.kind) {
    case 'lock': {
      const lock = { name: bytesOf(ask.name), lease: leaseIdToLong(ask.lease) };
      return ['v3lockpb.Lock/Lock', LockRequest.encode(lock).finish()];
    }
    case 'unlock':
      return ['v3lockpb.Lock/Unlock', UnlockRequest.encode({ key: bytesOf(ask.key) }).finish()];
    case 'campaign': {
      const campaign = {
        name: bytesOf(ask.name),
        lease: leaseIdToLong(ask.lease),
        value: bytesOf(ask.value),
      };
      return ['v3electionpb.Election/Campaign', CampaignRequest.encode(campaign).finish()];
    }
    case 'proclaim': {
      const proclaim = { leader: leaderFields(ask.leader), value: bytesOf(ask.value) };
      return ['v3electionpb.Election/Proclaim', ProclaimRequest.encode(proclaim).finish()];
    }
    case 'resign': {
      const resign = { leader: leaderFields(ask.leader) };
      return ['v3electionpb.Election/Resign', ResignRequest.encode(resign).finish()];
    }
    case 'leader':
      return [
        'v3electionpb.Election/Leader',
        LeaderRequest.encode({ name: bytesOf(ask.name) }).finish(),
      ];
  }
}

type KvAsk = Extract<
  Ask,
  { kind: 'put' | 'touch' | 'delete' | 'range' | 'before' | 'enter' | 'guarded' }
>;

function encodeKv(ask: KvAsk): Rpc {
  switch (ask.kind) {
    case 'put': {
      const put = {
        key: bytesOf(ask.key),
        value: bytesOf(ask.value),
        lease: leaseIdToLong(ask.lease),
      };
      return ['etcdserverpb.KV/Put', PutRequest.encode(put).finish()];
    }
    case 'touch': {
      const put = { key: bytesOf(ask.key), value: bytesOf(ask.value), ignore_lease: true };
      return ['etcdserverpb.KV/Put', PutRequest.encode(put).finish()];
    }
    case 'delete': {
      const range_end = bytesOf(ask.end ?? '');
      return [
        'etcdserverpb.KV/DeleteRange',
        DeleteRangeRequest.encode({ key: bytesOf(ask.key), range_end }).finish(),
      ];
    }
    case 'range': {
      const { key, end, serializable } = ask;
      const range = { key: bytesOf(key), range_end: bytesOf(end), serializable };
      return ['etcdserverpb.KV/Range', RangeRequest.encode(range).finish()];
    }
    case 'before': {
      const range = {
        key: bytesOf(`${ask.name}/`),
        range_end: bytesOf(`${ask.name}0`),
        max_create_revision: ask.rev - 1,
        sort_order: SortOrder.DESCEND,
        sort_target: SortTarget.CREATE,
        limit: 1,
      };
      return ['etcdserverpb.KV/Range', RangeRequest.encode(range).finish()];
    }
    case 'enter':
      return ['etcdserverpb.KV/Txn', encodeEnter(ask.name, ask.lease)];
    case 'guarded':
      return ['etcdserverpb.KV/Txn', encodeGuarded(ask.holder, ask.key, ask.value)];
  }
}

function encodeEnter(name: string, lease: LeaseId): Uint8Array {
  const key = bytesOf(candidateKey(name, lease));
  const put = { key, value: new Uint8Array(0), lease: leaseIdToLong(lease) };
  return TxnRequest.encode({
    compare: [
      { key, result: CompareResult.EQUAL, target: CompareTarget.CREATE, create_revision: 0 },
    ],
    success: [{ request_put: put }, { request_range: { key } }],
    failure: [{ request_range: { key } }],
  }).finish();
}

function encodeGuarded(holder: string, key: string, value: string): Uint8Array {
  return TxnRequest.encode({
    compare: [
      {
        key: bytesOf(holder),
        result: CompareResult.GREATER,
        target: CompareTarget.CREATE,
        create_revision: 0,
      },
    ],
    success: [{ request_put: { key: bytesOf(key), value: bytesOf(value) } }],
    failure: [],
  }).finish();
}

function leaderFields({ name, key, rev, lease }: LeaderRef): LeaderKeyInput {
  return { name: bytesOf(name), key: bytesOf(key), rev, lease: leaseIdToLong(lease) };
}

export function decodeAnswer(ask: Ask, body: Uint8Array): Answer {
  switch (ask.kind) {
    case 'grant': {
      const { header, ID, TTL } = LeaseGrantResponse.decode(body);
      return { revision: revisionOf(header), lease: leaseIdOf(ID), ttl: toNumber(TTL) };
    }
    case 'keepAlive': {
      const { header, TTL } = LeaseKeepAliveResponse.decode(body);
      return { revision: revisionOf(header), ttl: toNumber(TTL) };
    }
    case 'revoke':
      return { revision: revisionOf(LeaseRevokeResponse.decode(body).header) };
    case 'timeToLive': {
      const { header, TTL, grantedTTL, keys } = LeaseTimeToLiveResponse.decode(body);
      return {
        revision: revisionOf(header),
        ttl: toNumber(TTL),
        granted: toNumber(grantedTTL),
        keys: keys.map((key) => byteString(key)),
      };
    }
    case 'leases': {
      const { header, leases } = LeaseLeasesResponse.decode(body);
      return { revision: revisionOf(header), leases: leases.map(({ ID }) => leaseIdOf(ID)) };
    }
    case 'lock': {
      const { header, key } = LockResponse.decode(body);
      return { revision: revisionOf(header), keys: [byteString(key)] };
    }
    case 'unlock':
      return { revision: revisionOf(UnlockResponse.decode(body).header) };
    case 'campaign': {
      const { header, leader } = CampaignResponse.decode(body);
      if (leader === null) throw new Error('Campaign was answered without a leader');
      const ref = {
        name: byteString(leader.name),
        key: byteString(leader.key),
        rev: toNumber(leader.rev),
        lease: leaseIdOf(leader.lease),
      };
      return { revision: revisionOf(header), leader: ref };
    }
    case 'proclaim':
      return { revision: revisionOf(ProclaimResponse.decode(body).header) };
    case 'resign':
      return { revision: revisionOf(ResignResponse.decode(body).header) };
    case 'leader': {
      const { header, kv } = LeaderResponse.decode(body);
      return { revision: revisionOf(header), pairs: kv === null ? [] : [pairOf(kv)] };
    }
    case 'put':
    case 'touch':
      return { revision: revisionOf(PutResponse.decode(body).header) };
    case 'delete':
      return { revision: revisionOf(DeleteRangeResponse.decode(body).header) };
    case 'range':
    case 'before': {
      const { header, kvs } = RangeResponse.decode(body);
      return { revision: revisionOf(header), pairs: kvs.map(pairOf) };
    }
    case 'enter':
    case 'guarded': {
      const { header, succeeded, responses } = TxnResponse.decode(body);
      const kvs = responses.flatMap(({ response_range }) => response_range?.kvs ?? []);
      return { revision: revisionOf(header), succeeded, pairs: kvs.map(pairOf) };
    }
  }
}

function revisionOf(header: ResponseHeader | null): number {
  return toNumber(header?.revision ?? 0);
}

function pairOf(kv: KeyValue): LeasedPair {
  return {
    key: byteString(kv.key),
    value: byteString(kv.value),
    create: toNumber(kv.create_revision),
    mod: toNumber(kv.mod_revision),
    lease: leaseIdOf(kv.lease),
  };
}
