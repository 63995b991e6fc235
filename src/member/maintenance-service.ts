/** The Maintenance service of one member: answers are about the member that is asked. */
import { StatusError } from '../api/errors.ts';
import {
  AlarmAction,
  AlarmRequest,
  AlarmResponse,
  AlarmType,
  DefragmentRequest,
  DefragmentResponse,
  DowngradeAction,
  DowngradeRequest,
  DowngradeResponse,
  HashKVRequest,
  HashKVResponse,
  HashRequest,
  HashResponse,
  idOf,
  idToLong,
  type MessageType,
  MoveLeaderRequest,
  MoveLeaderResponse,
  SnapshotRequest,
  SnapshotResponse,
  StatusRequest,
  StatusResponse,
  toClampedNumber,
} from '../api/messages.ts';
import { SERVER_VERSION, STORAGE_VERSION } from '../constants.ts';
import { NO_NODE } from '../raft/types.ts';
import type { Member } from './member.ts';
import { type Method, pagedMethod, type ServiceTable, unaryMethod } from './method-table.ts';
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

    'etcdserverpb.Maintenance/HashKV': unaryMethod(
      HashKVRequest,
      HashKVResponse,
      async (request) => {
        const found = await member.upkeep.hash(toClampedNumber(request.revision));
        return {
          header: null,
          hash: found.hash,
          compact_revision: found.compactRevision,
          hash_revision: found.revision,
        };
      },
    ),

    // etcd's is over its file's pages, which no two members of it have alike either.
    'etcdserverpb.Maintenance/Hash': unaryMethod(HashRequest, HashResponse, async () => {
      const { hash } = await member.upkeep.hash(0);
      return { header: null, hash };
    }),

    'etcdserverpb.Maintenance/Alarm': unaryMethod(AlarmRequest, AlarmResponse, async (alarm) => {
      // A member that is fenced off serves no reads, but must tell why.
      if (alarm.action !== AlarmAction.GET || member.corruption.fenced) {
        return member.propose({ alarm });
      }
      await member.linearizable();
      return { header: null, alarms: member.read((state) => state.alarms.apply(alarm)) };
    }),

    'etcdserverpb.Maintenance/Defragment': withoutHeader(
      DefragmentRequest,
      DefragmentResponse,
      () => {
        // Pages are cleaned up all the time, so that nothing has to stop for it.
        member.read(() => undefined);
        return Promise.resolve();
      },
    ),

    'etcdserverpb.Maintenance/MoveLeader': withoutHeader(
      MoveLeaderRequest,
      MoveLeaderResponse,
      ({ targetID }) => member.upkeep.moveLeader(idOf(targetID)),
    ),

    'etcdserverpb.Maintenance/Downgrade': unaryMethod(
      DowngradeRequest,
      DowngradeResponse,
      async (request) => {
        await member.linearizable();
        const version = member.read((state) => state.clusterVersion);
        checkDowngrade(request, version);
        return { header: null, version };
      },
    ),
  };
}

/** Answers of these carry none (etcd rules M14, M15). */
function withoutHeader<Q extends object, I extends object>(
  request: MessageType<Q, never>,
  response: MessageType<object, I>,
  run: (request: Q) => Promise<void>,
): Method {
  return {
    kind: 'unary',
    run: async (body) => {
      await run(request.decode(body));
      return response.encode({} as I).finish();
    },
  };
}

/**
 * The release before the cluster's is the only target (etcd rule M16). All that edgetcd keeps is read by
 * that release's clients as it is, so a downgrade that is begun is over at once, and none is under way.
 * @throws StatusError wrongDowngradeVersionFormat, invalidDowngradeTargetVersion
 */
function checkDowngrade({ action, version }: DowngradeRequest, clusterVersion: string): void {
  if (action === DowngradeAction.CANCEL) return;
  const target = /^(?<major>\d+)\.(?<minor>\d+)(?:\.\d+)?$/.exec(version)?.groups;
  if (target === undefined) throw StatusError.of('wrongDowngradeVersionFormat');
  const [major = 0, minor = 0] = clusterVersion.split('.').map(Number);
  if (Number(target['major']) !== major || Number(target['minor']) !== minor - 1) {
    throw StatusError.of('invalidDowngradeTargetVersion');
  }
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
    // What is not flushed yet stands in the log, packed.
    dbSizeInUse: Math.min(state.mvcc.liveBytes, member.storageBytes),
    dbSizeQuota: member.upkeep.quotaBytes,
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
