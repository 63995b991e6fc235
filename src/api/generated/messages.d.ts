// Made from src/api/proto by `npm run generate`: change it there.
import type Long from 'long';
import type { Int64Input, MessageType } from '../wire.ts';

/** What the holder may do in the range. */
export declare const PermissionType: { readonly READ: 0; readonly WRITE: 1; readonly READWRITE: 2 };
/** Any number: newer peers may send values that this version does not know. */
export type PermissionType = number;

export declare const ServingStatus: { readonly UNKNOWN: 0; readonly SERVING: 1; readonly NOT_SERVING: 2; readonly SERVICE_UNKNOWN: 3 };
/** Any number: newer peers may send values that this version does not know. */
export type ServingStatus = number;

/** Conditions that a member raises until someone clears them. */
export declare const AlarmType: { readonly NONE: 0; readonly NOSPACE: 1; readonly CORRUPT: 2 };
/** Any number: newer peers may send values that this version does not know. */
export type AlarmType = number;

export declare const SortOrder: { readonly NONE: 0; readonly ASCEND: 1; readonly DESCEND: 2 };
/** Any number: newer peers may send values that this version does not know. */
export type SortOrder = number;

export declare const SortTarget: { readonly KEY: 0; readonly VERSION: 1; readonly CREATE: 2; readonly MOD: 3; readonly VALUE: 4 };
/** Any number: newer peers may send values that this version does not know. */
export type SortTarget = number;

/** How the stored value must relate to the given one. */
export declare const CompareResult: { readonly EQUAL: 0; readonly GREATER: 1; readonly LESS: 2; readonly NOT_EQUAL: 3 };
/** Any number: newer peers may send values that this version does not know. */
export type CompareResult = number;

/** Which property of the key is compared. */
export declare const CompareTarget: { readonly VERSION: 0; readonly CREATE: 1; readonly MOD: 2; readonly VALUE: 3; readonly LEASE: 4 };
/** Any number: newer peers may send values that this version does not know. */
export type CompareTarget = number;

/** Event kinds a watcher can leave out. */
export declare const FilterType: { readonly NOPUT: 0; readonly NODELETE: 1 };
/** Any number: newer peers may send values that this version does not know. */
export type FilterType = number;

export declare const AlarmAction: { readonly GET: 0; readonly ACTIVATE: 1; readonly DEACTIVATE: 2 };
/** Any number: newer peers may send values that this version does not know. */
export type AlarmAction = number;

export declare const DowngradeAction: { readonly VALIDATE: 0; readonly ENABLE: 1; readonly CANCEL: 2 };
/** Any number: newer peers may send values that this version does not know. */
export type DowngradeAction = number;

/** What happened to the key. */
export declare const EventType: { readonly PUT: 0; readonly DELETE: 1 };
/** Any number: newer peers may send values that this version does not know. */
export type EventType = number;

/** Options of a new user. */
export interface UserAddOptions {
  /** The user can only authenticate by certificate. */
  no_password: boolean;
}
/** UserAddOptions as encoding takes it: what is left out is zero. */
export interface UserAddOptionsInput {
  readonly no_password?: boolean | null | undefined;
}
export declare const UserAddOptions: MessageType<UserAddOptions, UserAddOptionsInput>;

/** A stored user. */
export interface User {
  name: Uint8Array;
  password: Uint8Array;
  roles: string[];
  options: UserAddOptions | null;
}
/** User as encoding takes it: what is left out is zero. */
export interface UserInput {
  readonly name?: Uint8Array | null | undefined;
  readonly password?: Uint8Array | null | undefined;
  readonly roles?: readonly string[] | null | undefined;
  readonly options?: UserAddOptionsInput | null | undefined;
}
export declare const User: MessageType<User, UserInput>;

/** A grant over a range of keys. */
export interface Permission {
  permType: PermissionType;
  key: Uint8Array;
  /** Empty: the key alone. One zero byte: every key from `key` on. */
  range_end: Uint8Array;
}
/** Permission as encoding takes it: what is left out is zero. */
export interface PermissionInput {
  readonly permType?: PermissionType | null | undefined;
  readonly key?: Uint8Array | null | undefined;
  readonly range_end?: Uint8Array | null | undefined;
}
export declare const Permission: MessageType<Permission, PermissionInput>;

/** A stored role. */
export interface Role {
  name: Uint8Array;
  keyPermission: Permission[];
}
/** Role as encoding takes it: what is left out is zero. */
export interface RoleInput {
  readonly name?: Uint8Array | null | undefined;
  readonly keyPermission?: readonly PermissionInput[] | null | undefined;
}
export declare const Role: MessageType<Role, RoleInput>;

/** Asks for the state of a service; the empty name is the whole server. */
export interface HealthCheckRequest {
  service: string;
}
/** HealthCheckRequest as encoding takes it: what is left out is zero. */
export interface HealthCheckRequestInput {
  readonly service?: string | null | undefined;
}
export declare const HealthCheckRequest: MessageType<HealthCheckRequest, HealthCheckRequestInput>;

/** State of one service. */
export interface HealthCheckResponse {
  status: ServingStatus;
}
/** HealthCheckResponse as encoding takes it: what is left out is zero. */
export interface HealthCheckResponseInput {
  readonly status?: ServingStatus | null | undefined;
}
export declare const HealthCheckResponse: MessageType<HealthCheckResponse, HealthCheckResponseInput>;

/** Asks for the state of every service. */
export interface HealthListRequest {
}
/** HealthListRequest as encoding takes it: what is left out is zero. */
export interface HealthListRequestInput {
}
export declare const HealthListRequest: MessageType<HealthListRequest, HealthListRequestInput>;

/** State of every service. Published as a map, which on the wire is a list of such entries. */
export interface HealthListResponse {
  statuses: HealthListResponse_StatusesEntry[];
}
/** HealthListResponse as encoding takes it: what is left out is zero. */
export interface HealthListResponseInput {
  readonly statuses?: readonly HealthListResponse_StatusesEntryInput[] | null | undefined;
}
export declare const HealthListResponse: MessageType<HealthListResponse, HealthListResponseInput>;

export interface HealthListResponse_StatusesEntry {
  key: string;
  value: HealthCheckResponse | null;
}
/** HealthListResponse_StatusesEntry as encoding takes it: what is left out is zero. */
export interface HealthListResponse_StatusesEntryInput {
  readonly key?: string | null | undefined;
  readonly value?: HealthCheckResponseInput | null | undefined;
}
export declare const HealthListResponse_StatusesEntry: MessageType<HealthListResponse_StatusesEntry, HealthListResponse_StatusesEntryInput>;

/** Data of one log entry: a mutation and who proposed it. */
export interface InternalRequest {
  /** Eight random bytes drawn by each instance of a member, so that a twin's answers are told apart. */
  proposer: Uint8Array;
  /** Counts the proposals of `proposer`. */
  sequence: Long;
  /** User on whose behalf the request runs; empty while authentication is off. */
  username: string;
  /** Auth revision at which permissions were checked; applied requests from an older one are refused. */
  auth_revision: Long;
  put: PutRequest | null;
  delete_range: DeleteRangeRequest | null;
  txn: TxnRequest | null;
  compaction: CompactionRequest | null;
  lease_grant: LeaseGrantRequest | null;
  lease_revoke: InternalLeaseRevoke | null;
  lease_checkpoint: InternalLeaseCheckpoint | null;
  alarm: AlarmRequest | null;
  member_attributes: MemberAttributes | null;
  restore: InternalRestore | null;
}
/** InternalRequest as encoding takes it: what is left out is zero. */
export interface InternalRequestInput {
  readonly proposer?: Uint8Array | null | undefined;
  readonly sequence?: Int64Input | null | undefined;
  readonly username?: string | null | undefined;
  readonly auth_revision?: Int64Input | null | undefined;
  readonly put?: PutRequestInput | null | undefined;
  readonly delete_range?: DeleteRangeRequestInput | null | undefined;
  readonly txn?: TxnRequestInput | null | undefined;
  readonly compaction?: CompactionRequestInput | null | undefined;
  readonly lease_grant?: LeaseGrantRequestInput | null | undefined;
  readonly lease_revoke?: InternalLeaseRevokeInput | null | undefined;
  readonly lease_checkpoint?: InternalLeaseCheckpointInput | null | undefined;
  readonly alarm?: AlarmRequestInput | null | undefined;
  readonly member_attributes?: MemberAttributesInput | null | undefined;
  readonly restore?: InternalRestoreInput | null | undefined;
}
export declare const InternalRequest: MessageType<InternalRequest, InternalRequestInput>;

/** A state from a file is to be loaded, or, once it waits at every member, becomes the cluster's. */
export interface InternalRestore {
  /** SHA-256 of what was uploaded: install it. Empty: `upload` begins, and any before it has ended. */
  digest: Uint8Array;
  /** Name of the upload; empty with an empty digest: there is none any more. */
  upload: string;
}
/** InternalRestore as encoding takes it: what is left out is zero. */
export interface InternalRestoreInput {
  readonly digest?: Uint8Array | null | undefined;
  readonly upload?: string | null | undefined;
}
export declare const InternalRestore: MessageType<InternalRestore, InternalRestoreInput>;

/** End of a lease, asked for by a client or found by the leader. */
export interface InternalLeaseRevoke {
  ID: Long;
  /** 0: asked for by a client. Otherwise expired, found by the leader of this term: dropped when stale. */
  term: Long;
}
/** InternalLeaseRevoke as encoding takes it: what is left out is zero. */
export interface InternalLeaseRevokeInput {
  readonly ID?: Int64Input | null | undefined;
  readonly term?: Int64Input | null | undefined;
}
export declare const InternalLeaseRevoke: MessageType<InternalLeaseRevoke, InternalLeaseRevokeInput>;

