/** Which changes a compaction leaves: the one rule that hashes, exports and clean-up share. */
import type { Generation } from './generation.ts';
import { LogPageBuilder, firstRevisionOf, recordsIn } from './log-page.ts';
import type { RecordCursor } from './revision-record.ts';

/**
 * Whether the change outlives compaction to `compactRevision`: all of that revision and later, and of
 * the time before each key's newest version, unless it is a tombstone.
 */
export function outlives(
  generation: Generation,
  record: RecordCursor,
  compactRevision: number,
): boolean {
  if (record.modRevision >= compactRevision) return true;
  if (record.tombstone) return false;
  const newest = generation.lookup(record.key(), compactRevision);
  return newest?.modRevision === record.modRevision && newest.sub === record.sub;
}

export interface FilteredPage {
  readonly records: number;
  readonly data: Uint8Array;
}

/** The page without what compaction killed. */
export function withoutDead(
  generation: Generation,
  page: { readonly id: number; readonly data: Uint8Array },
  compactRevision: number,
): FilteredPage {
  const builder = new LogPageBuilder(page.id, 0, page.data.length);
  appendLiving(generation, builder, page, compactRevision);
  return { records: builder.records, data: builder.finish() };
}

/** Appends what lives of `page` to `builder`; returns the records appended. */
export function appendLiving(
  generation: Generation,
  builder: LogPageBuilder,
  page: { readonly id: number; readonly data: Uint8Array },
  compactRevision: number,
): number {
  const before = builder.records;
  const cursor = recordsIn(page.id, page.data);
  while (cursor.next()) {
    if (outlives(generation, cursor, compactRevision)) builder.append(cursor.record());
  }
  return builder.records - before;
}

/** Whether the page may hold something that compaction to `compactRevision` killed. */
export function mayHoldDead(pageId: number, compactRevision: number): boolean {
  return firstRevisionOf(pageId) < compactRevision;
}
