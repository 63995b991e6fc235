/** The figures as a table, beside what the network alone allows. */
import type { Figures, RegionFigures, Spread } from './measure.ts';
import type { Layout } from './layout.ts';
import { type Limits, limitsOf } from './limits.ts';

interface Kind {
  readonly name: string;
  readonly limit: keyof Limits;
  /** Undefined: the contestant has no such thing. */
  readonly spread: (figures: RegionFigures) => Spread | undefined;
}

export const KINDS: readonly Kind[] = [
  { name: 'write', limit: 'write', spread: ({ write }) => write },
  { name: 'linearizable read', limit: 'linearizableRead', spread: (each) => each.linearizableRead },
  { name: 'serializable read', limit: 'localRead', spread: (each) => each.serializableRead },
  { name: 'read at most 5 s old', limit: 'localRead', spread: (each) => each.boundedRead },
  { name: 'commit to event', limit: 'event', spread: ({ event }) => event },
];

/** Markdown. All times in milliseconds. */
export function table(layout: Layout, runs: readonly Figures[]): string {
  const head = [
    'region',
    'what',
    ...runs.flatMap(({ contestant }) => [`${contestant} p50 / p99`, 'limit', 'p50 : limit']),
  ];
  const rows = layout.clients.flatMap((client, at) =>
    KINDS.map((kind) => [
      client,
      kind.name,
      ...runs.flatMap((run) => {
        const figures = run.regions[at];
        const spread = figures === undefined ? undefined : kind.spread(figures);
        if (spread === undefined) return ['–', '–', '–'];
        const { p50, p99 } = spread;
        const limit = limitsOf(layout, run.memberRegions, run.leader, client)[kind.limit];
        return [
          `${p50.toFixed(1)} / ${p99.toFixed(1)}`,
          limit.toFixed(1),
          (p50 / limit).toFixed(2),
        ];
      }),
    ]),
  );
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const about = runs.map(
    (run) =>
      `${run.contestant}: leader in ${run.leader}; leadership handed over: writes wait ${text(run.transferMs)}; leader killed: writes are back after ${text(run.failOverMs)}.`,
  );
  return [line(head), line(head.map(() => '---')), ...rows.map(line), '', ...about, ''].join('\n');
}

function text(ms: number | undefined): string {
  return ms === undefined ? '(no other voter)' : `${ms.toFixed(0)} ms`;
}