/** How much is left of leases. Its first field is that of etcd's LeaseCheckpointRequest. */
export interface InternalLeaseCheckpoint {
  checkpoints: LeaseCheckpoint[];
  /** The leader of this term says so: dropped when stale. 0: written by a version that named no term. */
  term: Long;
}
/** InternalLeaseCheckpoint as encoding takes it: what is left out is zero. */
export interface InternalLeaseCheckpointInput {
  readonly checkpoints?: readonly LeaseCheckpointInput[] | null | undefined;
  readonly term?: Int64Input | null | undefined;
}
export declare const InternalLeaseCheckpoint: MessageType<InternalLeaseCheckpoint, InternalLeaseCheckpointInput>;

/** What a member publishes about itself once it has started. */
export interface MemberAttributes {
  ID: Long;
  name: string;
  client_urls: string[];
}
/** MemberAttributes as encoding takes it: what is left out is zero. */
export interface MemberAttributesInput {
  readonly ID?: Int64Input | null | undefined;
  readonly name?: string | null | undefined;
  readonly client_urls?: readonly string[] | null | undefined;
}
export declare const MemberAttributes: MessageType<MemberAttributes, MemberAttributesInput>;

/** A member, as the context of a Raft configuration change describes it. */
export interface MemberDescription {
  ID: Long;
  name: string;
  peer_urls: string[];
  client_urls: string[];
  region: string;
  is_learner: boolean;
  /** Only in a configuration change: the instance that proposed it and its number, as in InternalRequest. */
  proposer: Uint8Array;
  sequence: Long;
}
/** MemberDescription as encoding takes it: what is left out is zero. */
export interface MemberDescriptionInput {
  readonly ID?: Int64Input | null | undefined;
  readonly name?: string | null | undefined;
  readonly peer_urls?: readonly string[] | null | undefined;
  readonly client_urls?: readonly string[] | null | undefined;
  readonly region?: string | null | undefined;
  readonly is_learner?: boolean | null | undefined;
  readonly proposer?: Uint8Array | null | undefined;
  readonly sequence?: Int64Input | null | undefined;
}
export declare const MemberDescription: MessageType<MemberDescription, MemberDescriptionInput>;

/** Who answered, and how far its store was. */
export interface ResponseHeader {
  cluster_id: Long;
  member_id: Long;
  /** Store revision; 0 in answers that do not touch the key-value store. */
  revision: Long;
  raft_term: Long;
}
/** ResponseHeader as encoding takes it: what is left out is zero. */
export interface ResponseHeaderInput {
  readonly cluster_id?: Int64Input | null | undefined;
  readonly member_id?: Int64Input | null | undefined;
  readonly revision?: Int64Input | null | undefined;
  readonly raft_term?: Int64Input | null | undefined;
}
export declare const ResponseHeader: MessageType<ResponseHeader, ResponseHeaderInput>;

/** Read of one key or of the range [key, range_end). */
export interface RangeRequest {
  key: Uint8Array;
  /** Empty: the key alone. One zero byte: every key from `key` on. */
  range_end: Uint8Array;
  /** Most pairs to return; 0 or less is no limit. */
  limit: Long;
  /** Revision to read at; 0 or less is the newest. */
  revision: Long;
  sort_order: SortOrder;
  sort_target: SortTarget;
  /** Answer from the local member, perhaps stale; otherwise linearizable. */
  serializable: boolean;
  keys_only: boolean;
  count_only: boolean;
  /** Lower bound of mod_revision; 0 is none. Likewise the three below. */
  min_mod_revision: Long;
  max_mod_revision: Long;
  min_create_revision: Long;
  max_create_revision: Long;
}
/** RangeRequest as encoding takes it: what is left out is zero. */
export interface RangeRequestInput {
  readonly key?: Uint8Array | null | undefined;
  readonly range_end?: Uint8Array | null | undefined;
  readonly limit?: Int64Input | null | undefined;
  readonly revision?: Int64Input | null | undefined;
  readonly sort_order?: SortOrder | null | undefined;
  readonly sort_target?: SortTarget | null | undefined;
  readonly serializable?: boolean | null | undefined;
  readonly keys_only?: boolean | null | undefined;
  readonly count_only?: boolean | null | undefined;
  readonly min_mod_revision?: Int64Input | null | undefined;
  readonly max_mod_revision?: Int64Input | null | undefined;
  readonly min_create_revision?: Int64Input | null | undefined;
  readonly max_create_revision?: Int64Input | null | undefined;
}
export declare const RangeRequest: MessageType<RangeRequest, RangeRequestInput>;

/** The pairs that a range holds. */
export interface RangeResponse {
  header: ResponseHeader | null;
  kvs: KeyValue[];
  /** The limit left pairs out. */
  more: boolean;
  /** Keys in the range, whatever the limit and the revision bounds. */
  count: Long;
}
/** RangeResponse as encoding takes it: what is left out is zero. */
export interface RangeResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
  readonly kvs?: readonly KeyValueInput[] | null | undefined;
  readonly more?: boolean | null | undefined;
  readonly count?: Int64Input | null | undefined;
}
export declare const RangeResponse: MessageType<RangeResponse, RangeResponseInput>;

/** Write of one key. */
export interface PutRequest {
  key: Uint8Array;
  value: Uint8Array;
  /** Lease to attach; 0 detaches. */
  lease: Long;
  /** Return the pair as it was before. */
  prev_kv: boolean;
  /** Keep the present value; the key must exist. */
  ignore_value: boolean;
  /** Keep the present lease; the key must exist. */
  ignore_lease: boolean;
}
/** PutRequest as encoding takes it: what is left out is zero. */
export interface PutRequestInput {
  readonly key?: Uint8Array | null | undefined;
  readonly value?: Uint8Array | null | undefined;
  readonly lease?: Int64Input | null | undefined;
  readonly prev_kv?: boolean | null | undefined;
  readonly ignore_value?: boolean | null | undefined;
  readonly ignore_lease?: boolean | null | undefined;
}
export declare const PutRequest: MessageType<PutRequest, PutRequestInput>;

/** Answer to a put. */
export interface PutResponse {
  header: ResponseHeader | null;
  prev_kv: KeyValue | null;
}
/** PutResponse as encoding takes it: what is left out is zero. */
export interface PutResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
  readonly prev_kv?: KeyValueInput | null | undefined;
}
export declare const PutResponse: MessageType<PutResponse, PutResponseInput>;

/** Deletion of one key or of the range [key, range_end). */
export interface DeleteRangeRequest {
  key: Uint8Array;
  range_end: Uint8Array;
  prev_kv: boolean;
}
/** DeleteRangeRequest as encoding takes it: what is left out is zero. */
export interface DeleteRangeRequestInput {
  readonly key?: Uint8Array | null | undefined;
  readonly range_end?: Uint8Array | null | undefined;
  readonly prev_kv?: boolean | null | undefined;
}
export declare const DeleteRangeRequest: MessageType<DeleteRangeRequest, DeleteRangeRequestInput>;

/** Answer to a deletion. */
export interface DeleteRangeResponse {
  header: ResponseHeader | null;
  /** Number of keys deleted. */
  deleted: Long;
  prev_kvs: KeyValue[];
}
/** DeleteRangeResponse as encoding takes it: what is left out is zero. */
export interface DeleteRangeResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
  readonly deleted?: Int64Input | null | undefined;
  readonly prev_kvs?: readonly KeyValueInput[] | null | undefined;
}
export declare const DeleteRangeResponse: MessageType<DeleteRangeResponse, DeleteRangeResponseInput>;

/** One operation of a transaction. */
export interface RequestOp {
  request_range: RangeRequest | null;
  request_put: PutRequest | null;
  request_delete_range: DeleteRangeRequest | null;
  request_txn: TxnRequest | null;
}
/** RequestOp as encoding takes it: what is left out is zero. */
export interface RequestOpInput {
  readonly request_range?: RangeRequestInput | null | undefined;
  readonly request_put?: PutRequestInput | null | undefined;
  readonly request_delete_range?: DeleteRangeRequestInput | null | undefined;
  readonly request_txn?: TxnRequestInput | null | undefined;
}
export declare const RequestOp: MessageType<RequestOp, RequestOpInput>;

/** Answer to the operation at the same position. */
export interface ResponseOp {
  response_range: RangeResponse | null;
  response_put: PutResponse | null;
  response_delete_range: DeleteRangeResponse | null;
  response_txn: TxnResponse | null;
}
/** ResponseOp as encoding takes it: what is left out is zero. */
export interface ResponseOpInput {
  readonly response_range?: RangeResponseInput | null | undefined;
  readonly response_put?: PutResponseInput | null | undefined;
  readonly response_delete_range?: DeleteRangeResponseInput | null | undefined;
  readonly response_txn?: TxnResponseInput | null | undefined;
}
export declare const ResponseOp: MessageType<ResponseOp, ResponseOpInput>;

/** A condition on a key, or on every key of [key, range_end). */
export interface Compare {
  result: CompareResult;
  target: CompareTarget;
  key: Uint8Array;
  /** The value to compare with; only the one that `target` names is read. */
  version: Long | null;
  create_revision: Long | null;
  mod_revision: Long | null;
  value: Uint8Array | null;
  lease: Long | null;
  range_end: Uint8Array;
}
/** Compare as encoding takes it: what is left out is zero. */
export interface CompareInput {
  readonly result?: CompareResult | null | undefined;
  readonly target?: CompareTarget | null | undefined;
  readonly key?: Uint8Array | null | undefined;
  readonly version?: Int64Input | null | undefined;
  readonly create_revision?: Int64Input | null | undefined;
  readonly mod_revision?: Int64Input | null | undefined;
  readonly value?: Uint8Array | null | undefined;
  readonly lease?: Int64Input | null | undefined;
  readonly range_end?: Uint8Array | null | undefined;
}
export declare const Compare: MessageType<Compare, CompareInput>;

