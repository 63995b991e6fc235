/** The Cluster service of one member: who belongs to the cluster. */
import {
  idToLong,
  MemberListRequest,
  MemberListResponse,
  type MemberInput,
} from '../api/messages.ts';
import type { Member as Membership } from '../apply/membership.ts';
import type { Member } from './member.ts';
import { type ServiceTable, unaryMethod } from './method-table.ts';

/** Headers of this service carry no revision: it does not touch the store (etcd rule M6). */
const NO_REVISION = { header: { revision: 0 } };

export function clusterService(member: Member): ServiceTable {
  return {
    'etcdserverpb.Cluster/MemberList': unaryMethod(
      MemberListRequest,
      MemberListResponse,
      async (request) => {
        if (request.linearizable) await member.linearizable();
        const members = member.read((state) => state.membership.members.map(memberMessage));
        return { ...NO_REVISION, members };
      },
    ),
  };
}

function memberMessage(member: Membership): MemberInput {
  return {
    ID: idToLong(member.id),
    name: member.name,
    peerURLs: member.peerUrls,
    clientURLs: member.clientUrls,
    isLearner: member.isLearner,
  };
}
