import type { Region } from '../member/cluster-config.ts';
import type { RosterMember } from '../member/roster.ts';

/** Where a region's objects are placed, about: degrees north and east of a large site in it. */
const PLACES: Readonly<Record<Region, readonly [north: number, east: number]>> = {
  wnam: [37.4, -122.1],
  enam: [39.0, -77.5],
  // South America, Africa and the Middle East have no objects of their own: the nearest region serves.
  sam: [25.8, -80.2],
  afr: [48.9, 2.4],
  me: [48.2, 16.4],
  weur: [51.5, -0.1],
  eeur: [52.2, 21.0],
  apac: [1.3, 103.8],
  'apac-ne': [35.7, 139.7],
  'apac-se': [1.3, 103.8],
  oc: [-33.9, 151.2],
};

interface Place {
  readonly latitude?: unknown;
  readonly longitude?: unknown;
}

/**
 * Members by distance from where the request entered Cloudflare's network. Members without a region,
 * and requests without coordinates (local runs), keep the configuration's order.
 */
export function nearestFirst(
  cf: unknown,
  members: readonly RosterMember[],
): readonly RosterMember[] {
  const { latitude, longitude } = (cf ?? {}) as Place;
  const north = Number(latitude ?? NaN);
  const east = Number(longitude ?? NaN);
  if (Number.isNaN(north) || Number.isNaN(east)) return members;
  const cost = (member: RosterMember): number =>
    member.region === undefined ? 0 : centralAngle([north, east], PLACES[member.region]);
  return members.toSorted((left, right) => cost(left) - cost(right));
}

/** Great-circle distance in radians (haversine formula). */
function centralAngle(
  [north1, east1]: readonly [number, number],
  [north2, east2]: readonly [number, number],
): number {
  const radians = Math.PI / 180;
  const halfNorth = Math.sin(((north2 - north1) * radians) / 2);
  const halfEast = Math.sin(((east2 - east1) * radians) / 2);
  const chord =
    halfNorth ** 2 + Math.cos(north1 * radians) * Math.cos(north2 * radians) * halfEast ** 2;
  return 2 * Math.asin(Math.min(1, Math.sqrt(chord)));
}