/** Runs `success` when every comparison holds, otherwise `failure`, in one revision. */
export interface TxnRequest {
  compare: Compare[];
  success: RequestOp[];
  failure: RequestOp[];
}
/** TxnRequest as encoding takes it: what is left out is zero. */
export interface TxnRequestInput {
  readonly compare?: readonly CompareInput[] | null | undefined;
  readonly success?: readonly RequestOpInput[] | null | undefined;
  readonly failure?: readonly RequestOpInput[] | null | undefined;
}
export declare const TxnRequest: MessageType<TxnRequest, TxnRequestInput>;

/** Answer to a transaction. */
export interface TxnResponse {
  header: ResponseHeader | null;
  /** Every comparison held. */
  succeeded: boolean;
  responses: ResponseOp[];
}
/** TxnResponse as encoding takes it: what is left out is zero. */
export interface TxnResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
  readonly succeeded?: boolean | null | undefined;
  readonly responses?: readonly ResponseOpInput[] | null | undefined;
}
export declare const TxnResponse: MessageType<TxnResponse, TxnResponseInput>;

/** Drops history below a revision. */
export interface CompactionRequest {
  revision: Long;
  /** Answer only once the dropped versions are gone from storage. */
  physical: boolean;
}
/** CompactionRequest as encoding takes it: what is left out is zero. */
export interface CompactionRequestInput {
  readonly revision?: Int64Input | null | undefined;
  readonly physical?: boolean | null | undefined;
}
export declare const CompactionRequest: MessageType<CompactionRequest, CompactionRequestInput>;

/** Answer to a compaction. */
export interface CompactionResponse {
  header: ResponseHeader | null;
}
/** CompactionResponse as encoding takes it: what is left out is zero. */
export interface CompactionResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
}
export declare const CompactionResponse: MessageType<CompactionResponse, CompactionResponseInput>;

/** Asks for the hash of the whole backend. */
export interface HashRequest {
}
/** HashRequest as encoding takes it: what is left out is zero. */
export interface HashRequestInput {
}
export declare const HashRequest: MessageType<HashRequest, HashRequestInput>;

/** Asks for the hash of the key-value history up to a revision; 0 is the newest. */
export interface HashKVRequest {
  revision: Long;
}
/** HashKVRequest as encoding takes it: what is left out is zero. */
export interface HashKVRequestInput {
  readonly revision?: Int64Input | null | undefined;
}
export declare const HashKVRequest: MessageType<HashKVRequest, HashKVRequestInput>;

/** Members agree on `hash` at equal hash_revision and compact_revision. */
export interface HashKVResponse {
  header: ResponseHeader | null;
  hash: number;
  /** -1 when never compacted. */
  compact_revision: Long;
  hash_revision: Long;
}
/** HashKVResponse as encoding takes it: what is left out is zero. */
export interface HashKVResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
  readonly hash?: number | null | undefined;
  readonly compact_revision?: Int64Input | null | undefined;
  readonly hash_revision?: Int64Input | null | undefined;
}
export declare const HashKVResponse: MessageType<HashKVResponse, HashKVResponseInput>;

/** Hash of the whole backend. */
export interface HashResponse {
  header: ResponseHeader | null;
  hash: number;
}
/** HashResponse as encoding takes it: what is left out is zero. */
export interface HashResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
  readonly hash?: number | null | undefined;
}
export declare const HashResponse: MessageType<HashResponse, HashResponseInput>;

/** Asks for a copy of the backend. */
export interface SnapshotRequest {
}
/** SnapshotRequest as encoding takes it: what is left out is zero. */
export interface SnapshotRequestInput {
}
export declare const SnapshotRequest: MessageType<SnapshotRequest, SnapshotRequestInput>;

/** A piece of the copy; the last piece is the SHA-256 of all before it. */
export interface SnapshotResponse {
  header: ResponseHeader | null;
  remaining_bytes: Long;
  blob: Uint8Array;
  /** Storage version of the copy. */
  version: string;
}
/** SnapshotResponse as encoding takes it: what is left out is zero. */
export interface SnapshotResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
  readonly remaining_bytes?: Int64Input | null | undefined;
  readonly blob?: Uint8Array | null | undefined;
  readonly version?: string | null | undefined;
}
export declare const SnapshotResponse: MessageType<SnapshotResponse, SnapshotResponseInput>;

/** A message from the client on a watch stream. */
export interface WatchRequest {
  create_request: WatchCreateRequest | null;
  cancel_request: WatchCancelRequest | null;
  progress_request: WatchProgressRequest | null;
}
/** WatchRequest as encoding takes it: what is left out is zero. */
export interface WatchRequestInput {
  readonly create_request?: WatchCreateRequestInput | null | undefined;
  readonly cancel_request?: WatchCancelRequestInput | null | undefined;
  readonly progress_request?: WatchProgressRequestInput | null | undefined;
}
export declare const WatchRequest: MessageType<WatchRequest, WatchRequestInput>;

/** Opens a watcher on a key or on [key, range_end). */
export interface WatchCreateRequest {
  key: Uint8Array;
  range_end: Uint8Array;
  /** First revision to report; 0 is the one after the present. */
  start_revision: Long;
  /** Send an empty response now and then while nothing happens. */
  progress_notify: boolean;
  filters: FilterType[];
  prev_kv: boolean;
  /** Id the client chose; 0 lets the server choose. */
  watch_id: Long;
  /** Allow the events of one revision to be split over several responses. */
  fragment: boolean;
}
/** WatchCreateRequest as encoding takes it: what is left out is zero. */
export interface WatchCreateRequestInput {
  readonly key?: Uint8Array | null | undefined;
  readonly range_end?: Uint8Array | null | undefined;
  readonly start_revision?: Int64Input | null | undefined;
  readonly progress_notify?: boolean | null | undefined;
  readonly filters?: readonly FilterType[] | null | undefined;
  readonly prev_kv?: boolean | null | undefined;
  readonly watch_id?: Int64Input | null | undefined;
  readonly fragment?: boolean | null | undefined;
}
export declare const WatchCreateRequest: MessageType<WatchCreateRequest, WatchCreateRequestInput>;

/** Closes a watcher. */
export interface WatchCancelRequest {
  watch_id: Long;
}
/** WatchCancelRequest as encoding takes it: what is left out is zero. */
export interface WatchCancelRequestInput {
  readonly watch_id?: Int64Input | null | undefined;
}
export declare const WatchCancelRequest: MessageType<WatchCancelRequest, WatchCancelRequestInput>;

/** Asks how far all watchers of the stream have come. */
export interface WatchProgressRequest {
}
/** WatchProgressRequest as encoding takes it: what is left out is zero. */
export interface WatchProgressRequestInput {
}
export declare const WatchProgressRequest: MessageType<WatchProgressRequest, WatchProgressRequestInput>;

/** A message to the client on a watch stream. */
export interface WatchResponse {
  header: ResponseHeader | null;
  /** -1 when the response belongs to no single watcher. */
  watch_id: Long;
  created: boolean;
  canceled: boolean;
  /** Set when the watcher asked for compacted history. */
  compact_revision: Long;
  cancel_reason: string;
  /** More responses for the same revision follow. */
  fragment: boolean;
  events: Event[];
}
/** WatchResponse as encoding takes it: what is left out is zero. */
export interface WatchResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
  readonly watch_id?: Int64Input | null | undefined;
  readonly created?: boolean | null | undefined;
  readonly canceled?: boolean | null | undefined;
  readonly compact_revision?: Int64Input | null | undefined;
  readonly cancel_reason?: string | null | undefined;
  readonly fragment?: boolean | null | undefined;
  readonly events?: readonly EventInput[] | null | undefined;
}
export declare const WatchResponse: MessageType<WatchResponse, WatchResponseInput>;

/** Asks for a lease of TTL seconds; id 0 lets the server choose. */
export interface LeaseGrantRequest {
  TTL: Long;
  ID: Long;
}
/** LeaseGrantRequest as encoding takes it: what is left out is zero. */
export interface LeaseGrantRequestInput {
  readonly TTL?: Int64Input | null | undefined;
  readonly ID?: Int64Input | null | undefined;
}
export declare const LeaseGrantRequest: MessageType<LeaseGrantRequest, LeaseGrantRequestInput>;

/** The granted lease. */
export interface LeaseGrantResponse {
  header: ResponseHeader | null;
  ID: Long;
  TTL: Long;
  /** Never set by a server. */
  error: string;
}
/** LeaseGrantResponse as encoding takes it: what is left out is zero. */
export interface LeaseGrantResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
  readonly ID?: Int64Input | null | undefined;
  readonly TTL?: Int64Input | null | undefined;
  readonly error?: string | null | undefined;
}
export declare const LeaseGrantResponse: MessageType<LeaseGrantResponse, LeaseGrantResponseInput>;

/** Ends a lease and deletes its keys. */
export interface LeaseRevokeRequest {
  ID: Long;
}
/** LeaseRevokeRequest as encoding takes it: what is left out is zero. */
export interface LeaseRevokeRequestInput {
  readonly ID?: Int64Input | null | undefined;
}
export declare const LeaseRevokeRequest: MessageType<LeaseRevokeRequest, LeaseRevokeRequestInput>;

/** Answer to a revocation. */
export interface LeaseRevokeResponse {
  header: ResponseHeader | null;
}
/** LeaseRevokeResponse as encoding takes it: what is left out is zero. */
export interface LeaseRevokeResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
}
export declare const LeaseRevokeResponse: MessageType<LeaseRevokeResponse, LeaseRevokeResponseInput>;

