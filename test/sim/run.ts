/** Runs one seed. Imports production code: load late. */
import { inspect } from 'node:util';
import { Prng } from '../../src/lib/prng.ts';
import type { Trace } from './cluster.ts';
import { inMacrotask } from './drain.ts';
import type { OptionBounds, SimulationOptions } from './options.ts';
import { drawOptions, standardOptions } from './options.ts';
import { type RunResult, simulate } from './simulation.ts';
import { Violation } from './world.ts';

/** One seed, from options to verdict. */
export function runSeed(
  seed: number,
  bounds: OptionBounds = {},
  trace?: Trace,
): Promise<RunResult> {
  const prng = new Prng(seed);
  return runOptions(drawOptions(seed, prng, bounds), prng, trace);
}

/** The load that the simulator's speed is measured under; only its faults' moments depend on the seed. */
export function simulateStandardLoad(seed: number, safetyMs: number): Promise<RunResult> {
  return runOptions(standardOptions(seed, safetyMs), new Prng(seed));
}

async function runOptions(
  options: SimulationOptions,
  prng: Prng,
  trace?: Trace,
): Promise<RunResult> {
  let unhandled: unknown;
  const note = (reason: unknown): void => {
    unhandled ??= reason;
  };
  process.on('unhandledRejection', note);
  const { stackTraceLimit } = Error;
  // Stacks of the many errors that are answers cost time. A replay with --trace has them.
  if (trace === undefined) Error.stackTraceLimit = 0;
  try {
    const result = await inMacrotask(() => simulate(options, prng, trace));
    // Node reports rejections that nobody handled after the macrotask.
    await new Promise((resolve) => setImmediate(resolve));
    if (result.failure !== undefined || unhandled === undefined) return result;
    const text = inspect(unhandled);
    return {
      ...result,
      failure: new Violation('no unexpected error', `unhandled rejection: ${text}`),
    };
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    process.off('unhandledRejection', note);
  }
}
