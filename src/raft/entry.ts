import { RAFT_ENTRY_OVERHEAD_BYTES } from '../constants.ts';
import type { Entry } from './types.ts';

/** What an entry counts against every limit in bytes: its data and a fixed overhead. */
export function entryBytes(entry: Entry): number {
  return entry.data.length + RAFT_ENTRY_OVERHEAD_BYTES;
}

export function entriesBytes(entries: readonly Entry[]): number {
  let bytes = 0;
  for (const entry of entries) bytes += entryBytes(entry);
  return bytes;
}

/** The longest prefix within `bytesMax`, but never less than one entry: progress comes first. */
export function limitEntries(entries: readonly Entry[], bytesMax: number): readonly Entry[] {
  let bytes = 0;
  for (let count = 0; count < entries.length; count++) {
    bytes += entryBytes(entries[count] as Entry);
    if (bytes > bytesMax && count > 0) return entries.slice(0, count);
  }
  return entries;
}