/** Remaining seconds of a lease; never sent by clients. */
export interface LeaseCheckpoint {
  ID: Long;
  remaining_TTL: Long;
}
/** LeaseCheckpoint as encoding takes it: what is left out is zero. */
export interface LeaseCheckpointInput {
  readonly ID?: Int64Input | null | undefined;
  readonly remaining_TTL?: Int64Input | null | undefined;
}
export declare const LeaseCheckpoint: MessageType<LeaseCheckpoint, LeaseCheckpointInput>;

/** Remaining seconds of many leases; never sent by clients. */
export interface LeaseCheckpointRequest {
  checkpoints: LeaseCheckpoint[];
}
/** LeaseCheckpointRequest as encoding takes it: what is left out is zero. */
export interface LeaseCheckpointRequestInput {
  readonly checkpoints?: readonly LeaseCheckpointInput[] | null | undefined;
}
export declare const LeaseCheckpointRequest: MessageType<LeaseCheckpointRequest, LeaseCheckpointRequestInput>;

/** Counterpart of LeaseCheckpointRequest. */
export interface LeaseCheckpointResponse {
  header: ResponseHeader | null;
}
/** LeaseCheckpointResponse as encoding takes it: what is left out is zero. */
export interface LeaseCheckpointResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
}
export declare const LeaseCheckpointResponse: MessageType<LeaseCheckpointResponse, LeaseCheckpointResponseInput>;

/** Renews a lease to its full TTL. */
export interface LeaseKeepAliveRequest {
  ID: Long;
}
/** LeaseKeepAliveRequest as encoding takes it: what is left out is zero. */
export interface LeaseKeepAliveRequestInput {
  readonly ID?: Int64Input | null | undefined;
}
export declare const LeaseKeepAliveRequest: MessageType<LeaseKeepAliveRequest, LeaseKeepAliveRequestInput>;

/** TTL 0 says that the lease is gone. */
export interface LeaseKeepAliveResponse {
  header: ResponseHeader | null;
  ID: Long;
  TTL: Long;
}
/** LeaseKeepAliveResponse as encoding takes it: what is left out is zero. */
export interface LeaseKeepAliveResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
  readonly ID?: Int64Input | null | undefined;
  readonly TTL?: Int64Input | null | undefined;
}
export declare const LeaseKeepAliveResponse: MessageType<LeaseKeepAliveResponse, LeaseKeepAliveResponseInput>;

/** Asks for the remaining seconds of a lease, and its keys if wanted. */
export interface LeaseTimeToLiveRequest {
  ID: Long;
  keys: boolean;
}
/** LeaseTimeToLiveRequest as encoding takes it: what is left out is zero. */
export interface LeaseTimeToLiveRequestInput {
  readonly ID?: Int64Input | null | undefined;
  readonly keys?: boolean | null | undefined;
}
export declare const LeaseTimeToLiveRequest: MessageType<LeaseTimeToLiveRequest, LeaseTimeToLiveRequestInput>;

/** TTL -1 says that the lease is gone. */
export interface LeaseTimeToLiveResponse {
  header: ResponseHeader | null;
  ID: Long;
  TTL: Long;
  grantedTTL: Long;
  keys: Uint8Array[];
}
/** LeaseTimeToLiveResponse as encoding takes it: what is left out is zero. */
export interface LeaseTimeToLiveResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
  readonly ID?: Int64Input | null | undefined;
  readonly TTL?: Int64Input | null | undefined;
  readonly grantedTTL?: Int64Input | null | undefined;
  readonly keys?: readonly Uint8Array[] | null | undefined;
}
export declare const LeaseTimeToLiveResponse: MessageType<LeaseTimeToLiveResponse, LeaseTimeToLiveResponseInput>;

/** Asks for all leases. */
export interface LeaseLeasesRequest {
}
/** LeaseLeasesRequest as encoding takes it: what is left out is zero. */
export interface LeaseLeasesRequestInput {
}
export declare const LeaseLeasesRequest: MessageType<LeaseLeasesRequest, LeaseLeasesRequestInput>;

/** A lease in a list. */
export interface LeaseStatus {
  ID: Long;
}
/** LeaseStatus as encoding takes it: what is left out is zero. */
export interface LeaseStatusInput {
  readonly ID?: Int64Input | null | undefined;
}
export declare const LeaseStatus: MessageType<LeaseStatus, LeaseStatusInput>;

/** All leases, the first to end first. */
export interface LeaseLeasesResponse {
  header: ResponseHeader | null;
  leases: LeaseStatus[];
}
/** LeaseLeasesResponse as encoding takes it: what is left out is zero. */
export interface LeaseLeasesResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
  readonly leases?: readonly LeaseStatusInput[] | null | undefined;
}
export declare const LeaseLeasesResponse: MessageType<LeaseLeasesResponse, LeaseLeasesResponseInput>;

/** A member of the cluster; its name is empty until it has started. */
export interface Member {
  ID: Long;
  name: string;
  peerURLs: string[];
  clientURLs: string[];
  isLearner: boolean;
}
/** Member as encoding takes it: what is left out is zero. */
export interface MemberInput {
  readonly ID?: Int64Input | null | undefined;
  readonly name?: string | null | undefined;
  readonly peerURLs?: readonly string[] | null | undefined;
  readonly clientURLs?: readonly string[] | null | undefined;
  readonly isLearner?: boolean | null | undefined;
}
export declare const Member: MessageType<Member, MemberInput>;

/** Adds a member, as a learner if wanted. */
export interface MemberAddRequest {
  peerURLs: string[];
  isLearner: boolean;
}
/** MemberAddRequest as encoding takes it: what is left out is zero. */
export interface MemberAddRequestInput {
  readonly peerURLs?: readonly string[] | null | undefined;
  readonly isLearner?: boolean | null | undefined;
}
export declare const MemberAddRequest: MessageType<MemberAddRequest, MemberAddRequestInput>;

/** The added member and the whole membership. */
export interface MemberAddResponse {
  header: ResponseHeader | null;
  member: Member | null;
  members: Member[];
}
/** MemberAddResponse as encoding takes it: what is left out is zero. */
export interface MemberAddResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
  readonly member?: MemberInput | null | undefined;
  readonly members?: readonly MemberInput[] | null | undefined;
}
export declare const MemberAddResponse: MessageType<MemberAddResponse, MemberAddResponseInput>;

/** Removes a member for good. */
export interface MemberRemoveRequest {
  ID: Long;
}
/** MemberRemoveRequest as encoding takes it: what is left out is zero. */
export interface MemberRemoveRequestInput {
  readonly ID?: Int64Input | null | undefined;
}
export declare const MemberRemoveRequest: MessageType<MemberRemoveRequest, MemberRemoveRequestInput>;

/** The membership that is left. */
export interface MemberRemoveResponse {
  header: ResponseHeader | null;
  members: Member[];
}
/** MemberRemoveResponse as encoding takes it: what is left out is zero. */
export interface MemberRemoveResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
  readonly members?: readonly MemberInput[] | null | undefined;
}
export declare const MemberRemoveResponse: MessageType<MemberRemoveResponse, MemberRemoveResponseInput>;

/** Replaces a member's peer URLs. */
export interface MemberUpdateRequest {
  ID: Long;
  peerURLs: string[];
}
/** MemberUpdateRequest as encoding takes it: what is left out is zero. */
export interface MemberUpdateRequestInput {
  readonly ID?: Int64Input | null | undefined;
  readonly peerURLs?: readonly string[] | null | undefined;
}
export declare const MemberUpdateRequest: MessageType<MemberUpdateRequest, MemberUpdateRequestInput>;

/** The membership after the change. */
export interface MemberUpdateResponse {
  header: ResponseHeader | null;
  members: Member[];
}
/** MemberUpdateResponse as encoding takes it: what is left out is zero. */
export interface MemberUpdateResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
  readonly members?: readonly MemberInput[] | null | undefined;
}
export declare const MemberUpdateResponse: MessageType<MemberUpdateResponse, MemberUpdateResponseInput>;

/** Asks for the membership. */
export interface MemberListRequest {
  /** Confirm with a quorum first; otherwise the local view. */
  linearizable: boolean;
}
/** MemberListRequest as encoding takes it: what is left out is zero. */
export interface MemberListRequestInput {
  readonly linearizable?: boolean | null | undefined;
}
export declare const MemberListRequest: MessageType<MemberListRequest, MemberListRequestInput>;

/** The membership. */
export interface MemberListResponse {
  header: ResponseHeader | null;
  members: Member[];
}
/** MemberListResponse as encoding takes it: what is left out is zero. */
export interface MemberListResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
  readonly members?: readonly MemberInput[] | null | undefined;
}
export declare const MemberListResponse: MessageType<MemberListResponse, MemberListResponseInput>;

/** Makes a learner a voter. */
export interface MemberPromoteRequest {
  ID: Long;
}
/** MemberPromoteRequest as encoding takes it: what is left out is zero. */
export interface MemberPromoteRequestInput {
  readonly ID?: Int64Input | null | undefined;
}
export declare const MemberPromoteRequest: MessageType<MemberPromoteRequest, MemberPromoteRequestInput>;

/** The membership after the change. */
export interface MemberPromoteResponse {
  header: ResponseHeader | null;
  members: Member[];
}
/** MemberPromoteResponse as encoding takes it: what is left out is zero. */
export interface MemberPromoteResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
  readonly members?: readonly MemberInput[] | null | undefined;
}
export declare const MemberPromoteResponse: MessageType<MemberPromoteResponse, MemberPromoteResponseInput>;

/** Asks a member to give free storage back. */
export interface DefragmentRequest {
}
/** DefragmentRequest as encoding takes it: what is left out is zero. */
export interface DefragmentRequestInput {
}
export declare const DefragmentRequest: MessageType<DefragmentRequest, DefragmentRequestInput>;

