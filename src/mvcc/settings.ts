/** The store's sizes, all with defaults from constants.ts. Tests make them small. */
import * as constants from '../constants.ts';

export interface Settings {
  readonly logPageBytes: number;
  readonly logRunPages: number;
  readonly leafPageBytes: number;
  readonly leafPageBytesMax: number;
  readonly leafPageBytesMin: number;
  readonly cacheBytes: number;
  readonly memtableEntriesMax: number;
  readonly replayBytesMax: number;
  readonly mergeSliceLeaves: number;
  readonly compactionSliceBytes: number;
  readonly compactionSlicePages: number;
  readonly discardSliceRows: number;
  readonly hashStepBytes: number;
}

export const DEFAULT_SETTINGS: Settings = {
  logPageBytes: constants.LOG_PAGE_BYTES,
  logRunPages: constants.LOG_RUN_PAGES,
  leafPageBytes: constants.LEAF_PAGE_BYTES,
  leafPageBytesMax: constants.LEAF_PAGE_BYTES_MAX,
  leafPageBytesMin: constants.LEAF_PAGE_BYTES_MIN,
  cacheBytes: constants.PAGE_CACHE_BYTES,
  memtableEntriesMax: constants.MEMTABLE_ENTRIES_MAX,
  replayBytesMax: constants.REPLAY_BYTES_MAX,
  mergeSliceLeaves: constants.MERGE_SLICE_LEAVES,
  compactionSliceBytes: constants.COMPACTION_SLICE_BYTES,
  compactionSlicePages: constants.COMPACTION_SLICE_PAGES,
  discardSliceRows: constants.DISCARD_SLICE_ROWS,
  hashStepBytes: constants.HASH_STEP_BYTES,
};
