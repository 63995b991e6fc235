/** All writers move from one region to another: how long until leadership follows, and what a write then takes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { PLACEMENT_GAIN_MS_MIN, PLACEMENT_GAIN_SHARE_MIN } from '../../../src/constants.ts';
import type { Region } from '../../../src/member/cluster-config.ts';
import type { Contestant } from './contestants.ts';
import { type Layout, nearest } from './layout.ts';
import { limitsOf } from './limits.ts';
import { leaderOf, moveLeaderTo, put, untilDone } from './measure.ts';
import { roundTripMs } from './round-trips.ts';

export interface Move {
  readonly from: Region;
  readonly to: Region;
}

/** A mean write in milliseconds, beside what the network allows while that region leads. */
export interface MeanWrite {
  readonly leader: Region;
  readonly ms: number;
  readonly limitMs: number;
}

export interface MoveFigures extends Move {
  /** Until the best region led; undefined: it did not within FOLLOW_LIMIT_MS. */
  readonly followedMs: number | undefined;
  /** Writers where they were, after they moved, and once leadership had followed. */
  readonly before: MeanWrite;
  readonly away: MeanWrite;
  readonly after: MeanWrite;
  /** Longest that a writer waited on the way. */
  readonly longestMs: number;
}

const WRITERS = 4;
const MEASURE_MS = 5_000;
const POLL_MS = 250;
const FOLLOW_LIMIT_MS = 60_000;

/**
 * To the voters' region that is farthest from `from`. Undefined: leadership had nothing to gain from following,
 * or not enough to move.
 */
export function farthestMove(layout: Layout, from: Region): Move | undefined {
  const { voters, learners } = layout;
  const [to] = voters.toSorted((left, right) => roundTripMs(from, right) - roundTripMs(from, left));
  if (to === undefined || to === from) return undefined;
  const members = [...voters, ...learners];
  const writeAt = (leader: Region): number => limitsOf(layout, members, leader, to).write;
  const stays = writeAt(bestLeader(layout, members, from));
  const gain = stays - writeAt(bestLeader(layout, members, to));
  const isClear = gain >= Math.max(PLACEMENT_GAIN_MS_MIN, PLACEMENT_GAIN_SHARE_MIN * stays);
  return isClear ? { from, to } : undefined;
}

/** Where leadership serves writers in one region best. */
export function bestLeader(layout: Layout, members: readonly Region[], writers: Region): Region {
  const limit = (leader: Region): number => limitsOf(layout, members, leader, writers).write;
  const [best = writers] = layout.voters.toSorted((left, right) => limit(left) - limit(right));
  return best;
}

export async function measureMove(
  contestant: Contestant,
  layout: Layout,
  { from, to }: Move,
): Promise<MoveFigures> {
  const members = contestant.members.map(({ region }) => region);
  const goal = bestLeader(layout, members, to);
  const leading = async (): Promise<Region> =>
    contestant.members[await leaderOf(contestant)]?.region ?? from;
  const meanAt = async (writers: Writers, region: Region): Promise<MeanWrite> => {
    const leader = await leading();
    const ms = await writers.meanFor(MEASURE_MS);
    return { leader, ms, limitMs: limitsOf(layout, members, leader, region).write };
  };
  await moveLeaderTo(contestant, bestLeader(layout, members, from));
  const atFirst = await Writers.start(contestant, from, members);
  const before = await meanAt(atFirst, from);
  await atFirst.stop();
  const moved = await Writers.start(contestant, to, members);
  const movedMs = performance.now();
  let [away, followedMs]: [MeanWrite, number | undefined] = [await meanAt(moved, to), undefined];
  while (followedMs === undefined && performance.now() - movedMs < FOLLOW_LIMIT_MS) {
    if ((await leading()) === goal) followedMs = performance.now() - movedMs;
    else await sleep(POLL_MS);
  }
  const after = await meanAt(moved, to);
  const { longestMs } = moved;
  await moved.stop();
  away = { ...away, leader: before.leader };
  return { from, to, followedMs, before, away, after, longestMs };
}

/** Each writes one key after the other, at the member nearest to it. */
class Writers {
  readonly #over = new AbortController();
  readonly #running: Promise<void>[];
  readonly #close: () => void;
  #times: number[] = [];
  longestMs = 0;

  private constructor(calls: readonly (() => Promise<unknown>)[], close: () => void) {
    this.#close = close;
    this.#running = calls.map((call) => this.#write(call));
  }

  static async start(
    contestant: Contestant,
    region: Region,
    members: readonly Region[],
  ): Promise<Writers> {
    const at = nearest(region, members);
    const rpcs = await Promise.all(
      Array.from({ length: WRITERS }, () => contestant.connect(region, at)),
    );
    const calls = rpcs.map((rpc, writer) => () => put(rpc, `moving/${writer}`));
    return new Writers(calls, () => rpcs.forEach((rpc) => rpc.close()));
  }

  /** Of the writes that end in the time from now. */
  async meanFor(forMs: number): Promise<number> {
    this.#times = [];
    await sleep(forMs);
    return this.#times.reduce((sum, ms) => sum + ms, 0) / this.#times.length;
  }

  async stop(): Promise<void> {
    this.#over.abort();
    await Promise.all(this.#running);
    this.#close();
  }

  async #write(call: () => Promise<unknown>): Promise<void> {
    while (!this.#over.signal.aborted) {
      const beganMs = performance.now();
      await untilDone(call);
      const tookMs = performance.now() - beganMs;
      this.#times.push(tookMs);
      this.longestMs = Math.max(this.longestMs, tookMs);
    }
  }
}

export function textOfMove({ from, to, followedMs, longestMs, ...phases }: MoveFigures): string {
  const mean = ({ leader, ms, limitMs }: MeanWrite): string =>
    `${ms.toFixed(1)} | ${limitMs.toFixed(1)} | ${(ms / limitMs).toFixed(2)} | ${leader}`;
  const followed =
    followedMs === undefined
      ? 'leadership did not follow'
      : `leadership followed after ${(followedMs / 1000).toFixed(1)} s`;
  return [
    `writers move from ${from} to ${to}: ${followed}; the longest write on the way took ${longestMs.toFixed(0)} ms`,
    '',
    '| writers | mean write | limit | mean : limit | leader in |',
    '| --- | --- | --- | --- | --- |',
    `| in ${from} | ${mean(phases.before)} |`,
    `| in ${to}, at first | ${mean(phases.away)} |`,
    `| in ${to}, then | ${mean(phases.after)} |`,
    '',
  ].join('\n');
}
