/**
 * Round trips between regions in milliseconds: medians between data centres of a large cloud in or near
 * each place, as published by cloudping.co, rounded to 5. Where a location hint has no objects of its own
 * (sam, afr, me) the row is for clients there.
 */
import { type Region, REGIONS } from '../../../src/member/cluster-config.ts';

/** Within one region, between its data centres. */
export const WITHIN_REGION_MS = 2;

/** Rows and columns in the order of the names; the half above the diagonal mirrors the one below. */
const NAMES = [
  'enam',
  'wnam',
  'weur',
  'eeur',
  'apac',
  'apac-ne',
  'oc',
  'sam',
  'afr',
  'me',
] as const;
const BELOW_DIAGONAL: readonly (readonly number[])[] = [
  [],
  [65],
  [75, 140],
  [100, 160, 30],
  [215, 170, 165, 170],
  [150, 110, 210, 235, 70],
  [200, 140, 265, 270, 95, 105],
  [115, 175, 185, 210, 325, 255, 310],
  [225, 290, 155, 165, 240, 350, 400, 340],
  [180, 235, 100, 95, 115, 165, 200, 290, 200],
];

/** Southeast Asia is where objects with the hint apac are placed. */
const ALIASES: Readonly<Record<string, string>> = { 'apac-se': 'apac' };

export function roundTripMs(from: Region, to: Region): number {
  const [left, right] = [indexOf(from), indexOf(to)];
  if (left === right) return WITHIN_REGION_MS;
  const [low, high] = left < right ? [left, right] : [right, left];
  return BELOW_DIAGONAL[high]?.[low] ?? NaN;
}

function indexOf(region: Region): number {
  const name = ALIASES[region] ?? region;
  return NAMES.findIndex((each) => each === name);
}

/** The region that a word names, if it names one. */
export function regionNamed(name: string): Region | undefined {
  return REGIONS.find((region) => region === name);
}
