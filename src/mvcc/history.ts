/** Changes read back from the revision log: for watchers that catch up. */
import { PAIR_OVERHEAD_BYTES } from '../constants.ts';
import { recordsIn } from './log-page.ts';
import type { RecordCursor } from './revision-record.ts';
import type { RevisionLog } from './revision-log.ts';
import type { Change } from './types.ts';

/** Whole revisions from `from` on, until about `bytesMax` bytes; `next` as in Mvcc.changes. */
export function changesFrom(
  log: RevisionLog,
  from: number,
  bytesMax: number,
  revision: number,
): { readonly changes: readonly Change[]; readonly next: number } {
  const changes: Change[] = [];
  let bytes = 0;
  let last = -1;
  for (let index = log.pageOf(from, 0); index < log.pageCount; index++) {
    const page = log.page(index);
    const cursor = recordsIn(page.id, page.data);
    while (cursor.next()) {
      if (cursor.modRevision < from) continue;
      if (bytes >= bytesMax && cursor.modRevision !== last && changes.length > 0) {
        return { changes, next: cursor.modRevision };
      }
      last = cursor.modRevision;
      changes.push(changeAt(cursor, page.stable));
      bytes += cursor.keyLength + cursor.valueLength + PAIR_OVERHEAD_BYTES;
    }
  }
  return { changes, next: Math.max(from, revision + 1) };
}

function changeAt(cursor: RecordCursor, stable: boolean): Change {
  const { createRevision, modRevision, version, lease, sub } = cursor;
  const value = stable ? cursor.value() : cursor.value().slice();
  const kv = { key: cursor.key(), createRevision, modRevision, version, lease, value };
  return { type: cursor.tombstone ? 'delete' : 'put', kv, sub };
}
