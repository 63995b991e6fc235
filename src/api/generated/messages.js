// Made from src/api/proto by `npm run generate`: change it there.
import { define, EMPTY, enter, INT64_ZERO, readPacked, skip, UINT64_ZERO, writeInt64, writeInt64Always, writePacked, Writer } from '../wire.ts';

export const PermissionType = {"READ":0,"WRITE":1,"READWRITE":2};
export const ServingStatus = {"UNKNOWN":0,"SERVING":1,"NOT_SERVING":2,"SERVICE_UNKNOWN":3};
export const AlarmType = {"NONE":0,"NOSPACE":1,"CORRUPT":2};
export const SortOrder = {"NONE":0,"ASCEND":1,"DESCEND":2};
export const SortTarget = {"KEY":0,"VERSION":1,"CREATE":2,"MOD":3,"VALUE":4};
export const CompareResult = {"EQUAL":0,"GREATER":1,"LESS":2,"NOT_EQUAL":3};
export const CompareTarget = {"VERSION":0,"CREATE":1,"MOD":2,"VALUE":3,"LEASE":4};
export const FilterType = {"NOPUT":0,"NODELETE":1};
export const AlarmAction = {"GET":0,"ACTIVATE":1,"DEACTIVATE":2};
export const DowngradeAction = {"VALIDATE":0,"ENABLE":1,"CANCEL":2};
export const EventType = {"PUT":0,"DELETE":1};

