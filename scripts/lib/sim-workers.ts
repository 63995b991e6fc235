/** Simulated runs in processes of their own: one for each core, which take the seeds as they come. */
import { fork } from 'node:child_process';
import type { OptionBounds } from '../../test/sim/options.ts';
import type { RunResult } from '../../test/sim/simulation.ts';

/** What a child says of a run; a RunResult whose failure can be sent. */
export type WorkerResult = Omit<RunResult, 'failure' | 'options'> & {
  readonly seed: number;
  readonly failure: string | undefined;
  /** The options of the run as text, when it failed. */
  readonly options: string | undefined;
  readonly cpuMs: number;
};

interface SeedMessage {
  readonly seed: number;
  readonly bounds: OptionBounds;
}

/** Young objects die young here: fewer, larger collections. */
const CHILD_FLAGS = ['--max-semi-space-size=64'];

/**
 * Runs seeds in `jobs` children until `nextSeed` has none or `onResult` says stop.
 * @throws Error when a child ends by itself
 */
export async function simulateInWorkers(job: {
  readonly jobs: number;
  readonly bounds: OptionBounds;
  readonly nextSeed: () => number | undefined;
  readonly onResult: (result: WorkerResult) => 'go on' | 'stop';
}): Promise<void> {
  let stopped = false;
  const worker = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const child = fork(new URL('../main.ts', import.meta.url), ['sim', '--child'], {
        execArgv: CHILD_FLAGS,
      });
      let seed: number | undefined;
      const next = (): void => {
        seed = stopped ? undefined : job.nextSeed();
        if (seed === undefined) child.disconnect();
        else child.send({ seed, bounds: job.bounds } satisfies SeedMessage);
      };
      child.on('message', (message) => {
        if (!stopped && job.onResult(message as WorkerResult) === 'stop') stopped = true;
        next();
      });
      child.on('error', reject);
      child.on('exit', (code) => {
        if (seed === undefined) resolve();
        else reject(new Error(`simulate seed ${seed}: the process ended with status ${code}`));
      });
      next();
    });
  await Promise.all(Array.from({ length: job.jobs }, worker));
}

/** The child's side: runs what it is sent until its parent has nothing more. */
export async function serveSeeds(
  run: (seed: number, bounds: OptionBounds) => Promise<WorkerResult>,
): Promise<void> {
  await new Promise<void>((resolve) => {
    process.once('disconnect', resolve);
    process.on('message', (message) => {
      const { seed, bounds } = message as SeedMessage;
      void run(seed, bounds).then((result) => process.send?.(result));
    });
  });
}
