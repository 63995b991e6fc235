/** The KV service of one member: checks, then either a confirmed local read or a proposal. */
import {
  CompactionRequest,
  CompactionResponse,
  DeleteRangeRequest,
  DeleteRangeResponse,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  RangeStreamResponse,
  TxnRequest,
  TxnResponse,
} from '../api/messages.ts';
import { decodeCursor, encodeCursor } from '../apply/range-stream.ts';
import { isReadOnlyTxn, isSerializableTxn } from '../apply/txn.ts';
import {
  validateDeleteRange,
  validatePut,
  validateRange,
  validateRangeStream,
  validateTxn,
} from '../apply/validate.ts';
import { type Consistency, LINEARIZABLE, SERIALIZABLE } from '../api/consistency.ts';
import { pagedMethod, type ServiceTable, unaryMethod } from './method-table.ts';
import type { Member } from './member.ts';

export function kvService(member: Member): ServiceTable {
  return {
    'etcdserverpb.KV/Range': unaryMethod(RangeRequest, RangeResponse, async (request, call) => {
      validateRange(request);
      await member.readable(call.consistency ?? levelOf(request.serializable));
      return member.read((state) => state.range(request));
    }),

    'etcdserverpb.KV/RangeStream': pagedMethod(
      RangeRequest,
      RangeStreamResponse,
      async (request, cursor, stamp, call) => {
        validateRangeStream(request);
        if (cursor === undefined) {
          await member.readable(call.consistency ?? levelOf(request.serializable));
        }
        const at = cursor === undefined ? undefined : decodeCursor(cursor);
        const { response, next } = member.read((state) => state.rangePage(request, at));
        if (next !== undefined) {
          return { response: { range_response: response }, next: encodeCursor(next) };
        }
        const last = { ...response, header: stamp(response.header) };
        return { response: { range_response: last }, next: undefined };
      },
    ),

    'etcdserverpb.KV/Put': unaryMethod(PutRequest, PutResponse, (put, call) => {
      validatePut(put);
      return member.propose({ put }, call.near);
    }),

    'etcdserverpb.KV/DeleteRange': unaryMethod(
      DeleteRangeRequest,
      DeleteRangeResponse,
      (deletion, call) => {
        validateDeleteRange(deletion);
        return member.propose({ delete_range: deletion }, call.near);
      },
    ),

    'etcdserverpb.KV/Txn': unaryMethod(TxnRequest, TxnResponse, async (txn, call) => {
      validateTxn(txn);
      if (!isReadOnlyTxn(txn)) return member.propose({ txn }, call.near);
      await member.readable(call.consistency ?? levelOf(isSerializableTxn(txn)));
      return member.read((state) => state.readOnlyTxn(txn));
    }),

    'etcdserverpb.KV/Compact': unaryMethod(
      CompactionRequest,
      CompactionResponse,
      async (compaction) => {
        const answer = await member.propose({ compaction });
        if (compaction.physical) await member.upkeep.cleaned();
        return answer;
      },
    ),
  };
}

/** As the request itself says it. */
function levelOf(serializable: boolean): Consistency {
  return serializable ? SERIALIZABLE : LINEARIZABLE;
}
