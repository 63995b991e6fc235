/** Throughput and latency over time as an SVG, with the faults marked. */
import type { Call } from '../sim/history.ts';

export interface FaultMark {
  readonly fromMs: number;
  readonly toMs: number;
  readonly text: string;
}

const WIDTH = 1_200;
const HEIGHT = 260;
const LEFT = 70;
const TOP = 30;
const BUCKET_MS = 500;

interface Series {
  readonly title: string;
  readonly values: readonly number[];
  readonly color: string;
}

export function plotRun(
  calls: readonly Call[],
  faults: readonly FaultMark[],
  spanMs: number,
): string {
  const buckets = Math.max(1, Math.ceil(spanMs / BUCKET_MS));
  const rates = new Array<number>(buckets).fill(0);
  const latencies: number[][] = Array.from({ length: buckets }, () => []);
  for (const call of calls) {
    if (call.outcome?.kind !== 'ok') continue;
    const at = Math.min(buckets - 1, Math.floor(call.returnedAtMs / BUCKET_MS));
    rates[at] = (rates[at] ?? 0) + 1_000 / BUCKET_MS;
    latencies[at]?.push(call.returnedAtMs - call.calledAtMs);
  }
  const series: Series[] = [
    { title: 'answers per second', values: rates, color: '#1664c0' },
    {
      title: 'latency, 99th percentile, ms',
      values: latencies.map(percentile99),
      color: '#b03a2e',
    },
  ];
  const panels = series.map((each, at) => panel(each, faults, spanMs, at * (HEIGHT + TOP)));
  const height = series.length * (HEIGHT + TOP) + TOP;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH + LEFT + 20}" height="${height}" font-family="sans-serif" font-size="11">
<rect width="100%" height="100%" fill="white"/>
${panels.join('\n')}
</svg>
`;
}

function panel(series: Series, faults: readonly FaultMark[], spanMs: number, top: number): string {
  const most = Math.max(1, ...series.values);
  const x = (ms: number): number => LEFT + (ms / spanMs) * WIDTH;
  const y = (value: number): number => top + TOP + HEIGHT - TOP - (value / most) * (HEIGHT - TOP);
  const points = series.values.map(
    (value, at) => `${x(at * BUCKET_MS).toFixed(1)},${y(value).toFixed(1)}`,
  );
  const marks = faults.map(({ fromMs, toMs, text }) => {
    const width = Math.max(1, x(toMs) - x(fromMs));
    return `<rect x="${x(fromMs).toFixed(1)}" y="${top + TOP}" width="${width.toFixed(1)}" height="${HEIGHT - TOP}" fill="#f5b041" opacity="0.35"><title>${text}</title></rect>`;
  });
  return `<text x="${LEFT}" y="${top + TOP - 8}">${series.title}, up to ${most.toFixed(0)}; ${(spanMs / 1_000).toFixed(0)} s; faults in orange</text>
${marks.join('\n')}
<polyline points="${points.join(' ')}" fill="none" stroke="${series.color}"/>
<line x1="${LEFT}" y1="${y(0)}" x2="${LEFT + WIDTH}" y2="${y(0)}" stroke="#888"/>`;
}

function percentile99(values: number[]): number {
  values.sort((left, right) => left - right);
  return values[Math.floor(values.length * 0.99)] ?? 0;
}