/** Sent without a header. */
export interface DefragmentResponse {
  header: ResponseHeader | null;
}
/** DefragmentResponse as encoding takes it: what is left out is zero. */
export interface DefragmentResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
}
export declare const DefragmentResponse: MessageType<DefragmentResponse, DefragmentResponseInput>;

/** Hands leadership to another member; only the leader takes it. */
export interface MoveLeaderRequest {
  targetID: Long;
}
/** MoveLeaderRequest as encoding takes it: what is left out is zero. */
export interface MoveLeaderRequestInput {
  readonly targetID?: Int64Input | null | undefined;
}
export declare const MoveLeaderRequest: MessageType<MoveLeaderRequest, MoveLeaderRequestInput>;

/** Sent without a header. */
export interface MoveLeaderResponse {
  header: ResponseHeader | null;
}
/** MoveLeaderResponse as encoding takes it: what is left out is zero. */
export interface MoveLeaderResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
}
export declare const MoveLeaderResponse: MessageType<MoveLeaderResponse, MoveLeaderResponseInput>;

/** Lists, raises or clears alarms. */
export interface AlarmRequest {
  action: AlarmAction;
  /** 0 in a GET is every member. */
  memberID: Long;
  /** NONE in a GET is every alarm. */
  alarm: AlarmType;
}
/** AlarmRequest as encoding takes it: what is left out is zero. */
export interface AlarmRequestInput {
  readonly action?: AlarmAction | null | undefined;
  readonly memberID?: Int64Input | null | undefined;
  readonly alarm?: AlarmType | null | undefined;
}
export declare const AlarmRequest: MessageType<AlarmRequest, AlarmRequestInput>;

/** An alarm and the member it was raised for. */
export interface AlarmMember {
  memberID: Long;
  alarm: AlarmType;
}
/** AlarmMember as encoding takes it: what is left out is zero. */
export interface AlarmMemberInput {
  readonly memberID?: Int64Input | null | undefined;
  readonly alarm?: AlarmType | null | undefined;
}
export declare const AlarmMember: MessageType<AlarmMember, AlarmMemberInput>;

/** The alarms concerned. */
export interface AlarmResponse {
  header: ResponseHeader | null;
  alarms: AlarmMember[];
}
/** AlarmResponse as encoding takes it: what is left out is zero. */
export interface AlarmResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
  readonly alarms?: readonly AlarmMemberInput[] | null | undefined;
}
export declare const AlarmResponse: MessageType<AlarmResponse, AlarmResponseInput>;

/** Checks, starts or calls off a downgrade of the cluster. */
export interface DowngradeRequest {
  action: DowngradeAction;
  version: string;
}
/** DowngradeRequest as encoding takes it: what is left out is zero. */
export interface DowngradeRequestInput {
  readonly action?: DowngradeAction | null | undefined;
  readonly version?: string | null | undefined;
}
export declare const DowngradeRequest: MessageType<DowngradeRequest, DowngradeRequestInput>;

/** Answer to a downgrade request, with the cluster version. */
export interface DowngradeResponse {
  header: ResponseHeader | null;
  version: string;
}
/** DowngradeResponse as encoding takes it: what is left out is zero. */
export interface DowngradeResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
  readonly version?: string | null | undefined;
}
export declare const DowngradeResponse: MessageType<DowngradeResponse, DowngradeResponseInput>;

/** Part of the published API, but of no method. */
export interface DowngradeVersionTestRequest {
  ver: string;
}
/** DowngradeVersionTestRequest as encoding takes it: what is left out is zero. */
export interface DowngradeVersionTestRequestInput {
  readonly ver?: string | null | undefined;
}
export declare const DowngradeVersionTestRequest: MessageType<DowngradeVersionTestRequest, DowngradeVersionTestRequestInput>;

/** Asks a member how it is. */
export interface StatusRequest {
}
/** StatusRequest as encoding takes it: what is left out is zero. */
export interface StatusRequestInput {
}
export declare const StatusRequest: MessageType<StatusRequest, StatusRequestInput>;

/** State of one member. */
export interface StatusResponse {
  header: ResponseHeader | null;
  /** Version of the server program. */
  version: string;
  /** Bytes of storage in use, free pages included. */
  dbSize: Long;
  /** 0 when the member knows of no leader. */
  leader: Long;
  raftIndex: Long;
  raftTerm: Long;
  raftAppliedIndex: Long;
  /** Alarms and a missing leader, as texts. */
  errors: string[];
  dbSizeInUse: Long;
  isLearner: boolean;
  storageVersion: string;
  dbSizeQuota: Long;
  downgradeInfo: DowngradeInfo | null;
}
/** StatusResponse as encoding takes it: what is left out is zero. */
export interface StatusResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
  readonly version?: string | null | undefined;
  readonly dbSize?: Int64Input | null | undefined;
  readonly leader?: Int64Input | null | undefined;
  readonly raftIndex?: Int64Input | null | undefined;
  readonly raftTerm?: Int64Input | null | undefined;
  readonly raftAppliedIndex?: Int64Input | null | undefined;
  readonly errors?: readonly string[] | null | undefined;
  readonly dbSizeInUse?: Int64Input | null | undefined;
  readonly isLearner?: boolean | null | undefined;
  readonly storageVersion?: string | null | undefined;
  readonly dbSizeQuota?: Int64Input | null | undefined;
  readonly downgradeInfo?: DowngradeInfoInput | null | undefined;
}
export declare const StatusResponse: MessageType<StatusResponse, StatusResponseInput>;

/** Whether a downgrade is going on, and to which version. */
export interface DowngradeInfo {
  enabled: boolean;
  targetVersion: string;
}
/** DowngradeInfo as encoding takes it: what is left out is zero. */
export interface DowngradeInfoInput {
  readonly enabled?: boolean | null | undefined;
  readonly targetVersion?: string | null | undefined;
}
export declare const DowngradeInfo: MessageType<DowngradeInfo, DowngradeInfoInput>;

/** Turns authentication on. */
export interface AuthEnableRequest {
}
/** AuthEnableRequest as encoding takes it: what is left out is zero. */
export interface AuthEnableRequestInput {
}
export declare const AuthEnableRequest: MessageType<AuthEnableRequest, AuthEnableRequestInput>;

/** Turns authentication off. */
export interface AuthDisableRequest {
}
/** AuthDisableRequest as encoding takes it: what is left out is zero. */
export interface AuthDisableRequestInput {
}
export declare const AuthDisableRequest: MessageType<AuthDisableRequest, AuthDisableRequestInput>;

/** Asks whether authentication is on. */
export interface AuthStatusRequest {
}
/** AuthStatusRequest as encoding takes it: what is left out is zero. */
export interface AuthStatusRequestInput {
}
export declare const AuthStatusRequest: MessageType<AuthStatusRequest, AuthStatusRequestInput>;

/** Asks for a token. */
export interface AuthenticateRequest {
  name: string;
  password: string;
}
/** AuthenticateRequest as encoding takes it: what is left out is zero. */
export interface AuthenticateRequestInput {
  readonly name?: string | null | undefined;
  readonly password?: string | null | undefined;
}
export declare const AuthenticateRequest: MessageType<AuthenticateRequest, AuthenticateRequestInput>;

/** Adds a user. */
export interface AuthUserAddRequest {
  name: string;
  password: string;
  options: UserAddOptions | null;
  /** bcrypt hash in place of the password. */
  hashedPassword: string;
}
/** AuthUserAddRequest as encoding takes it: what is left out is zero. */
export interface AuthUserAddRequestInput {
  readonly name?: string | null | undefined;
  readonly password?: string | null | undefined;
  readonly options?: UserAddOptionsInput | null | undefined;
  readonly hashedPassword?: string | null | undefined;
}
export declare const AuthUserAddRequest: MessageType<AuthUserAddRequest, AuthUserAddRequestInput>;

/** Asks for a user's roles. */
export interface AuthUserGetRequest {
  name: string;
}
/** AuthUserGetRequest as encoding takes it: what is left out is zero. */
export interface AuthUserGetRequestInput {
  readonly name?: string | null | undefined;
}
export declare const AuthUserGetRequest: MessageType<AuthUserGetRequest, AuthUserGetRequestInput>;

/** Deletes a user. */
export interface AuthUserDeleteRequest {
  name: string;
}
/** AuthUserDeleteRequest as encoding takes it: what is left out is zero. */
export interface AuthUserDeleteRequestInput {
  readonly name?: string | null | undefined;
}
export declare const AuthUserDeleteRequest: MessageType<AuthUserDeleteRequest, AuthUserDeleteRequestInput>;

/** Changes a user's password. */
export interface AuthUserChangePasswordRequest {
  name: string;
  password: string;
  hashedPassword: string;
}
/** AuthUserChangePasswordRequest as encoding takes it: what is left out is zero. */
export interface AuthUserChangePasswordRequestInput {
  readonly name?: string | null | undefined;
  readonly password?: string | null | undefined;
  readonly hashedPassword?: string | null | undefined;
}
export declare const AuthUserChangePasswordRequest: MessageType<AuthUserChangePasswordRequest, AuthUserChangePasswordRequestInput>;

/** Gives a role to a user. */
export interface AuthUserGrantRoleRequest {
  user: string;
  role: string;
}
/** AuthUserGrantRoleRequest as encoding takes it: what is left out is zero. */
export interface AuthUserGrantRoleRequestInput {
  readonly user?: string | null | undefined;
  readonly role?: string | null | undefined;
}
export declare const AuthUserGrantRoleRequest: MessageType<AuthUserGrantRoleRequest, AuthUserGrantRoleRequestInput>;

