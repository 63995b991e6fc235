/** etcd's Lock service: a lock lives as long as its key, and that as long as its lease. */
import { StatusError } from '../api/errors.ts';
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
import { Candidates, codeless } from './candidates.ts';
import { type ServiceTable, unaryMethod } from './method-table.ts';
import type { Member } from './member.ts';

export function lockService(member: Member): ServiceTable {
  const candidates = new Candidates(member);
  return {
    'v3lockpb.Lock/Lock': unaryMethod(LockRequest, LockResponse, ({ name, lease }, cancellation) =>
      codeless(async () => {
        const entered = await candidates.enter(name, leaseIdOf(lease), EMPTY_BYTES);
        const { key, revision } = entered.isFirst
          ? entered
          : await candidates.becomeFirst(entered, cancellation, () =>
              StatusError.of('sessionExpired'),
            );
        return { header: { revision }, key };
      }),
    ),

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
