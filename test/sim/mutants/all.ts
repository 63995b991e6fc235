/** Every mutant of the test build. */
import { LEASE_MUTANTS, RARE_LEASE_MUTANTS } from './lease.ts';
import { LEVEL_MUTANTS } from './levels.ts';
import { MEMBER_MUTANTS } from './member.ts';
import { MEMBERSHIP_MUTANTS, RARE_MEMBERSHIP_MUTANTS } from './membership.ts';
import type { Mutant } from './mutant.ts';
import { RAFT_MUTANTS, RARE_RAFT_MUTANTS } from './raft.ts';
import { REST_MUTANTS } from './rest.ts';
import { STORAGE_MUTANTS } from './storage.ts';
import { WATCH_MUTANTS } from './watch.ts';

export const MUTANTS: readonly Mutant[] = [
  ...RAFT_MUTANTS,
  ...STORAGE_MUTANTS,
  ...MEMBER_MUTANTS,
  ...MEMBERSHIP_MUTANTS,
  ...LEASE_MUTANTS,
  ...WATCH_MUTANTS,
  ...LEVEL_MUTANTS,
  ...REST_MUTANTS,
];

/** Those that a few hundred runs do not find; `--only NAME` hunts them all the same. */
export const RARE_MUTANTS: readonly Mutant[] = [
  ...RARE_RAFT_MUTANTS,
  ...RARE_MEMBERSHIP_MUTANTS,
  ...RARE_LEASE_MUTANTS,
];
