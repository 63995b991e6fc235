/** Where members and clients are. */
import { readFileSync } from 'node:fs';
import { type Region, REGIONS } from '../../../src/member/cluster-config.ts';
import { UsageError } from '../usage.ts';
import { regionNamed, roundTripMs } from './round-trips.ts';

export interface Layout {
  readonly voters: readonly Region[];
  readonly learners: readonly Region[];
  /** One client each. */
  readonly clients: readonly Region[];
}

/**
 * Of `--layout FILE`: JSON with `voters`, and perhaps `learners` and `clients` (all members' regions
 * unless given), each a list of regions.
 * @throws UsageError
 */
export function readLayout(file: string): Layout {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new UsageError(`read the layout ${file}: ${String(error)}`);
  }
  const lists = (json ?? {}) as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(lists).find(
    (key) => !['voters', 'learners', 'clients'].includes(key),
  );
  if (unknown !== undefined) {
    throw new UsageError(
      `read the layout ${file}: it has "${unknown}"; known are voters, learners, clients`,
    );
  }
  return layoutOf(
    regionsOf(lists['voters'] ?? [], 'voters'),
    regionsOf(lists['learners'] ?? [], 'learners'),
    lists['clients'] === undefined ? undefined : regionsOf(lists['clients'], 'clients'),
  );
}

/** @param clients the regions of all members unless given. @throws UsageError */
export function layoutOf(
  voters: readonly Region[],
  learners: readonly Region[] = [],
  clients: readonly Region[] = [...new Set([...voters, ...learners])],
): Layout {
  if (voters.length === 0) throw new UsageError('a layout needs voters: one region at least');
  return { voters, learners, clients };
}

/** @throws UsageError naming what is no region */
export function regionsOf(list: unknown, what: string): Region[] {
  if (!Array.isArray(list)) throw new UsageError(`${what} is not a list of regions`);
  return list.map((name: unknown) => {
    const region = regionNamed(String(name));
    if (region === undefined) {
      throw new UsageError(`${what} has "${String(name)}": regions are ${REGIONS.join(', ')}`);
    }
    return region;
  });
}

/** The place of the member that is nearest, in the order of `members`. */
export function nearest(client: Region, members: readonly Region[]): number {
  let best = 0;
  members.forEach((region, at) => {
    const known = members[best];
    if (known === undefined || roundTripMs(client, region) < roundTripMs(client, known)) best = at;
  });
  return best;
}
