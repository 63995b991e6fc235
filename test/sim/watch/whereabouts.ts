/** Where watch streams are, when gauges are to tell whether their clients were told everything. */
import type { NodeId } from '../../../src/raft/types.ts';

/** An object, as far as its streams may be elsewhere than at the instance that is asked for gauges. */
export interface StreamPlace {
  readonly id: NodeId;
  /** The instance that was taken over: some streams still end there, and it hears of nothing new. */
  readonly twin: unknown;
  /** Not in memory; what its streams lack is in their attachments. */
  readonly sleepsWithSockets: boolean;
  /** An event: builds the object when it sleeps. */
  deliver(from: string, task: () => void): void;
}

/**
 * What keeps the gauges of the instances in memory from telling of all streams; undefined: nothing does.
 * Wakes objects that sleep; twins end by themselves.
 */
export function strayStreams(places: readonly StreamPlace[]): string | undefined {
  for (const place of places) {
    if (place.sleepsWithSockets) place.deliver('', () => {});
    if (place.sleepsWithSockets) return `streams at ${place.id}, which does not wake up`;
    if (place.twin !== undefined) return `a twin of ${place.id}, where streams may end`;
  }
  return undefined;
}
