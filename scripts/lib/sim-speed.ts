/**
 * How fast the simulator is: three members under the standard load, in this process, one run after the
 * other. What is measured is what a run of many seeds does with them, faults and checkers included.
 */
import { installPatches } from '../../test/sim/patches.ts';

/** Until the engine has compiled what is hot. */
const WARM_UP_RUNS = 12;
const RUNS = 24;
const SAFETY_MS = 30_000;
const FIRST_SEED = 1;

/** Prints the median over the runs. Returns 1 when a run fails. */
export async function measureSpeed(): Promise<number> {
  installPatches([]);
  const { simulateStandardLoad } = await import('../../test/sim/run.ts');
  const wall: number[] = [];
  const cpu: number[] = [];
  const sums = { simulatedMs: 0, calls: 0, messages: 0, events: 0 };
  for (let at = 0; at < WARM_UP_RUNS + RUNS; at++) {
    const startMs = performance.now();
    const before = process.cpuUsage();
    const result = await simulateStandardLoad(FIRST_SEED + at, SAFETY_MS);
    const { user, system } = process.cpuUsage(before);
    if (result.failure !== undefined) {
      console.log(
        `seed ${FIRST_SEED + at} fails under the standard load: ${result.failure.message}`,
      );
      return 1;
    }
    if (at < WARM_UP_RUNS) continue;
    wall.push(result.simulatedMs / (performance.now() - startMs));
    cpu.push(result.simulatedMs / ((user + system) / 1_000));
    sums.simulatedMs += result.simulatedMs;
    sums.calls += result.calls;
    sums.messages += result.counts['messages'] ?? 0;
    sums.events += result.events;
  }
  const rate = (count: number): string => ((count * 1_000) / sums.simulatedMs).toFixed(0);
  console.log(
    `three members, one process, median of ${RUNS} runs after ${WARM_UP_RUNS} to warm up:`,
  );
  console.log(`${median(wall).toFixed(0)} simulated seconds per wall second`);
  console.log(`${median(cpu).toFixed(0)} simulated seconds per second of processor time`);
  console.log(
    `load per simulated second: ${rate(sums.calls)} calls, ${rate(sums.messages)} messages, ${rate(sums.events)} events`,
  );
  return 0;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[sorted.length >> 1] ?? 0;
}
