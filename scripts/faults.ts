/**
 * `npm run faults -- --rounds N`: kill -9 and flipped bits on a cluster with one process per member, over
 * and over, with the pauses and recoveries it took. test/durable/faults.test.ts is one short round of it.
 */
import { ELECTION_TICKS, TICK_MS } from '../src/constants.ts';
import { type LocalCluster, startCluster } from './lib/cluster.ts';
import {
  damageOne,
  killAll,
  killOne,
  memberInRole,
  type Outcome,
  type Role,
} from './lib/fault-scenarios.ts';
import { readOptions, wholeNumber } from './lib/usage.ts';

export const summary =
  'kill members and flip bits in their storage; what was lost, how long it took';

const ELECTION_TIMEOUT_MS = ELECTION_TICKS * TICK_MS;
const ROLES: readonly Role[] = ['leader', 'follower'];

interface Row {
  readonly fault: string;
  readonly ms: number;
  readonly acknowledged: number;
  readonly unknown: number;
  readonly problems: readonly string[];
}

export async function run(args: string[]): Promise<number> {
  const { values } = readOptions({ args, options: { rounds: { type: 'string', default: '5' } } });
  const rounds = wholeNumber('rounds', values.rounds, { min: 1, max: 1_000 });
  const lines = new Map<string, string[]>();
  const cluster = await startCluster({
    mode: 'process-per-member',
    onLine: (process, line) => {
      const known = lines.get(process);
      if (known === undefined) lines.set(process, [line]);
      else known.push(line);
    },
  });
  const rows: Row[] = [];
  try {
    await cluster.ready();
    for (let round = 1; round <= rounds; round++) {
      for await (const row of oneRound(cluster, round, lines)) {
        rows.push(row);
        print(round, row);
      }
    }
  } finally {
    await cluster.stop();
  }
  return conclude(rows);
}

async function* oneRound(
  cluster: LocalCluster,
  round: number,
  lines: ReadonlyMap<string, readonly string[]>,
): AsyncGenerator<Row, void> {
  for (const role of ROLES) {
    yield rowOf(`kill -9 of the ${role}`, await killOne(cluster, role, `${round}/kill-${role}`));
  }
  yield rowOf('kill -9 of all', await killAll(cluster, `${round}/kill-all`));
  for (const role of ROLES) {
    for (const kind of ['wal', 'page'] as const) {
      const member = await memberInRole(cluster, role);
      const logged = (process: string): readonly string[] => lines.get(process) ?? [];
      const { problems, recoveredMs } = await damageOne(cluster, member, kind, logged);
      const fault = `a bit of a ${kind} row of the ${role}`;
      yield { fault, ms: recoveredMs, acknowledged: 0, unknown: 0, problems };
    }
  }
}

function rowOf(fault: string, { pauseMs, ...counts }: Outcome): Row {
  return { fault, ms: pauseMs, ...counts };
}

function print(round: number, { fault, ms, acknowledged, unknown, problems }: Row): void {
  const writes = acknowledged === 0 ? '' : `${acknowledged} acknowledged, ${unknown} unknown`;
  console.log(
    `${String(round).padStart(3)}  ${fault.padEnd(34)} ${ms.toFixed(0).padStart(6)} ms  ${writes}`,
  );
  for (const problem of problems.slice(0, 10)) console.log(`     WRONG: ${problem}`);
}

function conclude(rows: readonly Row[]): number {
  console.log(
    `\nmedian and longest; pause without writes, goal two election timeouts (${2 * ELECTION_TIMEOUT_MS} to ` +
      `${4 * ELECTION_TIMEOUT_MS} ms); for bits: until the member answers again`,
  );
  for (const fault of new Set(rows.map((row) => row.fault))) {
    const sorted = rows
      .filter((row) => row.fault === fault)
      .map(({ ms }) => ms)
      .sort((left, right) => left - right);
    const median = sorted[sorted.length >> 1] ?? 0;
    const longest = sorted.at(-1) ?? 0;
    console.log(
      `  ${fault.padEnd(34)} ${median.toFixed(0).padStart(6)} ${longest.toFixed(0).padStart(6)} ms`,
    );
  }
  const problems = rows.reduce((sum, row) => sum + row.problems.length, 0);
  const acknowledged = rows.reduce((sum, row) => sum + row.acknowledged, 0);
  console.log(
    `${acknowledged} writes acknowledged; ${problems === 0 ? 'none lost, no revision given twice, hashes equal' : `${problems} problems`}`,
  );
  return problems === 0 ? 0 : 1;
}
