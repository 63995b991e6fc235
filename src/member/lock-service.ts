/** etcd's Lock service: a lock lives as long as its key, and that as long as its lease. */
import {
  DeleteRangeRequest,
  leaseIdOf,
  LockRequest,
  LockResponse,
  UnlockRequest,
  UnlockResponse,
} from '../api/messages.ts';
import { validateDeleteRange } from '../apply/validate.ts';
import { EMPTY_BYTES } from '../lib/bytes.ts';
import { candidacyMethod } from './candidacy-method.ts';
import { Candidates, codeless } from './candidates.ts';
import { type ServiceTable, unaryMethod } from './method-table.ts';
import type { Member } from './member.ts';

export function lockService(member: Member): ServiceTable {
  const candidates = new Candidates(member);
  return {
    'v3lockpb.Lock/Lock': candidacyMethod(candidates, LockRequest, LockResponse, {
      enter: ({ name, lease }) => candidates.enter(name, leaseIdOf(lease), EMPTY_BYTES),
      answer: ({ key }) => ({ key }),
      lost: 'sessionExpired',
    }),

    'v3lockpb.Lock/Unlock': unaryMethod(UnlockRequest, UnlockResponse, ({ key }) =>
      codeless(async () => {
        const deletion = DeleteRangeRequest.create({ key });
        validateDeleteRange(deletion);
        const { header } = await member.propose({ delete_range: deletion });
        return { header };
      }),
    ),
  };
}
