/** The Maintenance service of one member: answers are about the member that is asked. */
import { StatusError } from '../api/errors.ts';
import {
  AlarmType,
  HashKVRequest,
  HashKVResponse,
  idToLong,
  SnapshotRequest,
  SnapshotResponse,
  StatusRequest,
  StatusResponse,
  toClampedNumber,
} from '../api/messages.ts';
import { QUOTA_BYTES_DEFAULT, SERVER_VERSION, STORAGE_VERSION } from '../constants.ts';
import { NO_NODE } from '../raft/types.ts';
import type { Member } from './member.ts';
import { pagedMethod, type ServiceTable, unaryMethod } from './method-table.ts';
import { SnapshotStreams } from './snapshot-streams.ts';

export function maintenanceService(member: Member): ServiceTable {
  const snapshots = new SnapshotStreams(member);
  return {
    'etcdserverpb.Maintenance/Snapshot': pagedMethod(
      SnapshotRequest,
      SnapshotResponse,
      (_, cursor) => snapshots.page(cursor),
    ),

    'etcdserverpb.Maintenance/Status': unaryMethod(StatusRequest, StatusResponse, () =>
      Promise.resolve(statusOf(member)),
    ),

    'etcdserverpb.Maintenance/HashKV': unaryMethod(HashKVRequest, HashKVResponse, (request) => {
      const revision = toClampedNumber(request.revision);
      const found = member.read((state) => state.hashKV(revision));
      return Promise.resolve({
        header: null,
        hash: found.hash,
        compact_revision: found.compactRevision,
        hash_revision: found.revision,
      });
    }),
  };
}

/** Works without a leader and says so in `errors` (etcd rule M8). */
function statusOf(member: Member) {
  const { state, status } = member;
  const errors = state.alarms.all.map(
    ({ memberId, type }) => `memberID:${BigInt(`0x${memberId}`)} alarm:${alarmName(type)}`,
  );
  if (status.leader === NO_NODE) errors.unshift(StatusError.of('noLeader').message);
  return {
    header: null,
    version: SERVER_VERSION,
    storageVersion: STORAGE_VERSION,
    dbSize: member.storageBytes,
    dbSizeInUse: state.mvcc.liveBytes,
    dbSizeQuota: QUOTA_BYTES_DEFAULT,
    leader: status.leader === NO_NODE ? 0 : idToLong(status.leader),
    raftIndex: status.lastIndex,
    raftTerm: status.term,
    raftAppliedIndex: state.applied.index,
    isLearner: state.membership.get(member.self.id)?.isLearner ?? false,
    downgradeInfo: { enabled: false, targetVersion: '' },
    errors,
  };
}

/** Name of an alarm as etcd prints it. */
export function alarmName(type: AlarmType): string {
  if (type === AlarmType.NOSPACE) return 'NOSPACE';
  return type === AlarmType.CORRUPT ? 'CORRUPT' : 'UNKNOWN';
}