/** Takes a role from a user. */
export interface AuthUserRevokeRoleRequest {
  name: string;
  role: string;
}
/** AuthUserRevokeRoleRequest as encoding takes it: what is left out is zero. */
export interface AuthUserRevokeRoleRequestInput {
  readonly name?: string | null | undefined;
  readonly role?: string | null | undefined;
}
export declare const AuthUserRevokeRoleRequest: MessageType<AuthUserRevokeRoleRequest, AuthUserRevokeRoleRequestInput>;

/** Adds a role. */
export interface AuthRoleAddRequest {
  name: string;
}
/** AuthRoleAddRequest as encoding takes it: what is left out is zero. */
export interface AuthRoleAddRequestInput {
  readonly name?: string | null | undefined;
}
export declare const AuthRoleAddRequest: MessageType<AuthRoleAddRequest, AuthRoleAddRequestInput>;

/** Asks for a role's permissions. */
export interface AuthRoleGetRequest {
  role: string;
}
/** AuthRoleGetRequest as encoding takes it: what is left out is zero. */
export interface AuthRoleGetRequestInput {
  readonly role?: string | null | undefined;
}
export declare const AuthRoleGetRequest: MessageType<AuthRoleGetRequest, AuthRoleGetRequestInput>;

/** Asks for all user names. */
export interface AuthUserListRequest {
}
/** AuthUserListRequest as encoding takes it: what is left out is zero. */
export interface AuthUserListRequestInput {
}
export declare const AuthUserListRequest: MessageType<AuthUserListRequest, AuthUserListRequestInput>;

/** Asks for all role names. */
export interface AuthRoleListRequest {
}
/** AuthRoleListRequest as encoding takes it: what is left out is zero. */
export interface AuthRoleListRequestInput {
}
export declare const AuthRoleListRequest: MessageType<AuthRoleListRequest, AuthRoleListRequestInput>;

/** Deletes a role, and takes it from all users. */
export interface AuthRoleDeleteRequest {
  role: string;
}
/** AuthRoleDeleteRequest as encoding takes it: what is left out is zero. */
export interface AuthRoleDeleteRequestInput {
  readonly role?: string | null | undefined;
}
export declare const AuthRoleDeleteRequest: MessageType<AuthRoleDeleteRequest, AuthRoleDeleteRequestInput>;

/** Gives a permission to a role. */
export interface AuthRoleGrantPermissionRequest {
  name: string;
  perm: Permission | null;
}
/** AuthRoleGrantPermissionRequest as encoding takes it: what is left out is zero. */
export interface AuthRoleGrantPermissionRequestInput {
  readonly name?: string | null | undefined;
  readonly perm?: PermissionInput | null | undefined;
}
export declare const AuthRoleGrantPermissionRequest: MessageType<AuthRoleGrantPermissionRequest, AuthRoleGrantPermissionRequestInput>;

/** Takes a permission of exactly this range from a role. */
export interface AuthRoleRevokePermissionRequest {
  role: string;
  key: Uint8Array;
  range_end: Uint8Array;
}
/** AuthRoleRevokePermissionRequest as encoding takes it: what is left out is zero. */
export interface AuthRoleRevokePermissionRequestInput {
  readonly role?: string | null | undefined;
  readonly key?: Uint8Array | null | undefined;
  readonly range_end?: Uint8Array | null | undefined;
}
export declare const AuthRoleRevokePermissionRequest: MessageType<AuthRoleRevokePermissionRequest, AuthRoleRevokePermissionRequestInput>;

/** Answer to AuthEnable. */
export interface AuthEnableResponse {
  header: ResponseHeader | null;
}
/** AuthEnableResponse as encoding takes it: what is left out is zero. */
export interface AuthEnableResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
}
export declare const AuthEnableResponse: MessageType<AuthEnableResponse, AuthEnableResponseInput>;

/** Answer to AuthDisable. */
export interface AuthDisableResponse {
  header: ResponseHeader | null;
}
/** AuthDisableResponse as encoding takes it: what is left out is zero. */
export interface AuthDisableResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
}
export declare const AuthDisableResponse: MessageType<AuthDisableResponse, AuthDisableResponseInput>;

/** Whether authentication is on. */
export interface AuthStatusResponse {
  header: ResponseHeader | null;
  enabled: boolean;
  /** Counts changes of users, roles and permissions. */
  authRevision: Long;
}
/** AuthStatusResponse as encoding takes it: what is left out is zero. */
export interface AuthStatusResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
  readonly enabled?: boolean | null | undefined;
  readonly authRevision?: Int64Input | null | undefined;
}
export declare const AuthStatusResponse: MessageType<AuthStatusResponse, AuthStatusResponseInput>;

/** The token to send with later calls. */
export interface AuthenticateResponse {
  header: ResponseHeader | null;
  token: string;
}
/** AuthenticateResponse as encoding takes it: what is left out is zero. */
export interface AuthenticateResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
  readonly token?: string | null | undefined;
}
export declare const AuthenticateResponse: MessageType<AuthenticateResponse, AuthenticateResponseInput>;

/** Answer to AuthUserAdd. */
export interface AuthUserAddResponse {
  header: ResponseHeader | null;
}
/** AuthUserAddResponse as encoding takes it: what is left out is zero. */
export interface AuthUserAddResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
}
export declare const AuthUserAddResponse: MessageType<AuthUserAddResponse, AuthUserAddResponseInput>;

/** The user's roles, sorted. */
export interface AuthUserGetResponse {
  header: ResponseHeader | null;
  roles: string[];
}
/** AuthUserGetResponse as encoding takes it: what is left out is zero. */
export interface AuthUserGetResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
  readonly roles?: readonly string[] | null | undefined;
}
export declare const AuthUserGetResponse: MessageType<AuthUserGetResponse, AuthUserGetResponseInput>;

/** Answer to AuthUserDelete. */
export interface AuthUserDeleteResponse {
  header: ResponseHeader | null;
}
/** AuthUserDeleteResponse as encoding takes it: what is left out is zero. */
export interface AuthUserDeleteResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
}
export declare const AuthUserDeleteResponse: MessageType<AuthUserDeleteResponse, AuthUserDeleteResponseInput>;

/** Answer to AuthUserChangePassword. */
export interface AuthUserChangePasswordResponse {
  header: ResponseHeader | null;
}
/** AuthUserChangePasswordResponse as encoding takes it: what is left out is zero. */
export interface AuthUserChangePasswordResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
}
export declare const AuthUserChangePasswordResponse: MessageType<AuthUserChangePasswordResponse, AuthUserChangePasswordResponseInput>;

/** Answer to AuthUserGrantRole. */
export interface AuthUserGrantRoleResponse {
  header: ResponseHeader | null;
}
/** AuthUserGrantRoleResponse as encoding takes it: what is left out is zero. */
export interface AuthUserGrantRoleResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
}
export declare const AuthUserGrantRoleResponse: MessageType<AuthUserGrantRoleResponse, AuthUserGrantRoleResponseInput>;

/** Answer to AuthUserRevokeRole. */
export interface AuthUserRevokeRoleResponse {
  header: ResponseHeader | null;
}
/** AuthUserRevokeRoleResponse as encoding takes it: what is left out is zero. */
export interface AuthUserRevokeRoleResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
}
export declare const AuthUserRevokeRoleResponse: MessageType<AuthUserRevokeRoleResponse, AuthUserRevokeRoleResponseInput>;

/** Answer to AuthRoleAdd. */
export interface AuthRoleAddResponse {
  header: ResponseHeader | null;
}
/** AuthRoleAddResponse as encoding takes it: what is left out is zero. */
export interface AuthRoleAddResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
}
export declare const AuthRoleAddResponse: MessageType<AuthRoleAddResponse, AuthRoleAddResponseInput>;

/** The role's permissions, sorted by key. */
export interface AuthRoleGetResponse {
  header: ResponseHeader | null;
  perm: Permission[];
}
/** AuthRoleGetResponse as encoding takes it: what is left out is zero. */
export interface AuthRoleGetResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
  readonly perm?: readonly PermissionInput[] | null | undefined;
}
export declare const AuthRoleGetResponse: MessageType<AuthRoleGetResponse, AuthRoleGetResponseInput>;

/** All role names, sorted. */
export interface AuthRoleListResponse {
  header: ResponseHeader | null;
  roles: string[];
}
/** AuthRoleListResponse as encoding takes it: what is left out is zero. */
export interface AuthRoleListResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
  readonly roles?: readonly string[] | null | undefined;
}
export declare const AuthRoleListResponse: MessageType<AuthRoleListResponse, AuthRoleListResponseInput>;

/** All user names, sorted. */
export interface AuthUserListResponse {
  header: ResponseHeader | null;
  users: string[];
}
/** AuthUserListResponse as encoding takes it: what is left out is zero. */
export interface AuthUserListResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
  readonly users?: readonly string[] | null | undefined;
}
export declare const AuthUserListResponse: MessageType<AuthUserListResponse, AuthUserListResponseInput>;

/** Answer to AuthRoleDelete. */
export interface AuthRoleDeleteResponse {
  header: ResponseHeader | null;
}
/** AuthRoleDeleteResponse as encoding takes it: what is left out is zero. */
export interface AuthRoleDeleteResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
}
export declare const AuthRoleDeleteResponse: MessageType<AuthRoleDeleteResponse, AuthRoleDeleteResponseInput>;

/** Answer to AuthRoleGrantPermission. */
export interface AuthRoleGrantPermissionResponse {
  header: ResponseHeader | null;
}
/** AuthRoleGrantPermissionResponse as encoding takes it: what is left out is zero. */
export interface AuthRoleGrantPermissionResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
}
export declare const AuthRoleGrantPermissionResponse: MessageType<AuthRoleGrantPermissionResponse, AuthRoleGrantPermissionResponseInput>;

