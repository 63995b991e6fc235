import type { KeyValueInput } from '../api/messages.ts';
import { bytesOf } from '../lib/bytes.ts';
import type { KeyValue } from '../mvcc/types.ts';

/** A stored pair as the API shows it. */
export function pairMessage(kv: KeyValue): KeyValueInput {
  return {
    key: bytesOf(kv.key),
    create_revision: kv.createRevision,
    mod_revision: kv.modRevision,
    version: kv.version,
    value: kv.value,
    lease: kv.lease,
  };
}
