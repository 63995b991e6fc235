/** Where regions are, and what their distance costs. */
import type { Region } from './cluster-config.ts';

/** Degrees. */
export type Place = readonly [north: number, east: number];

/** Where a region's objects are placed, about: a large site in it. */
export const PLACES: Readonly<Record<Region, Place>> = {
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

const EARTH_RADIUS_KM = 6_371;
/** Light in fibre runs 200 km in a millisecond, there and back 100 km, and cables take detours of half as much. */
const ROUND_TRIP_MS_PER_KM = 1.5 / 100;
const WITHIN_REGION_MS = 2;

/** An estimate from the distance: within a fifth of published round trips between most regions. */
export function roundTripEstimateMs(from: Region, to: Region): number {
  const km = EARTH_RADIUS_KM * centralAngle(PLACES[from], PLACES[to]);
  return WITHIN_REGION_MS + ROUND_TRIP_MS_PER_KM * km;
}

/** Great-circle distance in radians (haversine formula). */
export function centralAngle([north1, east1]: Place, [north2, east2]: Place): number {
  const radians = Math.PI / 180;
  const halfNorth = Math.sin(((north2 - north1) * radians) / 2);
  const halfEast = Math.sin(((east2 - east1) * radians) / 2);
  const chord =
    halfNorth ** 2 + Math.cos(north1 * radians) * Math.cos(north2 * radians) * halfEast ** 2;
  return 2 * Math.asin(Math.min(1, Math.sqrt(chord)));
}
