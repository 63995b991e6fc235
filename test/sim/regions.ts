/**
 * One-way delays between regions in milliseconds: half the usual round trips between data centres of
 * large clouds, rounded. Only their order of magnitude matters here.
 */
const ROUND_TRIP_MS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  enam: { enam: 2, wnam: 65, weur: 80, apac: 170, sam: 115 },
  wnam: { enam: 65, wnam: 2, weur: 140, apac: 110, sam: 175 },
  weur: { enam: 80, wnam: 140, weur: 2, apac: 220, sam: 190 },
  apac: { enam: 170, wnam: 110, weur: 220, apac: 2, sam: 300 },
  sam: { enam: 115, wnam: 175, weur: 190, apac: 300, sam: 2 },
};

/** Everybody in one place. */
const LOCAL_MS = 0.3;

export const REGION_NAMES: readonly string[] = Object.keys(ROUND_TRIP_MS);

export function delayBetween(from: string, to: string): number {
  const roundTrip = ROUND_TRIP_MS[from]?.[to];
  return roundTrip === undefined ? LOCAL_MS : roundTrip / 2;
}
