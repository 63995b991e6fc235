/** One version of one key as the key index knows it: all but the value. */
import type { KeyMeta } from './types.ts';

export interface IndexEntry extends KeyMeta {
  readonly sub: number;
  readonly valueLength: number;
}

/** Tombstones have version 0. */
export function isLive(entry: { readonly version: number }): boolean {
  return entry.version > 0;
}

/**
 * Whether the key lived just before this change. Only a put that creates it says no: nothing ever
 * deletes a key that is not there.
 */
export function livedBefore(entry: { readonly version: number }): boolean {
  return entry.version !== 1;
}

/** What callers see of a live version. */
export function metaOf(entry: KeyMeta | undefined): KeyMeta | undefined {
  if (entry === undefined || !isLive(entry)) return undefined;
  const { key, createRevision, modRevision, version, lease } = entry;
  return { key, createRevision, modRevision, version, lease };
}
