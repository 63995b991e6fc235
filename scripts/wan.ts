/**
 * `npm run wan -- [--regions enam,weur,apac] [--layout FILE] [--seconds N] [--plot FILE] [--no-move]`:
 * real processes with the delays between regions in between, and clients in every region; etcd beside it.
 * At the end all writers move to another region, and leadership follows them where that makes writes faster.
 */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { userFolder } from './lib/run-local.ts';
import { readOptions, UsageError, wholeNumber } from './lib/usage.ts';
import {
  type Contestant,
  startEdgetcdWan,
  startEtcdWan,
  type Weather,
} from './lib/wan/contestants.ts';
import { type Layout, layoutOf, readLayout, regionsOf } from './lib/wan/layout.ts';
import type { Region } from '../src/member/cluster-config.ts';
import { type Figures, measure } from './lib/wan/measure.ts';
import { plot } from './lib/wan/plot.ts';
import { table } from './lib/wan/report.ts';
import { farthestMove, measureMove, textOfMove } from './lib/wan/writers-move.ts';

export const summary = 'what clients in every region see, with the delays between regions';

export async function run(args: string[]): Promise<number> {
  const { values } = readOptions({
    args,
    options: {
      regions: { type: 'string', default: 'enam,weur,apac' },
      layout: { type: 'string' },
      lead: { type: 'string' },
      seconds: { type: 'string', default: '5' },
      jitter: { type: 'string', default: '2' },
      loss: { type: 'string', default: '0' },
      plot: { type: 'string' },
      'no-etcd': { type: 'boolean', default: false },
      'no-move': { type: 'boolean', default: false },
    },
  });
  const layout =
    values.layout === undefined
      ? layoutOf(regionsOf(values.regions.split(','), '--regions'))
      : readLayout(resolve(userFolder(), values.layout));
  const [lead] = values.lead === undefined ? layout.voters : regionsOf([values.lead], '--lead');
  if (lead === undefined || !layout.voters.includes(lead)) {
    throw new UsageError(`--lead is "${values.lead ?? ''}", and must be the region of a voter`);
  }
  const forMs = 1_000 * wholeNumber('seconds', values.seconds, { min: 1, max: 600 });
  const weather = {
    jitter: wholeNumber('jitter', values.jitter, { min: 0, max: 100 }) / 100,
    loss: wholeNumber('loss', values.loss, { min: 0, max: 50 }) / 100,
  };
  const starts = [
    (...about: [Layout, Weather]) => startEdgetcdWan(...about),
    ...(values['no-etcd'] ? [] : [startEtcdWan]),
  ];
  const runs: Figures[] = [];
  for (const start of starts) {
    runs.push(
      await withContestant(await start(layout, weather), (each) =>
        measure(each, layout, lead, forMs),
      ),
    );
  }
  console.log(
    `voters ${layout.voters.join(', ')}${learnersText(layout)}; jitter ${values.jitter} % of a delay, loss ${values.loss} %\n`,
  );
  console.log(table(layout, runs));
  if (!values['no-move']) console.log(await moveText(layout, lead, weather));
  if (values.plot !== undefined)
    writeFileSync(resolve(userFolder(), values.plot), plot(layout, runs));
  return 0;
}

/** What writers see who move, and what leadership does. */
async function moveText(layout: Layout, lead: Region, weather: Weather): Promise<string> {
  const move = farthestMove(layout, lead);
  if (move === undefined) return 'leadership has nothing to gain by following writers here\n';
  const contestant = await startEdgetcdWan(layout, weather, true);
  return textOfMove(await withContestant(contestant, (each) => measureMove(each, layout, move)));
}

function learnersText({ learners }: Layout): string {
  return learners.length === 0 ? '' : `; learners ${learners.join(', ')}`;
}

async function withContestant<T>(
  contestant: Contestant,
  run: (contestant: Contestant) => Promise<T>,
): Promise<T> {
  try {
    return await run(contestant);
  } finally {
    await contestant.stop();
  }
}
