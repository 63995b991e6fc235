/** What benchmarks share: rounds in turn with the rival, medians, a table for people, a JSON line per bar. */
import { resolve } from 'node:path';
import type { Companion } from '../lib/cluster.ts';
import { readOptions, wholeNumber } from '../lib/usage.ts';

/** One run of one contestant: the figure it reached. */
export interface Contestant {
  readonly name: string;
  readonly run: () => Promise<number>;
}

/** Something promised, with what was measured. */
export interface Bar {
  /** What is measured, as a person would say it. */
  readonly what: string;
  /** Median over the rounds. */
  readonly figure: number;
  readonly unit: string;
  /** What the figure is compared with, measured in the same run. */
  readonly rival?: { readonly name: string; readonly figure: number };
  /** A ratio when there is a rival, and in the bar's unit otherwise. */
  readonly goal: { readonly atLeast: number } | { readonly atMost: number };
}

/** The floor of requests to an object, to be served beside the cluster in the same workerd. */
export const NOOP_COMPANION: Companion = {
  entry: resolve(import.meta.dirname, '../lib/noop-worker.ts'),
  className: 'NoopObject',
  binding: 'OBJECTS',
};

/** `--rounds N`, the one option that all benchmarks know. */
export function readRounds(args: string[], defaultRounds = 5): number {
  const { values } = readOptions({
    args,
    options: { rounds: { type: 'string', default: String(defaultRounds) } },
  });
  return wholeNumber('rounds', values.rounds, { min: 1, max: 1000 });
}

/**
 * Runs the contestants in turn, round after round, so that what else the machine does hits all alike.
 * Odd rounds go backwards: who comes first is cold. Returns each one's median, in the order given.
 */
export async function inTurn(
  rounds: number,
  contestants: readonly Contestant[],
): Promise<number[]> {
  const figures = contestants.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    const order = contestants.map((_, index) => index);
    if (round % 2 === 1) order.reverse();
    const cells: string[] = [];
    for (const index of order) {
      const contestant = contestants[index];
      if (contestant === undefined) continue;
      const figure = await contestant.run();
      figures[index]?.push(figure);
      cells.push(`${contestant.name} ${readable(figure)}`);
    }
    console.log(`round ${round + 1} of ${rounds}: ${cells.join(', ')}`);
  }
  return figures.map(median);
}

/** Middle value; the mean of the two in the middle when their count is even. */
export function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const middle = (sorted.length - 1) / 2;
  const low = sorted[Math.floor(middle)];
  const high = sorted[Math.ceil(middle)];
  if (low === undefined || high === undefined) throw new Error('take the median of no values');
  return (low + high) / 2;
}

/** `percent` of 0 .. 100 over ascending values. */
export function percentile(ascending: Float64Array, percent: number): number {
  const index = Math.min(ascending.length - 1, Math.floor((ascending.length * percent) / 100));
  const value = ascending[index];
  if (value === undefined) throw new Error('take a percentile of no values');
  return value;
}

/** The table for people, then one JSON line per bar. */
export function printBars(bench: string, bars: readonly Bar[]): void {
  const rows = bars.map((bar) => {
    const judged = judge(bar);
    return [
      bar.what,
      `${readable(bar.figure)} ${bar.unit}`,
      bar.rival === undefined
        ? ''
        : `${readable(bar.rival.figure)} ${bar.unit} (${bar.rival.name})`,
      judged.ratio === undefined ? '' : readable(judged.ratio),
      judged.goal,
      judged.ok ? 'yes' : 'NO',
    ];
  });
  printTable(['', 'figure', 'rival', 'ratio', 'goal', 'met'], rows);
  for (const bar of bars) {
    const { ratio, goal, ok } = judge(bar);
    const { what, figure, unit, rival } = bar;
    console.log(
      JSON.stringify({
        bench,
        what,
        figure: rounded(figure),
        unit,
        rival: rival === undefined ? null : rounded(rival.figure),
        ratio: ratio === undefined ? null : rounded(ratio),
        goal,
        ok,
      }),
    );
  }
}

export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  console.log(['', line(head), widths.map((width) => '-'.repeat(width)).join('  ')].join('\n'));
  for (const row of rows) console.log(line(row));
  console.log('');
}

function judge(bar: Bar): { ratio: number | undefined; goal: string; ok: boolean } {
  const ratio = bar.rival === undefined ? undefined : bar.figure / bar.rival.figure;
  const judged = ratio ?? bar.figure;
  const unit = ratio === undefined ? ` ${bar.unit}` : ' x rival';
  return 'atLeast' in bar.goal
    ? { ratio, goal: `>= ${bar.goal.atLeast}${unit}`, ok: judged >= bar.goal.atLeast }
    : { ratio, goal: `<= ${bar.goal.atMost}${unit}`, ok: judged <= bar.goal.atMost };
}

/** Three significant digits, and whole numbers as they are. */
function rounded(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}

function readable(value: number): string {
  return rounded(value).toLocaleString('en-US');
}
