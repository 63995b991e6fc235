/**
 * What one run is like, drawn from its seed: how many members, which faults, how fast. Each run turns
 * some faults off (swarm testing): a run without crashes reaches states that crashes would cut short.
 */
import type { Prng } from '../../src/lib/prng.ts';
import type { Settings } from '../../src/mvcc/settings.ts';
import { drawLeaseTuning } from './lease/lease-tuning.ts';
import { drawNapTuning, hasNappers } from './lease/napper.ts';
import type { LeaseConstant, TunableConstant, WatchConstant } from './patches.ts';
import type { Tuning } from './tuning.ts';
import { drawBrittleTuning } from './watch/brittle.ts';
import type { Mix } from './workload.ts';

export const FAULT_KINDS = [
  'crash',
  'crash at a statement',
  'crash of many',
  'eviction',
  'twin',
  'partition',
  'one-way cut',
  'isolation',
  'swizzle',
  'slow link',
  'clock jump',
  'clock rate',
  'slow disk',
  'full disk',
  'bit flip',
  'leader fault',
  'leader with a minority',
  'leader twin',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface SimulationOptions {
  readonly seed: number;
  readonly voters: number;
  readonly learners: number;
  /** Members live in regions with real round trips between them; otherwise in one place. */
  readonly regions: boolean;
  readonly clients: number;
  readonly keys: number;
  readonly mix: Mix;
  readonly compactor: boolean;
  /** Mean pause of a client between an answer and its next request. */
  readonly thinkMs: number;
  /** Share of the time in which nobody asks anything, in spells long enough to come to rest. */
  readonly idle: number;
  readonly loss: number;
  readonly duplicate: number;
  readonly reorder: number;
  readonly jitter: number;
  readonly commitMs: number;
  readonly timerLatenessMs: number;
  readonly faults: readonly FaultKind[];
  /** Mean time between two faults. */
  readonly faultEveryMs: number;
  /** Time under faults. */
  readonly safetyMs: number;
  /** Limits of production code for this run. */
  readonly tuning: Tuning;
}

/** Time in which a healed cluster must make progress. */
export const LIVENESS_BOUND_MS = 30_000;

export interface OptionBounds {
  /** Simulated milliseconds under faults; drawn when undefined. */
  readonly safetyMs?: number | undefined;
  readonly voters?: number | undefined;
}

export function drawOptions(
  seed: number,
  prng: Prng,
  bounds: OptionBounds = {},
): SimulationOptions {
  const voters = prng.pick([1, 2, 3, 3, 3, 3, 3, 3, 3, 4, 5, 5, 5, 5, 7]);
  const regions = prng.bool(0.3);
  const faults = FAULT_KINDS.filter((kind) => prng.bool(kind === 'leader fault' ? 0.8 : 0.5));
  const network = prng.bool(0.7);
  const some = (most: number): number => (network && prng.bool() ? most * prng.float() : 0);
  const drawn: SimulationOptions = {
    seed,
    voters: bounds.voters ?? voters,
    learners: prng.bool(0.25) ? 1 + prng.below(2) : 0,
    regions,
    clients: 2 + prng.below(8),
    keys: prng.pick([3, 10, 10, 40]),
    mix: prng.pick(['etcd', 'etcd', 'kubernetes', 'churn'] as const),
    compactor: prng.bool(0.6),
    thinkMs: prng.pick([5, 20, 60, 200]),
    idle: prng.pick([0, 0, 0.3, 0.6]),
    loss: some(0.1),
    duplicate: some(0.1),
    reorder: some(0.15),
    jitter: prng.pick([0.05, 0.3, 1]),
    commitMs: prng.pick([0.3, 1, 4, 15]),
    timerLatenessMs: prng.pick([0, 0, 1, 10]),
    faults,
    faultEveryMs: prng.pick([150, 400, 400, 1_200]),
    safetyMs: bounds.safetyMs ?? 8_000 + prng.below(16_000),
    tuning: drawTuning(prng, regions),
  };
  const chosen = { ...drawn, ...drawProfile(drawn, prng) };
  const constants = {
    ...chosen.tuning.constants,
    ...drawLeaseTuning(seed),
    ...drawNapTuning(seed),
    ...drawBrittleTuning(seed),
  };
  const naps = hasNappers(seed) ? undisturbed(chosen, bounds) : {};
  return { ...chosen, ...naps, tuning: { ...chosen.tuning, constants } };
}

/** For clients that nap for seconds while one leader stays, and then take it away themselves. */
function undisturbed(
  { voters, safetyMs }: SimulationOptions,
  bounds: OptionBounds,
): Partial<SimulationOptions> {
  return {
    voters: bounds.voters ?? Math.max(3, voters),
    safetyMs: bounds.safetyMs ?? Math.max(20_000, safetyMs),
    faults: [],
    idle: 0,
  };
}

/** Three members in one place, production's limits, a fault of any kind every 1.2 s. */
export function standardOptions(seed: number, safetyMs: number): SimulationOptions {
  return {
    seed,
    voters: 3,
    learners: 0,
    regions: false,
    clients: 6,
    keys: 10,
    mix: 'etcd',
    compactor: true,
    thinkMs: 60,
    idle: 0,
    loss: 0.01,
    duplicate: 0.01,
    reorder: 0.01,
    jitter: 0.3,
    commitMs: 1,
    timerLatenessMs: 0,
    faults: FAULT_KINDS,
    faultEveryMs: 1_200,
    safetyMs,
    tuning: { constants: {}, store: {} },
  };
}

/**
 * Some runs are given to one family of bugs, which needs its circumstances together: leaders that go on
 * with a minority until logs differ, or twins of leaders that are asked for reads.
 */
function drawProfile(drawn: SimulationOptions, prng: Prng): Partial<SimulationOptions> {
  const choice = prng.below(10);
  if (drawn.regions || choice > 4) return {};
  const constants = { ...drawn.tuning.constants, ELECTION_TICKS: 3 };
  const busy = {
    thinkMs: 10,
    idle: 0,
    clients: 8,
    commitMs: prng.pick([0.3, 1]),
    timerLatenessMs: 0,
  };
  if (choice > 2) {
    const tuning = { ...drawn.tuning, constants };
    const faults = ['leader twin', 'isolation', 'eviction'] as const;
    return { ...busy, voters: 3, faults, faultEveryMs: 700, tuning };
  }
  const tuning = { ...drawn.tuning, constants: { ...constants, RAFT_MESSAGE_BYTES_MAX: 100 } };
  const faults = ['leader with a minority', 'leader fault', 'crash', 'one-way cut'] as const;
  return {
    ...busy,
    voters: 5,
    reorder: 0.1,
    jitter: 1,
    mix: 'etcd',
    faults,
    faultEveryMs: 400,
    tuning,
  };
}

/** Small limits reach in seconds what production reaches in days: snapshots, cut logs, split pages. */
function drawTuning(prng: Prng, regions: boolean): Tuning {
  const some = <T extends object>(choices: {
    readonly [K in keyof T]: readonly number[];
  }): Partial<T> => {
    const drawn: Record<string, number> = {};
    for (const [name, values] of Object.entries<readonly number[]>(choices)) {
      if (prng.bool(0.7)) drawn[name] = prng.pick(values);
    }
    return drawn as Partial<T>;
  };
  const leafPageBytes = prng.pick([300, 1_000, 12 * 1024]);
  return {
    constants: {
      // Elections are what most bugs need. Round trips between regions leave no room for short ones.
      ELECTION_TICKS: regions ? 10 : prng.pick([3, 3, 5, 10]),
      REST_AFTER_TICKS: prng.pick([3, 10, 10]),
      ...drawWatchTuning(prng),
      ...some<
        Record<
          Exclude<
            TunableConstant,
            LeaseConstant | WatchConstant | 'ELECTION_TICKS' | 'REST_AFTER_TICKS'
          >,
          number
        >
      >({
        CHECKPOINT_ENTRIES: [5, 40, 200],
        CHECKPOINT_BYTES: [2_000, 20_000],
        CATCH_UP_ENTRIES: [1, 10, 100],
        CATCH_UP_BYTES: [1_000, 10_000],
        // A page a round trip across an ocean takes so long that the next snapshot is due when one is there.
        SNAPSHOT_CHUNK_BYTES: regions ? [4_000] : [200, 4_000],
        // An entry a message, and two messages a round trip across an ocean, would take minutes.
        RAFT_MESSAGE_BYTES_MAX: regions ? [2_000] : [100, 2_000],
        RAFT_INFLIGHT_MESSAGES_MAX: [2, 8],
        RAFT_COMMITTED_BYTES_PER_READY_MAX: [300, 5_000],
        WAL_BATCH_BYTES_MAX: [300, 5_000],
        WAL_CACHE_BYTES: [500, 5_000],
      }),
    },
    store: {
      ...some<
        Pick<
          Settings,
          | 'logPageBytes'
          | 'logRunPages'
          | 'cacheBytes'
          | 'memtableEntriesMax'
          | 'mergeSliceLeaves'
          | 'compactionSliceBytes'
          | 'compactionSlicePages'
          | 'discardSliceRows'
          | 'hashStepBytes'
        >
      >({
        logPageBytes: [500, 2_000],
        logRunPages: [2, 8],
        cacheBytes: [2_000, 20_000],
        memtableEntriesMax: [8, 50],
        mergeSliceLeaves: [1, 2],
        compactionSliceBytes: [500, 2_000],
        compactionSlicePages: [1, 2],
        discardSliceRows: [1, 4],
        hashStepBytes: [500],
      }),
      leafPageBytes,
      leafPageBytesMax: Math.ceil((leafPageBytes * 4) / 3),
      leafPageBytesMin: leafPageBytes >> 2,
    },
  };
}

/** So that a watch of a few events is slow, split, spread over rows, and saved before it sleeps. */
function drawWatchTuning(prng: Prng): Partial<Record<WatchConstant, number>> {
  type Drawn = Exclude<WatchConstant, 'WATCH_READ_REPORT_BYTES'>;
  const choices: Readonly<Record<Drawn, readonly number[]>> = {
    WATCH_STREAM_UNREAD_BYTES_MAX: [300, 3_000],
    WATCH_UNREAD_BYTES_MAX: [1_000, 20_000],
    WATCH_RESPONSE_REVISIONS_MAX: [1, 5],
    WATCH_FRAGMENT_BYTES: [200, 1_000],
    WATCH_SLICE_READ_BYTES: [100, 2_000],
    WATCH_SLICE_SENT_BYTES_MAX: [200, 2_000],
    WATCH_SLICE_WATCHERS_MAX: [1, 3],
    WATCH_ATTACHMENT_BYTES_MAX: [60, 200],
    WATCH_ROW_BYTES: [80, 300],
    WATCH_PROGRESS_INTERVAL_MS: [300, 2_000],
    WATCH_SAVE_AFTER_MS: [100, 300],
    WATCH_FRAME_BYTES: [100, 1_000],
  };
  const drawn: Partial<Record<WatchConstant, number>> = {};
  for (const [name, values] of Object.entries(choices) as [Drawn, number[]][]) {
    if (prng.bool()) drawn[name] = prng.pick(values);
  }
  // As in production, what was read is told well before a stream is full; else each of its responses
  // would wait for WATCH_READ_REPORT_MS.
  const unreadMax = drawn.WATCH_STREAM_UNREAD_BYTES_MAX;
  if (unreadMax !== undefined) drawn.WATCH_READ_REPORT_BYTES = unreadMax / 4;
  return drawn;
}

export function describeOptions(options: SimulationOptions): string {
  const { faults, tuning, ...rest } = options;
  const plain = Object.entries(rest).map(([name, value]) => `${name}=${String(value)}`);
  const tuned = Object.entries({ ...tuning.constants, ...tuning.store }).map(
    ([name, value]) => `${name}=${value}`,
  );
  return `${plain.join(' ')}\n  faults: ${faults.join(', ') || 'none'}\n  tuning: ${tuned.join(' ') || 'none'}`;
}