/** Answer to AuthRoleRevokePermission. */
export interface AuthRoleRevokePermissionResponse {
  header: ResponseHeader | null;
}
/** AuthRoleRevokePermissionResponse as encoding takes it: what is left out is zero. */
export interface AuthRoleRevokePermissionResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
}
export declare const AuthRoleRevokePermissionResponse: MessageType<AuthRoleRevokePermissionResponse, AuthRoleRevokePermissionResponseInput>;

/** A piece of a range; header, more and count are in the last one alone. */
export interface RangeStreamResponse {
  range_response: RangeResponse | null;
}
/** RangeStreamResponse as encoding takes it: what is left out is zero. */
export interface RangeStreamResponseInput {
  readonly range_response?: RangeResponseInput | null | undefined;
}
export declare const RangeStreamResponse: MessageType<RangeStreamResponse, RangeStreamResponseInput>;

/** A key with its value and the revisions of its current generation. */
export interface KeyValue {
  key: Uint8Array;
  /** Revision of the put that created this generation of the key. */
  create_revision: Long;
  /** Revision of the latest put. */
  mod_revision: Long;
  /** Puts since creation: 1 for a new key, 0 for a deleted one. */
  version: Long;
  value: Uint8Array;
  /** Lease that deletes the key when it ends; 0 is none. */
  lease: Long;
}
/** KeyValue as encoding takes it: what is left out is zero. */
export interface KeyValueInput {
  readonly key?: Uint8Array | null | undefined;
  readonly create_revision?: Int64Input | null | undefined;
  readonly mod_revision?: Int64Input | null | undefined;
  readonly version?: Int64Input | null | undefined;
  readonly value?: Uint8Array | null | undefined;
  readonly lease?: Int64Input | null | undefined;
}
export declare const KeyValue: MessageType<KeyValue, KeyValueInput>;

/** One change of one key. */
export interface Event {
  type: EventType;
  /** After a put: the new state. After a delete: key and mod_revision alone. */
  kv: KeyValue | null;
  /** State before the change, when asked for and not compacted. */
  prev_kv: KeyValue | null;
}
/** Event as encoding takes it: what is left out is zero. */
export interface EventInput {
  readonly type?: EventType | null | undefined;
  readonly kv?: KeyValueInput | null | undefined;
  readonly prev_kv?: KeyValueInput | null | undefined;
}
export declare const Event: MessageType<Event, EventInput>;

/** Waits to become leader of the election `name`. */
export interface CampaignRequest {
  name: Uint8Array;
  lease: Long;
  value: Uint8Array;
}
/** CampaignRequest as encoding takes it: what is left out is zero. */
export interface CampaignRequestInput {
  readonly name?: Uint8Array | null | undefined;
  readonly lease?: Int64Input | null | undefined;
  readonly value?: Uint8Array | null | undefined;
}
export declare const CampaignRequest: MessageType<CampaignRequest, CampaignRequestInput>;

/** Answer to a won campaign. */
export interface CampaignResponse {
  header: ResponseHeader | null;
  leader: LeaderKey | null;
}
/** CampaignResponse as encoding takes it: what is left out is zero. */
export interface CampaignResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
  readonly leader?: LeaderKeyInput | null | undefined;
}
export declare const CampaignResponse: MessageType<CampaignResponse, CampaignResponseInput>;

/** Proof of leadership: `key` exists with create_revision `rev`. */
export interface LeaderKey {
  name: Uint8Array;
  key: Uint8Array;
  rev: Long;
  lease: Long;
}
/** LeaderKey as encoding takes it: what is left out is zero. */
export interface LeaderKeyInput {
  readonly name?: Uint8Array | null | undefined;
  readonly key?: Uint8Array | null | undefined;
  readonly rev?: Int64Input | null | undefined;
  readonly lease?: Int64Input | null | undefined;
}
export declare const LeaderKey: MessageType<LeaderKey, LeaderKeyInput>;

/** Asks for the leader of the election `name`. */
export interface LeaderRequest {
  name: Uint8Array;
}
/** LeaderRequest as encoding takes it: what is left out is zero. */
export interface LeaderRequestInput {
  readonly name?: Uint8Array | null | undefined;
}
export declare const LeaderRequest: MessageType<LeaderRequest, LeaderRequestInput>;

/** The leader's key and proclaimed value. */
export interface LeaderResponse {
  header: ResponseHeader | null;
  kv: KeyValue | null;
}
/** LeaderResponse as encoding takes it: what is left out is zero. */
export interface LeaderResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
  readonly kv?: KeyValueInput | null | undefined;
}
export declare const LeaderResponse: MessageType<LeaderResponse, LeaderResponseInput>;

/** Gives leadership up. */
export interface ResignRequest {
  leader: LeaderKey | null;
}
/** ResignRequest as encoding takes it: what is left out is zero. */
export interface ResignRequestInput {
  readonly leader?: LeaderKeyInput | null | undefined;
}
export declare const ResignRequest: MessageType<ResignRequest, ResignRequestInput>;

/** Answer to a resignation. */
export interface ResignResponse {
  header: ResponseHeader | null;
}
/** ResignResponse as encoding takes it: what is left out is zero. */
export interface ResignResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
}
export declare const ResignResponse: MessageType<ResignResponse, ResignResponseInput>;

/** Replaces the value that the leader published. */
export interface ProclaimRequest {
  leader: LeaderKey | null;
  value: Uint8Array;
}
/** ProclaimRequest as encoding takes it: what is left out is zero. */
export interface ProclaimRequestInput {
  readonly leader?: LeaderKeyInput | null | undefined;
  readonly value?: Uint8Array | null | undefined;
}
export declare const ProclaimRequest: MessageType<ProclaimRequest, ProclaimRequestInput>;

/** Answer to a proclamation. */
export interface ProclaimResponse {
  header: ResponseHeader | null;
}
/** ProclaimResponse as encoding takes it: what is left out is zero. */
export interface ProclaimResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
}
export declare const ProclaimResponse: MessageType<ProclaimResponse, ProclaimResponseInput>;

/** Waits for the lock `name`, held as long as the lease lives. */
export interface LockRequest {
  name: Uint8Array;
  /** 0 lets the server grant a lease of its own. */
  lease: Long;
}
/** LockRequest as encoding takes it: what is left out is zero. */
export interface LockRequestInput {
  readonly name?: Uint8Array | null | undefined;
  readonly lease?: Int64Input | null | undefined;
}
export declare const LockRequest: MessageType<LockRequest, LockRequestInput>;

/** The lock is held while `key` exists: guard writes with its create_revision. */
export interface LockResponse {
  header: ResponseHeader | null;
  key: Uint8Array;
}
/** LockResponse as encoding takes it: what is left out is zero. */
export interface LockResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
  readonly key?: Uint8Array | null | undefined;
}
export declare const LockResponse: MessageType<LockResponse, LockResponseInput>;

/** Gives up the lock whose key this is. */
export interface UnlockRequest {
  key: Uint8Array;
}
/** UnlockRequest as encoding takes it: what is left out is zero. */
export interface UnlockRequestInput {
  readonly key?: Uint8Array | null | undefined;
}
export declare const UnlockRequest: MessageType<UnlockRequest, UnlockRequestInput>;

/** Answer to an unlock. */
export interface UnlockResponse {
  header: ResponseHeader | null;
}
/** UnlockResponse as encoding takes it: what is left out is zero. */
export interface UnlockResponseInput {
  readonly header?: ResponseHeaderInput | null | undefined;
}
export declare const UnlockResponse: MessageType<UnlockResponse, UnlockResponseInput>;

