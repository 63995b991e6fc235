/** DeleteRange, alone and inside a transaction (etcd rules P1, P5, R4, R8). */
import type { DeleteRangeRequest, DeleteRangeResponseInput } from '../api/messages.ts';
import { keyRange } from './keys.ts';
import { pairMessage } from './pairs.ts';
import type { Writer } from './writer.ts';

export function executeDeleteRange(
  writer: Writer,
  request: DeleteRangeRequest,
): DeleteRangeResponseInput {
  const range = keyRange(request.key, request.range_end);
  const previous = request.prev_kv
    ? writer.txn.range(range, { revision: 0, limit: 0, keysOnly: false, countOnly: false }).kvs
    : [];
  const deleted = writer.deleteRange(range);
  return {
    header: { revision: writer.revision },
    deleted,
    prev_kvs: previous.map(pairMessage),
  };
}
