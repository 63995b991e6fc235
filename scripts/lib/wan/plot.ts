/** The table as bars: one panel for each kind of call, one group of bars for each region. */
import type { Layout } from './layout.ts';
import { limitsOf } from './limits.ts';
import type { Figures } from './measure.ts';
import { KINDS } from './report.ts';

const WIDTH = 900;
const HEIGHT = 190;
const LEFT = 60;
const TOP = 34;
const BOTTOM = 22;
const COLORS = ['#1664c0', '#b03a2e', '#2e7d32'];

export function plot(layout: Layout, runs: readonly Figures[]): string {
  const height = KINDS.length * (HEIGHT + TOP + BOTTOM);
  const panels = KINDS.map((_, at) => panel(layout, runs, at));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${LEFT + WIDTH + 20}" height="${height}" font-family="sans-serif" font-size="11">
<rect width="100%" height="100%" fill="white"/>
${panels.join('\n')}
</svg>
`;
}

function panel(layout: Layout, runs: readonly Figures[], at: number): string {
  const kind = KINDS[at];
  if (kind === undefined) return '';
  const top = at * (HEIGHT + TOP + BOTTOM) + TOP;
  const bars = layout.clients.flatMap((client, group) =>
    runs.map((run, index) => {
      const figures = run.regions[group];
      const spread = (figures && kind.spread(figures)) ?? { p50: 0, p99: 0 };
      const limit = limitsOf(layout, run.memberRegions, run.leader, client)[kind.limit];
      return { group, index, run, ...spread, limit };
    }),
  );
  const most = Math.max(1, ...bars.flatMap(({ p99, limit }) => [p99, limit]));
  const y = (ms: number): number => top + HEIGHT - (Math.max(0, ms) / most) * HEIGHT;
  const groupWidth = WIDTH / layout.clients.length;
  const barWidth = (groupWidth * 0.8) / runs.length;
  const drawn = bars.map(({ group, index, run, p50, p99, limit }) => {
    const x = LEFT + group * groupWidth + index * barWidth;
    const color = COLORS[index % COLORS.length] ?? 'black';
    const middle = x + barWidth / 2;
    return [
      `<rect x="${x.toFixed(1)}" y="${y(p50).toFixed(1)}" width="${(barWidth * 0.9).toFixed(1)}" height="${(top + HEIGHT - y(p50)).toFixed(1)}" fill="${color}"><title>${run.contestant}: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, limit ${limit.toFixed(1)} ms</title></rect>`,
      `<line x1="${middle.toFixed(1)}" x2="${middle.toFixed(1)}" y1="${y(p50).toFixed(1)}" y2="${y(p99).toFixed(1)}" stroke="${color}"/>`,
      `<line x1="${x.toFixed(1)}" x2="${(x + barWidth * 0.9).toFixed(1)}" y1="${y(limit).toFixed(1)}" y2="${y(limit).toFixed(1)}" stroke="black" stroke-dasharray="3 2"/>`,
    ].join('');
  });
  const names = layout.clients.map(
    (client, group) =>
      `<text x="${(LEFT + group * groupWidth).toFixed(1)}" y="${top + HEIGHT + 14}">${client}</text>`,
  );
  const legend = runs
    .map(({ contestant }, index) => `${contestant} ${index === 0 ? 'blue' : 'red'}`)
    .join(', ');
  return `<text x="${LEFT}" y="${top - 10}">${kind.name}, ms, p50 with a line to p99 (${legend}); dashed: what the network allows; top ${most.toFixed(0)} ms</text>
${drawn.join('\n')}
${names.join('\n')}
<line x1="${LEFT}" y1="${top + HEIGHT}" x2="${LEFT + WIDTH}" y2="${top + HEIGHT}" stroke="#888"/>`;
}
