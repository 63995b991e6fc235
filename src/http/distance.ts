import { centralAngle, PLACES } from '../member/region-distance.ts';
import type { RosterMember } from '../member/roster.ts';

interface Origin {
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
  const { latitude, longitude } = (cf ?? {}) as Origin;
  const north = Number(latitude ?? NaN);
  const east = Number(longitude ?? NaN);
  if (Number.isNaN(north) || Number.isNaN(east)) return members;
  const cost = (member: RosterMember): number =>
    member.region === undefined ? 0 : centralAngle([north, east], PLACES[member.region]);
  return members.toSorted((left, right) => cost(left) - cost(right));
}
