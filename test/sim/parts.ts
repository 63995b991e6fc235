/**
 * Every part of the workload, in the order in which they are started, settled and judged. Leases come
 * last: in the end they may take the leader away for good.
 */
import { leasePart } from './lease/lease-part.ts';
import { membershipPart } from './membership/membership-part.ts';
import type { PartFactory } from './part.ts';
import { buildWatches } from './watch/watch-part.ts';

export const PARTS: readonly PartFactory[] = [membershipPart, buildWatches, leasePart];
