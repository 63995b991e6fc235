/** etcd's Election service. Observe ends in the Worker (src/http/observe.ts), over a watch. */
import { StatusError } from '../api/errors.ts';
import {
  CampaignRequest,
  CampaignResponse,
  type LeaderKey,
  LeaderRequest,
  LeaderResponse,
  leaseIdOf,
  leaseIdToLong,
  ProclaimRequest,
  ProclaimResponse,
  ResignRequest,
  ResignResponse,
} from '../api/messages.ts';
import { equalBytes } from '../lib/bytes.ts';
import { candidacyMethod } from './candidacy-method.ts';
import { type Candidacy, Candidates, codeless } from './candidates.ts';
import { type ServiceTable, unaryMethod } from './method-table.ts';
import type { Member } from './member.ts';

export function electionService(member: Member): ServiceTable {
  const candidates = new Candidates(member);
  return {
    'v3electionpb.Election/Campaign': candidacyMethod(
      candidates,
      CampaignRequest,
      CampaignResponse,
      {
        enter: (request) => campaign(candidates, request),
        answer: ({ name, key, rev, lease }) => ({
          leader: { name, key, rev, lease: leaseIdToLong(lease) },
        }),
        lost: 'electionNotLeader',
      },
    ),

    'v3electionpb.Election/Proclaim': unaryMethod(
      ProclaimRequest,
      ProclaimResponse,
      ({ leader, value }) =>
        codeless(async () => {
          const { key, rev, lease } = given(leader);
          const { succeeded, revision } = await candidates.proclaim(key, rev, lease, value);
          if (!succeeded) throw StatusError.of('electionNotLeader');
          return { header: { revision } };
        }),
    ),

    'v3electionpb.Election/Leader': unaryMethod(LeaderRequest, LeaderResponse, ({ name }) =>
      codeless(async () => {
        const { kv, revision } = await candidates.first(name);
        if (kv === undefined) throw StatusError.of('electionNoLeader');
        return { header: { revision }, kv };
      }),
    ),

    'v3electionpb.Election/Resign': unaryMethod(ResignRequest, ResignResponse, ({ leader }) =>
      codeless(async () => ({ header: { revision: await candidates.withdraw(given(leader)) } })),
    ),
  };
}

/** Again with the same lease and another value: proclaims that (rule E1). */
async function campaign(
  candidates: Candidates,
  { name, lease, value }: CampaignRequest,
): Promise<Candidacy> {
  const entered = await candidates.enter(name, leaseIdOf(lease), value);
  const { key, rev, former } = entered;
  if (former !== undefined && !equalBytes(former, value)) {
    const holder = leaseIdToLong(entered.lease);
    const { succeeded } = await candidates.proclaim(key, rev, holder, value);
    if (!succeeded) throw StatusError.of('electionNotLeader');
  }
  return entered;
}

function given(leader: LeaderKey | null): LeaderKey {
  if (leader === null) throw StatusError.of('electionLeaderMissing');
  return leader;
}
