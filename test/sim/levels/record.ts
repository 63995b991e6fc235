/** What readers asked at which level, what members answered, and when, all in simulated time. */
import type { NodeId } from '../../../src/raft/types.ts';

/** How fresh a read has to be, as its reader means it. */
export interface Level {
  readonly linearizable: boolean;
  /** 0: any. */
  readonly minRevision: number;
  /** Infinity: any. */
  readonly maxStalenessMs: number;
}

export interface LevelRead {
  readonly client: string;
  readonly member: NodeId;
  readonly level: Level;
  /** Highest revision that anybody had been answered before it began. */
  readonly known: number;
  /** Which life of the member it came to: sleep does not end one, the loss of memory in any other way does. */
  readonly life: number;
  /** When the instance got it. */
  readonly arrivedAtMs: number;
  served: ServedRead | undefined;
}

export interface ServedRead {
  /** When the instance made it; it left once what it rests on was durable. */
  readonly atMs: number;
  /** Position among all answers of the run. */
  readonly order: number;
  /** The header's; undefined for an error. */
  readonly revision: number | undefined;
  readonly error: string | undefined;
  /** What was said beside the answer: everything older than that is in the member's store. */
  readonly stalenessMs: number | undefined;
  /** Of the instance's store, as it applied entries, confirmed or not. */
  readonly applied: number;
  /** By how much its clock may have been wrong until then. */
  readonly clock: ClockError;
  /** The longest time for which the process had stood still. */
  readonly standstillMs: number;
}

/** What the clocks of a run may do to a time that a member measures. */
export interface ClockError {
  /** They show at least this share of the time that passes: 1 for clocks that are right. */
  readonly share: number;
  /** Steps back of up to so much stay unseen: less than a tick, or than the longest standstill. */
  readonly unseenMs: number;
}

/** Clocks show whole milliseconds: one may be lost at each end. */
const ROUNDING_MS = 2;

/** The longest true time in which a member may have measured `measuredMs`. */
export function longestMs(measuredMs: number, { share, unseenMs }: ClockError): number {
  return (measuredMs + ROUNDING_MS) / share + unseenMs;
}

/** When each revision was in a member's confirmed state for the first time, and so certainly committed. */
export class CommitTimes {
  readonly #revisions: number[] = [];
  readonly #atMs: number[] = [];

  get newest(): number {
    return this.#revisions.at(-1) ?? 1;
  }

  note(revision: number, atMs: number): void {
    if (revision <= this.newest) return;
    this.#revisions.push(revision);
    this.#atMs.push(atMs);
  }

  /** The newest revision that was committed at `atMs` or before. */
  newestAt(atMs: number): number {
    let low = 0;
    let high = this.#atMs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#atMs[middle] as number) <= atMs) low = middle + 1;
      else high = middle;
    }
    return this.#revisions[low - 1] ?? 1;
  }
}

export function describeRead({ client, member, level, arrivedAtMs, served }: LevelRead): string {
  const asked = [
    ...(level.linearizable ? ['linearizable'] : []),
    ...(level.minRevision > 0 ? [`min-revision=${level.minRevision}`] : []),
    ...(level.maxStalenessMs < Infinity ? [`max-staleness=${level.maxStalenessMs}ms`] : []),
  ];
  const answer =
    served === undefined
      ? 'nothing'
      : `${served.error ?? `revision ${served.revision ?? 0}`} at ${served.atMs.toFixed(1)} ms, staleness ${served.stalenessMs ?? 'unknown'}`;
  return `read of ${client} at ${member} [${asked.join(', ') || 'serializable'}], arrived at ${arrivedAtMs.toFixed(1)} ms: ${answer}`;
}
