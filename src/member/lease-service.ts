/** The Lease service of one member. A keepalive stream is one call of `LeaseKeepAlive` per request. */
import { StatusError } from '../api/errors.ts';
import {
  leaseIdOf,
  leaseIdToLong,
  LeaseGrantRequest,
  LeaseGrantResponse,
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponse,
  LeaseLeasesRequest,
  LeaseLeasesResponse,
  LeaseRevokeRequest,
  LeaseRevokeResponse,
  LeaseTimeToLiveRequest,
  LeaseTimeToLiveResponse,
  toClampedNumber,
  type LeaseLeasesResponseInput,
  type LeaseTimeToLiveResponseInput,
} from '../api/messages.ts';
import { LEASE_TTL_SECONDS_MAX } from '../constants.ts';
import { bytesOf } from '../lib/bytes.ts';
import { type ServiceTable, unaryMethod } from './method-table.ts';
import type { Member } from './member.ts';

export function leaseService(member: Member): ServiceTable {
  return {
    'etcdserverpb.Lease/LeaseGrant': unaryMethod(
      LeaseGrantRequest,
      LeaseGrantResponse,
      (grant, call) => {
        if (toClampedNumber(grant.TTL) > LEASE_TTL_SECONDS_MAX) {
          throw StatusError.of('leaseTTLTooLarge');
        }
        const asked = leaseIdOf(grant.ID);
        const ID = leaseIdToLong(asked === 0n ? member.leases.drawId() : asked);
        return member.propose({ lease_grant: { TTL: grant.TTL, ID } }, call.near);
      },
    ),

    'etcdserverpb.Lease/LeaseRevoke': unaryMethod(
      LeaseRevokeRequest,
      LeaseRevokeResponse,
      ({ ID }) => member.propose({ lease_revoke: { ID } }),
    ),

    'etcdserverpb.Lease/LeaseKeepAlive': unaryMethod(
      LeaseKeepAliveRequest,
      LeaseKeepAliveResponse,
      async ({ ID }) => {
        // As etcd does: the header tells of the time before the renewal (rule L5).
        const { revision } = member.state.mvcc;
        const answer = await member.leases.ask({ kind: 'renew', id: leaseIdOf(ID) });
        const TTL = answer.kind === 'renewed' ? answer.ttlSeconds : 0;
        return { header: { revision }, ID, TTL };
      },
    ),

    'etcdserverpb.Lease/LeaseTimeToLive': unaryMethod(
      LeaseTimeToLiveRequest,
      LeaseTimeToLiveResponse,
      async ({ ID, keys }): Promise<LeaseTimeToLiveResponseInput> => {
        const id = leaseIdOf(ID);
        const answer = await member.leases.ask({ kind: 'timeToLive', id, keys });
        if (answer.kind !== 'lives') return { ID, TTL: -1 };
        return {
          ID,
          TTL: answer.remainingSeconds,
          grantedTTL: answer.grantedSeconds,
          keys: answer.keys.map((key) => bytesOf(key)),
        };
      },
    ),

    'etcdserverpb.Lease/LeaseLeases': unaryMethod(
      LeaseLeasesRequest,
      LeaseLeasesResponse,
      async (): Promise<LeaseLeasesResponseInput> => {
        await member.linearizable();
        const ids = member.read(() => member.leases.lessor.leases());
        return { leases: ids.map((id) => ({ ID: leaseIdToLong(id) })) };
      },
    ),
  };
}