export class UserAddOptions {
  constructor() {
    this.no_password = false;
  }
  static encode(m, w = new Writer()) {
    if (m.no_password) w.uint32(8).bool(m.no_password);
    return w;
  }
  static read(r, outer, depth, m = new UserAddOptions()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 8: m.no_password = r.bool(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class User {
  constructor() {
    this.name = EMPTY;
    this.password = EMPTY;
    this.roles = [];
    this.options = null;
  }
  static encode(m, w = new Writer()) {
    if (m.name?.length) w.uint32(10).bytes(m.name);
    if (m.password?.length) w.uint32(18).bytes(m.password);
    if (m.roles) for (const v of m.roles) w.uint32(26).string(v);
    if (m.options != null) UserAddOptions.encode(m.options, w.uint32(34).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new User()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.name = r.bytes(); break;
        case 18: m.password = r.bytes(); break;
        case 26: m.roles.push(r.stringVerify()); break;
        case 34: m.options = UserAddOptions.read(r, enter(r, depth), depth + 1, m.options ?? undefined); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class Permission {
  constructor() {
    this.permType = 0;
    this.key = EMPTY;
    this.range_end = EMPTY;
  }
  static encode(m, w = new Writer()) {
    if (m.permType) w.uint32(8).int32(m.permType);
    if (m.key?.length) w.uint32(18).bytes(m.key);
    if (m.range_end?.length) w.uint32(26).bytes(m.range_end);
    return w;
  }
  static read(r, outer, depth, m = new Permission()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 8: m.permType = r.int32(); break;
        case 18: m.key = r.bytes(); break;
        case 26: m.range_end = r.bytes(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class Role {
  constructor() {
    this.name = EMPTY;
    this.keyPermission = [];
  }
  static encode(m, w = new Writer()) {
    if (m.name?.length) w.uint32(10).bytes(m.name);
    if (m.keyPermission) for (const v of m.keyPermission) Permission.encode(v, w.uint32(18).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new Role()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.name = r.bytes(); break;
        case 18: m.keyPermission.push(Permission.read(r, enter(r, depth), depth + 1)); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class HealthCheckRequest {
  constructor() {
    this.service = '';
  }
  static encode(m, w = new Writer()) {
    if (m.service) w.uint32(10).string(m.service);
    return w;
  }
  static read(r, outer, depth, m = new HealthCheckRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.service = r.stringVerify(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class HealthCheckResponse {
  constructor() {
    this.status = 0;
  }
  static encode(m, w = new Writer()) {
    if (m.status) w.uint32(8).int32(m.status);
    return w;
  }
  static read(r, outer, depth, m = new HealthCheckResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 8: m.status = r.int32(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class HealthListRequest {
  constructor() {
  }
  static encode(m, w = new Writer()) {
    return w;
  }
  static read(r, outer, depth, m = new HealthListRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class HealthListResponse {
  constructor() {
    this.statuses = [];
  }
  static encode(m, w = new Writer()) {
    if (m.statuses) for (const v of m.statuses) HealthListResponse_StatusesEntry.encode(v, w.uint32(10).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new HealthListResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.statuses.push(HealthListResponse_StatusesEntry.read(r, enter(r, depth), depth + 1)); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class HealthListResponse_StatusesEntry {
  constructor() {
    this.key = '';
    this.value = null;
  }
  static encode(m, w = new Writer()) {
    if (m.key) w.uint32(10).string(m.key);
    if (m.value != null) HealthCheckResponse.encode(m.value, w.uint32(18).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new HealthListResponse_StatusesEntry()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.key = r.stringVerify(); break;
        case 18: m.value = HealthCheckResponse.read(r, enter(r, depth), depth + 1, m.value ?? undefined); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class InternalRequest {
  constructor() {
    this.proposer = EMPTY;
    this.sequence = UINT64_ZERO;
    this.username = '';
    this.auth_revision = UINT64_ZERO;
    this.put = null;
    this.delete_range = null;
    this.txn = null;
    this.compaction = null;
    this.lease_grant = null;
    this.lease_revoke = null;
    this.lease_checkpoint = null;
    this.alarm = null;
    this.member_attributes = null;
    this.restore = null;
  }
  static encode(m, w = new Writer()) {
    if (m.proposer?.length) w.uint32(10).bytes(m.proposer);
    if (m.sequence) writeInt64(w, 16, m.sequence);
    if (m.username) w.uint32(26).string(m.username);
    if (m.auth_revision) writeInt64(w, 32, m.auth_revision);
    if (m.put != null) PutRequest.encode(m.put, w.uint32(82).fork()).ldelim();
    if (m.delete_range != null) DeleteRangeRequest.encode(m.delete_range, w.uint32(90).fork()).ldelim();
    if (m.txn != null) TxnRequest.encode(m.txn, w.uint32(98).fork()).ldelim();
    if (m.compaction != null) CompactionRequest.encode(m.compaction, w.uint32(106).fork()).ldelim();
    if (m.lease_grant != null) LeaseGrantRequest.encode(m.lease_grant, w.uint32(114).fork()).ldelim();
    if (m.lease_revoke != null) InternalLeaseRevoke.encode(m.lease_revoke, w.uint32(122).fork()).ldelim();
    if (m.lease_checkpoint != null) InternalLeaseCheckpoint.encode(m.lease_checkpoint, w.uint32(130).fork()).ldelim();
    if (m.alarm != null) AlarmRequest.encode(m.alarm, w.uint32(138).fork()).ldelim();
    if (m.member_attributes != null) MemberAttributes.encode(m.member_attributes, w.uint32(146).fork()).ldelim();
    if (m.restore != null) InternalRestore.encode(m.restore, w.uint32(154).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new InternalRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.proposer = r.bytes(); break;
        case 16: m.sequence = r.uint64(); break;
        case 26: m.username = r.stringVerify(); break;
        case 32: m.auth_revision = r.uint64(); break;
        case 82: m.delete_range = m.txn = m.compaction = m.lease_grant = m.lease_revoke = m.lease_checkpoint = m.alarm = m.member_attributes = m.restore = null; m.put = PutRequest.read(r, enter(r, depth), depth + 1, m.put ?? undefined); break;
        case 90: m.put = m.txn = m.compaction = m.lease_grant = m.lease_revoke = m.lease_checkpoint = m.alarm = m.member_attributes = m.restore = null; m.delete_range = DeleteRangeRequest.read(r, enter(r, depth), depth + 1, m.delete_range ?? undefined); break;
        case 98: m.put = m.delete_range = m.compaction = m.lease_grant = m.lease_revoke = m.lease_checkpoint = m.alarm = m.member_attributes = m.restore = null; m.txn = TxnRequest.read(r, enter(r, depth), depth + 1, m.txn ?? undefined); break;
        case 106: m.put = m.delete_range = m.txn = m.lease_grant = m.lease_revoke = m.lease_checkpoint = m.alarm = m.member_attributes = m.restore = null; m.compaction = CompactionRequest.read(r, enter(r, depth), depth + 1, m.compaction ?? undefined); break;
        case 114: m.put = m.delete_range = m.txn = m.compaction = m.lease_revoke = m.lease_checkpoint = m.alarm = m.member_attributes = m.restore = null; m.lease_grant = LeaseGrantRequest.read(r, enter(r, depth), depth + 1, m.lease_grant ?? undefined); break;
        case 122: m.put = m.delete_range = m.txn = m.compaction = m.lease_grant = m.lease_checkpoint = m.alarm = m.member_attributes = m.restore = null; m.lease_revoke = InternalLeaseRevoke.read(r, enter(r, depth), depth + 1, m.lease_revoke ?? undefined); break;
        case 130: m.put = m.delete_range = m.txn = m.compaction = m.lease_grant = m.lease_revoke = m.alarm = m.member_attributes = m.restore = null; m.lease_checkpoint = InternalLeaseCheckpoint.read(r, enter(r, depth), depth + 1, m.lease_checkpoint ?? undefined); break;
        case 138: m.put = m.delete_range = m.txn = m.compaction = m.lease_grant = m.lease_revoke = m.lease_checkpoint = m.member_attributes = m.restore = null; m.alarm = AlarmRequest.read(r, enter(r, depth), depth + 1, m.alarm ?? undefined); break;
        case 146: m.put = m.delete_range = m.txn = m.compaction = m.lease_grant = m.lease_revoke = m.lease_checkpoint = m.alarm = m.restore = null; m.member_attributes = MemberAttributes.read(r, enter(r, depth), depth + 1, m.member_attributes ?? undefined); break;
        case 154: m.put = m.delete_range = m.txn = m.compaction = m.lease_grant = m.lease_revoke = m.lease_checkpoint = m.alarm = m.member_attributes = null; m.restore = InternalRestore.read(r, enter(r, depth), depth + 1, m.restore ?? undefined); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class InternalRestore {
  constructor() {
    this.digest = EMPTY;
    this.upload = '';
  }
  static encode(m, w = new Writer()) {
    if (m.digest?.length) w.uint32(10).bytes(m.digest);
    if (m.upload) w.uint32(18).string(m.upload);
    return w;
  }
  static read(r, outer, depth, m = new InternalRestore()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.digest = r.bytes(); break;
        case 18: m.upload = r.stringVerify(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class InternalLeaseRevoke {
  constructor() {
    this.ID = INT64_ZERO;
    this.term = UINT64_ZERO;
  }
  static encode(m, w = new Writer()) {
    if (m.ID) writeInt64(w, 8, m.ID);
    if (m.term) writeInt64(w, 16, m.term);
    return w;
  }
  static read(r, outer, depth, m = new InternalLeaseRevoke()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 8: m.ID = r.int64(); break;
        case 16: m.term = r.uint64(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class InternalLeaseCheckpoint {
  constructor() {
    this.checkpoints = [];
    this.term = UINT64_ZERO;
  }
  static encode(m, w = new Writer()) {
    if (m.checkpoints) for (const v of m.checkpoints) LeaseCheckpoint.encode(v, w.uint32(10).fork()).ldelim();
    if (m.term) writeInt64(w, 16, m.term);
    return w;
  }
  static read(r, outer, depth, m = new InternalLeaseCheckpoint()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.checkpoints.push(LeaseCheckpoint.read(r, enter(r, depth), depth + 1)); break;
        case 16: m.term = r.uint64(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class MemberAttributes {
  constructor() {
    this.ID = UINT64_ZERO;
    this.name = '';
    this.client_urls = [];
  }
  static encode(m, w = new Writer()) {
    if (m.ID) writeInt64(w, 8, m.ID);
    if (m.name) w.uint32(18).string(m.name);
    if (m.client_urls) for (const v of m.client_urls) w.uint32(26).string(v);
    return w;
  }
  static read(r, outer, depth, m = new MemberAttributes()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 8: m.ID = r.uint64(); break;
        case 18: m.name = r.stringVerify(); break;
        case 26: m.client_urls.push(r.stringVerify()); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class MemberDescription {
  constructor() {
    this.ID = UINT64_ZERO;
    this.name = '';
    this.peer_urls = [];
    this.client_urls = [];
    this.region = '';
    this.is_learner = false;
    this.proposer = EMPTY;
    this.sequence = UINT64_ZERO;
  }
  static encode(m, w = new Writer()) {
    if (m.ID) writeInt64(w, 8, m.ID);
    if (m.name) w.uint32(18).string(m.name);
    if (m.peer_urls) for (const v of m.peer_urls) w.uint32(26).string(v);
    if (m.client_urls) for (const v of m.client_urls) w.uint32(34).string(v);
    if (m.region) w.uint32(42).string(m.region);
    if (m.is_learner) w.uint32(48).bool(m.is_learner);
    if (m.proposer?.length) w.uint32(58).bytes(m.proposer);
    if (m.sequence) writeInt64(w, 64, m.sequence);
    return w;
  }
  static read(r, outer, depth, m = new MemberDescription()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 8: m.ID = r.uint64(); break;
        case 18: m.name = r.stringVerify(); break;
        case 26: m.peer_urls.push(r.stringVerify()); break;
        case 34: m.client_urls.push(r.stringVerify()); break;
        case 42: m.region = r.stringVerify(); break;
        case 48: m.is_learner = r.bool(); break;
        case 58: m.proposer = r.bytes(); break;
        case 64: m.sequence = r.uint64(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class ResponseHeader {
  constructor() {
    this.cluster_id = UINT64_ZERO;
    this.member_id = UINT64_ZERO;
    this.revision = INT64_ZERO;
    this.raft_term = UINT64_ZERO;
  }
  static encode(m, w = new Writer()) {
    if (m.cluster_id) writeInt64(w, 8, m.cluster_id);
    if (m.member_id) writeInt64(w, 16, m.member_id);
    if (m.revision) writeInt64(w, 24, m.revision);
    if (m.raft_term) writeInt64(w, 32, m.raft_term);
    return w;
  }
  static read(r, outer, depth, m = new ResponseHeader()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 8: m.cluster_id = r.uint64(); break;
        case 16: m.member_id = r.uint64(); break;
        case 24: m.revision = r.int64(); break;
        case 32: m.raft_term = r.uint64(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class RangeRequest {
  constructor() {
    this.key = EMPTY;
    this.range_end = EMPTY;
    this.limit = INT64_ZERO;
    this.revision = INT64_ZERO;
    this.sort_order = 0;
    this.sort_target = 0;
    this.serializable = false;
    this.keys_only = false;
    this.count_only = false;
    this.min_mod_revision = INT64_ZERO;
    this.max_mod_revision = INT64_ZERO;
    this.min_create_revision = INT64_ZERO;
    this.max_create_revision = INT64_ZERO;
  }
  static encode(m, w = new Writer()) {
    if (m.key?.length) w.uint32(10).bytes(m.key);
    if (m.range_end?.length) w.uint32(18).bytes(m.range_end);
    if (m.limit) writeInt64(w, 24, m.limit);
    if (m.revision) writeInt64(w, 32, m.revision);
    if (m.sort_order) w.uint32(40).int32(m.sort_order);
    if (m.sort_target) w.uint32(48).int32(m.sort_target);
    if (m.serializable) w.uint32(56).bool(m.serializable);
    if (m.keys_only) w.uint32(64).bool(m.keys_only);
    if (m.count_only) w.uint32(72).bool(m.count_only);
    if (m.min_mod_revision) writeInt64(w, 80, m.min_mod_revision);
    if (m.max_mod_revision) writeInt64(w, 88, m.max_mod_revision);
    if (m.min_create_revision) writeInt64(w, 96, m.min_create_revision);
    if (m.max_create_revision) writeInt64(w, 104, m.max_create_revision);
    return w;
  }
  static read(r, outer, depth, m = new RangeRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.key = r.bytes(); break;
        case 18: m.range_end = r.bytes(); break;
        case 24: m.limit = r.int64(); break;
        case 32: m.revision = r.int64(); break;
        case 40: m.sort_order = r.int32(); break;
        case 48: m.sort_target = r.int32(); break;
        case 56: m.serializable = r.bool(); break;
        case 64: m.keys_only = r.bool(); break;
        case 72: m.count_only = r.bool(); break;
        case 80: m.min_mod_revision = r.int64(); break;
        case 88: m.max_mod_revision = r.int64(); break;
        case 96: m.min_create_revision = r.int64(); break;
        case 104: m.max_create_revision = r.int64(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class RangeResponse {
  constructor() {
    this.header = null;
    this.kvs = [];
    this.more = false;
    this.count = INT64_ZERO;
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    if (m.kvs) for (const v of m.kvs) KeyValue.encode(v, w.uint32(18).fork()).ldelim();
    if (m.more) w.uint32(24).bool(m.more);
    if (m.count) writeInt64(w, 32, m.count);
    return w;
  }
  static read(r, outer, depth, m = new RangeResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        case 18: m.kvs.push(KeyValue.read(r, enter(r, depth), depth + 1)); break;
        case 24: m.more = r.bool(); break;
        case 32: m.count = r.int64(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class PutRequest {
  constructor() {
    this.key = EMPTY;
    this.value = EMPTY;
    this.lease = INT64_ZERO;
    this.prev_kv = false;
    this.ignore_value = false;
    this.ignore_lease = false;
  }
  static encode(m, w = new Writer()) {
    if (m.key?.length) w.uint32(10).bytes(m.key);
    if (m.value?.length) w.uint32(18).bytes(m.value);
    if (m.lease) writeInt64(w, 24, m.lease);
    if (m.prev_kv) w.uint32(32).bool(m.prev_kv);
    if (m.ignore_value) w.uint32(40).bool(m.ignore_value);
    if (m.ignore_lease) w.uint32(48).bool(m.ignore_lease);
    return w;
  }
  static read(r, outer, depth, m = new PutRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.key = r.bytes(); break;
        case 18: m.value = r.bytes(); break;
        case 24: m.lease = r.int64(); break;
        case 32: m.prev_kv = r.bool(); break;
        case 40: m.ignore_value = r.bool(); break;
        case 48: m.ignore_lease = r.bool(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class PutResponse {
  constructor() {
    this.header = null;
    this.prev_kv = null;
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    if (m.prev_kv != null) KeyValue.encode(m.prev_kv, w.uint32(18).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new PutResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        case 18: m.prev_kv = KeyValue.read(r, enter(r, depth), depth + 1, m.prev_kv ?? undefined); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class DeleteRangeRequest {
  constructor() {
    this.key = EMPTY;
    this.range_end = EMPTY;
    this.prev_kv = false;
  }
  static encode(m, w = new Writer()) {
    if (m.key?.length) w.uint32(10).bytes(m.key);
    if (m.range_end?.length) w.uint32(18).bytes(m.range_end);
    if (m.prev_kv) w.uint32(24).bool(m.prev_kv);
    return w;
  }
  static read(r, outer, depth, m = new DeleteRangeRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.key = r.bytes(); break;
        case 18: m.range_end = r.bytes(); break;
        case 24: m.prev_kv = r.bool(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class DeleteRangeResponse {
  constructor() {
    this.header = null;
    this.deleted = INT64_ZERO;
    this.prev_kvs = [];
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    if (m.deleted) writeInt64(w, 16, m.deleted);
    if (m.prev_kvs) for (const v of m.prev_kvs) KeyValue.encode(v, w.uint32(26).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new DeleteRangeResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        case 16: m.deleted = r.int64(); break;
        case 26: m.prev_kvs.push(KeyValue.read(r, enter(r, depth), depth + 1)); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class RequestOp {
  constructor() {
    this.request_range = null;
    this.request_put = null;
    this.request_delete_range = null;
    this.request_txn = null;
  }
  static encode(m, w = new Writer()) {
    if (m.request_range != null) RangeRequest.encode(m.request_range, w.uint32(10).fork()).ldelim();
    if (m.request_put != null) PutRequest.encode(m.request_put, w.uint32(18).fork()).ldelim();
    if (m.request_delete_range != null) DeleteRangeRequest.encode(m.request_delete_range, w.uint32(26).fork()).ldelim();
    if (m.request_txn != null) TxnRequest.encode(m.request_txn, w.uint32(34).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new RequestOp()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.request_put = m.request_delete_range = m.request_txn = null; m.request_range = RangeRequest.read(r, enter(r, depth), depth + 1, m.request_range ?? undefined); break;
        case 18: m.request_range = m.request_delete_range = m.request_txn = null; m.request_put = PutRequest.read(r, enter(r, depth), depth + 1, m.request_put ?? undefined); break;
        case 26: m.request_range = m.request_put = m.request_txn = null; m.request_delete_range = DeleteRangeRequest.read(r, enter(r, depth), depth + 1, m.request_delete_range ?? undefined); break;
        case 34: m.request_range = m.request_put = m.request_delete_range = null; m.request_txn = TxnRequest.read(r, enter(r, depth), depth + 1, m.request_txn ?? undefined); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class ResponseOp {
  constructor() {
    this.response_range = null;
    this.response_put = null;
    this.response_delete_range = null;
    this.response_txn = null;
  }
  static encode(m, w = new Writer()) {
    if (m.response_range != null) RangeResponse.encode(m.response_range, w.uint32(10).fork()).ldelim();
    if (m.response_put != null) PutResponse.encode(m.response_put, w.uint32(18).fork()).ldelim();
    if (m.response_delete_range != null) DeleteRangeResponse.encode(m.response_delete_range, w.uint32(26).fork()).ldelim();
    if (m.response_txn != null) TxnResponse.encode(m.response_txn, w.uint32(34).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new ResponseOp()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.response_put = m.response_delete_range = m.response_txn = null; m.response_range = RangeResponse.read(r, enter(r, depth), depth + 1, m.response_range ?? undefined); break;
        case 18: m.response_range = m.response_delete_range = m.response_txn = null; m.response_put = PutResponse.read(r, enter(r, depth), depth + 1, m.response_put ?? undefined); break;
        case 26: m.response_range = m.response_put = m.response_txn = null; m.response_delete_range = DeleteRangeResponse.read(r, enter(r, depth), depth + 1, m.response_delete_range ?? undefined); break;
        case 34: m.response_range = m.response_put = m.response_delete_range = null; m.response_txn = TxnResponse.read(r, enter(r, depth), depth + 1, m.response_txn ?? undefined); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class Compare {
  constructor() {
    this.result = 0;
    this.target = 0;
    this.key = EMPTY;
    this.version = null;
    this.create_revision = null;
    this.mod_revision = null;
    this.value = null;
    this.lease = null;
    this.range_end = EMPTY;
  }
  static encode(m, w = new Writer()) {
    if (m.result) w.uint32(8).int32(m.result);
    if (m.target) w.uint32(16).int32(m.target);
    if (m.key?.length) w.uint32(26).bytes(m.key);
    if (m.version != null) writeInt64Always(w, 32, m.version);
    if (m.create_revision != null) writeInt64Always(w, 40, m.create_revision);
    if (m.mod_revision != null) writeInt64Always(w, 48, m.mod_revision);
    if (m.value != null) w.uint32(58).bytes(m.value);
    if (m.lease != null) writeInt64Always(w, 64, m.lease);
    if (m.range_end?.length) w.uint32(514).bytes(m.range_end);
    return w;
  }
  static read(r, outer, depth, m = new Compare()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 8: m.result = r.int32(); break;
        case 16: m.target = r.int32(); break;
        case 26: m.key = r.bytes(); break;
        case 32: m.create_revision = m.mod_revision = m.value = m.lease = null; m.version = r.int64(); break;
        case 40: m.version = m.mod_revision = m.value = m.lease = null; m.create_revision = r.int64(); break;
        case 48: m.version = m.create_revision = m.value = m.lease = null; m.mod_revision = r.int64(); break;
        case 58: m.version = m.create_revision = m.mod_revision = m.lease = null; m.value = r.bytes(); break;
        case 64: m.version = m.create_revision = m.mod_revision = m.value = null; m.lease = r.int64(); break;
        case 514: m.range_end = r.bytes(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class TxnRequest {
  constructor() {
    this.compare = [];
    this.success = [];
    this.failure = [];
  }
  static encode(m, w = new Writer()) {
    if (m.compare) for (const v of m.compare) Compare.encode(v, w.uint32(10).fork()).ldelim();
    if (m.success) for (const v of m.success) RequestOp.encode(v, w.uint32(18).fork()).ldelim();
    if (m.failure) for (const v of m.failure) RequestOp.encode(v, w.uint32(26).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new TxnRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.compare.push(Compare.read(r, enter(r, depth), depth + 1)); break;
        case 18: m.success.push(RequestOp.read(r, enter(r, depth), depth + 1)); break;
        case 26: m.failure.push(RequestOp.read(r, enter(r, depth), depth + 1)); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class TxnResponse {
  constructor() {
    this.header = null;
    this.succeeded = false;
    this.responses = [];
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    if (m.succeeded) w.uint32(16).bool(m.succeeded);
    if (m.responses) for (const v of m.responses) ResponseOp.encode(v, w.uint32(26).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new TxnResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        case 16: m.succeeded = r.bool(); break;
        case 26: m.responses.push(ResponseOp.read(r, enter(r, depth), depth + 1)); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class CompactionRequest {
  constructor() {
    this.revision = INT64_ZERO;
    this.physical = false;
  }
  static encode(m, w = new Writer()) {
    if (m.revision) writeInt64(w, 8, m.revision);
    if (m.physical) w.uint32(16).bool(m.physical);
    return w;
  }
  static read(r, outer, depth, m = new CompactionRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 8: m.revision = r.int64(); break;
        case 16: m.physical = r.bool(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class CompactionResponse {
  constructor() {
    this.header = null;
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new CompactionResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class HashRequest {
  constructor() {
  }
  static encode(m, w = new Writer()) {
    return w;
  }
  static read(r, outer, depth, m = new HashRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class HashKVRequest {
  constructor() {
    this.revision = INT64_ZERO;
  }
  static encode(m, w = new Writer()) {
    if (m.revision) writeInt64(w, 8, m.revision);
    return w;
  }
  static read(r, outer, depth, m = new HashKVRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 8: m.revision = r.int64(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class HashKVResponse {
  constructor() {
    this.header = null;
    this.hash = 0;
    this.compact_revision = INT64_ZERO;
    this.hash_revision = INT64_ZERO;
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    if (m.hash) w.uint32(16).uint32(m.hash);
    if (m.compact_revision) writeInt64(w, 24, m.compact_revision);
    if (m.hash_revision) writeInt64(w, 32, m.hash_revision);
    return w;
  }
  static read(r, outer, depth, m = new HashKVResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        case 16: m.hash = r.uint32(); break;
        case 24: m.compact_revision = r.int64(); break;
        case 32: m.hash_revision = r.int64(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class HashResponse {
  constructor() {
    this.header = null;
    this.hash = 0;
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    if (m.hash) w.uint32(16).uint32(m.hash);
    return w;
  }
  static read(r, outer, depth, m = new HashResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        case 16: m.hash = r.uint32(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class SnapshotRequest {
  constructor() {
  }
  static encode(m, w = new Writer()) {
    return w;
  }
  static read(r, outer, depth, m = new SnapshotRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class SnapshotResponse {
  constructor() {
    this.header = null;
    this.remaining_bytes = UINT64_ZERO;
    this.blob = EMPTY;
    this.version = '';
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    if (m.remaining_bytes) writeInt64(w, 16, m.remaining_bytes);
    if (m.blob?.length) w.uint32(26).bytes(m.blob);
    if (m.version) w.uint32(34).string(m.version);
    return w;
  }
  static read(r, outer, depth, m = new SnapshotResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        case 16: m.remaining_bytes = r.uint64(); break;
        case 26: m.blob = r.bytes(); break;
        case 34: m.version = r.stringVerify(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class WatchRequest {
  constructor() {
    this.create_request = null;
    this.cancel_request = null;
    this.progress_request = null;
  }
  static encode(m, w = new Writer()) {
    if (m.create_request != null) WatchCreateRequest.encode(m.create_request, w.uint32(10).fork()).ldelim();
    if (m.cancel_request != null) WatchCancelRequest.encode(m.cancel_request, w.uint32(18).fork()).ldelim();
    if (m.progress_request != null) WatchProgressRequest.encode(m.progress_request, w.uint32(26).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new WatchRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.cancel_request = m.progress_request = null; m.create_request = WatchCreateRequest.read(r, enter(r, depth), depth + 1, m.create_request ?? undefined); break;
        case 18: m.create_request = m.progress_request = null; m.cancel_request = WatchCancelRequest.read(r, enter(r, depth), depth + 1, m.cancel_request ?? undefined); break;
        case 26: m.create_request = m.cancel_request = null; m.progress_request = WatchProgressRequest.read(r, enter(r, depth), depth + 1, m.progress_request ?? undefined); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class WatchCreateRequest {
  constructor() {
    this.key = EMPTY;
    this.range_end = EMPTY;
    this.start_revision = INT64_ZERO;
    this.progress_notify = false;
    this.filters = [];
    this.prev_kv = false;
    this.watch_id = INT64_ZERO;
    this.fragment = false;
  }
  static encode(m, w = new Writer()) {
    if (m.key?.length) w.uint32(10).bytes(m.key);
    if (m.range_end?.length) w.uint32(18).bytes(m.range_end);
    if (m.start_revision) writeInt64(w, 24, m.start_revision);
    if (m.progress_notify) w.uint32(32).bool(m.progress_notify);
    if (m.filters) writePacked(w, 42, m.filters);
    if (m.prev_kv) w.uint32(48).bool(m.prev_kv);
    if (m.watch_id) writeInt64(w, 56, m.watch_id);
    if (m.fragment) w.uint32(64).bool(m.fragment);
    return w;
  }
  static read(r, outer, depth, m = new WatchCreateRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.key = r.bytes(); break;
        case 18: m.range_end = r.bytes(); break;
        case 24: m.start_revision = r.int64(); break;
        case 32: m.progress_notify = r.bool(); break;
        case 40: m.filters.push(r.int32()); break;
        case 42: readPacked(r, m.filters); break;
        case 48: m.prev_kv = r.bool(); break;
        case 56: m.watch_id = r.int64(); break;
        case 64: m.fragment = r.bool(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class WatchCancelRequest {
  constructor() {
    this.watch_id = INT64_ZERO;
  }
  static encode(m, w = new Writer()) {
    if (m.watch_id) writeInt64(w, 8, m.watch_id);
    return w;
  }
  static read(r, outer, depth, m = new WatchCancelRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 8: m.watch_id = r.int64(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class WatchProgressRequest {
  constructor() {
  }
  static encode(m, w = new Writer()) {
    return w;
  }
  static read(r, outer, depth, m = new WatchProgressRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class WatchResponse {
  constructor() {
    this.header = null;
    this.watch_id = INT64_ZERO;
    this.created = false;
    this.canceled = false;
    this.compact_revision = INT64_ZERO;
    this.cancel_reason = '';
    this.fragment = false;
    this.events = [];
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    if (m.watch_id) writeInt64(w, 16, m.watch_id);
    if (m.created) w.uint32(24).bool(m.created);
    if (m.canceled) w.uint32(32).bool(m.canceled);
    if (m.compact_revision) writeInt64(w, 40, m.compact_revision);
    if (m.cancel_reason) w.uint32(50).string(m.cancel_reason);
    if (m.fragment) w.uint32(56).bool(m.fragment);
    if (m.events) for (const v of m.events) Event.encode(v, w.uint32(90).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new WatchResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        case 16: m.watch_id = r.int64(); break;
        case 24: m.created = r.bool(); break;
        case 32: m.canceled = r.bool(); break;
        case 40: m.compact_revision = r.int64(); break;
        case 50: m.cancel_reason = r.stringVerify(); break;
        case 56: m.fragment = r.bool(); break;
        case 90: m.events.push(Event.read(r, enter(r, depth), depth + 1)); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class LeaseGrantRequest {
  constructor() {
    this.TTL = INT64_ZERO;
    this.ID = INT64_ZERO;
  }
  static encode(m, w = new Writer()) {
    if (m.TTL) writeInt64(w, 8, m.TTL);
    if (m.ID) writeInt64(w, 16, m.ID);
    return w;
  }
  static read(r, outer, depth, m = new LeaseGrantRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 8: m.TTL = r.int64(); break;
        case 16: m.ID = r.int64(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class LeaseGrantResponse {
  constructor() {
    this.header = null;
    this.ID = INT64_ZERO;
    this.TTL = INT64_ZERO;
    this.error = '';
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    if (m.ID) writeInt64(w, 16, m.ID);
    if (m.TTL) writeInt64(w, 24, m.TTL);
    if (m.error) w.uint32(34).string(m.error);
    return w;
  }
  static read(r, outer, depth, m = new LeaseGrantResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        case 16: m.ID = r.int64(); break;
        case 24: m.TTL = r.int64(); break;
        case 34: m.error = r.stringVerify(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class LeaseRevokeRequest {
  constructor() {
    this.ID = INT64_ZERO;
  }
  static encode(m, w = new Writer()) {
    if (m.ID) writeInt64(w, 8, m.ID);
    return w;
  }
  static read(r, outer, depth, m = new LeaseRevokeRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 8: m.ID = r.int64(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class LeaseRevokeResponse {
  constructor() {
    this.header = null;
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new LeaseRevokeResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class LeaseCheckpoint {
  constructor() {
    this.ID = INT64_ZERO;
    this.remaining_TTL = INT64_ZERO;
  }
  static encode(m, w = new Writer()) {
    if (m.ID) writeInt64(w, 8, m.ID);
    if (m.remaining_TTL) writeInt64(w, 16, m.remaining_TTL);
    return w;
  }
  static read(r, outer, depth, m = new LeaseCheckpoint()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 8: m.ID = r.int64(); break;
        case 16: m.remaining_TTL = r.int64(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class LeaseCheckpointRequest {
  constructor() {
    this.checkpoints = [];
  }
  static encode(m, w = new Writer()) {
    if (m.checkpoints) for (const v of m.checkpoints) LeaseCheckpoint.encode(v, w.uint32(10).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new LeaseCheckpointRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.checkpoints.push(LeaseCheckpoint.read(r, enter(r, depth), depth + 1)); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class LeaseCheckpointResponse {
  constructor() {
    this.header = null;
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new LeaseCheckpointResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class LeaseKeepAliveRequest {
  constructor() {
    this.ID = INT64_ZERO;
  }
  static encode(m, w = new Writer()) {
    if (m.ID) writeInt64(w, 8, m.ID);
    return w;
  }
  static read(r, outer, depth, m = new LeaseKeepAliveRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 8: m.ID = r.int64(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class LeaseKeepAliveResponse {
  constructor() {
    this.header = null;
    this.ID = INT64_ZERO;
    this.TTL = INT64_ZERO;
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    if (m.ID) writeInt64(w, 16, m.ID);
    if (m.TTL) writeInt64(w, 24, m.TTL);
    return w;
  }
  static read(r, outer, depth, m = new LeaseKeepAliveResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        case 16: m.ID = r.int64(); break;
        case 24: m.TTL = r.int64(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class LeaseTimeToLiveRequest {
  constructor() {
    this.ID = INT64_ZERO;
    this.keys = false;
  }
  static encode(m, w = new Writer()) {
    if (m.ID) writeInt64(w, 8, m.ID);
    if (m.keys) w.uint32(16).bool(m.keys);
    return w;
  }
  static read(r, outer, depth, m = new LeaseTimeToLiveRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 8: m.ID = r.int64(); break;
        case 16: m.keys = r.bool(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class LeaseTimeToLiveResponse {
  constructor() {
    this.header = null;
    this.ID = INT64_ZERO;
    this.TTL = INT64_ZERO;
    this.grantedTTL = INT64_ZERO;
    this.keys = [];
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    if (m.ID) writeInt64(w, 16, m.ID);
    if (m.TTL) writeInt64(w, 24, m.TTL);
    if (m.grantedTTL) writeInt64(w, 32, m.grantedTTL);
    if (m.keys) for (const v of m.keys) w.uint32(42).bytes(v);
    return w;
  }
  static read(r, outer, depth, m = new LeaseTimeToLiveResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        case 16: m.ID = r.int64(); break;
        case 24: m.TTL = r.int64(); break;
        case 32: m.grantedTTL = r.int64(); break;
        case 42: m.keys.push(r.bytes()); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class LeaseLeasesRequest {
  constructor() {
  }
  static encode(m, w = new Writer()) {
    return w;
  }
  static read(r, outer, depth, m = new LeaseLeasesRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class LeaseStatus {
  constructor() {
    this.ID = INT64_ZERO;
  }
  static encode(m, w = new Writer()) {
    if (m.ID) writeInt64(w, 8, m.ID);
    return w;
  }
  static read(r, outer, depth, m = new LeaseStatus()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 8: m.ID = r.int64(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class LeaseLeasesResponse {
  constructor() {
    this.header = null;
    this.leases = [];
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    if (m.leases) for (const v of m.leases) LeaseStatus.encode(v, w.uint32(18).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new LeaseLeasesResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        case 18: m.leases.push(LeaseStatus.read(r, enter(r, depth), depth + 1)); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class Member {
  constructor() {
    this.ID = UINT64_ZERO;
    this.name = '';
    this.peerURLs = [];
    this.clientURLs = [];
    this.isLearner = false;
  }
  static encode(m, w = new Writer()) {
    if (m.ID) writeInt64(w, 8, m.ID);
    if (m.name) w.uint32(18).string(m.name);
    if (m.peerURLs) for (const v of m.peerURLs) w.uint32(26).string(v);
    if (m.clientURLs) for (const v of m.clientURLs) w.uint32(34).string(v);
    if (m.isLearner) w.uint32(40).bool(m.isLearner);
    return w;
  }
  static read(r, outer, depth, m = new Member()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 8: m.ID = r.uint64(); break;
        case 18: m.name = r.stringVerify(); break;
        case 26: m.peerURLs.push(r.stringVerify()); break;
        case 34: m.clientURLs.push(r.stringVerify()); break;
        case 40: m.isLearner = r.bool(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class MemberAddRequest {
  constructor() {
    this.peerURLs = [];
    this.isLearner = false;
  }
  static encode(m, w = new Writer()) {
    if (m.peerURLs) for (const v of m.peerURLs) w.uint32(10).string(v);
    if (m.isLearner) w.uint32(16).bool(m.isLearner);
    return w;
  }
  static read(r, outer, depth, m = new MemberAddRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.peerURLs.push(r.stringVerify()); break;
        case 16: m.isLearner = r.bool(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class MemberAddResponse {
  constructor() {
    this.header = null;
    this.member = null;
    this.members = [];
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    if (m.member != null) Member.encode(m.member, w.uint32(18).fork()).ldelim();
    if (m.members) for (const v of m.members) Member.encode(v, w.uint32(26).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new MemberAddResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        case 18: m.member = Member.read(r, enter(r, depth), depth + 1, m.member ?? undefined); break;
        case 26: m.members.push(Member.read(r, enter(r, depth), depth + 1)); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class MemberRemoveRequest {
  constructor() {
    this.ID = UINT64_ZERO;
  }
  static encode(m, w = new Writer()) {
    if (m.ID) writeInt64(w, 8, m.ID);
    return w;
  }
  static read(r, outer, depth, m = new MemberRemoveRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 8: m.ID = r.uint64(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class MemberRemoveResponse {
  constructor() {
    this.header = null;
    this.members = [];
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    if (m.members) for (const v of m.members) Member.encode(v, w.uint32(18).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new MemberRemoveResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        case 18: m.members.push(Member.read(r, enter(r, depth), depth + 1)); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class MemberUpdateRequest {
  constructor() {
    this.ID = UINT64_ZERO;
    this.peerURLs = [];
  }
  static encode(m, w = new Writer()) {
    if (m.ID) writeInt64(w, 8, m.ID);
    if (m.peerURLs) for (const v of m.peerURLs) w.uint32(18).string(v);
    return w;
  }
  static read(r, outer, depth, m = new MemberUpdateRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 8: m.ID = r.uint64(); break;
        case 18: m.peerURLs.push(r.stringVerify()); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class MemberUpdateResponse {
  constructor() {
    this.header = null;
    this.members = [];
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    if (m.members) for (const v of m.members) Member.encode(v, w.uint32(18).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new MemberUpdateResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        case 18: m.members.push(Member.read(r, enter(r, depth), depth + 1)); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class MemberListRequest {
  constructor() {
    this.linearizable = false;
  }
  static encode(m, w = new Writer()) {
    if (m.linearizable) w.uint32(8).bool(m.linearizable);
    return w;
  }
  static read(r, outer, depth, m = new MemberListRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 8: m.linearizable = r.bool(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class MemberListResponse {
  constructor() {
    this.header = null;
    this.members = [];
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    if (m.members) for (const v of m.members) Member.encode(v, w.uint32(18).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new MemberListResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        case 18: m.members.push(Member.read(r, enter(r, depth), depth + 1)); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class MemberPromoteRequest {
  constructor() {
    this.ID = UINT64_ZERO;
  }
  static encode(m, w = new Writer()) {
    if (m.ID) writeInt64(w, 8, m.ID);
    return w;
  }
  static read(r, outer, depth, m = new MemberPromoteRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 8: m.ID = r.uint64(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class MemberPromoteResponse {
  constructor() {
    this.header = null;
    this.members = [];
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    if (m.members) for (const v of m.members) Member.encode(v, w.uint32(18).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new MemberPromoteResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        case 18: m.members.push(Member.read(r, enter(r, depth), depth + 1)); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class DefragmentRequest {
  constructor() {
  }
  static encode(m, w = new Writer()) {
    return w;
  }
  static read(r, outer, depth, m = new DefragmentRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class DefragmentResponse {
  constructor() {
    this.header = null;
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new DefragmentResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class MoveLeaderRequest {
  constructor() {
    this.targetID = UINT64_ZERO;
  }
  static encode(m, w = new Writer()) {
    if (m.targetID) writeInt64(w, 8, m.targetID);
    return w;
  }
  static read(r, outer, depth, m = new MoveLeaderRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 8: m.targetID = r.uint64(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class MoveLeaderResponse {
  constructor() {
    this.header = null;
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new MoveLeaderResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class AlarmRequest {
  constructor() {
    this.action = 0;
    this.memberID = UINT64_ZERO;
    this.alarm = 0;
  }
  static encode(m, w = new Writer()) {
    if (m.action) w.uint32(8).int32(m.action);
    if (m.memberID) writeInt64(w, 16, m.memberID);
    if (m.alarm) w.uint32(24).int32(m.alarm);
    return w;
  }
  static read(r, outer, depth, m = new AlarmRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 8: m.action = r.int32(); break;
        case 16: m.memberID = r.uint64(); break;
        case 24: m.alarm = r.int32(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class AlarmMember {
  constructor() {
    this.memberID = UINT64_ZERO;
    this.alarm = 0;
  }
  static encode(m, w = new Writer()) {
    if (m.memberID) writeInt64(w, 8, m.memberID);
    if (m.alarm) w.uint32(16).int32(m.alarm);
    return w;
  }
  static read(r, outer, depth, m = new AlarmMember()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 8: m.memberID = r.uint64(); break;
        case 16: m.alarm = r.int32(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class AlarmResponse {
  constructor() {
    this.header = null;
    this.alarms = [];
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    if (m.alarms) for (const v of m.alarms) AlarmMember.encode(v, w.uint32(18).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new AlarmResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        case 18: m.alarms.push(AlarmMember.read(r, enter(r, depth), depth + 1)); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class DowngradeRequest {
  constructor() {
    this.action = 0;
    this.version = '';
  }
  static encode(m, w = new Writer()) {
    if (m.action) w.uint32(8).int32(m.action);
    if (m.version) w.uint32(18).string(m.version);
    return w;
  }
  static read(r, outer, depth, m = new DowngradeRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 8: m.action = r.int32(); break;
        case 18: m.version = r.stringVerify(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class DowngradeResponse {
  constructor() {
    this.header = null;
    this.version = '';
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    if (m.version) w.uint32(18).string(m.version);
    return w;
  }
  static read(r, outer, depth, m = new DowngradeResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        case 18: m.version = r.stringVerify(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class DowngradeVersionTestRequest {
  constructor() {
    this.ver = '';
  }
  static encode(m, w = new Writer()) {
    if (m.ver) w.uint32(10).string(m.ver);
    return w;
  }
  static read(r, outer, depth, m = new DowngradeVersionTestRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.ver = r.stringVerify(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class StatusRequest {
  constructor() {
  }
  static encode(m, w = new Writer()) {
    return w;
  }
  static read(r, outer, depth, m = new StatusRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class StatusResponse {
  constructor() {
    this.header = null;
    this.version = '';
    this.dbSize = INT64_ZERO;
    this.leader = UINT64_ZERO;
    this.raftIndex = UINT64_ZERO;
    this.raftTerm = UINT64_ZERO;
    this.raftAppliedIndex = UINT64_ZERO;
    this.errors = [];
    this.dbSizeInUse = INT64_ZERO;
    this.isLearner = false;
    this.storageVersion = '';
    this.dbSizeQuota = INT64_ZERO;
    this.downgradeInfo = null;
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    if (m.version) w.uint32(18).string(m.version);
    if (m.dbSize) writeInt64(w, 24, m.dbSize);
    if (m.leader) writeInt64(w, 32, m.leader);
    if (m.raftIndex) writeInt64(w, 40, m.raftIndex);
    if (m.raftTerm) writeInt64(w, 48, m.raftTerm);
    if (m.raftAppliedIndex) writeInt64(w, 56, m.raftAppliedIndex);
    if (m.errors) for (const v of m.errors) w.uint32(66).string(v);
    if (m.dbSizeInUse) writeInt64(w, 72, m.dbSizeInUse);
    if (m.isLearner) w.uint32(80).bool(m.isLearner);
    if (m.storageVersion) w.uint32(90).string(m.storageVersion);
    if (m.dbSizeQuota) writeInt64(w, 96, m.dbSizeQuota);
    if (m.downgradeInfo != null) DowngradeInfo.encode(m.downgradeInfo, w.uint32(106).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new StatusResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        case 18: m.version = r.stringVerify(); break;
        case 24: m.dbSize = r.int64(); break;
        case 32: m.leader = r.uint64(); break;
        case 40: m.raftIndex = r.uint64(); break;
        case 48: m.raftTerm = r.uint64(); break;
        case 56: m.raftAppliedIndex = r.uint64(); break;
        case 66: m.errors.push(r.stringVerify()); break;
        case 72: m.dbSizeInUse = r.int64(); break;
        case 80: m.isLearner = r.bool(); break;
        case 90: m.storageVersion = r.stringVerify(); break;
        case 96: m.dbSizeQuota = r.int64(); break;
        case 106: m.downgradeInfo = DowngradeInfo.read(r, enter(r, depth), depth + 1, m.downgradeInfo ?? undefined); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class DowngradeInfo {
  constructor() {
    this.enabled = false;
    this.targetVersion = '';
  }
  static encode(m, w = new Writer()) {
    if (m.enabled) w.uint32(8).bool(m.enabled);
    if (m.targetVersion) w.uint32(18).string(m.targetVersion);
    return w;
  }
  static read(r, outer, depth, m = new DowngradeInfo()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 8: m.enabled = r.bool(); break;
        case 18: m.targetVersion = r.stringVerify(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class AuthEnableRequest {
  constructor() {
  }
  static encode(m, w = new Writer()) {
    return w;
  }
  static read(r, outer, depth, m = new AuthEnableRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class AuthDisableRequest {
  constructor() {
  }
  static encode(m, w = new Writer()) {
    return w;
  }
  static read(r, outer, depth, m = new AuthDisableRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class AuthStatusRequest {
  constructor() {
  }
  static encode(m, w = new Writer()) {
    return w;
  }
  static read(r, outer, depth, m = new AuthStatusRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class AuthenticateRequest {
  constructor() {
    this.name = '';
    this.password = '';
  }
  static encode(m, w = new Writer()) {
    if (m.name) w.uint32(10).string(m.name);
    if (m.password) w.uint32(18).string(m.password);
    return w;
  }
  static read(r, outer, depth, m = new AuthenticateRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.name = r.stringVerify(); break;
        case 18: m.password = r.stringVerify(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class AuthUserAddRequest {
  constructor() {
    this.name = '';
    this.password = '';
    this.options = null;
    this.hashedPassword = '';
  }
  static encode(m, w = new Writer()) {
    if (m.name) w.uint32(10).string(m.name);
    if (m.password) w.uint32(18).string(m.password);
    if (m.options != null) UserAddOptions.encode(m.options, w.uint32(26).fork()).ldelim();
    if (m.hashedPassword) w.uint32(34).string(m.hashedPassword);
    return w;
  }
  static read(r, outer, depth, m = new AuthUserAddRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.name = r.stringVerify(); break;
        case 18: m.password = r.stringVerify(); break;
        case 26: m.options = UserAddOptions.read(r, enter(r, depth), depth + 1, m.options ?? undefined); break;
        case 34: m.hashedPassword = r.stringVerify(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class AuthUserGetRequest {
  constructor() {
    this.name = '';
  }
  static encode(m, w = new Writer()) {
    if (m.name) w.uint32(10).string(m.name);
    return w;
  }
  static read(r, outer, depth, m = new AuthUserGetRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.name = r.stringVerify(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class AuthUserDeleteRequest {
  constructor() {
    this.name = '';
  }
  static encode(m, w = new Writer()) {
    if (m.name) w.uint32(10).string(m.name);
    return w;
  }
  static read(r, outer, depth, m = new AuthUserDeleteRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.name = r.stringVerify(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class AuthUserChangePasswordRequest {
  constructor() {
    this.name = '';
    this.password = '';
    this.hashedPassword = '';
  }
  static encode(m, w = new Writer()) {
    if (m.name) w.uint32(10).string(m.name);
    if (m.password) w.uint32(18).string(m.password);
    if (m.hashedPassword) w.uint32(26).string(m.hashedPassword);
    return w;
  }
  static read(r, outer, depth, m = new AuthUserChangePasswordRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.name = r.stringVerify(); break;
        case 18: m.password = r.stringVerify(); break;
        case 26: m.hashedPassword = r.stringVerify(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class AuthUserGrantRoleRequest {
  constructor() {
    this.user = '';
    this.role = '';
  }
  static encode(m, w = new Writer()) {
    if (m.user) w.uint32(10).string(m.user);
    if (m.role) w.uint32(18).string(m.role);
    return w;
  }
  static read(r, outer, depth, m = new AuthUserGrantRoleRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.user = r.stringVerify(); break;
        case 18: m.role = r.stringVerify(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class AuthUserRevokeRoleRequest {
  constructor() {
    this.name = '';
    this.role = '';
  }
  static encode(m, w = new Writer()) {
    if (m.name) w.uint32(10).string(m.name);
    if (m.role) w.uint32(18).string(m.role);
    return w;
  }
  static read(r, outer, depth, m = new AuthUserRevokeRoleRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.name = r.stringVerify(); break;
        case 18: m.role = r.stringVerify(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class AuthRoleAddRequest {
  constructor() {
    this.name = '';
  }
  static encode(m, w = new Writer()) {
    if (m.name) w.uint32(10).string(m.name);
    return w;
  }
  static read(r, outer, depth, m = new AuthRoleAddRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.name = r.stringVerify(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class AuthRoleGetRequest {
  constructor() {
    this.role = '';
  }
  static encode(m, w = new Writer()) {
    if (m.role) w.uint32(10).string(m.role);
    return w;
  }
  static read(r, outer, depth, m = new AuthRoleGetRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.role = r.stringVerify(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class AuthUserListRequest {
  constructor() {
  }
  static encode(m, w = new Writer()) {
    return w;
  }
  static read(r, outer, depth, m = new AuthUserListRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class AuthRoleListRequest {
  constructor() {
  }
  static encode(m, w = new Writer()) {
    return w;
  }
  static read(r, outer, depth, m = new AuthRoleListRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class AuthRoleDeleteRequest {
  constructor() {
    this.role = '';
  }
  static encode(m, w = new Writer()) {
    if (m.role) w.uint32(10).string(m.role);
    return w;
  }
  static read(r, outer, depth, m = new AuthRoleDeleteRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.role = r.stringVerify(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class AuthRoleGrantPermissionRequest {
  constructor() {
    this.name = '';
    this.perm = null;
  }
  static encode(m, w = new Writer()) {
    if (m.name) w.uint32(10).string(m.name);
    if (m.perm != null) Permission.encode(m.perm, w.uint32(18).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new AuthRoleGrantPermissionRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.name = r.stringVerify(); break;
        case 18: m.perm = Permission.read(r, enter(r, depth), depth + 1, m.perm ?? undefined); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class AuthRoleRevokePermissionRequest {
  constructor() {
    this.role = '';
    this.key = EMPTY;
    this.range_end = EMPTY;
  }
  static encode(m, w = new Writer()) {
    if (m.role) w.uint32(10).string(m.role);
    if (m.key?.length) w.uint32(18).bytes(m.key);
    if (m.range_end?.length) w.uint32(26).bytes(m.range_end);
    return w;
  }
  static read(r, outer, depth, m = new AuthRoleRevokePermissionRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.role = r.stringVerify(); break;
        case 18: m.key = r.bytes(); break;
        case 26: m.range_end = r.bytes(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class AuthEnableResponse {
  constructor() {
    this.header = null;
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new AuthEnableResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class AuthDisableResponse {
  constructor() {
    this.header = null;
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new AuthDisableResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class AuthStatusResponse {
  constructor() {
    this.header = null;
    this.enabled = false;
    this.authRevision = UINT64_ZERO;
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    if (m.enabled) w.uint32(16).bool(m.enabled);
    if (m.authRevision) writeInt64(w, 24, m.authRevision);
    return w;
  }
  static read(r, outer, depth, m = new AuthStatusResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        case 16: m.enabled = r.bool(); break;
        case 24: m.authRevision = r.uint64(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class AuthenticateResponse {
  constructor() {
    this.header = null;
    this.token = '';
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    if (m.token) w.uint32(18).string(m.token);
    return w;
  }
  static read(r, outer, depth, m = new AuthenticateResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        case 18: m.token = r.stringVerify(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class AuthUserAddResponse {
  constructor() {
    this.header = null;
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new AuthUserAddResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class AuthUserGetResponse {
  constructor() {
    this.header = null;
    this.roles = [];
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    if (m.roles) for (const v of m.roles) w.uint32(18).string(v);
    return w;
  }
  static read(r, outer, depth, m = new AuthUserGetResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        case 18: m.roles.push(r.stringVerify()); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class AuthUserDeleteResponse {
  constructor() {
    this.header = null;
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new AuthUserDeleteResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class AuthUserChangePasswordResponse {
  constructor() {
    this.header = null;
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new AuthUserChangePasswordResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class AuthUserGrantRoleResponse {
  constructor() {
    this.header = null;
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new AuthUserGrantRoleResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class AuthUserRevokeRoleResponse {
  constructor() {
    this.header = null;
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new AuthUserRevokeRoleResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class AuthRoleAddResponse {
  constructor() {
    this.header = null;
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new AuthRoleAddResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class AuthRoleGetResponse {
  constructor() {
    this.header = null;
    this.perm = [];
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    if (m.perm) for (const v of m.perm) Permission.encode(v, w.uint32(18).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new AuthRoleGetResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        case 18: m.perm.push(Permission.read(r, enter(r, depth), depth + 1)); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class AuthRoleListResponse {
  constructor() {
    this.header = null;
    this.roles = [];
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    if (m.roles) for (const v of m.roles) w.uint32(18).string(v);
    return w;
  }
  static read(r, outer, depth, m = new AuthRoleListResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        case 18: m.roles.push(r.stringVerify()); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class AuthUserListResponse {
  constructor() {
    this.header = null;
    this.users = [];
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    if (m.users) for (const v of m.users) w.uint32(18).string(v);
    return w;
  }
  static read(r, outer, depth, m = new AuthUserListResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        case 18: m.users.push(r.stringVerify()); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class AuthRoleDeleteResponse {
  constructor() {
    this.header = null;
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new AuthRoleDeleteResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class AuthRoleGrantPermissionResponse {
  constructor() {
    this.header = null;
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new AuthRoleGrantPermissionResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class AuthRoleRevokePermissionResponse {
  constructor() {
    this.header = null;
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new AuthRoleRevokePermissionResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class RangeStreamResponse {
  constructor() {
    this.range_response = null;
  }
  static encode(m, w = new Writer()) {
    if (m.range_response != null) RangeResponse.encode(m.range_response, w.uint32(10).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new RangeStreamResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.range_response = RangeResponse.read(r, enter(r, depth), depth + 1, m.range_response ?? undefined); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class KeyValue {
  constructor() {
    this.key = EMPTY;
    this.create_revision = INT64_ZERO;
    this.mod_revision = INT64_ZERO;
    this.version = INT64_ZERO;
    this.value = EMPTY;
    this.lease = INT64_ZERO;
  }
  static encode(m, w = new Writer()) {
    if (m.key?.length) w.uint32(10).bytes(m.key);
    if (m.create_revision) writeInt64(w, 16, m.create_revision);
    if (m.mod_revision) writeInt64(w, 24, m.mod_revision);
    if (m.version) writeInt64(w, 32, m.version);
    if (m.value?.length) w.uint32(42).bytes(m.value);
    if (m.lease) writeInt64(w, 48, m.lease);
    return w;
  }
  static read(r, outer, depth, m = new KeyValue()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.key = r.bytes(); break;
        case 16: m.create_revision = r.int64(); break;
        case 24: m.mod_revision = r.int64(); break;
        case 32: m.version = r.int64(); break;
        case 42: m.value = r.bytes(); break;
        case 48: m.lease = r.int64(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class Event {
  constructor() {
    this.type = 0;
    this.kv = null;
    this.prev_kv = null;
  }
  static encode(m, w = new Writer()) {
    if (m.type) w.uint32(8).int32(m.type);
    if (m.kv != null) KeyValue.encode(m.kv, w.uint32(18).fork()).ldelim();
    if (m.prev_kv != null) KeyValue.encode(m.prev_kv, w.uint32(26).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new Event()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 8: m.type = r.int32(); break;
        case 18: m.kv = KeyValue.read(r, enter(r, depth), depth + 1, m.kv ?? undefined); break;
        case 26: m.prev_kv = KeyValue.read(r, enter(r, depth), depth + 1, m.prev_kv ?? undefined); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class CampaignRequest {
  constructor() {
    this.name = EMPTY;
    this.lease = INT64_ZERO;
    this.value = EMPTY;
  }
  static encode(m, w = new Writer()) {
    if (m.name?.length) w.uint32(10).bytes(m.name);
    if (m.lease) writeInt64(w, 16, m.lease);
    if (m.value?.length) w.uint32(26).bytes(m.value);
    return w;
  }
  static read(r, outer, depth, m = new CampaignRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.name = r.bytes(); break;
        case 16: m.lease = r.int64(); break;
        case 26: m.value = r.bytes(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class CampaignResponse {
  constructor() {
    this.header = null;
    this.leader = null;
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    if (m.leader != null) LeaderKey.encode(m.leader, w.uint32(18).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new CampaignResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        case 18: m.leader = LeaderKey.read(r, enter(r, depth), depth + 1, m.leader ?? undefined); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class LeaderKey {
  constructor() {
    this.name = EMPTY;
    this.key = EMPTY;
    this.rev = INT64_ZERO;
    this.lease = INT64_ZERO;
  }
  static encode(m, w = new Writer()) {
    if (m.name?.length) w.uint32(10).bytes(m.name);
    if (m.key?.length) w.uint32(18).bytes(m.key);
    if (m.rev) writeInt64(w, 24, m.rev);
    if (m.lease) writeInt64(w, 32, m.lease);
    return w;
  }
  static read(r, outer, depth, m = new LeaderKey()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.name = r.bytes(); break;
        case 18: m.key = r.bytes(); break;
        case 24: m.rev = r.int64(); break;
        case 32: m.lease = r.int64(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class LeaderRequest {
  constructor() {
    this.name = EMPTY;
  }
  static encode(m, w = new Writer()) {
    if (m.name?.length) w.uint32(10).bytes(m.name);
    return w;
  }
  static read(r, outer, depth, m = new LeaderRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.name = r.bytes(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class LeaderResponse {
  constructor() {
    this.header = null;
    this.kv = null;
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    if (m.kv != null) KeyValue.encode(m.kv, w.uint32(18).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new LeaderResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        case 18: m.kv = KeyValue.read(r, enter(r, depth), depth + 1, m.kv ?? undefined); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class ResignRequest {
  constructor() {
    this.leader = null;
  }
  static encode(m, w = new Writer()) {
    if (m.leader != null) LeaderKey.encode(m.leader, w.uint32(10).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new ResignRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.leader = LeaderKey.read(r, enter(r, depth), depth + 1, m.leader ?? undefined); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class ResignResponse {
  constructor() {
    this.header = null;
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new ResignResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class ProclaimRequest {
  constructor() {
    this.leader = null;
    this.value = EMPTY;
  }
  static encode(m, w = new Writer()) {
    if (m.leader != null) LeaderKey.encode(m.leader, w.uint32(10).fork()).ldelim();
    if (m.value?.length) w.uint32(18).bytes(m.value);
    return w;
  }
  static read(r, outer, depth, m = new ProclaimRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.leader = LeaderKey.read(r, enter(r, depth), depth + 1, m.leader ?? undefined); break;
        case 18: m.value = r.bytes(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class ProclaimResponse {
  constructor() {
    this.header = null;
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new ProclaimResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class LockRequest {
  constructor() {
    this.name = EMPTY;
    this.lease = INT64_ZERO;
  }
  static encode(m, w = new Writer()) {
    if (m.name?.length) w.uint32(10).bytes(m.name);
    if (m.lease) writeInt64(w, 16, m.lease);
    return w;
  }
  static read(r, outer, depth, m = new LockRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.name = r.bytes(); break;
        case 16: m.lease = r.int64(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class LockResponse {
  constructor() {
    this.header = null;
    this.key = EMPTY;
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    if (m.key?.length) w.uint32(18).bytes(m.key);
    return w;
  }
  static read(r, outer, depth, m = new LockResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        case 18: m.key = r.bytes(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class UnlockRequest {
  constructor() {
    this.key = EMPTY;
  }
  static encode(m, w = new Writer()) {
    if (m.key?.length) w.uint32(10).bytes(m.key);
    return w;
  }
  static read(r, outer, depth, m = new UnlockRequest()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.key = r.bytes(); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export class UnlockResponse {
  constructor() {
    this.header = null;
  }
  static encode(m, w = new Writer()) {
    if (m.header != null) ResponseHeader.encode(m.header, w.uint32(10).fork()).ldelim();
    return w;
  }
  static read(r, outer, depth, m = new UnlockResponse()) {
    while (r.pos < r.len) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.header = ResponseHeader.read(r, enter(r, depth), depth + 1, m.header ?? undefined); break;
        default: skip(r, tag);
      }
    }
    r.len = outer;
    return m;
  }
}

export const messageTypes = {
  'authpb.UserAddOptions': UserAddOptions,
  'authpb.User': User,
  'authpb.Permission': Permission,
  'authpb.Role': Role,
  'grpc.health.v1.HealthCheckRequest': HealthCheckRequest,
  'grpc.health.v1.HealthCheckResponse': HealthCheckResponse,
  'grpc.health.v1.HealthListRequest': HealthListRequest,
  'grpc.health.v1.HealthListResponse': HealthListResponse,
  'grpc.health.v1.HealthListResponse.StatusesEntry': HealthListResponse_StatusesEntry,
  'edgetcd.internal.InternalRequest': InternalRequest,
  'edgetcd.internal.InternalRestore': InternalRestore,
  'edgetcd.internal.InternalLeaseRevoke': InternalLeaseRevoke,
  'edgetcd.internal.InternalLeaseCheckpoint': InternalLeaseCheckpoint,
  'edgetcd.internal.MemberAttributes': MemberAttributes,
  'edgetcd.internal.MemberDescription': MemberDescription,
  'etcdserverpb.ResponseHeader': ResponseHeader,
  'etcdserverpb.RangeRequest': RangeRequest,
  'etcdserverpb.RangeResponse': RangeResponse,
  'etcdserverpb.PutRequest': PutRequest,
  'etcdserverpb.PutResponse': PutResponse,
  'etcdserverpb.DeleteRangeRequest': DeleteRangeRequest,
  'etcdserverpb.DeleteRangeResponse': DeleteRangeResponse,
  'etcdserverpb.RequestOp': RequestOp,
  'etcdserverpb.ResponseOp': ResponseOp,
  'etcdserverpb.Compare': Compare,
  'etcdserverpb.TxnRequest': TxnRequest,
  'etcdserverpb.TxnResponse': TxnResponse,
  'etcdserverpb.CompactionRequest': CompactionRequest,
  'etcdserverpb.CompactionResponse': CompactionResponse,
  'etcdserverpb.HashRequest': HashRequest,
  'etcdserverpb.HashKVRequest': HashKVRequest,
  'etcdserverpb.HashKVResponse': HashKVResponse,
  'etcdserverpb.HashResponse': HashResponse,
  'etcdserverpb.SnapshotRequest': SnapshotRequest,
  'etcdserverpb.SnapshotResponse': SnapshotResponse,
  'etcdserverpb.WatchRequest': WatchRequest,
  'etcdserverpb.WatchCreateRequest': WatchCreateRequest,
  'etcdserverpb.WatchCancelRequest': WatchCancelRequest,
  'etcdserverpb.WatchProgressRequest': WatchProgressRequest,
  'etcdserverpb.WatchResponse': WatchResponse,
  'etcdserverpb.LeaseGrantRequest': LeaseGrantRequest,
  'etcdserverpb.LeaseGrantResponse': LeaseGrantResponse,
  'etcdserverpb.LeaseRevokeRequest': LeaseRevokeRequest,
  'etcdserverpb.LeaseRevokeResponse': LeaseRevokeResponse,
  'etcdserverpb.LeaseCheckpoint': LeaseCheckpoint,
  'etcdserverpb.LeaseCheckpointRequest': LeaseCheckpointRequest,
  'etcdserverpb.LeaseCheckpointResponse': LeaseCheckpointResponse,
  'etcdserverpb.LeaseKeepAliveRequest': LeaseKeepAliveRequest,
  'etcdserverpb.LeaseKeepAliveResponse': LeaseKeepAliveResponse,
  'etcdserverpb.LeaseTimeToLiveRequest': LeaseTimeToLiveRequest,
  'etcdserverpb.LeaseTimeToLiveResponse': LeaseTimeToLiveResponse,
  'etcdserverpb.LeaseLeasesRequest': LeaseLeasesRequest,
  'etcdserverpb.LeaseStatus': LeaseStatus,
  'etcdserverpb.LeaseLeasesResponse': LeaseLeasesResponse,
  'etcdserverpb.Member': Member,
  'etcdserverpb.MemberAddRequest': MemberAddRequest,
  'etcdserverpb.MemberAddResponse': MemberAddResponse,
  'etcdserverpb.MemberRemoveRequest': MemberRemoveRequest,
  'etcdserverpb.MemberRemoveResponse': MemberRemoveResponse,
  'etcdserverpb.MemberUpdateRequest': MemberUpdateRequest,
  'etcdserverpb.MemberUpdateResponse': MemberUpdateResponse,
  'etcdserverpb.MemberListRequest': MemberListRequest,
  'etcdserverpb.MemberListResponse': MemberListResponse,
  'etcdserverpb.MemberPromoteRequest': MemberPromoteRequest,
  'etcdserverpb.MemberPromoteResponse': MemberPromoteResponse,
  'etcdserverpb.DefragmentRequest': DefragmentRequest,
  'etcdserverpb.DefragmentResponse': DefragmentResponse,
  'etcdserverpb.MoveLeaderRequest': MoveLeaderRequest,
  'etcdserverpb.MoveLeaderResponse': MoveLeaderResponse,
  'etcdserverpb.AlarmRequest': AlarmRequest,
  'etcdserverpb.AlarmMember': AlarmMember,
  'etcdserverpb.AlarmResponse': AlarmResponse,
  'etcdserverpb.DowngradeRequest': DowngradeRequest,
  'etcdserverpb.DowngradeResponse': DowngradeResponse,
  'etcdserverpb.DowngradeVersionTestRequest': DowngradeVersionTestRequest,
  'etcdserverpb.StatusRequest': StatusRequest,
  'etcdserverpb.StatusResponse': StatusResponse,
  'etcdserverpb.DowngradeInfo': DowngradeInfo,
  'etcdserverpb.AuthEnableRequest': AuthEnableRequest,
  'etcdserverpb.AuthDisableRequest': AuthDisableRequest,
  'etcdserverpb.AuthStatusRequest': AuthStatusRequest,
  'etcdserverpb.AuthenticateRequest': AuthenticateRequest,
  'etcdserverpb.AuthUserAddRequest': AuthUserAddRequest,
  'etcdserverpb.AuthUserGetRequest': AuthUserGetRequest,
  'etcdserverpb.AuthUserDeleteRequest': AuthUserDeleteRequest,
  'etcdserverpb.AuthUserChangePasswordRequest': AuthUserChangePasswordRequest,
  'etcdserverpb.AuthUserGrantRoleRequest': AuthUserGrantRoleRequest,
  'etcdserverpb.AuthUserRevokeRoleRequest': AuthUserRevokeRoleRequest,
  'etcdserverpb.AuthRoleAddRequest': AuthRoleAddRequest,
  'etcdserverpb.AuthRoleGetRequest': AuthRoleGetRequest,
  'etcdserverpb.AuthUserListRequest': AuthUserListRequest,
  'etcdserverpb.AuthRoleListRequest': AuthRoleListRequest,
  'etcdserverpb.AuthRoleDeleteRequest': AuthRoleDeleteRequest,
  'etcdserverpb.AuthRoleGrantPermissionRequest': AuthRoleGrantPermissionRequest,
  'etcdserverpb.AuthRoleRevokePermissionRequest': AuthRoleRevokePermissionRequest,
  'etcdserverpb.AuthEnableResponse': AuthEnableResponse,
  'etcdserverpb.AuthDisableResponse': AuthDisableResponse,
  'etcdserverpb.AuthStatusResponse': AuthStatusResponse,
  'etcdserverpb.AuthenticateResponse': AuthenticateResponse,
  'etcdserverpb.AuthUserAddResponse': AuthUserAddResponse,
  'etcdserverpb.AuthUserGetResponse': AuthUserGetResponse,
  'etcdserverpb.AuthUserDeleteResponse': AuthUserDeleteResponse,
  'etcdserverpb.AuthUserChangePasswordResponse': AuthUserChangePasswordResponse,
  'etcdserverpb.AuthUserGrantRoleResponse': AuthUserGrantRoleResponse,
  'etcdserverpb.AuthUserRevokeRoleResponse': AuthUserRevokeRoleResponse,
  'etcdserverpb.AuthRoleAddResponse': AuthRoleAddResponse,
  'etcdserverpb.AuthRoleGetResponse': AuthRoleGetResponse,
  'etcdserverpb.AuthRoleListResponse': AuthRoleListResponse,
  'etcdserverpb.AuthUserListResponse': AuthUserListResponse,
  'etcdserverpb.AuthRoleDeleteResponse': AuthRoleDeleteResponse,
  'etcdserverpb.AuthRoleGrantPermissionResponse': AuthRoleGrantPermissionResponse,
  'etcdserverpb.AuthRoleRevokePermissionResponse': AuthRoleRevokePermissionResponse,
  'etcdserverpb.RangeStreamResponse': RangeStreamResponse,
  'mvccpb.KeyValue': KeyValue,
  'mvccpb.Event': Event,
  'v3electionpb.CampaignRequest': CampaignRequest,
  'v3electionpb.CampaignResponse': CampaignResponse,
  'v3electionpb.LeaderKey': LeaderKey,
  'v3electionpb.LeaderRequest': LeaderRequest,
  'v3electionpb.LeaderResponse': LeaderResponse,
  'v3electionpb.ResignRequest': ResignRequest,
  'v3electionpb.ResignResponse': ResignResponse,
  'v3electionpb.ProclaimRequest': ProclaimRequest,
  'v3electionpb.ProclaimResponse': ProclaimResponse,
  'v3lockpb.LockRequest': LockRequest,
  'v3lockpb.LockResponse': LockResponse,
  'v3lockpb.UnlockRequest': UnlockRequest,
  'v3lockpb.UnlockResponse': UnlockResponse,
};
define(messageTypes);
