/**
 * A part of the workload beside the clients of the KV service, with checkers of its own: watches,
 * leases, membership. To add one: implement WorkloadPart in a file of its own (`watch-*.ts`, …), append
 * its factory to parts.ts, put its mutants into mutants/<part>.ts and append those to mutants/all.ts.
 */
import type { Prng } from '../../src/lib/prng.ts';
import type { SimulatedCluster } from './cluster.ts';
import type { SimulationOptions } from './options.ts';

export interface PartContext {
  readonly cluster: SimulatedCluster;
  readonly options: SimulationOptions;
  /** The part's own: what one part draws changes nothing that another draws. */
  readonly prng: Prng;
}

export interface WorkloadPart {
  /** What it does in this run, for the line that describes the run. */
  readonly description: string;
  /** Begins, before the first event. */
  start(): void;
  /** Faults end now: nothing new is begun. */
  stop(): void;
  /**
   * Polled once the cluster is healed and its members stand at the same index, until the bound of
   * liveness: what still has to come to pass (a watch that must catch up, …), or undefined when all is
   * well. Never coming to an end is a violation of liveness.
   */
  unsettled(): string | undefined;
  /** How long after healing it may be unsettled, when that is more than the bound of liveness. */
  readonly patienceMs?: number;
  /**
   * Revisions that it made, or that the cluster made for it, on keys that the clients of the KV service
   * never see.
   */
  foreignRevisions?(): ReadonlySet<number>;
  /** Runs the checkers. @throws Violation */
  judge(): void;
  /** For the totals of many runs. */
  counts(): Readonly<Record<string, number>>;
}

/** Builds the part for one run; undefined when it has no part in it (swarm: most should have). */
export type PartFactory = (context: PartContext) => WorkloadPart | undefined;
