/** Every part of the workload, in the order in which they are started and judged. */
import type { PartFactory } from './part.ts';
import { buildWatches } from './watch/watch-part.ts';

export const PARTS: readonly PartFactory[] = [buildWatches];