/** Every message class under its full protobuf name. */
export declare const messageTypes: {
  readonly 'authpb.UserAddOptions': typeof UserAddOptions;
  readonly 'authpb.User': typeof User;
  readonly 'authpb.Permission': typeof Permission;
  readonly 'authpb.Role': typeof Role;
  readonly 'grpc.health.v1.HealthCheckRequest': typeof HealthCheckRequest;
  readonly 'grpc.health.v1.HealthCheckResponse': typeof HealthCheckResponse;
  readonly 'grpc.health.v1.HealthListRequest': typeof HealthListRequest;
  readonly 'grpc.health.v1.HealthListResponse': typeof HealthListResponse;
  readonly 'grpc.health.v1.HealthListResponse.StatusesEntry': typeof HealthListResponse_StatusesEntry;
  readonly 'edgetcd.internal.InternalRequest': typeof InternalRequest;
  readonly 'edgetcd.internal.InternalRestore': typeof InternalRestore;
  readonly 'edgetcd.internal.InternalLeaseRevoke': typeof InternalLeaseRevoke;
  readonly 'edgetcd.internal.InternalLeaseCheckpoint': typeof InternalLeaseCheckpoint;
  readonly 'edgetcd.internal.MemberAttributes': typeof MemberAttributes;
  readonly 'edgetcd.internal.MemberDescription': typeof MemberDescription;
  readonly 'etcdserverpb.ResponseHeader': typeof ResponseHeader;
  readonly 'etcdserverpb.RangeRequest': typeof RangeRequest;
  readonly 'etcdserverpb.RangeResponse': typeof RangeResponse;
  readonly 'etcdserverpb.PutRequest': typeof PutRequest;
  readonly 'etcdserverpb.PutResponse': typeof PutResponse;
  readonly 'etcdserverpb.DeleteRangeRequest': typeof DeleteRangeRequest;
  readonly 'etcdserverpb.DeleteRangeResponse': typeof DeleteRangeResponse;
  readonly 'etcdserverpb.RequestOp': typeof RequestOp;
  readonly 'etcdserverpb.ResponseOp': typeof ResponseOp;
  readonly 'etcdserverpb.Compare': typeof Compare;
  readonly 'etcdserverpb.TxnRequest': typeof TxnRequest;
  readonly 'etcdserverpb.TxnResponse': typeof TxnResponse;
  readonly 'etcdserverpb.CompactionRequest': typeof CompactionRequest;
  readonly 'etcdserverpb.CompactionResponse': typeof CompactionResponse;
  readonly 'etcdserverpb.HashRequest': typeof HashRequest;
  readonly 'etcdserverpb.HashKVRequest': typeof HashKVRequest;
  readonly 'etcdserverpb.HashKVResponse': typeof HashKVResponse;
  readonly 'etcdserverpb.HashResponse': typeof HashResponse;
  readonly 'etcdserverpb.SnapshotRequest': typeof SnapshotRequest;
  readonly 'etcdserverpb.SnapshotResponse': typeof SnapshotResponse;
  readonly 'etcdserverpb.WatchRequest': typeof WatchRequest;
  readonly 'etcdserverpb.WatchCreateRequest': typeof WatchCreateRequest;
  readonly 'etcdserverpb.WatchCancelRequest': typeof WatchCancelRequest;
  readonly 'etcdserverpb.WatchProgressRequest': typeof WatchProgressRequest;
  readonly 'etcdserverpb.WatchResponse': typeof WatchResponse;
  readonly 'etcdserverpb.LeaseGrantRequest': typeof LeaseGrantRequest;
  readonly 'etcdserverpb.LeaseGrantResponse': typeof LeaseGrantResponse;
  readonly 'etcdserverpb.LeaseRevokeRequest': typeof LeaseRevokeRequest;
  readonly 'etcdserverpb.LeaseRevokeResponse': typeof LeaseRevokeResponse;
  readonly 'etcdserverpb.LeaseCheckpoint': typeof LeaseCheckpoint;
  readonly 'etcdserverpb.LeaseCheckpointRequest': typeof LeaseCheckpointRequest;
  readonly 'etcdserverpb.LeaseCheckpointResponse': typeof LeaseCheckpointResponse;
  readonly 'etcdserverpb.LeaseKeepAliveRequest': typeof LeaseKeepAliveRequest;
  readonly 'etcdserverpb.LeaseKeepAliveResponse': typeof LeaseKeepAliveResponse;
  readonly 'etcdserverpb.LeaseTimeToLiveRequest': typeof LeaseTimeToLiveRequest;
  readonly 'etcdserverpb.LeaseTimeToLiveResponse': typeof LeaseTimeToLiveResponse;
  readonly 'etcdserverpb.LeaseLeasesRequest': typeof LeaseLeasesRequest;
  readonly 'etcdserverpb.LeaseStatus': typeof LeaseStatus;
  readonly 'etcdserverpb.LeaseLeasesResponse': typeof LeaseLeasesResponse;
  readonly 'etcdserverpb.Member': typeof Member;
  readonly 'etcdserverpb.MemberAddRequest': typeof MemberAddRequest;
  readonly 'etcdserverpb.MemberAddResponse': typeof MemberAddResponse;
  readonly 'etcdserverpb.MemberRemoveRequest': typeof MemberRemoveRequest;
  readonly 'etcdserverpb.MemberRemoveResponse': typeof MemberRemoveResponse;
  readonly 'etcdserverpb.MemberUpdateRequest': typeof MemberUpdateRequest;
  readonly 'etcdserverpb.MemberUpdateResponse': typeof MemberUpdateResponse;
  readonly 'etcdserverpb.MemberListRequest': typeof MemberListRequest;
  readonly 'etcdserverpb.MemberListResponse': typeof MemberListResponse;
  readonly 'etcdserverpb.MemberPromoteRequest': typeof MemberPromoteRequest;
  readonly 'etcdserverpb.MemberPromoteResponse': typeof MemberPromoteResponse;
  readonly 'etcdserverpb.DefragmentRequest': typeof DefragmentRequest;
  readonly 'etcdserverpb.DefragmentResponse': typeof DefragmentResponse;
  readonly 'etcdserverpb.MoveLeaderRequest': typeof MoveLeaderRequest;
  readonly 'etcdserverpb.MoveLeaderResponse': typeof MoveLeaderResponse;
  readonly 'etcdserverpb.AlarmRequest': typeof AlarmRequest;
  readonly 'etcdserverpb.AlarmMember': typeof AlarmMember;
  readonly 'etcdserverpb.AlarmResponse': typeof AlarmResponse;
  readonly 'etcdserverpb.DowngradeRequest': typeof DowngradeRequest;
  readonly 'etcdserverpb.DowngradeResponse': typeof DowngradeResponse;
  readonly 'etcdserverpb.DowngradeVersionTestRequest': typeof DowngradeVersionTestRequest;
  readonly 'etcdserverpb.StatusRequest': typeof StatusRequest;
  readonly 'etcdserverpb.StatusResponse': typeof StatusResponse;
  readonly 'etcdserverpb.DowngradeInfo': typeof DowngradeInfo;
  readonly 'etcdserverpb.AuthEnableRequest': typeof AuthEnableRequest;
  readonly 'etcdserverpb.AuthDisableRequest': typeof AuthDisableRequest;
  readonly 'etcdserverpb.AuthStatusRequest': typeof AuthStatusRequest;
  readonly 'etcdserverpb.AuthenticateRequest': typeof AuthenticateRequest;
  readonly 'etcdserverpb.AuthUserAddRequest': typeof AuthUserAddRequest;
  readonly 'etcdserverpb.AuthUserGetRequest': typeof AuthUserGetRequest;
  readonly 'etcdserverpb.AuthUserDeleteRequest': typeof AuthUserDeleteRequest;
  readonly 'etcdserverpb.AuthUserChangePasswordRequest': typeof AuthUserChangePasswordRequest;
  readonly 'etcdserverpb.AuthUserGrantRoleRequest': typeof AuthUserGrantRoleRequest;
  readonly 'etcdserverpb.AuthUserRevokeRoleRequest': typeof AuthUserRevokeRoleRequest;
  readonly 'etcdserverpb.AuthRoleAddRequest': typeof AuthRoleAddRequest;
  readonly 'etcdserverpb.AuthRoleGetRequest': typeof AuthRoleGetRequest;
  readonly 'etcdserverpb.AuthUserListRequest': typeof AuthUserListRequest;
  readonly 'etcdserverpb.AuthRoleListRequest': typeof AuthRoleListRequest;
  readonly 'etcdserverpb.AuthRoleDeleteRequest': typeof AuthRoleDeleteRequest;
  readonly 'etcdserverpb.AuthRoleGrantPermissionRequest': typeof AuthRoleGrantPermissionRequest;
  readonly 'etcdserverpb.AuthRoleRevokePermissionRequest': typeof AuthRoleRevokePermissionRequest;
  readonly 'etcdserverpb.AuthEnableResponse': typeof AuthEnableResponse;
  readonly 'etcdserverpb.AuthDisableResponse': typeof AuthDisableResponse;
  readonly 'etcdserverpb.AuthStatusResponse': typeof AuthStatusResponse;
  readonly 'etcdserverpb.AuthenticateResponse': typeof AuthenticateResponse;
  readonly 'etcdserverpb.AuthUserAddResponse': typeof AuthUserAddResponse;
  readonly 'etcdserverpb.AuthUserGetResponse': typeof AuthUserGetResponse;
  readonly 'etcdserverpb.AuthUserDeleteResponse': typeof AuthUserDeleteResponse;
  readonly 'etcdserverpb.AuthUserChangePasswordResponse': typeof AuthUserChangePasswordResponse;
  readonly 'etcdserverpb.AuthUserGrantRoleResponse': typeof AuthUserGrantRoleResponse;
  readonly 'etcdserverpb.AuthUserRevokeRoleResponse': typeof AuthUserRevokeRoleResponse;
  readonly 'etcdserverpb.AuthRoleAddResponse': typeof AuthRoleAddResponse;
  readonly 'etcdserverpb.AuthRoleGetResponse': typeof AuthRoleGetResponse;
  readonly 'etcdserverpb.AuthRoleListResponse': typeof AuthRoleListResponse;
  readonly 'etcdserverpb.AuthUserListResponse': typeof AuthUserListResponse;
  readonly 'etcdserverpb.AuthRoleDeleteResponse': typeof AuthRoleDeleteResponse;
  readonly 'etcdserverpb.AuthRoleGrantPermissionResponse': typeof AuthRoleGrantPermissionResponse;
  readonly 'etcdserverpb.AuthRoleRevokePermissionResponse': typeof AuthRoleRevokePermissionResponse;
  readonly 'etcdserverpb.RangeStreamResponse': typeof RangeStreamResponse;
  readonly 'mvccpb.KeyValue': typeof KeyValue;
  readonly 'mvccpb.Event': typeof Event;
  readonly 'v3electionpb.CampaignRequest': typeof CampaignRequest;
  readonly 'v3electionpb.CampaignResponse': typeof CampaignResponse;
  readonly 'v3electionpb.LeaderKey': typeof LeaderKey;
  readonly 'v3electionpb.LeaderRequest': typeof LeaderRequest;
  readonly 'v3electionpb.LeaderResponse': typeof LeaderResponse;
  readonly 'v3electionpb.ResignRequest': typeof ResignRequest;
  readonly 'v3electionpb.ResignResponse': typeof ResignResponse;
  readonly 'v3electionpb.ProclaimRequest': typeof ProclaimRequest;
  readonly 'v3electionpb.ProclaimResponse': typeof ProclaimResponse;
  readonly 'v3lockpb.LockRequest': typeof LockRequest;
  readonly 'v3lockpb.LockResponse': typeof LockResponse;
  readonly 'v3lockpb.UnlockRequest': typeof UnlockRequest;
  readonly 'v3lockpb.UnlockResponse': typeof UnlockResponse;
};
