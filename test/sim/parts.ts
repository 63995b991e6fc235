/**
 * Every part of the workload, in the order in which they are started, settled and judged. What leases
 * leave to end goes on changing the store until they are settled, so watches come after them.
 */
import { leasePart } from './lease/lease-part.ts';
import { levelsPart } from './levels/levels-part.ts';
import { membershipPart } from './membership/membership-part.ts';
import type { PartFactory } from './part.ts';
import { restPart } from './rest/rest-part.ts';
import { buildWatches } from './watch/watch-part.ts';

export const PARTS: readonly PartFactory[] = [
  membershipPart,
  leasePart,
  buildWatches,
  levelsPart,
  restPart,
];
