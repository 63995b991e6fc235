/** Where etcdctl does not print the same of both, and why. */
export interface KnownDifference {
  /** Names of steps. */
  readonly steps: RegExp;
  readonly reason: string;
}

export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    steps: /^endpoint status/,
    reason:
      'versions, sizes and indexes are those of each server; the columns and fields are the same, and etcd 3.7, ' +
      'whose API this is, fills some that 3.4 leaves empty',
  },
  {
    steps: /^endpoint hashkv/,
    reason: 'the hash is over the history as each server keeps it; equal members have equal hashes',
  },
  {
    steps: /^snapshot save and status/,
    reason:
      'sizes and hashes of the files differ; each is accepted, with as many keys and the same revision',
  },
];
