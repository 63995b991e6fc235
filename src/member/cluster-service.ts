/** The Cluster service of one member: who belongs to the cluster, and changes of that. */
import { Code, StatusError } from '../api/errors.ts';
import {
  idOf,
  idToLong,
  MemberAddRequest,
  MemberAddResponse,
  type MemberInput,
  MemberListRequest,
  MemberListResponse,
  MemberPromoteRequest,
  MemberPromoteResponse,
  MemberRemoveRequest,
  MemberRemoveResponse,
  MemberUpdateRequest,
  MemberUpdateResponse,
} from '../api/messages.ts';
import type { Member as Membership } from '../apply/membership.ts';
import { EMPTY_BYTES } from '../lib/bytes.ts';
import type { Member } from './member.ts';
import { decodeCommand, REPLACE_METHOD } from './membership-messages.ts';
import { type ServiceTable, unaryMethod } from './method-table.ts';

/** Headers of this service carry no revision: it does not touch the store (etcd rule M6). */
const NO_REVISION = { header: { revision: 0 } };

export function clusterService(member: Member): ServiceTable {
  const listed = (): MemberInput[] => member.state.membership.members.map(memberMessage);
  return {
    'etcdserverpb.Cluster/MemberList': unaryMethod(
      MemberListRequest,
      MemberListResponse,
      async (request) => {
        if (request.linearizable) await member.linearizable();
        return { ...NO_REVISION, members: member.read(listed) };
      },
    ),

    'etcdserverpb.Cluster/MemberAdd': unaryMethod(
      MemberAddRequest,
      MemberAddResponse,
      async ({ peerURLs, isLearner }) => {
        const id = await member.admin.run({ kind: 'add', peerUrls: peerURLs, learner: isLearner });
        const added = member.state.membership.get(id);
        return {
          ...NO_REVISION,
          member: added === undefined ? null : memberMessage(added),
          members: listed(),
        };
      },
    ),

    'etcdserverpb.Cluster/MemberRemove': unaryMethod(
      MemberRemoveRequest,
      MemberRemoveResponse,
      async (request) => {
        const id = idOf(request.ID);
        await member.admin.run({ kind: 'remove', id });
        // Whoever removes itself may not see it happen.
        return { ...NO_REVISION, members: without(member.state.membership.members, id) };
      },
    ),

    'etcdserverpb.Cluster/MemberUpdate': unaryMethod(
      MemberUpdateRequest,
      MemberUpdateResponse,
      async ({ ID, peerURLs }) => {
        await member.admin.run({ kind: 'update', id: idOf(ID), peerUrls: peerURLs });
        return { ...NO_REVISION, members: listed() };
      },
    ),

    'etcdserverpb.Cluster/MemberPromote': unaryMethod(
      MemberPromoteRequest,
      MemberPromoteResponse,
      async ({ ID }) => {
        await member.admin.run({ kind: 'promote', id: idOf(ID) });
        return { ...NO_REVISION, members: listed() };
      },
    ),

    // etcd has no call for a change of several members.
    [REPLACE_METHOD]: {
      kind: 'unary',
      run: async (body) => {
        const command = decodeCommand(body);
        if (command.kind !== 'replace') throw new StatusError(Code.InvalidArgument, command.kind);
        await member.admin.run(command);
        return EMPTY_BYTES;
      },
    },
  };
}

function without(members: readonly Membership[], id: string): MemberInput[] {
  return members.filter((each) => each.id !== id).map(memberMessage);
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
