/** What every part of a simulated cluster shares: time, the network, and how a run fails. */
import type { DiskFaults, DiskSession } from './disk-session.ts';
import type { Network } from './network.ts';
import type { Scheduler } from './scheduler.ts';

export interface World {
  readonly scheduler: Scheduler;
  readonly network: Network;
  diskFaults(id: string): DiskFaults;
  timerLatenessMs(): number;
  alarmLatenessMs(): number;
  alarmRepeats(): boolean;
  /** Names of everyone who may send to an object: members and clients. */
  places(): readonly string[];
  /** Somebody reads the timeline: worth the making of lines that cost time. */
  readonly tracing: boolean;
  /** One line of the timeline; `who` is a member, a client or a part of the simulator. */
  trace(who: string, what: string): void;
  /** Ends the run: the named property does not hold. Only the first failure counts. */
  fail(property: string, reason: unknown, who: string): void;
  /** Code under test threw where nothing may throw; decides whether an injected fault explains it. */
  instanceError(id: string, session: DiskSession, error: unknown): void;
}

/** A property that did not hold. */
export class Violation extends Error {
  override readonly name = 'Violation';
  /** Name of the checker, as sim:mutants prints it. */
  readonly property: string;

  constructor(property: string, message: string, options?: { cause?: unknown }) {
    super(`${property}: ${message}`, options);
    this.property = property;
  }
}
